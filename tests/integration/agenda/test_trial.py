"""What is promised before a calendar is relied upon is what regulators see once it is."""

from datetime import timedelta

import pytest
from sqlmodel import Session, col, select

from scheduler.agenda.feeds import FeedSettings, Mode, Window, read_calendar
from scheduler.agenda.leaves import add_leave
from scheduler.agenda.reconcile import apply_content, content_of
from scheduler.agenda.search import search
from scheduler.agenda.slot_query import SlotQuery
from scheduler.agenda.trial import try_calendar
from scheduler.errors import NotFound
from scheduler.store.engine import Store
from scheduler.store.tables import Feed, FeedBusy, Practitioner, Role, Slot, SlotState
from tests import factories
from tests.factories import NOW

HOUR = timedelta(hours=1)
WINDOW = Window(from_at=NOW, to_at=NOW + 72 * HOUR)


def calendar(*events: tuple[float, str]) -> bytes:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//essai//FR"]
    for number, (hours, summary) in enumerate(events):
        lines += [
            "BEGIN:VEVENT",
            f"UID:{number}",
            f"DTSTAMP:{NOW:%Y%m%dT%H%M%SZ}",
            f"DTSTART:{NOW + hours * HOUR:%Y%m%dT%H%M%SZ}",
            f"DTEND:{NOW + (hours + 0.5) * HOUR:%Y%m%dT%H%M%SZ}",
            f"SUMMARY:{summary}",
            "END:VEVENT",
        ]
    return "\r\n".join([*lines, "END:VCALENDAR", ""]).encode()


NEW = calendar((-0.25, "SNP"), (1, "SNP"), (2, "SNP"), (3, "SNP"), (4, "SNP"), (30, "SNP"), (6, "Réunion"))


def standing(session: Session) -> Feed:
    """A GP with a calendar already: busy at 2 h, slots at 3 and 6 h, one promised at 4 h; away tomorrow."""
    feed = factories.feed(session)
    session.add(FeedBusy(feed_id=feed.id, start_at=NOW + 2 * HOUR, end_at=NOW + 2.5 * HOUR))
    for hours in (3, 4, 6):
        slot = factories.slot(session, feed=feed, start_at=NOW + hours * HOUR)
        if hours == 4:
            factories.booking(session, slot=slot)
    actor = factories.actor(Role.COORDINATOR, territory_id=territory_of(session, feed))
    tomorrow = (NOW + 30 * HOUR).date()
    add_leave(session, actor, feed.practitioner_id, first_on=tomorrow, last_on=tomorrow, now=NOW)
    return feed


def territory_of(session: Session, feed: Feed) -> int:
    return session.get_one(Practitioner, feed.practitioner_id).territory_id


def test_the_preview_is_what_regulators_see_once_the_calendar_is_registered(store: Store) -> None:
    with store.write() as session:
        feed = standing(session)
        feed_id, whose, where = feed.id, feed.practitioner_id, feed.practice_id
        actor = factories.actor(Role.REGULATOR, territory_id=territory_of(session, feed))
    reading = read_calendar(NEW, FeedSettings(mode=Mode.MARKED, zone="Europe/Paris"), WINDOW)
    with store.read() as session:
        trial = try_calendar(session, actor, whose, reading, now=NOW)
    told = {row["start"]: (row["state"], row["reason"]) for row in trial.preview.rows}
    assert list(told.values()) == [
        ("ignored", "begun"),
        ("open", "marked_by_title"),
        ("busy", "busy_elsewhere"),
        ("busy", "other_slot"),
        ("busy", "other_slot"),
        ("busy", "not_marked"),
        ("busy", "on_leave"),
    ]
    assert (trial.preview.num_open, trial.num_closed_elsewhere) == (1, 1)
    with store.write() as session:
        new = factories.feed(session, practitioner_id=whose, practice_id=where, ok_at=NOW)
        apply_content(session, new, content_of(reading), now=NOW)
        query = SlotQuery(
            insee="77445", from_at=NOW, to_at=NOW + 72 * HOUR, max_km=100, practitioner_id=whose
        )
        seen = {slot.slot_id: slot.start_at for slot in search(session, actor, query, now=NOW).rows}
        of_new = set(session.exec(select(Slot.id).where(col(Slot.feed_id) == new.id)))
        opened = [row["start"] for row in trial.preview.rows if row["state"] == "open"]
        assert [f"{seen[one]:%Y-%m-%dT%H:%M:%SZ}" for one in seen if one in of_new] == opened
        closed = select(Slot.start_at).where(Slot.feed_id == feed_id, Slot.state == SlotState.CLOSED)
        assert session.exec(closed).all() == [NOW + 6 * HOUR]


def test_only_those_who_keep_the_agenda_may_try(sqlite_store: Store) -> None:
    reading = read_calendar(NEW, FeedSettings(mode=Mode.MARKED, zone="Europe/Paris"), WINDOW)
    with sqlite_store.write() as session:
        feed = factories.feed(session)
        other = factories.actor(Role.GP, territory_id=territory_of(session, feed), practitioner_id=-1)
        with pytest.raises(NotFound):
            try_calendar(session, other, feed.practitioner_id, reading, now=NOW)
