"""Pairs in order, and those that occur again: by a table and by sorting alike."""

import numpy as np
import pytest

from matching import pairs


def test_pairs_in_order_whichever_way_finds_it() -> None:
    random = np.random.default_rng(0)
    pair = random.permutation(30 * 7)[:150]
    row, col = pair // 7, pair % 7
    expected = np.lexsort((col, row))
    for way in (pairs.in_order(row, col), pairs._by_table(row, col, 7), pairs._by_sort(row, col)):
        for answer, sought in zip(way, (row[expected], col[expected], expected), strict=True):
            assert answer.tolist() == sought.tolist()


@pytest.mark.parametrize("widest", [7, 2**31 - 1])
def test_pairs_are_sorted_whether_or_not_they_fit_into_one_number_with_their_place(widest: int) -> None:
    row, col = np.array([5, widest, 5]), np.array([1, widest, 0])
    answer = pairs.in_order(row, col)
    assert [each.tolist() for each in answer] == [[5, 5, widest], [0, 1, widest], [2, 0, 1]]


@pytest.mark.parametrize("far", [0, 10**6])
def test_the_first_pair_that_occurs_again_is_named(far: int) -> None:
    row, col = np.array([2, 0, 1, 0, 1, 2]) + far, np.array([0, 3, 2, 2, 2, 0])
    assert pairs.first_repeated(row, col, 4) == 4
    assert pairs.first_repeated(row[:4], col[:4], 4) is None
    assert pairs.first_repeated(row[:0], col[:0], 4) is None
