"""Generalised assignment: the public text format, and the families C, D and E as published.

References
----------
P. C. Chu, J. E. Beasley (1997), "A genetic algorithm for the generalised assignment problem",
doi:10.1016/S0305-0548(96)00032-9, §4: families C and D.
M. Yagiura, T. Ibaraki, F. Glover (2004), "An ejection chain approach for the generalized assignment
problem", doi:10.1287/ijoc.1030.0036, §5: family E.
"""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from matching import AssignmentProblem

Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GapInstance:
    """Every job goes to one agent at least total cost, loads within capacities.

    Parameters
    ----------
    cost, load : ndarray of int64, shape (num_agents, num_jobs)
    capacity : ndarray of int64, shape (num_agents,)
    best_known : int or None
        Least cost published, where there is one.
    """

    name: str
    cost: Int64
    load: Int64
    capacity: Int64
    best_known: int | None = None

    @property
    def reward(self) -> int:
        """Worth more than all costs together, so that placing every job comes first."""
        return int(self.cost.max(axis=0).sum()) + 1

    def problem(self) -> AssignmentProblem:
        """Return the instance as what ``assign`` solves."""
        num_agents, num_jobs = self.cost.shape
        return AssignmentProblem(
            reward=np.full(num_jobs, self.reward),
            arc_group=np.repeat(np.arange(num_jobs), num_agents),
            arc_bin=np.tile(np.arange(num_agents), num_jobs),
            arc_cost=self.cost.T.ravel(),
            arc_load=self.load.T.ravel(),
            capacity=self.capacity,
        )


def generated(family: str, num_agents: int, num_jobs: int, seed: int) -> GapInstance:
    """Return an instance of family ``c``, ``d`` or ``e``; capacities are 0.8 of an even share of loads."""
    random, shape = np.random.default_rng(seed), (num_agents, num_jobs)
    if family == "c":
        load, cost = random.integers(5, 26, shape), random.integers(10, 51, shape)
    elif family == "d":
        load = random.integers(1, 101, shape)
        cost = 111 - load + random.integers(-10, 11, shape)
    elif family == "e":
        load = np.floor(1 - 10 * np.log(1 - random.random(shape))).astype(np.int64)
        cost = np.floor(1000 / load - 10 * random.random(shape)).astype(np.int64)
    else:
        raise ValueError(f"no family {family}")
    return GapInstance(
        name=f"{family}{num_agents:02d}{num_jobs} (ours, seed {seed})",
        cost=np.maximum(cost, 0),
        load=load,
        capacity=load.sum(axis=1) * 8 // (10 * num_agents),
    )


def published(folder: Path, name: str) -> GapInstance:
    """Return the public instance of that name, or path, under ``folder``, with its best known value.

    File: agents m, jobs n; m rows of n costs; m rows of n loads; m capacities. ``best_known.csv`` in
    ``folder`` has the columns ``Path`` and ``Best known solution value``.

    Raises
    ------
    FileNotFoundError
        When no file of that name lies under ``folder``.
    """
    path = next((p for p in sorted(folder.rglob(name)) if p.is_file()), None)
    if path is None:
        raise FileNotFoundError(f"no instance {name} under {folder}")
    numbers = np.array(path.read_text(encoding="ascii").split(), np.int64)
    num_agents, num_jobs = numbers[:2].tolist()
    cells = num_agents * num_jobs
    cost, load, capacity = np.split(numbers[2:], [cells, 2 * cells])
    return GapInstance(
        name=name,
        cost=cost.reshape(num_agents, num_jobs),
        load=load.reshape(num_agents, num_jobs),
        capacity=capacity[:num_agents],
        best_known=_best_known(folder).get(path.name),
    )


def _best_known(folder: Path) -> dict[str, int]:
    table = folder / "best_known.csv"
    if not table.exists():
        return {}
    with table.open(encoding="utf-8", newline="") as lines:
        return {
            row["Path"].rsplit("/", 1)[-1]: int(row["Best known solution value"])
            for row in csv.DictReader(lines)
            if row["Best known solution value"]
        }
