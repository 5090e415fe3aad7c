from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.agenda.arrange import Candidate, Shown, Union, Verdict, arrange
from scheduler.store.tables import SlotState

NINE = datetime(2026, 11, 24, 8, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return NINE + timedelta(minutes=minutes)


def slot(
    start: float,
    end: float,
    *,
    feed: int = 1,
    key: str = "",
    booked: bool = False,
    shown: Shown = Shown.PRESENT,
) -> Candidate:
    key = key or f"{start}-{end}"
    return Candidate(feed=feed, key=key, start_at=at(start), end_at=at(end), booked=booked, shown=shown)


OPEN = Verdict(SlotState.OPEN)
WITHDRAWN = Verdict(SlotState.WITHDRAWN)


def closed(why: str, *, conflict: bool = False) -> Verdict:
    return Verdict(SlotState.CLOSED, why, why if conflict else None)


@pytest.mark.parametrize(
    ("busy", "verdict"),
    [
        ([], OPEN),
        ([(-30, 0)], OPEN),
        ([(15, 60)], OPEN),
        ([(14.5, 60)], OPEN),
        ([(14, 60)], closed("busy")),
        ([(5, 6)], closed("busy")),
        ([(-60, 60)], closed("busy")),
        ([(-10, 0.5), (14.5, 20)], closed("busy")),
    ],
)
def test_a_busy_minute_closes_a_slot(busy: list[tuple[float, float]], verdict: Verdict) -> None:
    one = slot(0, 15)
    assert arrange([one], busy=[(at(start), at(end)) for start, end in busy]) == {one: verdict}


@pytest.mark.parametrize(
    ("shown", "booked", "verdict"),
    [
        (Shown.GONE, False, WITHDRAWN),
        (Shown.GONE, True, closed("deleted", conflict=True)),
        (Shown.MOVED, True, closed("moved", conflict=True)),
        (Shown.MOVED, False, closed("moved")),
        (Shown.PRESENT, True, OPEN),
    ],
)
def test_what_its_own_calendar_says(shown: Shown, booked: bool, verdict: Verdict) -> None:
    one = slot(0, 15, shown=shown, booked=booked)
    assert arrange([one], busy=[]) == {one: verdict}


def test_a_booked_slot_that_becomes_busy_is_a_conflict() -> None:
    one = slot(0, 15, booked=True)
    assert arrange([one], busy=[(at(0), at(15))])[one] == closed("busy", conflict=True)


def test_of_two_that_overlap_the_later_calendar_gives_way() -> None:
    first, second, beside = slot(5, 20, feed=1), slot(0, 15, feed=2), slot(20, 30, feed=2)
    assert arrange([second, beside, first], busy=[]) == {
        first: OPEN,
        second: closed("overlap"),
        beside: OPEN,
    }


def test_in_one_calendar_the_earlier_slot_stays() -> None:
    first, second, third = slot(0, 20), slot(10, 30), slot(20, 40)
    verdicts = arrange([third, second, first], busy=[])
    assert [verdicts[each] for each in (first, second, third)] == [OPEN, closed("overlap"), OPEN]


def test_a_promised_slot_comes_first_whatever_its_calendar() -> None:
    offered, promised = slot(0, 15, feed=1), slot(10, 25, feed=2, booked=True)
    assert arrange([offered, promised], busy=[]) == {promised: OPEN, offered: closed("overlap")}


def test_a_promised_slot_blocks_the_hour_even_when_its_calendar_dropped_it() -> None:
    promised, moved_to = slot(0, 15, booked=True, shown=Shown.GONE), slot(10, 25)
    verdicts = arrange([promised, moved_to], busy=[])
    assert verdicts[promised] == closed("deleted", conflict=True)
    assert verdicts[moved_to] == closed("overlap")


def test_two_promised_slots_that_overlap_are_a_conflict_of_the_later_one() -> None:
    first, second = slot(0, 15, feed=1, booked=True), slot(5, 20, feed=2, booked=True)
    assert arrange([second, first], busy=[]) == {first: OPEN, second: closed("overlap", conflict=True)}


def test_what_is_taken_around_blocks_and_is_not_decided_about() -> None:
    one, two = slot(0, 15), slot(15, 30)
    assert arrange([one, two], busy=[], taken=[(at(-5), at(5))]) == {one: closed("overlap"), two: OPEN}


stretches = st.tuples(st.integers(0, 60), st.integers(1, 20)).map(lambda pair: (pair[0], pair[0] + pair[1]))
candidates = st.lists(
    st.builds(
        lambda stretch, feed, booked, shown: slot(*stretch, feed=feed, booked=booked, shown=shown),
        stretches,
        st.integers(1, 3),
        st.booleans(),
        st.sampled_from(Shown),
    ),
    max_size=12,
    unique_by=lambda each: (each.feed, each.key),
)


@given(candidates, st.lists(stretches, max_size=5), st.randoms(use_true_random=False))
def test_what_comes_out_open_never_overlaps_and_does_not_depend_on_the_order(slots, busy, random) -> None:
    hours = [(at(start), at(end)) for start, end in busy]
    verdicts = arrange(slots, busy=hours)
    assert set(verdicts) == set(slots)
    standing = sorted(
        (each.start_at, each.end_at) for each in slots if verdicts[each].state is SlotState.OPEN
    )
    assert all(before[1] <= after[0] for before, after in pairwise(standing))
    for each, verdict in verdicts.items():
        assert verdict.conflict is None or each.booked
        assert verdict.state is not SlotState.WITHDRAWN or not each.booked
    random.shuffle(slots)
    random.shuffle(hours)
    assert arrange(slots, busy=hours) == verdicts


@given(st.lists(stretches, max_size=8), stretches)
def test_a_union_measures_what_it_covers(covered, asked) -> None:
    union = Union((at(start), at(end)) for start, end in covered)
    minutes = {minute for start, end in covered for minute in range(start, end)}
    assert union.overlap(at(asked[0]), at(asked[1])) == timedelta(minutes=len(minutes & set(range(*asked))))
