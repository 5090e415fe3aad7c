"""The usual doctor first, then the neighbours, then everybody: by timers, never past the last call."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.care.circles import circle_at
from scheduler.care.rules import RefillMode, Rules, as_document, read_rules
from scheduler.errors import InvalidInput
from tests.factories import NOW

MINUTE = timedelta(minutes=1)
RULES = Rules(
    usual_min=(10, 30, 120),
    near_min=(10, 60, 240),
    near_travel_min=15,
    max_travel_min=30,
    notice_min=30,
    announce_lead_min=60,
)


def at(minutes: int, *, urgency: int = 3, has_usual: bool = True, deadline: int = 48 * 60) -> tuple[Any, ...]:
    circle = circle_at(
        RULES,
        urgency=urgency,
        has_usual=has_usual,
        received_at=NOW,
        deadline_at=NOW + deadline * MINUTE,
        now=NOW + minutes * MINUTE,
    )
    until = None if circle.until is None else (circle.until - NOW) // MINUTE
    return circle.usual_only, circle.max_travel_min, until


@pytest.mark.parametrize(
    ("minutes", "urgency", "circle"),
    [
        (0, 3, (True, 30, 120)),
        (119, 3, (True, 30, 120)),
        (120, 3, (False, 15, 360)),
        (360, 3, (False, 30, None)),
        (29, 2, (True, 30, 30)),
        (30, 2, (False, 15, 90)),
        (10, 1, (False, 15, 20)),
    ],
)
def test_timers_open_one_circle_after_the_other(minutes: int, urgency: int, circle: tuple[Any, ...]) -> None:
    assert at(minutes, urgency=urgency) == circle


def test_without_a_usual_doctor_the_neighbours_are_first() -> None:
    assert at(0, has_usual=False) == (False, 15, 240)


def test_close_to_the_deadline_everybody_is_asked() -> None:
    assert at(0, deadline=240) == (True, 30, 60)  # 240 minutes less twice 90
    assert at(60, deadline=240) == (False, 30, None)
    assert at(0, deadline=180) == (False, 30, None)


@given(st.integers(0, 3000), st.integers(0, 3000), st.sampled_from((1, 2, 3)), st.integers(30, 2880))
def test_circles_only_widen(first: int, second: int, urgency: int, deadline: int) -> None:
    before, after = (at(minutes, urgency=urgency, deadline=deadline) for minutes in sorted((first, second)))
    assert (not before[0], before[1] * (not before[0])) <= (not after[0], after[1] * (not after[0]))


def test_rules_survive_their_document() -> None:
    rules = Rules(usual_min=(0, 1, 2), refill=RefillMode.TO_ALL, auto_fill=False)
    assert read_rules(as_document(rules)) == rules
    assert read_rules({}) == Rules()


@pytest.mark.parametrize(
    ("document", "field"),
    [
        ({"nonsense": 1}, "nonsense"),
        ({"usual_min": [1, 2]}, "usual_min"),
        ({"usual_min": [1, 2, -3]}, "usual_min"),
        ({"usual_min": 5}, "usual_min"),
        ({"offer_min": 0}, "offer_min"),
        ({"offer_min": "10"}, "offer_min"),
        ({"offer_min": True}, "offer_min"),
        ({"refill": "nobody"}, "refill"),
        ({"refill": [1]}, "refill"),
        ({"auto_fill": 1}, "auto_fill"),
        ({"near_travel_min": 40}, "near_travel_min"),
        ({"announce_lead_min": 39}, "announce_lead_min"),
    ],
)
def test_rules_that_make_no_sense_are_refused(document: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_rules(document)
    assert caught.value.field == field
