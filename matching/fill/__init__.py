"""Which pending request is seen in which free slot of the shared agenda, decided anew every few minutes."""

from matching.fill.model import (
    CareRequest,
    FillInstance,
    FillSolution,
    FreeSlot,
    Modality,
    Outlook,
    Placement,
)
from matching.fill.policy import FillPolicy
from matching.fill.solve import fill
from matching.fill.verify import verify_fill

__all__ = [
    "CareRequest",
    "FillInstance",
    "FillPolicy",
    "FillSolution",
    "FreeSlot",
    "Modality",
    "Outlook",
    "Placement",
    "fill",
    "verify_fill",
]
