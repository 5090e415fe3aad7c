"""Attachment of invented territories: Relais beside what is done by hand and beside general solvers.

``python -m benchmarks.quality.attachment --sizes 300,1000 --seeds 1-10 --resume``

Methods run one after the other, each in a process of its own, all within the same time. Every finished
row goes to a JSON-lines file; ``--resume`` continues an interrupted run of the same commit. The gap is to
the least upper bound that any method proved for the territory. Ends with 1 when an answer breaks a rule
or two proofs contradict each other.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from time import perf_counter

from benchmarks.quality.contestants import EXACT, METHODS, Task, measured
from benchmarks.quality.rows import RESULTS, Row, Rows, current_commit
from benchmarks.quality.tables import broken, summary, territory_table
from benchmarks.quality.territories import SIZES, VARIANTS
from benchmarks.speed.machine import describe, load_average

LIMITS_S = {"300": 5.0, "1000": 20.0, "3000": 60.0, "4700": 120.0, "10000": 120.0}
#: What a child needs beside solving: imports, territory, model, reasons, judge.
BESIDE_S = {"300": 4.0, "1000": 6.0, "3000": 12.0, "4700": 18.0, "10000": 40.0}
KEY = ("method", "size", "variant", "seed", "limit_s", "commit")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what was asked for; see the module."""
    options = _options(arguments)
    if options.one:
        print(json.dumps(measured(Task(**json.loads(options.one)))))
        return 0
    commit, tasks = current_commit(), list(_tasks(options))
    rows = Rows(options.out, KEY)
    known = rows.resume(commit=commit) if options.resume else 0
    todo = [task for task in tasks if rows.find(commit=commit, **task.key()) is None]
    most_s = sum(_expected_s(task) for task in todo)
    print(*describe(), f"commit    {commit}; rows in {options.out}",
          f"rows      {len(tasks)}, of which {len(tasks) - len(todo)} there already ({known} in the file)",
          f"duration  at most about {timedelta(seconds=round(most_s))}", sep="\n", flush=True)  # fmt: skip
    if options.estimate:
        return 0
    return _run(tasks, rows, commit)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality.attachment", description=__doc__)
    parser.add_argument("--sizes", default=",".join(SIZES), help=f"of {', '.join(SIZES)} households")
    parser.add_argument("--variants", default="households,loads", help=f"of {', '.join(VARIANTS)}")
    parser.add_argument("--methods", default=",".join(METHODS), help=f"of {', '.join(METHODS)}")
    parser.add_argument("--seeds", default="1", help="as 1,2,5 or 1-10")
    parser.add_argument("--time", type=float, help="seconds for every size, instead of 5, 20, 60, 120, 120")
    parser.add_argument("--out", type=Path, default=RESULTS / "attachment.jsonl")
    parser.add_argument("--resume", action="store_true", help="keep rows of this commit that are there")
    parser.add_argument("--estimate", action="store_true", help="only say how long it would take")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    return parser.parse_args(arguments)


def _tasks(options: argparse.Namespace) -> Iterator[Task]:
    """Yield the tasks, territory by territory, small ones first."""
    for size in _names(options.sizes, SIZES):
        for variant in _names(options.variants, VARIANTS):
            for seed in _numbers(options.seeds):
                for method in _names(options.methods, METHODS):
                    limit_s = options.time or LIMITS_S[size]
                    yield Task(method=method, size=size, variant=variant, seed=seed, limit_s=limit_s)


def _names(given: str, known: Sequence[str] | dict[str, tuple[int, int]]) -> list[str]:
    """Return the known names in ``given``; names may hold a comma themselves."""
    chosen = [name for name in known if f",{name}," in f",{given},"]
    if not chosen or sum(len(name) + 1 for name in chosen) != len(given) + 1:
        raise SystemExit(f"{given!r}: choose among {'; '.join(known)}")
    return chosen


def _numbers(given: str) -> list[int]:
    numbers: list[int] = []
    for part in given.split(","):
        first, _, last = part.partition("-")
        numbers += range(int(first), int(last or first) + 1)
    return numbers


def _expected_s(task: Task) -> float:
    return BESIDE_S[task.size] + (task.limit_s if task.method in EXACT else 0)


def _run(tasks: Sequence[Task], rows: Rows, commit: str) -> int:
    finished: list[Row] = []
    territories = list(dict.fromkeys((t.size, t.variant, t.seed) for t in tasks))
    for place in territories:
        print(f"\n{place[0]} households, {place[1]}, seed {place[2]}", flush=True)
        here: list[Row] = []
        for task in tasks:
            if (task.size, task.variant, task.seed) == place:
                row = rows.find(commit=commit, **task.key())
                if row is None:
                    row = {**_in_child(task), "commit": commit, "load_average": load_average()}
                    rows.add(row)
                here.append(row)
                print(f"  {task.method:20} {row['status']:11} {row['seconds']:8.2f} s", flush=True)
        print(*territory_table(here), sep="\n", flush=True)
        finished += here
    print("", *summary(finished), sep="\n")
    wrong = broken(finished)
    print(*wrong, sep="\n", file=sys.stderr)
    return int(bool(wrong))


def _in_child(task: Task) -> Row:
    """Run one task in a process of its own; one that far exceeds its limit is stopped and says so."""
    command = [sys.executable, "-m", "benchmarks.quality.attachment", "--one", json.dumps(task.key())]
    patience_s, start = 2 * task.limit_s + 4 * BESIDE_S[task.size] + 60, perf_counter()
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=patience_s)
    except subprocess.TimeoutExpired:
        return {**task.key(), "status": "stopped", "seconds": patience_s}
    if done.returncode:
        last = done.stderr.strip().rsplit("\n", 1)[-1]
        return {**task.key(), "status": "failed", "note": last, "seconds": perf_counter() - start}
    row: Row = json.loads(done.stdout.rsplit("\n", 2)[-2])
    return row


if __name__ == "__main__":
    sys.exit(main())
