"""What leaves: no count under eleven, and an attacker who adds and subtracts all of it finds none (P6)."""

from collections import Counter
from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.indicators.groups import LEAST, OTHERS, order_of, publish

DIMENSIONS = {"commune": 3, "tier": 3, "age": 2}
NAMES = list(DIMENSIONS)
CELLS = list(product(*(map(str, range(size)) for size in DIMENSIONS.values())))
PAIRS = [(one, other) for place, one in enumerate(NAMES) for other in NAMES[place + 1 :]]
READ = {name: (lambda case, place=place: case[place]) for place, name in enumerate(NAMES)}

populations = st.lists(st.one_of(st.just(0), st.integers(0, 4), st.integers(0, 60)), min_size=18, max_size=18)


def people(counts: list[int]) -> list[tuple[str, ...]]:
    return [cell for cell, count in zip(CELLS, counts, strict=True) for _ in range(count)]


def which(**wanted: set[str]) -> np.ndarray:
    """Give the row of a system of equations: which cells a count adds up."""
    chosen = [all(cell[NAMES.index(name)] in keys for name, keys in wanted.items()) for cell in CELLS]
    return np.array(chosen, dtype=float)


def meant(key: str, shown: set[str], order: list[str]) -> set[str]:
    return {key} if key != OTHERS else {one for one in order if one not in shown}


@settings(max_examples=60, deadline=None)
@given(populations)
def test_no_count_under_eleven_leaves_or_is_found_by_adding_and_subtracting(counts: list[int]) -> None:
    cases = people(counts)
    tables, crosses = publish(cases, READ, PAIRS)
    orders = {name: order_of(Counter(READ[name](case) for case in cases)) for name in NAMES}
    assert all(count >= LEAST for table in (*tables.values(), *crosses.values()) for count in table.values())

    known = [np.ones(len(CELLS))] if len(cases) >= LEAST else []
    for name, table in tables.items():
        known += [which(**{name: meant(key, set(table), orders[name])}) for key in table]
    for (one, other), table in crosses.items():
        rows, columns = {row for row, _ in table}, {column for _, column in table}
        known += [
            which(
                **{
                    one: meant(row, rows, orders[one]),
                    other: meant(column, columns, orders[other]),
                }
            )
            for row, column in table
        ]
    if not known:
        return
    # what never occurs is no secret cell: whoever reads the file knows the categories that are in it
    present = np.array([all(cell[i] in orders[name] for i, name in enumerate(NAMES)) for cell in CELLS])
    basis = np.array(known)[:, present]
    numbers = np.array(counts)[present]
    for target in small_targets(counts, orders):
        wanted = target[present]
        found, *_ = np.linalg.lstsq(basis.T, wanted, rcond=None)
        recovered = np.allclose(basis.T @ found, wanted, atol=1e-6)
        assert not recovered, f"{int(wanted @ numbers)} people found by subtraction"


def small_targets(counts: list[int], orders: dict[str, list[str]]) -> list[np.ndarray]:
    """Give every one-way and two-way count of one to ten people: what must not be found."""
    everywhere = np.array(counts)
    one_way = [which(**{name: {key}}) for name in NAMES for key in orders[name]]
    two_way = [
        which(**{one: {row}, other: {column}})
        for one, other in PAIRS
        for row in orders[one]
        for column in orders[other]
    ]
    return [target for target in (*one_way, *two_way) if 0 < target @ everywhere < LEAST]
