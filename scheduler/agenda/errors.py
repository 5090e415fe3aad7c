"""What can be wrong with a calendar that somebody registers.

RelaisError (matching.errors)
└── InvalidInput (scheduler.errors)
    └── AddressNotAccepted   an address that Relais does not fetch
"""

from matching.errors import RelaisError
from scheduler.agenda.feeds.fetched import SENTENCES
from scheduler.errors import InvalidInput


class AddressNotAccepted(InvalidInput):
    """An address that Relais does not fetch.

    Attributes
    ----------
    reason : str
        Stable code (``feeds.fetched.FetchCode``).
    """

    code = "address_not_accepted"

    def __init__(self, reason: str) -> None:
        self.field = "address"
        self.expected = "l'adresse secrète « iCal » de l'agenda, en https:// ou webcal://"
        self.reason = reason
        RelaisError.__init__(self, SENTENCES[reason])
