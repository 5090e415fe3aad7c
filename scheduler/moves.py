"""The steps of a life cycle as a table: from which states each starts, and where it leads."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from scheduler.errors import WrongState

State = TypeVar("State", bound=StrEnum)
Step = TypeVar("Step", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Move(Generic[State]):
    """From which states a step starts and where it leads."""

    starts: frozenset[State]
    leads_to: State


def from_any(*starts: State, to: State) -> Move[State]:
    """Write a move as a row of its table."""
    return Move(frozenset(starts), to)


def led_to(moves: Mapping[Step, Move[State]], kind: str, state: State, taken: Step) -> State:
    """Tell where a step leads.

    Parameters
    ----------
    kind : str
        What has this life, in the error.

    Raises
    ------
    WrongState
        When the step does not start from ``state``; the data changed since the person looked.
    """
    move = moves[taken]
    if state not in move.starts:
        raise WrongState(kind, state.value, taken.value)
    return move.leads_to
