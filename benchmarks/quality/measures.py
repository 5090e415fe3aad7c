"""What a solution of ``attach`` does to people: who is placed, how far they go, how even it is for GPs."""

from collections import Counter
from dataclasses import dataclass

import numpy as np

from matching import Instance, Solution

NUM_RANKS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """Facts about one solution.

    Parameters
    ----------
    placed_of_tier, waiting_of_tier : tuple of three int
        Patients of tier 1, 2, 3 placed, and in the list.
    placed_of_rank : tuple of four int
        Patients of rank 0, 1, 2, 3 placed: what the objective puts first.
    travel_min : tuple of two float
        Median and farthest one-way minutes of those placed.
    travel_tenths : int
        All one-way travel of those placed, in tenths of a minute.
    uneven_filling, uneven_tier1 : float
        Gini coefficients over GPs with places: of the share of places filled, and of the share of
        places given to tier 1; 0 = all alike.
    """

    placed_of_tier: tuple[int, ...]
    waiting_of_tier: tuple[int, ...]
    placed_of_rank: tuple[int, ...]
    travel_min: tuple[float, float]
    travel_tenths: int
    uneven_filling: float
    uneven_tier1: float

    @classmethod
    def of(cls, instance: Instance, solution: Solution) -> "Measures":
        """Measure a solution."""
        placed = [m for m in solution.matches if m.practitioner_id is not None]
        tiers = Counter(m.tier for m in placed)
        waiting = Counter(m.tier for m in solution.matches)
        ranks = Counter(m.rank for m in placed)
        minutes = [(m.duration_s or 0) / 60 for m in placed] or [0.0]
        here = Counter(m.practitioner_id for m in placed)
        tier1 = Counter(m.practitioner_id for m in placed if m.tier == 1)
        open_gps = [p for p in instance.practitioners if p.places]
        return cls(
            placed_of_tier=tuple(tiers[tier] for tier in (1, 2, 3)),
            waiting_of_tier=tuple(waiting[tier] for tier in (1, 2, 3)),
            placed_of_rank=tuple(ranks[rank] for rank in range(NUM_RANKS)),
            travel_min=(round(float(np.median(minutes)), 1), round(max(minutes), 1)),
            travel_tenths=round(10 * sum(minutes)),
            uneven_filling=round(gini([here[p.id] / p.places for p in open_gps]), 3),
            uneven_tier1=round(gini([tier1[p.id] / p.places for p in open_gps]), 3),
        )


def gini(shares: list[float]) -> float:
    """Return half the mean absolute difference between two shares, relative to their mean.

    References
    ----------
    C. Gini (1912), "Variabilità e mutabilità"; in the form for sorted values.
    """
    ordered = np.sort(np.asarray(shares, dtype=float))
    if not ordered.size or ordered.sum() == 0:
        return 0.0
    place = np.arange(1, ordered.size + 1)
    return float((2 * place - ordered.size - 1) @ ordered / (ordered.size * ordered.sum()))


def worth_of_ranks(placed_of_rank: tuple[int, ...], rank_weight: int) -> int:
    """Return the part of the objective that ranks make; the rest is minutes, wishes and seniority."""
    return sum((NUM_RANKS - rank) * rank_weight * placed for rank, placed in enumerate(placed_of_rank))
