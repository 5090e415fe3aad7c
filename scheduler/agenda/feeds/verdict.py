"""What a component means for the shared agenda, as ``classify`` finds it."""

from dataclasses import dataclass

from scheduler.agenda.feeds.reasons import Reason
from scheduler.agenda.feeds.values import State


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a component means, before the times of each occurrence are looked at.

    Parameters
    ----------
    state : State
    reason : Reason
    closes : bool
        Explicitly shown as busy: it closes what it covers even as a whole day or over 24 h.
    label : str or None
        Title that may be kept.
    capacity : int
    slot_minutes : int or None
    """

    state: State
    reason: Reason
    closes: bool = False
    label: str | None = None
    capacity: int = 1
    slot_minutes: int | None = None
