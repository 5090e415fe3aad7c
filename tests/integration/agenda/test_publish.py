"""What other agendas read from us: bookings and open slots, without a patient, stable to the byte."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from icalendar import Calendar
from sqlmodel import select

from scheduler.agenda.booking import book
from scheduler.agenda.feeds import FeedSettings, Mode, Window, read_calendar
from scheduler.agenda.feeds.slots import cut_slots
from scheduler.agenda.publish import (
    PublishedBody,
    Site,
    find_published,
    issue_address,
    list_addresses,
    read_published,
    revoke_address,
)
from scheduler.agenda.publish.content import remember
from scheduler.errors import Forbidden, InvalidInput, NotFound
from scheduler.store.engine import Store
from scheduler.store.tables import BookingEvent, BookingState, FeedState, PublishedFeed, PublishedKind, Role
from tests import factories
from tests.factories import NOW

SITE = Site(public_url="https://relais.exemple.test", domain="relais.exemple.test")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture
def practice(store: Store) -> Any:
    with store.write() as session:
        return factories.practice(session)


def territory_of(store: Store, practice: Any) -> int:
    from scheduler.store.tables import Practitioner

    with store.read() as session:
        return session.get_one(Practitioner, practice.practitioner_id).territory_id


def issued(store: Store, practice: Any, kind: PublishedKind = PublishedKind.BOOKINGS) -> str:
    who = factories.actor(territory_id=territory_of(store, practice))
    about = practice.practitioner_id if kind is PublishedKind.BOOKINGS else None
    with store.write() as session:
        return issue_address(session, who, kind=kind, practitioner_id=about, now=NOW).token


def read(store: Store, token: str, now: datetime = NOW) -> PublishedBody:
    with store.write() as session:
        feed = find_published(session, token)
        body = read_published(session, feed, token=token, site=SITE, now=now)
        remember(session, feed.id or 0, body)
        return body


def events(body: PublishedBody) -> list[Any]:
    return list(Calendar.from_ical(body.body).walk("VEVENT"))


def add(store: Store, practice: Any, start_at: datetime, **values: Any) -> Any:
    with store.write() as session:
        slot = factories.slot(session, practice=practice, start_at=start_at)
        return factories.booking(session, slot=slot, **values)


def test_a_booking_is_one_event_without_a_patient(store: Store, practice: Any) -> None:
    with store.write() as session:
        slot = factories.slot(session, practice=practice)
        patient = factories.patient(session, family_name="ZZCANARI")
        booking = factories.booking(session, slot=slot, patient_id=patient.id)
    token = issued(store, practice)
    body = read(store, token)
    (event,) = events(body)
    assert event["UID"] == f"{booking.id}@relais.exemple.test"
    assert event.decoded("DTSTART") == slot.start_at
    assert event.decoded("DTEND") == slot.end_at
    assert event.decoded("DTSTAMP") == event.decoded("LAST-MODIFIED") == NOW
    shown = {name: str(event[name]) for name in ("STATUS", "TRANSP", "CLASS", "SUMMARY", "SEQUENCE")}
    assert shown == {
        "STATUS": "CONFIRMED",
        "TRANSP": "OPAQUE",
        "CLASS": "PRIVATE",
        "SUMMARY": "RDV SNP (Relais)",
        "SEQUENCE": "0",
    }
    assert event["RELATED-TO"] == f"slot-{slot.id}@relais.exemple.test"
    assert event["URL"] == f"https://relais.exemple.test/rendez-vous/{booking.id}"
    assert b"ZZCANARI" not in body.body
    assert str(patient.id).encode() not in body.body
    assert not {"ATTENDEE", "ORGANIZER", "DESCRIPTION", "LOCATION"} & set(event)
    text = body.body.decode()
    assert "VALARM" not in text
    assert "VTIMEZONE" not in text
    assert f"SOURCE;VALUE=URI:https://relais.exemple.test/ical/{token}.ics" in text.replace("\r\n ", "")


def test_bytes_stay_until_something_changes(store: Store, practice: Any) -> None:
    booking = add(store, practice, NOW + DAY)
    token = issued(store, practice)
    first = read(store, token)
    later = read(store, token, NOW + 5 * HOUR)
    assert (later.body, later.etag, later.changed_at) == (first.body, first.etag, NOW)
    with store.write() as session:
        row = session.merge(booking)
        row.state, row.updated_at = BookingState.CANCELLED, NOW + 6 * HOUR
        session.add(
            BookingEvent(
                booking_id=row.id,
                at=NOW + 6 * HOUR,
                actor="account:x",
                from_state=BookingState.BOOKED,
                to_state=BookingState.CANCELLED,
            )
        )
    changed = read(store, token, NOW + 7 * HOUR)
    assert changed.etag != first.etag
    assert changed.changed_at == NOW + 7 * HOUR
    (event,) = events(changed)
    assert (str(event["STATUS"]), str(event["TRANSP"]), event["SEQUENCE"]) == ("CANCELLED", "TRANSPARENT", 1)


@pytest.mark.parametrize(
    ("state", "held_min", "status"),
    [
        (BookingState.HELD, 5, "TENTATIVE"),
        (BookingState.HELD, 0, None),
        (BookingState.BOOKED, None, "CONFIRMED"),
        (BookingState.HONOURED, None, "CONFIRMED"),
        (BookingState.NO_SHOW, None, "CONFIRMED"),
        (BookingState.CANCELLED, None, "CANCELLED"),
        (BookingState.MOVED, None, "CANCELLED"),
        (BookingState.EXPIRED, None, None),
    ],
)
def test_each_state_has_its_status(
    store: Store, practice: Any, state: BookingState, held_min: int | None, status: str | None
) -> None:
    until = None if held_min is None else NOW + timedelta(minutes=held_min)
    add(store, practice, NOW + DAY, state=state, held_until=until)
    shown = [str(event["STATUS"]) for event in events(read(store, issued(store, practice)))]
    assert shown == ([] if status is None else [status])


def test_what_is_cancelled_goes_after_30_days_and_the_window_is_bounded(store: Store, practice: Any) -> None:
    add(store, practice, NOW + DAY, state=BookingState.CANCELLED, updated_at=NOW - 29 * DAY)
    add(store, practice, NOW + 2 * DAY, state=BookingState.CANCELLED, updated_at=NOW - 32 * DAY)
    add(store, practice, NOW - 29 * DAY)
    add(store, practice, NOW - 32 * DAY)
    add(store, practice, NOW + 179 * DAY)
    add(store, practice, NOW + 182 * DAY)
    starts = {event.decoded("DTSTART") for event in events(read(store, issued(store, practice)))}
    assert starts == {NOW + DAY, NOW - 29 * DAY, NOW + 179 * DAY}


def test_bookings_of_another_gp_stay_theirs(store: Store, practice: Any) -> None:
    with store.write() as session:
        factories.booking(session)
    assert events(read(store, issued(store, practice))) == []


def test_our_open_slots_are_read_back_unchanged(store: Store, practice: Any) -> None:
    with store.write() as session:
        for hours in range(1, 6):
            start_at = NOW + hours * HOUR
            factories.slot(session, practice=practice, start_at=start_at, capacity=hours % 2 + 1)
        full = factories.slot(session, practice=practice, start_at=NOW + 8 * HOUR)
        factories.booking(session, slot=full)
        factories.slot(session, practice=practice, start_at=NOW - HOUR)
        stale = factories.feed(session, practice=practice, state=FeedState.SUSPENDED)
        factories.slot(session, feed=stale, start_at=NOW + 9 * HOUR)
    body = read(store, issued(store, practice, PublishedKind.OPEN_SLOTS))
    window = Window(from_at=NOW, to_at=NOW + 30 * DAY)
    for mode in (Mode.MARKED, Mode.DEDICATED, Mode.DEDICATED_ALL):
        reading = read_calendar(body.body, FeedSettings(mode=mode, own_domain="ailleurs.test"), window)
        assert reading.warnings == ()
        drafts = [(draft.start_at, draft.end_at, draft.capacity) for draft in cut_slots([reading])]
        assert drafts == [
            (NOW + h * HOUR, NOW + h * HOUR + timedelta(minutes=15), h % 2 + 1) for h in range(1, 6)
        ]
    ours = read_calendar(body.body, FeedSettings(own_domain=SITE.domain), window)
    assert {entry.reason for entry in ours.entries} == {"own_booking"}  # the loop guard


def test_our_bookings_are_recognised_when_they_come_back(store: Store, practice: Any) -> None:
    with store.write() as session:
        slot = factories.slot(session, practice=practice)
        actor = factories.actor(Role.REGULATOR, territory_id=territory_of(store, practice))
        book(session, actor, slot_id=slot.id or 0, now=NOW)
    body = read(store, issued(store, practice))
    window = Window(from_at=NOW, to_at=NOW + DAY)
    for own_domain in (SITE.domain, None, "ailleurs.test"):
        settings = FeedSettings(mode=Mode.DEDICATED_ALL, own_domain=own_domain)
        (entry,) = read_calendar(body.body, settings, window).entries
        assert (entry.state, entry.reason) == ("ignored", "own_booking")


def test_only_the_hash_of_an_address_is_kept_and_revoking_ends_it(store: Store, practice: Any) -> None:
    token = issued(store, practice)
    assert len(token) >= 43  # 256 bits
    with store.read() as session:
        (row,) = session.exec(select(PublishedFeed)).all()
    assert token not in str(row.model_dump())
    who = factories.actor(territory_id=territory_of(store, practice))
    with store.write() as session:
        assert [feed.id for feed in list_addresses(session, who)] == [row.id]
        revoke_address(session, who, row.id or 0, now=NOW)
        revoke_address(session, who, row.id or 0, now=NOW + HOUR)
        assert list_addresses(session, who) == ()
        assert session.get_one(PublishedFeed, row.id).revoked_at == NOW
    for lost in (token, token[:-1] + "A", "", "é" * 43):
        with pytest.raises(NotFound), store.read() as session:
            find_published(session, lost)


def test_a_gp_makes_and_revokes_their_own_addresses_only(store: Store, practice: Any) -> None:
    territory_id = territory_of(store, practice)
    gp = factories.actor(Role.GP, territory_id=territory_id, practitioner_id=practice.practitioner_id)
    other = factories.actor(
        Role.GP, territory_id=territory_id, practitioner_id=practice.practitioner_id + 1000
    )
    elsewhere = factories.actor(territory_id=territory_id + 1000)
    with store.write() as session:
        made = issue_address(
            session,
            gp,
            kind=PublishedKind.BOOKINGS,
            practitioner_id=practice.practitioner_id,
            now=NOW,
        )
        for stranger in (other, elsewhere):
            assert list_addresses(session, stranger) == ()
            with pytest.raises(NotFound):
                revoke_address(session, stranger, made.feed.id or 0, now=NOW)
        with pytest.raises(NotFound):
            issue_address(
                session, other, kind=PublishedKind.BOOKINGS, practitioner_id=practice.practitioner_id, now=NOW
            )
        with pytest.raises(Forbidden):
            issue_address(session, gp, kind=PublishedKind.OPEN_SLOTS, now=NOW)
        with pytest.raises(InvalidInput):
            issue_address(session, gp, kind=PublishedKind.BOOKINGS, now=NOW)
