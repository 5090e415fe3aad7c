"""CPU seconds of explanations on a territory of 3,000 households and 100 GPs.

``python -m benchmarks.speed.explain [--variant plain|loads|households] [--size 3000] [--cases 8]``

Of every verdict the run gives, some patients are explained, each by a call of its own (nothing is kept
between calls), as are some pairs of ``why_not`` and some gifts of two places. Medians and maxima.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from statistics import median
from time import process_time

import numpy as np

from benchmarks.quality.territories import SIZES, VARIANTS, territory
from benchmarks.speed.machine import describe
from matching import Instance, Policy, Solution, attach
from matching.explain import explain, why_not
from matching.worth import place_values, value_of_places

TARGET_S = 5.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; 1 when a case takes longer than the target."""
    options = _options(arguments)
    instance, policy = territory(options.size, options.variant, options.seed), Policy.default()
    solution = attach(instance, policy, time_limit_s=options.time_limit)
    placed = sum(m.practitioner_id is not None for m in solution.matches)
    print(*describe(), sep="\n")
    print(
        f"{options.variant}, {SIZES[options.size][0]:,} households, {len(instance.patients):,} patients, "
        f"{len(instance.practitioners)} GPs, seed {options.seed}; "
        f"{placed:,} placed, {solution.status.value}\n"
    )
    print(f"  {'what':28} {'cases':>6} {'median':>8} {'max':>8}   CPU seconds")
    slowest = 0.0
    for name, calls in _questions(instance, policy, solution, options.cases, options.seed):
        times = [_seconds(call) for call in calls]
        if times:
            print(f"  {name:28} {len(times):6} {median(times):8.2f} {max(times):8.2f}")
            slowest = max(slowest, *times)
    print(f"\n  slowest {slowest:.2f} s, target {TARGET_S:g} s")
    return int(slowest > TARGET_S)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.explain", description=__doc__)
    parser.add_argument("--variant", choices=VARIANTS, default="plain")
    parser.add_argument("--size", choices=SIZES, default="3000")
    parser.add_argument("--cases", type=int, default=8)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--time-limit", type=float, default=20.0, help="seconds of the run explained")
    return parser.parse_args(arguments)


def _questions(
    instance: Instance, policy: Policy, solution: Solution, cases: int, seed: int
) -> Iterator[tuple[str, list[Callable[[], object]]]]:
    random = np.random.default_rng(seed)
    by_code: dict[str, list[str]] = {}
    for match in solution.matches:
        by_code.setdefault(match.reason.code, []).append(match.patient_id)
    for code, ids in sorted(by_code.items()):
        drawn = [ids[i] for i in random.permutation(len(ids))[:cases]]
        yield f"explain: {code}", [lambda key=key: explain(instance, policy, solution, key) for key in drawn]
    pairs = random.permutation(instance.travel.num_pairs)[:cases].tolist()
    yield "why_not", [lambda pair=pair: _why_not(instance, policy, solution, pair) for pair in pairs]
    gps = random.permutation(len(instance.practitioners))[:cases].tolist()
    yield (
        "two places more",
        [
            lambda row=row: value_of_places(instance, policy, solution, {instance.practitioners[row].id: 2})
            for row in gps
        ],
    )
    yield "one place more, all GPs", [lambda: place_values(instance, solution)]


def _why_not(instance: Instance, policy: Policy, solution: Solution, pair: int) -> object:
    patient = instance.patients[int(instance.travel.patient[pair])]
    practitioner = instance.practitioners[int(instance.travel.practitioner[pair])]
    return why_not(instance, policy, solution, patient.id, practitioner.id)


def _seconds(call: Callable[[], object]) -> float:
    before = process_time()
    call()
    return process_time() - before


if __name__ == "__main__":
    sys.exit(main())
