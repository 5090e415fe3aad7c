"""The invented patients: as many as asked, whole homes, children with an adult who could be a parent."""

from datetime import date
from random import Random

import pytest

from scheduler.referrals.values import Signal
from scheduler.simulation.people import homes_of

TODAY = date(2026, 3, 2)


def age(given: Signal) -> int:
    assert given.identity.birth_date is not None
    return (TODAY - given.identity.birth_date).days // 365


@pytest.mark.parametrize("num", [0, 1, 4, 700])
def test_as_many_come_as_asked_or_the_rest_of_the_last_home(num: int) -> None:
    homes = list(homes_of(Random(num), TODAY, num))
    came = sum(map(len, homes))
    assert num <= came < num + max((len(home) for home in homes), default=1)


def test_homes_share_a_name_and_children_are_at_home_with_a_parent() -> None:
    homes = [home for home in homes_of(Random(5), TODAY, 3000) if len(home) > 1]
    assert {2, 3, 4} <= set(map(len, homes))
    for first, *others in homes:
        assert age(first) >= 18
        for other in others:
            assert other.identity.family_name == first.identity.family_name
            assert (other.identity.insee, other.identity.phone) == (
                first.identity.insee,
                first.identity.phone,
            )
            assert age(other) >= 18 or 17 <= age(first) - age(other) <= 43
