"""Speed of ``matching.assign`` beside other ways to the same optimum, on the same arrays, in one run.

``python -m benchmarks.speed.assign --sizes 1000x60,1000,10000,100000 --repeats 5``

1000x60 are 1,000 groups and 60 bins; without a number of bins there is one for 80 groups, but never fewer
than the 20 that each group may go to.

``assign`` and raw OR-Tools alternate in one process (ours, raw, ours, raw ...), so that a busy moment of
the machine hits both; what counts is the median of the ratios of neighbours, by the clock and by CPU
time, which a busy machine disturbs less. Every method, those two included, also runs in a process of its
own for its memory (additional peak) and, for the others, its time: the median of five runs when the first
took less than five seconds. What exceeds ``--patience`` is stopped and marked.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

from benchmarks.environments import environment
from benchmarks.quality.rows import RESULTS, Row, Rows, current_commit
from benchmarks.speed.instances import ARCS_PER_GROUP, Arrays, clustered
from benchmarks.speed.machine import describe, peak_memory_mb
from benchmarks.speed.methods import ALTERNATING, ELSEWHERE, METHODS, why_not

OURS, RAW = ALTERNATING
KEY = ("size", "seed", "method", "commit")
MOST_REPEATS = 5
# Of the interpreter, the libraries and the arrays, on a busy machine.
START_S = 5.0
ROOT = Path(__file__).parents[2]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; 1 when two methods disagree about an optimum."""
    options = _options(arguments)
    if options.one:
        print(json.dumps(_alone(options.one, options.arrays)))
        return 0
    sizes = options.sizes.split(",")
    others = (len(METHODS) - len(ALTERNATING)) * options.patience
    print(*describe(), f"instances clustered, {ARCS_PER_GROUP} arcs per group, rows in random order, "
          f"seed {options.seed}; {options.repeats} alternating repetitions",
          f"duration  at most about {sum(_pairs_s(s, options.repeats) + others for s in sizes) / 60:.0f} min",
          "relais assign includes checking the arrays, prices and the certificate primal = dual.\n",
          sep="\n", flush=True)  # fmt: skip
    rows = Rows(options.out, KEY)
    if options.resume:
        rows.resume(commit=current_commit())
    return max(_one_size(size, options, rows) for size in sizes)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.assign", description=__doc__)
    parser.add_argument("--sizes", default="1000x60,1000,10000", help="numbers of groups, or of both")
    parser.add_argument("--repeats", type=int, default=5, help="pairs of ours and raw OR-Tools")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--patience", type=float, default=60.0, help="seconds after which a peer is stopped")
    parser.add_argument("--out", type=Path, default=RESULTS / "assign.jsonl")
    parser.add_argument("--resume", action="store_true", help="keep rows of this commit that are there")
    parser.add_argument("--one", help=argparse.SUPPRESS, choices=METHODS)
    parser.add_argument("--arrays", help=argparse.SUPPRESS, type=Path)
    return parser.parse_args(arguments)


def _of_size(size: str) -> tuple[int, int | None]:
    """Return the numbers of groups and of bins that ``1000x60`` or ``1000`` names."""
    groups, _, bins = size.partition("x")
    return int(groups), int(bins) if bins else None


def _pairs_s(size: str, repeats: int) -> float:
    """Return about how long the alternating pairs and the memory runs take."""
    return (repeats + 1) * 15.0 * (_of_size(size)[0] / 100_000) ** 1.2


def _one_size(size: str, options: argparse.Namespace, rows: Rows) -> int:
    """Measure one size; 1 when the methods disagree."""
    num_groups, num_bins = _of_size(size)
    arrays = clustered(num_groups, options.seed, num_bins=num_bins)
    print(f"{num_groups:,} groups, {arrays.capacity.size:,} bins, {arrays.arc_cost.size:,} arcs", flush=True)
    pairs, values = _alternating(arrays, options.repeats)
    _print_pairs(pairs)
    print(f"  {'method':14} {'wall s':>9} {'ours/it':>8} {'cpu s':>9} {'MB':>7}")
    ours_s = median(pairs[OURS].wall_s)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "arrays.npz"
        arrays.save(file)
        for name in METHODS:
            key = {"size": size, "seed": options.seed, "method": name, "commit": current_commit()}
            row = rows.find(**key)
            if row is None:
                row = {**key, **_in_child(name, arrays, file, options.patience)}
                rows.add(row)
            if "value" in row:
                values.add(int(str(row["value"])))
            wall_s = median(pairs[name].wall_s) if name in pairs else row.get("wall_s")
            print(_line(name, row, wall_s, ours_s), flush=True)
    if len(values) > 1:
        print(f"  DIFFERENT OBJECTIVES: {sorted(values)}", file=sys.stderr)
        return 1
    print(f"  objective of all: {values.pop()}\n", flush=True)
    return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Seconds of every repetition of one method, by the clock and of the processor; grows."""

    wall_s: list[float]
    cpu_s: list[float]


def _alternating(arrays: Arrays, repeats: int) -> tuple[dict[str, Timing], set[int]]:
    """Return the times of ours and raw OR-Tools in turn, and the values they found."""
    timings = {name: Timing(wall_s=[], cpu_s=[]) for name in ALTERNATING}
    for name in ALTERNATING:
        METHODS[name](clustered(100, 1))  # imports are not what is measured
    values = {_measured(name, arrays, timing) for _ in range(repeats) for name, timing in timings.items()}
    return timings, values


def _measured(name: str, arrays: Arrays, timing: Timing) -> int:
    """Run a method once, add its times to ``timing`` and return the value it found."""
    wall, cpu = perf_counter(), process_time()
    value = METHODS[name](arrays)
    timing.cpu_s.append(process_time() - cpu)
    timing.wall_s.append(perf_counter() - wall)
    return value


def _print_pairs(pairs: Mapping[str, Timing]) -> None:
    ours, raw = pairs[OURS], pairs[RAW]
    wall = sorted(a / b for a, b in zip(ours.wall_s, raw.wall_s, strict=True))
    cpu = sorted(a / b for a, b in zip(ours.cpu_s, raw.cpu_s, strict=True))
    print(
        f"  {OURS} / {RAW}: wall {median(wall):.2f} ({wall[0]:.2f}-{wall[-1]:.2f}), "
        f"cpu {median(cpu):.2f} ({cpu[0]:.2f}-{cpu[-1]:.2f}); "
        f"cpu seconds {median(ours.cpu_s):.4f} and {median(raw.cpu_s):.4f}",
        flush=True,
    )


def _line(name: str, row: Row, wall_s: object, ours_s: float) -> str:
    if row.get("note"):
        return f"  {name:14} {row['note']}"
    seconds = float(str(wall_s))
    return (
        f"  {name:14} {seconds:9.4f} {ours_s / seconds:8.2f} {float(str(row['cpu_s'])):9.4f} "
        f"{float(str(row['peak_mb'])):7,.0f}"
    )


def _in_child(name: str, arrays: Arrays, file: Path, patience_s: float) -> Row:
    """Return the row of one method in a process of its own, or why there is none."""
    reason = why_not(name, arrays)
    if reason is not None:
        return {"note": reason}
    try:
        python = str(environment(*ELSEWHERE[name])) if name in ELSEWHERE else sys.executable
    except subprocess.CalledProcessError:
        return {"note": f"not installed: pip install {' '.join(ELSEWHERE[name])}"}
    command = [python, "-m", "benchmarks.speed.assign", "--arrays", str(file), "--one", name]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=patience_s + START_S, cwd=ROOT
        )
    except subprocess.TimeoutExpired:
        return {"note": f"stopped after {patience_s:g} s"}
    if done.returncode:
        return {"note": "failed: " + done.stderr.strip().rsplit("\n", 1)[-1]}
    row: Row = json.loads(done.stdout)
    return row


def _alone(name: str, file: Path) -> dict[str, float]:
    """Return value, times and additional peak memory of one method; repeated when it is quick."""
    METHODS[name](clustered(100, 1))  # imports are not what is measured
    arrays = Arrays.load(file)
    before_mb, timing = peak_memory_mb(), Timing(wall_s=[], cpu_s=[])
    value = _measured(name, arrays, timing)
    peak_mb = peak_memory_mb() - before_mb
    while timing.wall_s[0] < 5 and len(timing.wall_s) < MOST_REPEATS:
        _measured(name, arrays, timing)
    return {
        "value": value,
        "wall_s": median(timing.wall_s),
        "cpu_s": median(timing.cpu_s),
        "peak_mb": peak_mb,
    }


if __name__ == "__main__":
    sys.exit(main())
