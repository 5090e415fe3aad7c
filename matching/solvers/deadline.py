"""A stopwatch and a listener: the only place where the core looks at time, and only when asked to."""

from dataclasses import dataclass
from time import monotonic
from typing import Self

from matching.progress import Progress, Watch


class Observer:
    """Tells a watcher how far a solve is, and remembers when it asked to stop."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._began_at_s = monotonic()
        self._best: int | None = None
        self._bound: int | None = None
        self.stopped = False

    def report(self, best: int, bound: int) -> None:
        """Show the best value and the least bound known so far, unless asked to stop already."""
        self._best = best if self._best is None else max(best, self._best)
        self._bound = bound if self._bound is None else min(bound, self._bound)
        self.ask()

    def ask(self) -> None:
        """Show again what is known; nothing before the first report."""
        if self.stopped or self._best is None or self._bound is None:
            return
        elapsed_s = monotonic() - self._began_at_s
        self.stopped = not self._watch(Progress(best=self._best, bound=self._bound, elapsed_s=elapsed_s))


@dataclass(frozen=True, slots=True)
class Deadline:
    """The instant after which no new work should start; infinite by default.

    Parameters
    ----------
    at_s : float
        On the monotonic clock.
    observer : Observer, optional
        Whom to tell; once it wants to stop, no time remains.
    """

    at_s: float = float("inf")
    observer: Observer | None = None

    @classmethod
    def within(cls, time_limit_s: float | None, watch: Watch | None = None) -> Self:
        """Start the stopwatch now; None = no limit, nobody watching."""
        observer = None if watch is None else Observer(watch)
        return cls(float("inf") if time_limit_s is None else monotonic() + time_limit_s, observer)

    def part(self, share: float) -> "Deadline":
        """Return a deadline for a share of the time left, under the same observer."""
        if self.at_s == float("inf"):
            return self
        return Deadline(monotonic() + share * self.remaining_s(), self.observer)

    def remaining_s(self) -> float:
        """Return the seconds left, ≥ 0; infinite without a limit, 0 once asked to stop."""
        if self.observer is not None and self.observer.stopped:
            return 0.0
        return float("inf") if self.at_s == float("inf") else max(0.0, self.at_s - monotonic())

    def report(self, best: int, bound: int) -> None:
        """Tell the observer, if there is one, the best value and a bound on any value."""
        if self.observer is not None:
            self.observer.report(best, bound)
