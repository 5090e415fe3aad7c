"""Who may be told that a slot will be found: a promise is never dropped, so it is not given too early.

Where slots are scarce, people who can wait 48 hours and are promised one at once fill the next two days; who
comes later and can wait less finds them taken. Where slots suffice, a promise costs nobody anything.
"""

import numpy as np
import numpy.typing as npt

from matching.fill.model import FillInstance
from matching.fill.policy import FillPolicy

Bools = npt.NDArray[np.bool_]

PATIENT = 3
"""The urgency that may have to wait for its promise; the more urgent are always promised at once."""

_SLOTS, _REQUESTS = 7, 8
"""So many free slots for so many requests are enough: not everybody needs the shared agenda in the end."""


def may_promise(instance: FillInstance, policy: FillPolicy) -> Bools:
    """Return which requests are promised the slot that a round keeps for them, if it keeps one.

    What is announced needs no promise: it is a booking.
    """
    made = np.array([not request.expected for request in instance.requests], np.bool_)
    urgent = np.array([request.urgency < PATIENT for request in instance.requests], np.bool_)
    if policy.promise == "when_told":
        return np.zeros_like(made)
    return made & (urgent | (policy.promise == "at_once" or suffices(instance)))


def suffices(instance: FillInstance) -> bool:
    """Tell whether the free slots are enough for who has asked and for who is still to come.

    Without an outlook nothing is known of who is to come, and they are.
    """
    outlook = instance.outlook
    if outlook is None:
        return True
    wanted = outlook.num_expected + sum(not request.expected for request in instance.requests)
    free = sum(slot.capacity for slot in instance.slots if slot.start_at <= outlook.until_at)
    return _REQUESTS * free >= _SLOTS * wanted
