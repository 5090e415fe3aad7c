"""What can stand in the way of a care request.

RelaisError (matching.errors)
└── Conflict (scheduler.errors)
    └── OfferOver   the offer of a freed slot has ended, or somebody was quicker
"""

from matching.errors import RelaisError
from scheduler.errors import Conflict


class OfferOver(Conflict):
    """The offer of a freed slot is no longer open."""

    code = "care_offer_over"

    def __init__(self, state: str) -> None:
        self.state = state
        RelaisError.__init__(
            self, "Cette offre a pris fin. La demande reste en attente : un autre créneau sera proposé."
        )
