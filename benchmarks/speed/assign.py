"""Speed of ``matching.assign`` beside raw OR-Tools and SciPy, on the same arrays, in one run.

``python -m benchmarks.speed.assign --sizes 1000,10000,100000 --repeats 5``

Repetitions of the methods alternate, so that a busy moment of the machine hits all of them; medians
are compared. Memory is the peak of a fresh process that runs one method once, less what the same
process holds before it starts.
"""

import argparse
import resource
import subprocess
import sys
from collections.abc import Mapping, Sequence
from statistics import median
from time import perf_counter

from benchmarks.speed.instances import ARCS_PER_GROUP, Arrays, clustered
from benchmarks.speed.machine import describe
from benchmarks.speed.methods import METHODS, why_not

OURS = "relais assign"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; 1 when two methods disagree about an optimum."""
    options = _options(arguments)
    if options.memory_of:
        print(_peak_mb(options.memory_of, int(options.sizes), options.seed))
        return 0
    print(*describe(), f"instances clustered, {ARCS_PER_GROUP} arcs per group, rows in random order, "
          f"seed {options.seed}; {options.repeats} alternating repetitions", sep="\n")  # fmt: skip
    print("relais assign includes checking the arrays, prices and the certificate primal = dual.\n")
    sizes = [int(size) for size in options.sizes.split(",")]
    return max(_one_size(size, options.seed, options.repeats) for size in sizes)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.assign", description=__doc__)
    parser.add_argument("--sizes", default="1000,10000", help="numbers of groups, separated by commas")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--memory-of", help=argparse.SUPPRESS, choices=METHODS)
    return parser.parse_args(arguments)


def _one_size(size: int, seed: int, repeats: int) -> int:
    arrays = clustered(size, seed)
    skipped = {name: reason for name in METHODS if (reason := why_not(name, arrays))}
    seconds: dict[str, list[float]] = {name: [] for name in METHODS if name not in skipped}
    values: dict[str, set[int]] = {name: set() for name in seconds}
    for _ in range(repeats):
        for name in seconds:
            start = perf_counter()
            values[name].add(METHODS[name](arrays))
            seconds[name].append(perf_counter() - start)
    medians = {name: median(times) for name, times in seconds.items()}
    print(f"{size:,} groups, {arrays.capacity.size:,} bins, {arrays.arc_cost.size:,} arcs")
    _print_table(size, seed, medians, seconds, skipped)
    if len(set.union(*values.values())) > 1:
        print(f"  DIFFERENT OBJECTIVES: {values}", file=sys.stderr)
        return 1
    print(f"  objective of all: {values[OURS].pop()}\n")
    return 0


def _print_table(
    size: int,
    seed: int,
    medians: Mapping[str, float],
    seconds: Mapping[str, Sequence[float]],
    skipped: Mapping[str, str],
) -> None:
    print(f"  {'method':14} {'median s':>9} {'min s':>9} {'max s':>9} {'ours / it':>10} {'memory MB':>10}")
    for name, middle in medians.items():
        times = seconds[name]
        memory = _memory_mb(name, size, seed)
        ratio = medians[OURS] / middle
        print(f"  {name:14} {middle:9.3f} {min(times):9.3f} {max(times):9.3f} {ratio:10.2f} {memory:10,.0f}")
    for name, reason in skipped.items():
        print(f"  {name:14} {reason}")


def _memory_mb(name: str, size: int, seed: int) -> float:
    """Return the additional peak memory of one method, measured in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.speed.assign", "--memory-of", name]
    answer = subprocess.run(
        [*command, "--sizes", str(size), "--seed", str(seed)], capture_output=True, text=True, check=True
    )
    return float(answer.stdout)


def _peak_mb(name: str, size: int, seed: int) -> float:
    arrays: Arrays = clustered(size, seed)
    METHODS[name](clustered(100, seed))  # imports are not what is measured
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    METHODS[name](arrays)
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


if __name__ == "__main__":
    sys.exit(main())
