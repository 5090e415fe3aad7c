"""What can be seen of a solve while it runs, and the way to stop it."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a solve is.

    Parameters
    ----------
    best : int
        Value of the best solution so far.
    bound : int
        Proven upper bound on the value of any solution, ≥ ``best``.
    elapsed_s : float
        Seconds since the solve began.
    """

    best: int
    bound: int
    elapsed_s: float


#: Called now and then while a solve runs; False asks it to stop and hand back the best so far.
Watch = Callable[[Progress], bool]
