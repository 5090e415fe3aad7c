"""The life of one place of a slot, as one pure table; the database refuses any other step (``booking_step``).

::

    held → booked → honoured ⇄ no_show
      ↓      ↓ ↘
      ↓      ↓  moved        the patient goes to another slot, in the same transaction
      ↓   cancelled
      ↓→ cancelled           given back before its end
      ↓→ expired             its five minutes are over
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum

from scheduler.moves import Move, from_any, led_to
from scheduler.store.tables import BookingState

_S = BookingState

HELD_FOR = timedelta(minutes=5)
"""Long enough to agree with a patient on the line; a place nobody confirms is soon free again."""

TAKES_A_PLACE = (_S.HELD, _S.BOOKED, _S.HONOURED, _S.NO_SHOW)
"""States that keep a place from others; a hold does so until its end only."""

TAKEN_FOR_GOOD = (_S.BOOKED, _S.HONOURED, _S.NO_SHOW)
EXPECTED = (_S.HELD, _S.BOOKED)
"""States in which somebody counts on the slot."""


class Step(StrEnum):
    """What may happen to a booking."""

    CONFIRM = "confirm"
    EXPIRE = "expire"
    CANCEL = "cancel"
    MOVE = "move"
    HONOUR = "honour"
    MISS = "miss"


MOVES: Mapping[Step, Move[BookingState]] = {
    Step.CONFIRM: from_any(_S.HELD, to=_S.BOOKED),
    Step.EXPIRE: from_any(_S.HELD, to=_S.EXPIRED),
    Step.CANCEL: from_any(_S.HELD, _S.BOOKED, to=_S.CANCELLED),
    Step.MOVE: from_any(_S.BOOKED, to=_S.MOVED),
    Step.HONOUR: from_any(_S.BOOKED, _S.NO_SHOW, to=_S.HONOURED),  # from no_show: a mistake set right
    Step.MISS: from_any(_S.BOOKED, _S.HONOURED, to=_S.NO_SHOW),
}


def step(state: BookingState, taken: Step) -> BookingState:
    """Tell where a step of a booking leads; ``WrongState`` when it does not start from ``state``."""
    return led_to(MOVES, "booking", state, taken)


def state_at(state: BookingState, held_until: datetime | None, now: datetime) -> BookingState:
    """Tell the state as the clock has it: a hold is over at its instant, whether or not a job came by."""
    over = state is _S.HELD and held_until is not None and held_until <= now
    return _S.EXPIRED if over else state
