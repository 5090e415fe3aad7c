"""How well each month of a projection is decided: by rounds of improvement, never by the clock."""

from matching.progress import Progress, Watch

ROUNDS = 3
_NEGLIGIBLE = 10_000
"""A part of the value so small that nobody's place hangs on it: one in so many."""


def enough(watch: Watch | None = None, *, rounds: int = ROUNDS) -> Watch:
    """Return a watcher of one run that stops it after some rounds, or once hardly anything is left to win.

    It looks at values and bounds only, which come in the same order on every run, so that the same seed
    gives the same future on any machine. Unit loads are decided in one go and never stopped.

    Parameters
    ----------
    watch : callable, optional
        Asked too; its no is final.
    rounds : int
        How many different values or bounds are waited for, ≥ 1.
    """
    seen: set[tuple[int, int]] = set()

    def look(progress: Progress) -> bool:
        seen.add((progress.best, progress.bound))
        worthwhile = (progress.bound - progress.best) * _NEGLIGIBLE > progress.bound
        wanted = watch is None or watch(progress)
        return wanted and worthwhile and len(seen) < rounds

    return look
