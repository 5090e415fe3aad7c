"""Generalised assignment: ``assign`` beside CP-SAT, SciPy's HiGHS and SCIP, same instances and time.

``python -m benchmarks.quality.gap --time 60 --folder FOLDER --instances c20100,d20100,e20100``
``python -m benchmarks.quality.gap --time 60 --generated d:20:400,e:80:1600``

SCIP is the one inside OR-Tools. Each method runs alone, one after the other. The gap is to the best
known value, or, for generated instances, to the greatest bound any method proved (marked ``≤``).
"""

import argparse
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from time import perf_counter

import numpy as np

from benchmarks.quality.gap_instances import GapInstance, generated, published
from benchmarks.speed.machine import describe
from matching import assign


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Cost with all jobs placed (None: no such solution), proven lower bound (None: none), seconds."""

    cost: int | None
    bound: int | None
    took_s: float


Method = Callable[[GapInstance, float, int], Outcome]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; 1 when a method claims a cost below a bound that another proved."""
    options = _options(arguments)
    print(
        *describe(),
        f"limit     {options.time:g} s per method and instance, seed {options.seed}",
        "",
        sep="\n",
    )
    methods = {name: METHODS[name] for name in options.methods.split(",")}
    print("| instance | best known | " + " | ".join(f"{name} cost, gap %, s" for name in methods) + " |")
    print("|---|---:|" + "---|" * len(methods))
    return max(
        [_one_row(instance, methods, options.time, options.seed) for instance in _instances(options)],
        default=0,
    )


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality.gap", description=__doc__)
    parser.add_argument("--time", type=float, default=60.0, help="seconds per method and instance")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="folder of public instances and best_known.csv")
    parser.add_argument("--instances", default="", help="names of files in the folder, separated by commas")
    parser.add_argument("--generated", default="", help="family:agents:jobs, separated by commas")
    parser.add_argument("--methods", default=",".join(METHODS), help="separated by commas; all by default")
    options = parser.parse_args(arguments)
    unknown = set(options.methods.split(",")) - METHODS.keys()
    if unknown:
        parser.error(f"no method {', '.join(sorted(unknown))}; there are {', '.join(METHODS)}")
    return options


def _instances(options: argparse.Namespace) -> list[GapInstance]:
    named = [name for name in options.instances.split(",") if name]
    if named and options.folder is None:
        raise SystemExit("--instances needs --folder")
    found = [published(options.folder, name) for name in named]
    for wanted in filter(None, options.generated.split(",")):
        family, num_agents, num_jobs = wanted.split(":")
        found.append(generated(family, int(num_agents), int(num_jobs), options.seed))
    return found


def _one_row(instance: GapInstance, methods: Mapping[str, Method], limit_s: float, seed: int) -> int:
    outcomes = {name: method(instance, limit_s, seed) for name, method in methods.items()}
    bounds = [o.bound for o in outcomes.values() if o.bound is not None]
    costs = [o.cost for o in outcomes.values() if o.cost is not None]
    reference = max(bounds, default=0) if instance.best_known is None else instance.best_known
    shown = "" if instance.best_known is None else str(instance.best_known)
    cells = [_cell(outcome, reference, known=bool(shown)) for outcome in outcomes.values()]
    print(f"| {instance.name} | {shown} | " + " | ".join(cells) + " |", flush=True)
    return int(bool(costs and bounds) and min(costs) < max(bounds))


def _cell(outcome: Outcome, reference: int, *, known: bool) -> str:
    if outcome.cost is None:
        return f"none, {outcome.took_s:.1f}"
    gap = 100 * (outcome.cost - reference) / max(1, reference)
    proven = " proven" if outcome.cost == outcome.bound else ""
    return f"{outcome.cost}, {'' if known else '≤ '}{gap:.3f}, {outcome.took_s:.1f}{proven}"


def _relais(instance: GapInstance, limit_s: float, seed: int) -> Outcome:
    problem = instance.problem()
    start = perf_counter()
    result = assign(problem, time_limit_s=limit_s, seed=seed)
    took_s = perf_counter() - start
    everything = instance.reward * problem.num_groups
    placed = bool((result.arc >= 0).all())
    return Outcome(
        cost=everything - result.objective if placed else None,
        bound=everything - result.bound,
        took_s=took_s,
    )


def _cp_sat(instance: GapInstance, limit_s: float, seed: int) -> Outcome:
    from ortools.sat.python import cp_model  # noqa: PLC0415

    model = cp_model.CpModel()
    chosen = [[model.new_bool_var("") for _ in row] for row in instance.cost]
    for job in zip(*chosen, strict=True):
        model.add_exactly_one(job)
    for row, load, capacity in zip(chosen, instance.load, instance.capacity, strict=True):
        model.add(cp_model.LinearExpr.weighted_sum(row, load.tolist()) <= int(capacity))
    flat = [variable for row in chosen for variable in row]
    model.minimize(cp_model.LinearExpr.weighted_sum(flat, instance.cost.ravel().tolist()))
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = limit_s
    solver.parameters.num_workers = 2
    solver.parameters.random_seed = seed
    start = perf_counter()
    status = solver.solve(model)
    found = status in (cp_model.OPTIMAL, cp_model.FEASIBLE)
    return Outcome(
        cost=round(solver.objective_value) if found else None,
        bound=ceil(solver.best_objective_bound - 1e-6) if found else None,
        took_s=perf_counter() - start,
    )


def _highs(instance: GapInstance, limit_s: float, seed: int) -> Outcome:  # noqa: ARG001 - takes none
    from scipy.optimize import Bounds, LinearConstraint, milp  # noqa: PLC0415

    start = perf_counter()
    answer = milp(
        instance.cost.ravel().astype(float),
        integrality=np.ones(instance.cost.size),
        bounds=Bounds(0, 1),
        constraints=_rows(instance, LinearConstraint),
        options={"time_limit": limit_s, "mip_rel_gap": 0.0},
    )
    bound = answer.mip_dual_bound
    return Outcome(
        cost=None if answer.x is None else round(answer.fun),
        bound=None if bound is None or not np.isfinite(bound) else ceil(bound - 1e-6),
        took_s=perf_counter() - start,
    )


def _rows(instance: GapInstance, constraint: Callable[..., object]) -> object:
    matrix, low, high = _matrix(instance)
    return constraint(matrix, low, high)


def _matrix(instance: GapInstance) -> tuple[object, np.ndarray, np.ndarray]:
    """Return rows "each job once" and "each agent's load", over agents times jobs."""
    from scipy.sparse import csr_matrix  # noqa: PLC0415

    num_agents, num_jobs = instance.cost.shape
    variable = np.arange(num_agents * num_jobs)
    rows = np.concatenate([variable % num_jobs, num_jobs + variable // num_jobs])
    values = np.concatenate([np.ones(variable.size), instance.load.ravel()])
    matrix = csr_matrix(
        (values, (rows, np.concatenate([variable, variable]))), shape=(num_jobs + num_agents, variable.size)
    )
    low = np.concatenate([np.ones(num_jobs), np.full(num_agents, -np.inf)])
    return matrix, low, np.concatenate([np.ones(num_jobs), instance.capacity.astype(float)])


def _scip(instance: GapInstance, limit_s: float, seed: int) -> Outcome:
    from ortools.linear_solver.python import model_builder_helper as helper  # noqa: PLC0415

    matrix, low, high = _matrix(instance)
    size = instance.cost.size
    model = helper.ModelBuilderHelper()
    model.fill_model_from_sparse_data(
        np.zeros(size), np.ones(size), instance.cost.ravel().astype(float), low, high, matrix
    )
    for variable in range(size):
        model.set_var_integrality(variable, True)
    solver = helper.ModelSolverHelper("scip")
    solver.set_time_limit_in_seconds(limit_s)
    solver.set_solver_specific_parameters(f"limits/gap = 0\nrandomization/randomseedshift = {seed}\n")
    start = perf_counter()
    solver.solve(model)
    found = solver.has_solution()
    return Outcome(
        cost=round(solver.objective_value()) if found else None,
        bound=ceil(solver.best_objective_bound() - 1e-6) if found else None,
        took_s=perf_counter() - start,
    )


METHODS: Mapping[str, Method] = {
    "relais": _relais,
    "CP-SAT": _cp_sat,
    "HiGHS": _highs,
    "SCIP": _scip,
}

if __name__ == "__main__":
    sys.exit(main())
