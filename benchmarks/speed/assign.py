"""Speed of ``matching.assign`` beside raw OR-Tools and SciPy, on the same arrays, in one run.

``python -m benchmarks.speed.assign --sizes 1000,10000,100000 --repeats 5``

Repetitions of the methods alternate, so that a busy moment of the machine hits all of them; medians
are compared, of the wall time and of the CPU time, which a busy machine disturbs less. Memory is the
peak of a fresh process that runs one method once, less what it held with the arrays loaded.
"""

import argparse
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

from benchmarks.speed.instances import ARCS_PER_GROUP, Arrays, clustered
from benchmarks.speed.machine import describe, peak_memory_mb
from benchmarks.speed.methods import METHODS, why_not

OURS = "relais assign"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; 1 when two methods disagree about an optimum."""
    options = _options(arguments)
    if options.memory_of:
        print(_peak_mb(options.memory_of, options.arrays))
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
    parser.add_argument("--arrays", help=argparse.SUPPRESS, type=Path)
    return parser.parse_args(arguments)


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Seconds of every repetition of one method, by the clock and of the processor; grows."""

    wall_s: list[float]
    cpu_s: list[float]


def _one_size(size: int, seed: int, repeats: int) -> int:
    """Measure one size; 1 when the methods disagree."""
    arrays = clustered(size, seed)
    skipped = {name: reason for name in METHODS if (reason := why_not(name, arrays))}
    timings = {name: Timing(wall_s=[], cpu_s=[]) for name in METHODS if name not in skipped}
    for name in timings:
        METHODS[name](clustered(100, seed))  # imports are not what is measured
    values = {_measured(name, arrays, timing) for _ in range(repeats) for name, timing in timings.items()}
    print(f"{size:,} groups, {arrays.capacity.size:,} bins, {arrays.arc_cost.size:,} arcs")
    _print_table(timings, _memory_mb(list(timings), arrays))
    for name, reason in skipped.items():
        print(f"  {name:14} {reason}")
    if len(values) > 1:
        print(f"  DIFFERENT OBJECTIVES: {sorted(values)}", file=sys.stderr)
        return 1
    print(f"  objective of all: {values.pop()}\n")
    return 0


def _measured(name: str, arrays: Arrays, timing: Timing) -> int:
    """Run a method once, add its times to ``timing`` and return the value it found."""
    wall, cpu = perf_counter(), process_time()
    value = METHODS[name](arrays)
    timing.cpu_s.append(process_time() - cpu)
    timing.wall_s.append(perf_counter() - wall)
    return value


def _print_table(timings: Mapping[str, Timing], memory_mb: Mapping[str, float]) -> None:
    print(
        f"  {'method':14} {'wall s':>8} {'min-max':>15} {'ours/it':>8} {'cpu s':>8} {'ours/it':>8} {'MB':>7}"
    )
    ours = timings[OURS]
    for name, timing in timings.items():
        wall, cpu = median(timing.wall_s), median(timing.cpu_s)
        spread = f"{min(timing.wall_s):.3f}-{max(timing.wall_s):.3f}"
        print(
            f"  {name:14} {wall:8.3f} {spread:>15} {median(ours.wall_s) / wall:8.2f} "
            f"{cpu:8.3f} {median(ours.cpu_s) / cpu:8.2f} {memory_mb[name]:7,.0f}"
        )


def _memory_mb(names: Sequence[str], arrays: Arrays) -> dict[str, float]:
    """Return the additional peak memory of each method, measured in a process of its own."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "arrays.npz"
        arrays.save(file)
        command = [sys.executable, "-m", "benchmarks.speed.assign", "--arrays", str(file), "--memory-of"]
        return {
            name: float(subprocess.run([*command, name], capture_output=True, text=True, check=True).stdout)
            for name in names
        }


def _peak_mb(name: str, file: Path) -> float:
    METHODS[name](clustered(100, 1))  # imports are not what is measured
    arrays = Arrays.load(file)
    before = peak_memory_mb()
    METHODS[name](arrays)
    return peak_memory_mb() - before


if __name__ == "__main__":
    sys.exit(main())
