from datetime import UTC, date, datetime

import pytest

from scheduler.referrals.places import Left, Taken, left_in, takes_patients
from scheduler.store.tables import Intake

OPENED = datetime(2026, 11, 1, tzinfo=UTC)
TODAY = date(2026, 11, 23)


def intake(**values: object) -> Intake:
    return Intake(
        **{"id": 1, "practitioner_id": 1, "practice_id": 1, "places": 3, "opened_at": OPENED, **values}
    )


@pytest.mark.parametrize(
    ("left", "tier", "after"),
    [
        (Left(2, None), 1, Left(1, None)),
        (Left(1, 1), 1, Left(0, 0)),
        (Left(1, 0), 2, Left(0, 0)),
        (Left(2, 1), 3, Left(1, 1)),
    ],
)
def test_a_patient_who_fits(left: Left, tier: int, after: Left) -> None:
    assert left.take(tier) == after


@pytest.mark.parametrize(("left", "tier"), [(Left(0, None), 3), (Left(5, 0), 1), (Left(0, 4), 1)])
def test_a_patient_who_does_not_fit(left: Left, tier: int) -> None:
    assert left.take(tier) is None


@pytest.mark.parametrize(
    ("values", "taken", "left"),
    [
        ({}, Taken(1, 1), Left(2, None)),
        ({"max_tier1": 2}, Taken(1, 1), Left(2, 1)),
        ({"places": 1, "max_tier1": 0}, Taken(3, 2), Left(0, 0)),
    ],
)
def test_what_is_left_is_never_negative(values: dict[str, int], taken: Taken, left: Left) -> None:
    assert left_in(intake(**values), taken) == left


@pytest.mark.parametrize(
    ("values", "takes"),
    [
        ({}, True),
        ({"closed_at": OPENED}, False),
        ({"paused_until": date(2026, 11, 22)}, True),
        ({"paused_until": TODAY}, False),
        ({"leaving_on": date(2026, 11, 24)}, True),
        ({"leaving_on": TODAY}, False),
    ],
)
def test_who_takes_patients_today(values: dict[str, object], takes: bool) -> None:
    assert takes_patients(intake(**values), TODAY) is takes
