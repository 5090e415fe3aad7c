"""Requests are taken in, owned, promised, extended and given up; each step leaves a line."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlmodel import select

from scheduler.agenda.booking import book
from scheduler.agenda.ending import cancel, move
from scheduler.care.follow import follow
from scheduler.care.listing import read_request, worklist
from scheduler.care.requests import (
    CancelledBecause,
    Given,
    book_for,
    cancel_request,
    create_request,
    extend,
    promise,
    take_over,
)
from scheduler.errors import InvalidInput, NotFound, SlotTaken, WrongState
from scheduler.store.engine import Store
from scheduler.store.tables import AuditEntry, CareEvent, CareState, Modality, Role
from tests import factories
from tests.factories import NOW
from tests.integration.care.town import HOUR, MINUTE, Town
from tests.integration.store import raw_sql
from tests.integration.store.raw_sql import refused


@pytest.fixture
def town(store: Store) -> Town:
    return Town.built(store)


def test_the_deadline_follows_the_urgency(town: Town) -> None:
    lasts = [town.of(town.request(urgency=urgency)).deadline_at - NOW for urgency in (1, 2, 3)]
    assert lasts == [4 * HOUR, 12 * HOUR, 48 * HOUR]


def test_a_request_has_an_owner_and_a_next_date(town: Town) -> None:
    request = town.of(town.request(usual_practitioner_id=town.near.practitioner_id))
    assert request.owner_id == town.person.account_id
    assert request.next_action_at == NOW + 30 * MINUTE  # the usual doctor's half hour
    assert request.state is CareState.WAITING
    assert town.history(request.id) == ["received"]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"urgency": 4}, "urgency"),
        ({"urgency": 1, "deadline_at": NOW}, "deadline_at"),
        ({"urgency": 1, "deadline_at": NOW + timedelta(days=8)}, "deadline_at"),
        ({"urgency": 1, "modalities": ()}, "modalities"),
        ({"urgency": 1, "insee": "99999"}, "insee"),
        ({"urgency": 1, "latitude": 48.0}, "latitude"),
        ({"urgency": 1, "latitude": 98.0, "longitude": 2.0}, "latitude"),
    ],
)
def test_values_that_make_no_sense_are_named(town: Town, values: dict, field: str) -> None:
    with pytest.raises(InvalidInput) as caught, town.store.write() as session:
        create_request(session, town.person, Given(**{"insee": "77445", **values}), now=NOW)
    assert caught.value.field == field


def test_patients_and_doctors_of_elsewhere_are_not_found(town: Town) -> None:
    with town.store.write() as session:
        stranger = factories.practitioner(session).id
        patient = factories.referral(session).patient_id
    for values in ({"usual_practitioner_id": stranger}, {"patient_id": patient}, {"patient_id": uuid4()}):
        with pytest.raises(NotFound):
            town.request(**values)


def test_naming_a_patient_is_traced(town: Town) -> None:
    with town.store.write() as session:
        patient_id = factories.referral(session, territory_id=town.territory_id).patient_id
    request_id = town.request(patient_id=patient_id)
    with town.store.read() as session:
        (line,) = session.exec(select(AuditEntry)).all()
    assert (line.action, line.object_kind, line.object_id) == ("C", "care_request", str(request_id))


def test_only_their_own_unless_they_watch_over_the_territory(town: Town) -> None:
    request_id = town.request()
    gp = factories.actor(Role.GP, territory_id=town.territory_id, key=f"account:{uuid4()}")
    coordinator = factories.actor(territory_id=town.territory_id)
    elsewhere = factories.actor(territory_id=town.territory_id + 1)
    for stranger in (gp, elsewhere):
        with pytest.raises(NotFound), town.store.write() as session:
            promise(session, stranger, request_id, now=NOW)
        with pytest.raises(NotFound), town.store.write() as session:
            read_request(session, stranger, request_id, now=NOW)
    with town.store.write() as session:
        promise(session, coordinator, request_id, now=NOW)
        promise(session, coordinator, request_id, now=NOW)
        assert read_request(session, coordinator, request_id, now=NOW).request.promised
    assert town.history(request_id) == ["received", "promised"]


def test_taking_over_makes_an_owner(town: Town) -> None:
    request_id = town.request()
    with town.store.write() as session:
        account = factories.account(session)
        other = factories.actor_of(account, Role.COORDINATOR, town.territory_id)
        take_over(session, other, request_id, now=NOW)
        take_over(session, other, request_id, now=NOW)
        with pytest.raises(NotFound):
            take_over(session, factories.actor(territory_id=town.territory_id), request_id, now=NOW)
    assert town.of(request_id).owner_id == account.id
    assert town.history(request_id) == ["received", "taken_over"]


def test_a_deadline_that_passes_is_a_miss_until_a_person_extends_or_closes_it(town: Town) -> None:
    late, closed = town.request(urgency=1), town.request(urgency=1)
    end = NOW + 4 * HOUR
    with town.store.write() as session:
        assert follow(session, town.territory_id, now=end - MINUTE) == 0
        assert follow(session, town.territory_id, now=end) == 2
        with pytest.raises(InvalidInput):
            extend(session, town.person, late, deadline_at=end, now=end)
        extend(session, town.person, late, deadline_at=end + HOUR, now=end)
        cancel_request(session, town.person, closed, reason=CancelledBecause.SEEN_ELSEWHERE, now=end)
        with pytest.raises(WrongState):
            cancel_request(session, town.person, closed, reason=CancelledBecause.BETTER, now=end)
    assert town.of(late).state is CareState.WAITING
    assert town.history(late) == ["received", "missed", "extended"]
    assert town.history(closed) == ["received", "missed", "cancelled"]


def test_a_person_books_for_a_request_and_the_booking_is_the_requesters(town: Town) -> None:
    slot_id, first, second = town.slot(town.near, 60), town.request(), town.request()
    coordinator = factories.actor(territory_id=town.territory_id)
    with town.store.write() as session:
        request = book_for(session, coordinator, first, slot_id=slot_id, now=NOW)
        cancel(session, town.person, booking_id=request.booking_id, now=NOW)  # theirs to cancel
    with town.store.write() as session:
        follow(session, town.territory_id, now=NOW)
    assert town.of(first).state is CareState.WAITING
    with town.store.write() as session:
        book_for(session, town.person, first, slot_id=slot_id, now=NOW)
    with pytest.raises(SlotTaken), town.store.write() as session:
        book_for(session, town.person, second, slot_id=slot_id, now=NOW)
    assert town.history(first) == ["received", "booked", "booking_lost", "booked"]
    assert town.history(second) == ["received"]
    with pytest.raises(WrongState), town.store.write() as session:
        cancel_request(session, town.person, first, reason=CancelledBecause.BETTER, now=NOW)


def test_a_booking_that_is_moved_is_followed(town: Town) -> None:
    first, second, request_id = town.slot(town.near, 60), town.slot(town.near, 90), town.request()
    with town.store.write() as session:
        request = book_for(session, town.person, request_id, slot_id=first, now=NOW)
        moved = move(session, town.person, booking_id=request.booking_id, to_slot_id=second, now=NOW)
        assert follow(session, town.territory_id, now=NOW) == 1
        assert follow(session, town.territory_id, now=NOW) == 0
    assert town.of(request_id).booking_id == moved.id


def test_the_worklist_holds_what_is_without_a_slot_and_nothing_else(town: Town) -> None:
    slot_id = town.slot(town.near, 60)
    later, sooner, booked = town.request(urgency=3), town.request(urgency=1), town.request()
    with town.store.write() as session:
        book_for(session, town.person, booked, slot_id=slot_id, now=NOW)
    gp = factories.actor(Role.GP, territory_id=town.territory_id, key=f"account:{uuid4()}")
    own = town.request(actor=gp)
    with town.store.read() as session:
        lines = worklist(session, town.person, limit=10, after=None).rows
        assert [line.request.id for line in lines] == [sooner, own, later]
        assert all(line.request.next_action_at is not None for line in lines)
        mine = worklist(session, gp, limit=10, after=None)
        assert [line.request.id for line in mine.rows] == [own]
        page = worklist(session, town.person, limit=1, after=None)
        assert page.more
        after = (page.rows[0].request.deadline_at, page.rows[0].request.id)
        rest = worklist(session, town.person, limit=10, after=after).rows
        assert [line.request.id for line in rest] == [own, later]


def test_the_history_is_append_only(town: Town) -> None:
    request_id = town.request()
    with town.store.read() as session:
        event = session.exec(select(CareEvent).where(CareEvent.request_id == request_id)).one()
    with refused(town.store, "care_event_append_only") as session:
        raw_sql.update(session, event, kind="booked")
    with refused(town.store, "care_event_append_only") as session:
        raw_sql.execute(session, "DELETE FROM care_event WHERE id = :id", id=event.id)


def test_a_plain_booking_is_nobodys_request(town: Town) -> None:
    slot_id = town.slot(town.near, 60)
    with town.store.write() as session:
        book(session, town.person, slot_id=slot_id, now=NOW)
        assert follow(session, town.territory_id, now=NOW) == 0


def test_modalities_are_kept_as_words(town: Town) -> None:
    request = town.of(town.request(modalities=(Modality.VR, Modality.AMB, Modality.VR)))
    assert request.modalities == ["AMB", "VR"]
