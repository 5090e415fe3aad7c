"""Rounds keep slots, tell nobody until they must, never drop a promise, never move a booking."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlmodel import select

from scheduler.agenda.booking import book
from scheduler.agenda.ending import cancel
from scheduler.care import rounds
from scheduler.care.rounds import ABANDONED_AFTER, EVERY, is_due, last_rounds, run_round
from scheduler.care.rules import change_rules
from scheduler.jobs.care import look_after_requests
from scheduler.store.engine import Store
from scheduler.store.tables import (
    Booking,
    BookingState,
    CareState,
    FeedState,
    FillRound,
    Modality,
    RoundState,
    Slot,
    SlotState,
)
from tests.factories import NOW
from tests.integration.care.town import HOUR, MINUTE, URL, Town

DAY = timedelta(days=1)
NO_TIMERS: dict[str, Any] = {"usual_min": [0, 0, 0], "near_min": [0, 0, 0]}


@pytest.fixture
def town(store: Store) -> Town:
    return Town.built(store, **NO_TIMERS)


def run(town: Town) -> FillRound:
    done = run_round(town.store, town.territory_id, clock=town.clock)
    assert done is not None
    assert done.state is RoundState.DONE
    assert done.status == "optimal"
    return done


def test_a_slot_is_kept_first_and_announced_when_it_must_be(town: Town) -> None:
    slot_id, request_id = town.slot(town.near, 180), town.request()
    done = run(town)
    assert (done.num_requests, done.num_slots, done.num_planned, done.num_announced) == (1, 1, 1, 0)
    kept = town.of(request_id)
    assert (kept.state, kept.planned_slot_id, kept.promised) == (CareState.WAITING, slot_id, True)
    assert kept.next_action_at is None
    with town.store.read() as session:
        assert session.exec(select(Booking)).all() == []  # nobody is told, nothing is taken
    town.now = NOW + 120 * MINUTE
    assert run(town).num_announced == 1
    told = town.of(request_id)
    assert (told.state, told.planned_slot_id) == (CareState.BOOKED, None)
    with town.store.read() as session:
        booking = session.get_one(Booking, told.booking_id)
    assert (booking.slot_id, booking.state, booking.booked_by) == (
        slot_id,
        BookingState.BOOKED,
        town.person.key,
    )
    assert town.history(request_id) == ["received", "planned", "announced"]


def test_a_better_slot_replaces_one_that_nobody_was_told_of(town: Town) -> None:
    later, request_id = town.slot(town.near, 600), town.request()
    run(town)
    assert town.of(request_id).planned_slot_id == later
    sooner = town.slot(town.near, 200)
    assert run(town).num_changed == 1
    assert town.of(request_id).planned_slot_id == sooner
    assert run(town).num_changed == 0
    assert town.history(request_id) == ["received", "planned", "replanned"]


def came(town: Town, at: datetime, urgency: int) -> UUID:
    """Make a request of the past that got a slot; the clock is then set back to now."""
    town.now = at
    town.slot(town.near, (at - NOW) / MINUTE + 45)
    request_id = town.request(urgency=urgency)
    assert run(town).num_announced == 1
    town.now = NOW
    return request_id


def test_who_can_wait_leaves_the_early_slot_to_whom_past_weeks_let_expect(town: Town) -> None:
    came(town, NOW - 8 * DAY, urgency=1)
    early, late = town.slot(town.near, 180), town.slot(town.near, 600)
    can_wait = town.request(urgency=3)
    run(town)
    assert town.of(can_wait).planned_slot_id == early  # a week is known, in which nobody came at this hour
    past = came(town, NOW - 7 * DAY + 40 * MINUTE, urgency=1)
    done = run(town)
    assert (done.num_requests, done.num_planned, done.num_announced) == (1, 1, 0)
    assert town.of(can_wait).planned_slot_id == late
    assert town.history(past) == ["received", "planned", "announced"]  # a copy is expected, not this one
    with town.store.write() as session:
        change_rules(session, town.person, {"lookahead_min": [0, 0, 0]}, now=NOW)
    run(town)
    assert town.of(can_wait).planned_slot_id == early


def test_a_promise_is_not_dropped_for_somebody_more_urgent(town: Town) -> None:
    town.slot(town.near, 180)
    promised = town.request(urgency=3)
    run(town)
    urgent = town.request(urgency=1)
    run(town)
    assert town.of(promised).planned_slot_id is not None
    refused = town.of(urgent)
    assert (refused.planned_slot_id, refused.reason) == (None, "full")
    assert refused.next_action_at is not None


def test_who_can_wait_is_promised_a_slot_once_there_are_enough_for_who_is_to_come(town: Town) -> None:
    for age, minutes in ((8, 0), (7, 40), (7, 80)):
        came(town, NOW - age * DAY + minutes * MINUTE, urgency=1)
    slot_id, can_wait = town.slot(town.near, 1000), town.request(urgency=3)
    run(town)
    kept = town.of(can_wait)
    assert (kept.planned_slot_id, kept.promised) == (slot_id, False)  # one slot for three
    urgent = town.request(urgency=2, deadline_at=NOW + 1050 * MINUTE)
    run(town)
    assert (town.of(urgent).planned_slot_id, town.of(urgent).promised) == (slot_id, True)
    later = town.slot(town.near, 1100)
    run(town)
    assert (town.of(can_wait).planned_slot_id, town.of(can_wait).promised) == (later, False)
    for minutes in (1200, 1300):
        town.slot(town.near, minutes)
    run(town)
    run(town)
    assert (town.of(can_wait).planned_slot_id, town.of(can_wait).promised) == (later, True)
    assert town.history(can_wait) == ["received", "planned", "unplanned", "planned", "promised"]


@pytest.mark.parametrize(
    ("rule", "promised"), [("promise_when_scarce", True), ("promise_when_planned", False)]
)
def test_the_cpts_may_promise_always_or_never(town: Town, rule: str, promised: bool) -> None:
    came(town, NOW - 8 * DAY, urgency=1)
    with town.store.write() as session:
        change_rules(session, town.person, {rule: promised}, now=NOW)
    town.slot(town.near, 1000)
    requests = [town.request(urgency=3), town.request(urgency=3)]
    run(town)
    assert {town.of(one).promised for one in requests if town.of(one).planned_slot_id} == {promised}


def test_without_promises_the_more_urgent_goes_first(store: Store) -> None:
    town = Town.built(store, **NO_TIMERS, promise_when_planned=False)
    town.slot(town.near, 180)
    patient = town.request(urgency=3)
    run(town)
    urgent = town.request(urgency=1)
    run(town)
    assert town.of(urgent).planned_slot_id is not None
    dropped = town.of(patient)
    assert (dropped.planned_slot_id, dropped.reason) == (None, "full")
    assert town.history(patient) == ["received", "planned", "unplanned"]


def test_what_is_announced_never_moves(town: Town) -> None:
    first = town.slot(town.near, 60)
    request_id = town.request(urgency=3)
    run(town)
    town.slot(town.near, 40)
    town.request(urgency=1)
    done = run(town)
    assert done.num_announced == 1
    told = town.of(request_id)
    with town.store.read() as session:
        assert session.get_one(Booking, told.booking_id).slot_id == first


def test_a_slot_that_has_gone_meanwhile_is_not_announced(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    slot_id, request_id = town.slot(town.near, 60), town.request()

    def taken_while_solving(*arguments: Any, **more: Any) -> Any:
        with town.store.write() as session:
            book(session, town.person, slot_id=slot_id, now=town.now)
        return fill(*arguments, **more)

    fill = rounds.fill
    monkeypatch.setattr(rounds, "fill", taken_while_solving)
    assert run(town).num_announced == 0
    waiting = town.of(request_id)
    assert (waiting.state, waiting.planned_slot_id) == (CareState.WAITING, None)
    assert town.history(request_id) == ["received", "planned", "not_announced"]


def test_a_request_that_changed_while_solving_is_left_to_the_next_round(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    from scheduler.care.requests import promise

    town.slot(town.near, 60)
    request_id = town.request()

    def changed_while_solving(*arguments: Any, **more: Any) -> Any:
        with town.store.write() as session:
            promise(session, town.person, request_id, now=town.now + MINUTE)
        return fill(*arguments, **more)

    fill = rounds.fill
    monkeypatch.setattr(rounds, "fill", changed_while_solving)
    assert run(town).num_announced == 0
    assert town.of(request_id).planned_slot_id is None
    monkeypatch.undo()
    assert run(town).num_announced == 1


def test_the_usual_doctor_is_waited_for_then_the_circle_widens(store: Store) -> None:
    town = Town.built(store, near_travel_min=10)
    far_slot, near_slot = town.slot(town.far, 400), town.slot(town.near, 300)
    request_id = town.request(urgency=2, usual_practitioner_id=town.far.practitioner_id)
    run(town)
    assert town.of(request_id).planned_slot_id == far_slot
    with town.store.write() as session:
        session.get_one(Slot, far_slot).state = SlotState.CLOSED
    run(town)
    waiting = town.of(request_id)
    assert (waiting.planned_slot_id, waiting.reason) == (None, "out_of_reach")
    assert waiting.next_action_at == NOW + 30 * MINUTE
    town.now = NOW + 30 * MINUTE
    run(town)
    assert town.of(request_id).planned_slot_id == near_slot


@pytest.mark.parametrize("how", ["closed", "stale", "booked", "begun", "held"])
def test_what_cannot_be_had_is_not_kept(town: Town, how: str) -> None:
    from tests import factories

    slot_id = town.slot(town.near, 10 if how == "begun" else 120)
    with town.store.write() as session:
        slot = session.get_one(Slot, slot_id)
        if how == "closed":
            slot.state = SlotState.CLOSED
        elif how == "stale":
            from scheduler.store.tables import Feed

            session.get_one(Feed, slot.feed_id).state = FeedState.SUSPENDED
        elif how == "booked":
            factories.booking(session, slot_id=slot_id)
        elif how == "held":
            until = NOW + 5 * MINUTE
            factories.booking(session, slot_id=slot_id, state=BookingState.HELD, held_until=until)
    request_id = town.request()
    assert run(town).num_planned == 0
    assert town.of(request_id).reason == "no_slot_in_time"


def test_places_of_one_slot_are_kept_one_by_one(town: Town) -> None:
    slot_id = town.slot(town.near, 120, capacity=2)
    requests = [town.request() for _ in range(3)]
    assert run(town).num_planned == 2
    assert sorted(town.of(one).planned_slot_id or 0 for one in requests) == [0, slot_id, slot_id]


def test_a_visit_is_for_who_needs_one(town: Town) -> None:
    visit = town.slot(town.near, 120, modality=Modality.HH)
    surgery = town.slot(town.far, 300)
    can_travel = town.request(modalities=(Modality.AMB, Modality.HH))
    cannot = town.request(modalities=(Modality.HH,))
    run(town)
    assert town.of(cannot).planned_slot_id == visit
    assert town.of(can_travel).planned_slot_id == surgery


def test_one_round_at_a_time(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    town.slot(town.near, 120)
    town.request()
    others: list[FillRound | None] = []

    def meanwhile(*arguments: Any, **more: Any) -> Any:
        others.append(run_round(town.store, town.territory_id, clock=town.clock))
        return fill(*arguments, **more)

    fill = rounds.fill
    monkeypatch.setattr(rounds, "fill", meanwhile)
    run(town)
    assert others == [None]
    monkeypatch.undo()
    run(town)


def test_a_round_that_died_is_given_up_and_one_that_fails_says_so(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    town.request()
    with town.store.write() as session:
        session.add(FillRound(territory_id=town.territory_id, state=RoundState.RUNNING, started_at=NOW))
    assert run_round(town.store, town.territory_id, clock=town.clock) is None
    town.now = NOW + ABANDONED_AFTER
    run(town)

    def fails(*_: Any, **__: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(rounds, "fill", fails)
    with pytest.raises(ZeroDivisionError):
        run_round(town.store, town.territory_id, clock=town.clock)
    with town.store.read() as session:
        told = [(one.state, one.failure) for one in last_rounds(session, town.person)]
    assert told == [
        (RoundState.FAILED, "ZeroDivisionError"),
        (RoundState.DONE, None),
        (RoundState.FAILED, "abandoned"),
    ]


def test_a_round_is_due_when_time_has_passed_or_something_has_happened(town: Town) -> None:
    def due() -> bool:
        with town.store.read() as session:
            return is_due(session, town.territory_id, now=town.now)

    assert not due()
    town.slot(town.near, 600)
    town.request()
    assert due()
    run(town)
    assert not due()
    town.now = NOW + MINUTE
    town.request()
    assert due()
    run(town)
    town.now += EVERY - timedelta(seconds=1)
    assert not due()
    town.now += timedelta(seconds=1)
    assert due()
    with town.store.write() as session:
        change_rules(session, town.person, {"auto_fill": False}, now=town.now)
    assert not due()


def test_the_job_follows_refills_and_runs_rounds(town: Town) -> None:
    assert look_after_requests(town.store, public_url=URL, clock=town.clock) == 0
    slot_id, request_id = town.slot(town.near, 60), town.request()
    assert look_after_requests(town.store, public_url=URL, clock=town.clock) == 1
    told = town.of(request_id)
    assert told.state is CareState.BOOKED
    with town.store.write() as session:
        cancel(session, town.person, booking_id=told.booking_id, now=town.now)
        session.get_one(Slot, slot_id).state = SlotState.CLOSED
    look_after_requests(town.store, public_url=URL, clock=town.clock)
    assert town.of(request_id).state is CareState.WAITING
    town.now = NOW + 12 * HOUR
    look_after_requests(town.store, public_url=URL, clock=town.clock)
    assert town.of(request_id).state is CareState.MISSED


def test_a_fault_on_one_territory_leaves_the_others_served(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Town.built(town.store, **NO_TIMERS)
    requests = [(each.slot(each.near, 60), each.request())[1] for each in (town, other)]
    from scheduler.jobs import care

    def fails_once(session: Any, territory_id: int, **more: Any) -> int:
        if territory_id == town.territory_id:
            raise ZeroDivisionError
        return refill(session, territory_id, **more)

    refill: Callable[..., int] = care.refill
    monkeypatch.setattr(care, "refill", fails_once)
    with pytest.raises(ExceptionGroup):
        look_after_requests(town.store, public_url=URL, clock=town.clock)
    assert [town.of(one).state for one in requests] == [CareState.WAITING, CareState.BOOKED]
