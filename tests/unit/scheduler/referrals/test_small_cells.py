import pytest

from scheduler.referrals.small_cells import hidden
from scheduler.referrals.study_answers import for_bureau


@pytest.mark.parametrize(
    ("counts", "hide"),
    [
        ([10, 20, 0], [False, False, False]),
        ([10, 4, 20], [True, True, False]),  # alone it would follow from the total
        ([10, 4, 1], [False, True, True]),
        ([4], [True]),
        ([], []),
    ],
)
def test_what_is_small_is_hidden_and_cannot_be_found_again(counts: list[int], hide: list[bool]) -> None:
    assert hidden(counts) == hide


def test_the_bureau_does_not_learn_who_is_left_out() -> None:
    row = {"dimension": "âge", "patients": 12, "placed": 10, "gained": 0, "lost": 0, "moved": 0}
    times = dict.fromkeys(("median_min", "farthest_min", "median_wait_days"), 5.0)
    outcome = {"label": "a", **row, **times, "median_wait_left_days": 9.0}
    (shown,) = for_bureau({"policies": [{"outcomes": [outcome]}]})["policies"][0]["outcomes"]
    assert (shown["patients"], shown["placed"], shown["median_wait_left_days"]) == (12, None, None)
