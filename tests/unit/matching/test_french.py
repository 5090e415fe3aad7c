"""Numbers, dates and lists in French."""

from datetime import date

import pytest

from matching import french


def test_dates_are_written_out() -> None:
    assert french.day(date(2026, 3, 3)) == "3 mars 2026"
    assert french.day(date(2026, 8, 1)) == "1er août 2026"
    assert french.month(date(2027, 2, 1)) == "février 2027"


@pytest.mark.parametrize(
    ("number", "said"), [(0, "0 place"), (1, "1 place"), (2, "2 places"), (-1, "-1 place")]
)
def test_zero_and_one_are_singular(number: int, said: str) -> None:
    assert french.count(number, "place") == said


def test_a_plural_of_its_own() -> None:
    assert french.count(2, "foyer avec enfant", "foyers avec enfant") == "2 foyers avec enfant"


def test_waits_times_and_distances() -> None:
    assert [french.days(n) for n in (0, 1, 2)] == ["aujourd'hui", "1 jour", "2 jours"]
    assert [french.minutes(s) for s in (0, 29, 30, 90)] == ["0 min", "0 min", "1 min", "2 min"]
    assert [french.km(m) for m in (0, 940, 3000, 12_400)] == ["0 km", "0,9 km", "3 km", "12,4 km"]
    assert french.percent(0.426) == "43 %"


def test_lists_end_with_et() -> None:
    assert french.listed(["a"]) == "a"
    assert french.listed(["a", "b", "c"]) == "a, b et c"
    assert french.per_tier((2, 0, 1)) == "2 de priorité 1 et 1 de priorité 3"
