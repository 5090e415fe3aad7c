"""Rows of the attachment benchmark as tables, and what is wrong with them."""

from collections.abc import Callable, Iterator, Sequence
from statistics import mean
from typing import Any

from benchmarks.quality.rows import Row

HEADINGS = (
    ("method", 20), ("status", 11), ("gap %", 9), ("gap min %", 9), ("tier 1", 6), ("tier 2", 6),
    ("tier 3", 6), ("median", 6), ("far", 5), ("Gini fill", 9), ("Gini t1", 7), ("s", 7), ("MB", 6),
)  # fmt: skip


def territory_table(rows: Sequence[Row]) -> Iterator[str]:
    """Yield the lines of one territory's table: all methods beside each other."""
    yield "  " + " ".join(f"{name:>{width}}" for name, width in HEADINGS)
    reference = _Reference(rows)
    for row in rows:
        cells = [str(row["method"]), str(row["status"]), *reference.gaps(row), *_measures(row)]
        line = " ".join(f"{cell:>{width}}" for cell, (_, width) in zip(cells, HEADINGS, strict=True))
        yield f"  {line}" + (f"  {row['note']}" if row.get("note") else "")
    yield f"  least proven bound {reference.bound}"


def summary(rows: Sequence[Row]) -> Iterator[str]:
    """Yield one line per size, variant and method over all seeds."""
    yield "Over all seeds: gap to the least proven bound %, proven optimal, tiers placed %, seconds"
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault((row["size"], row["variant"], row["method"]), []).append(row)
    references = {place: _Reference(_at(rows, place)) for place in {_place(row) for row in rows}}
    for (size, variant, method), here in groups.items():
        gaps = [g for row in here if (g := references[_place(row)].gap(row)) is not None]
        proven = sum(row["status"] == "optimal" for row in here)
        worst = f"mean {mean(gaps):.4f} worst {max(gaps):.4f}" if gaps else "no solution"
        unsolved = f", {len(here) - len(gaps)} without solution" if gaps and len(gaps) < len(here) else ""
        yield (
            f"  {size:>5} {variant:10} {method:20} gap {worst}; proven {proven}/{len(here)}; "
            f"tiers {_mean_tiers(here)}; mean {mean(float(str(r['seconds'])) for r in here):.1f} s{unsolved}"
        )


def broken(rows: Sequence[Row]) -> list[str]:
    """Return broken rules, values above a bound that another method proved, and where Relais is beaten."""
    wrong = [f"{_named(row)}: breaks {', '.join(v)}" for row in rows if (v := _list(row.get("violations")))]
    for place in dict.fromkeys(_place(row) for row in rows):
        here = _at(rows, place)
        reference, best = _Reference(here), _best(here)
        if best is not None and reference.bound is not None and best["objective"] > reference.bound:
            wrong.append(
                f"{_named(best)}: {best['objective']} is above the bound {reference.bound} of another"
            )
        ours = next((row for row in here if row["method"] == "Relais"), None)
        if ours is not None and best is not None and ours.get("objective", 0) < best["objective"]:
            wrong.append(f"{_named(best)}: better than Relais at equal time")
    return wrong


class _Reference:
    """What the rows of one territory are compared with."""

    def __init__(self, rows: Sequence[Row]) -> None:
        bounds = [int(str(row["bound"])) for row in rows if row.get("bound") is not None]
        self.bound = min(bounds, default=None)
        self._best = _best(rows)

    def gap(self, row: Row) -> float | None:
        """Return how far below the bound a row's objective lies, in percent of the bound."""
        if self.bound is None or row.get("objective") is None:
            return None
        return 100 * (self.bound - int(str(row["objective"]))) / max(1, abs(self.bound))

    def gaps(self, row: Row) -> tuple[str, str]:
        """Return the gap, and the gap of the minutes where as many of each rank are placed as by the best.

        Minutes are compared with all travel of the best solution: the ranks fill most of the objective.
        """
        gap = self.gap(row)
        if gap is None or self.bound is None or self._best is None:
            return "", ""
        if row["placed_of_rank"] != self._best["placed_of_rank"]:
            return f"{gap:.4f}", "ranks"
        short = self.bound - int(str(row["objective"]))
        return f"{gap:.4f}", f"{100 * short / max(1, int(str(self._best['travel_tenths']))):.3f}"


def _measures(row: Row) -> list[str]:
    seconds = f"{row['seconds']:.2f}"
    if row.get("objective") is None:
        return ["", "", "", "", "", "", "", seconds, str(row.get("peak_mb", ""))]
    placed, waiting = _list(row["placed_of_tier"]), _list(row["waiting_of_tier"])
    median, far = _list(row["travel_min"])
    return [
        *(f"{100 * p / max(1, w):.1f}" for p, w in zip(placed, waiting, strict=True)),
        f"{median:.1f}", f"{far:.1f}", f"{row['uneven_filling']:.3f}", f"{row['uneven_tier1']:.3f}",
        seconds, str(row["peak_mb"]),
    ]  # fmt: skip


def _mean_tiers(rows: Sequence[Row]) -> str:
    solved = [row for row in rows if row.get("objective") is not None]
    share: Callable[[Row, int], float] = lambda row, tier: (  # noqa: E731 - used twice below
        100 * _list(row["placed_of_tier"])[tier] / max(1, _list(row["waiting_of_tier"])[tier])
    )
    return " ".join(f"{mean(share(row, tier) for row in solved):.2f}" for tier in range(3)) if solved else "-"


def _best(rows: Sequence[Row]) -> Any:
    solved = [row for row in rows if row.get("objective") is not None and not row.get("violations")]
    return max(solved, key=lambda row: int(str(row["objective"])), default=None)


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else list(value) if isinstance(value, tuple) else []


def _place(row: Row) -> tuple[object, object, object]:
    return row["size"], row["variant"], row["seed"]


def _at(rows: Sequence[Row], place: tuple[object, object, object]) -> list[Row]:
    return [row for row in rows if _place(row) == place]


def _named(row: Row) -> str:
    return f"{row['size']} {row['variant']} seed {row['seed']} {row['method']}"
