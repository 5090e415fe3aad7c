"""Tables that leave show no count under eleven, and none that can be found by subtraction.

Small categories are not blanked but put together, the last ones of one fixed order first, until every count
of the table, the group's included, reaches eleven: there is then no hidden cell to look for. Because every
table of a publication groups the tail of the same order, two tables differ by categories that one of them
shows anyway. A publication covers one calendar quarter, once, after its end: nothing cumulative is ever told
beside it, so that no difference between two dates gives a count.

References
----------
Hundepool et al. (2012), Statistical Disclosure Control, section 4.3 (recoding before suppression);
CASD, rule for the PMSI: no cell under 11, secondary secrecy.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from itertools import product
from typing import TypeVar

LEAST = 11
"""Smallest count that leaves."""

OTHERS = "others"

Case = TypeVar("Case")
Table = dict[str, int]
Cross = dict[tuple[str, str], int]


def shown(count: int) -> int | None:
    """Give a count that may leave; None for one that may not."""
    return count if count >= LEAST else None


def order_of(counts: Mapping[str, int]) -> list[str]:
    """Give the one order of a publication: the largest first, then by name."""
    return sorted(counts, key=lambda key: (-counts[key], key))


def table_of(keys: Sequence[str], order: Sequence[str]) -> Table | None:
    """Count cases by category; None when no table of two categories can leave.

    Parameters
    ----------
    keys
        The category of each case.
    order
        Every category, those put together last first; the same for every table of the publication.
    """
    found = Counter(keys)
    for num_kept in range(len(order), 0, -1):
        counts = _counted(found, order, num_kept)
        if min(counts.values()) >= LEAST:
            return counts if len(counts) > 1 else None
    return None


def cross_of(pairs: Sequence[tuple[str, str]], orders: tuple[Sequence[str], Sequence[str]]) -> Cross | None:
    """Count cases by two categories at once; None when no table of two by two can leave."""
    found = Counter(pairs)
    sizes = product(range(len(orders[0]), 0, -1), range(len(orders[1]), 0, -1))
    for size in sorted(sizes, key=lambda size: -size[0] * size[1]):
        names = [
            list(dict.fromkeys(_name(key, order, kept) for key in order))
            for order, kept in zip(orders, size, strict=True)
        ]
        if min(map(len, names)) < 2:
            continue
        counts = dict.fromkeys(((row, column) for row, column in product(*names)), 0)
        for (row, column), number in found.items():
            counts[_name(row, orders[0], size[0]), _name(column, orders[1], size[1])] += number
        if min(counts.values()) >= LEAST:
            return counts
    return None


def _counted(found: Mapping[str, int], order: Sequence[str], num_kept: int) -> Table:
    counts = dict.fromkeys((_name(key, order, num_kept) for key in order), 0)
    for key, number in found.items():
        counts[_name(key, order, num_kept)] += number
    return counts


def _name(key: str, order: Sequence[str], num_kept: int) -> str:
    """Give the category of a case in a table that keeps the first ones of the order."""
    return key if key in order[:num_kept] else OTHERS


def publish(
    cases: Sequence[Case],
    dimensions: Mapping[str, Callable[[Case], str]],
    crossed: Sequence[tuple[str, str]] = (),
) -> tuple[dict[str, Table], dict[tuple[str, str], Cross]]:
    """Give every table of some cases that may leave, alone and two by two.

    Returns
    -------
    The tables by dimension, then those of the pairs in ``crossed``; one that cannot leave is absent.
    """
    keys = {name: [read(case) for case in cases] for name, read in dimensions.items()}
    orders = {name: order_of(Counter(found)) for name, found in keys.items()}
    tables = {name: table_of(found, orders[name]) for name, found in keys.items()}
    crosses = {
        (one, other): cross_of(list(zip(keys[one], keys[other], strict=True)), (orders[one], orders[other]))
        for one, other in crossed
    }
    return (
        {name: table for name, table in tables.items() if table is not None},
        {pair: cross for pair, cross in crosses.items() if cross is not None},
    )
