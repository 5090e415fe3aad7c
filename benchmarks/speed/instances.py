"""Clustered territories in random row order, as arrays of an assignment problem."""

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

ARCS_PER_GROUP = 20
GROUPS_PER_BIN = 80
PLACES_PER_GROUP = 0.6
CLASS_SHARES = (0.15, 0.25, 0.30, 0.30)

Ints = npt.NDArray[np.int64]
Points = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Arrays:
    """The arrays of an assignment problem with unit loads, not yet checked by anyone."""

    reward: Ints
    arc_group: npt.NDArray[np.int32]
    arc_bin: npt.NDArray[np.int32]
    arc_cost: Ints
    capacity: Ints

    def save(self, path: Path) -> None:
        """Write the arrays to a file that ``load`` reads."""
        np.savez(path, **{field.name: getattr(self, field.name) for field in fields(self)})

    @classmethod
    def load(cls, path: Path) -> "Arrays":
        """Read what ``save`` wrote."""
        with np.load(path) as arrays:
            return cls(**arrays)


def clustered(num_groups: int, seed: int, *, num_bins: int | None = None) -> Arrays:
    """Return patients and GPs in towns of unequal size, every row of every array in random order.

    Each patient may go to the 20 nearest GPs (to all of them where there are fewer), at the cost of
    the travel in tenths of a minute. There are 0.6 places per patient and four strict classes.

    Parameters
    ----------
    num_bins
        GPs; one for 80 patients, but at least 20, when it is not given.
    """
    random = np.random.default_rng(seed)
    num_gps = max(num_groups // GROUPS_PER_BIN, ARCS_PER_GROUP) if num_bins is None else num_bins
    patients, gps = _towns(random, num_groups, num_gps)
    num_bins = len(gps)
    distance_m, nearest = cKDTree(gps).query(patients, k=ARCS_PER_GROUP)
    cost = np.rint(distance_m * 1.3 / 40_000 * 600).astype(np.int64).ravel()
    weight = min(num_groups, num_bins) * int(cost.max()) + 1
    rank = random.choice(len(CLASS_SHARES), num_groups, p=CLASS_SHARES)
    order = random.permutation(cost.size)
    return Arrays(
        reward=(len(CLASS_SHARES) - rank) * weight,
        arc_group=np.repeat(np.arange(num_groups, dtype=np.int32), ARCS_PER_GROUP)[order],
        arc_bin=nearest.ravel().astype(np.int32)[order],
        arc_cost=cost[order],
        capacity=random.poisson(PLACES_PER_GROUP * num_groups / num_bins, num_bins),
    )


def _towns(random: np.random.Generator, num_patients: int, num_gps: int) -> tuple[Points, Points]:
    """Return homes and practices in metres, in random order: GPs are not where the patients are."""
    num_towns = max(4, num_patients // 1000)
    centre = random.uniform(0, 4_000 * num_towns**0.5, (num_towns, 2))
    size = random.pareto(1.2, num_towns) + 1
    attraction = size * random.lognormal(0, 0.6, num_towns)
    home = centre[random.choice(num_towns, num_patients, p=size / size.sum())]
    practice = centre[random.choice(num_towns, num_gps, p=attraction / attraction.sum())]
    return (
        home + random.normal(0, 2_500, home.shape),
        practice + random.normal(0, 1_500, practice.shape),
    )
