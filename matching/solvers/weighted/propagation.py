"""A region for the CP-SAT of OR-Tools: exact integers, a start from what is known, counted work.

On the small regions of a neighbourhood search it ends several times sooner than HiGHS; on a whole core
its bound hardly moves, which is why ``milp`` does the proofs. One worker and a limit on CP-SAT's own
count of work give the same answer on every run.
"""

from typing import TYPE_CHECKING

import numpy as np

from matching.exact import exact_sum
from matching.solvers.weighted.answer import Answer, improvement
from matching.solvers.weighted.packing import Int64
from matching.solvers.weighted.region import Region

if TYPE_CHECKING:
    from ortools.sat.python.cp_model import CpModel, IntVar

# CP-SAT adds up objectives in 64 bits.
_LARGEST_TOTAL = 2**60


def improve_region(region: Region, choice: Int64, *, time_s: float, work: float, seed: int) -> Answer:
    """Return a better decision about a region, if CP-SAT finds one within a time and a work limit.

    Parameters
    ----------
    work : float
        Limit in CP-SAT's deterministic units, about a second each on an idle machine.
    """
    from ortools.sat.python import cp_model  # noqa: PLC0415 - 0.3 s that only this method needs

    nothing = Answer(choice=None, finished=False, most_gain=region.most_gain)
    change = _change(region, choice)
    if not region.arcs.size or exact_sum(np.abs(change)) > _LARGEST_TOTAL:
        return nothing
    model, taken = _model(region)
    model.maximize(cp_model.LinearExpr.weighted_sum(taken, change.tolist()))
    present = choice[region.packing.row[region.arcs]] == region.arcs
    for variable, hint in zip(taken, present.tolist(), strict=True):
        model.add_hint(variable, hint)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = seed
    solver.parameters.max_deterministic_time = work
    if np.isfinite(time_s):
        solver.parameters.max_time_in_seconds = time_s
    status = solver.solve(model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return nothing
    used = np.fromiter((solver.boolean_value(variable) for variable in taken), dtype=bool)
    return Answer(
        choice=improvement(region, choice, region.arcs[used]),
        finished=status == cp_model.OPTIMAL,
        most_gain=nothing.most_gain,
    )


def _change(region: Region, choice: Int64) -> Int64:
    """Return what each arc brings, up to a constant per row, which keeps the numbers small."""
    packing = region.packing
    present = np.where(choice >= 0, packing.gain[choice], 0)
    present[region.unplaced] = 0
    change: Int64 = packing.gain[region.arcs] - present[packing.row[region.arcs]]
    return change


def _model(region: Region) -> "tuple[CpModel, list[IntVar]]":
    """Return the rules of the region over one truth value per arc."""
    from ortools.sat.python import cp_model  # noqa: PLC0415 - with the solver

    packing, arcs = region.packing, region.arcs
    model = cp_model.CpModel()
    taken = [model.new_bool_var("") for _ in range(arcs.size)]
    optional = set(region.unplaced.tolist())
    rows, first = np.unique(packing.row[arcs], return_index=True)
    for row, low, high in zip(rows.tolist(), first.tolist(), [*first[1:].tolist(), arcs.size], strict=True):
        place = model.add_at_most_one if row in optional else model.add_exactly_one
        place(taken[low:high])
    column, position, load = packing.filling.of(arcs)
    order = np.argsort(column, kind="stable")
    columns, begins = np.unique(column[order], return_index=True)
    for col, part in zip(columns.tolist(), np.split(order, begins)[1:], strict=True):
        filled = [taken[i] for i in position[part].tolist()]
        weights = load[part].tolist()
        model.add(cp_model.LinearExpr.weighted_sum(filled, weights) <= int(region.residual[col]))
    return model, taken
