"""Half-open stretches of time: what remains of some when others are taken out."""

from collections.abc import Iterable
from datetime import datetime

Interval = tuple[datetime, datetime]


def merged(intervals: Iterable[Interval]) -> list[Interval]:
    """Give the same time as few sorted intervals that neither touch nor overlap; empty ones vanish."""
    result: list[Interval] = []
    for start, end in sorted(intervals):
        if end <= start:
            continue
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(end, result[-1][1]))
        else:
            result.append((start, end))
    return result


def without(intervals: Iterable[Interval], holes: Iterable[Interval]) -> list[Interval]:
    """Give what remains of intervals when the holes are taken out, merged and sorted."""
    holes = merged(holes)
    result: list[Interval] = []
    for start, end in merged(intervals):
        for hole_start, hole_end in holes:
            if hole_end <= start:
                continue
            if hole_start >= end:
                break
            if hole_start > start:
                result.append((start, hole_start))
            start = max(start, hole_end)  # noqa: PLW2901 — what is left of the interval
        if start < end:
            result.append((start, end))
    return result
