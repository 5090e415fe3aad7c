"""A stopwatch: the only place where the core looks at time, and only when a limit was asked for."""

from dataclasses import dataclass
from time import monotonic
from typing import Self


@dataclass(frozen=True, slots=True)
class Deadline:
    """The instant after which no new work should start; infinite by default."""

    at_s: float = float("inf")

    @classmethod
    def within(cls, time_limit_s: float | None) -> Self:
        """Start the stopwatch now; None = no limit."""
        return cls() if time_limit_s is None else cls(monotonic() + time_limit_s)

    def remaining_s(self) -> float:
        """Return the seconds left, ≥ 0; infinite without a limit."""
        return float("inf") if self.at_s == float("inf") else max(0.0, self.at_s - monotonic())
