from datetime import date, timedelta

import pytest
from sqlmodel import Session

from scheduler.accounts.actor import Actor
from scheduler.agenda.booking import book, confirm, hold
from scheduler.agenda.counters import Counts, count_slots
from scheduler.agenda.ending import cancel, honour, miss
from scheduler.errors import InvalidInput
from scheduler.store.engine import Store
from scheduler.store.tables import Practice, Role
from tests import factories
from tests.factories import NOW

MONDAY, SUNDAY = date(2026, 11, 23), date(2026, 11, 29)
HOUR = timedelta(hours=1)


def counted(session: Session, who: Actor, from_on: date = MONDAY, to_on: date = SUNDAY):
    return count_slots(session, who, from_on=from_on, to_on=to_on)


def surgery(session: Session, territory_id: int, **more: object) -> Practice:
    gp = factories.practitioner(session, territory_id=territory_id)
    return factories.practice(session, practitioner=gp, **more)


def test_a_weeks_agenda_in_numbers(store: Store) -> None:
    with store.write() as session:
        here = factories.territory(session).id
        practice = surgery(session, here)
        regulator = factories.actor(Role.REGULATOR, territory_id=here, key="account:1")
        person = factories.account(session, practitioner_id=practice.practitioner_id)
        gp = factories.actor_of(person, Role.GP, here)
        feed = factories.feed(session, practice=practice)
        made = [{"first_shown_at": NOW}, {"capacity": 2}, {}, {}, {"state": "closed"}, {"state": "withdrawn"}]
        slots = [
            factories.slot(session, feed=feed, start_at=NOW + hours * HOUR, **values)
            for hours, values in enumerate(made, 1)
        ]
        came = book(session, regulator, slot_id=slots[0].id, now=NOW)
        held = hold(session, regulator, slot_id=slots[1].id, now=NOW)
        confirm(session, regulator, booking_id=held.id, now=NOW)
        book(session, gp, slot_id=slots[1].id, now=NOW)  # a patient of their own
        gone = hold(session, regulator, slot_id=slots[2].id, now=NOW)
        cancel(session, regulator, booking_id=gone.id, now=NOW)
        honour(session, gp, booking_id=came.id, now=NOW + 9 * HOUR)
        miss(session, gp, booking_id=held.id, now=NOW + 9 * HOUR)
        (line,) = counted(session, regulator)
        assert (line.practitioner_id, line.insee, line.week_on) == (practice.practitioner_id, "77445", MONDAY)
        assert line.counts == Counts(
            num_published=4,
            num_shown=1,
            num_held=2,
            num_booked=3,
            num_honoured=1,
            num_no_show=1,
            num_cancelled=1,
            minutes_opened=15 * 5,
            minutes_to_others=15 * 4,
        )


def test_a_line_for_each_practitioner_commune_and_week_of_the_territory(store: Store) -> None:
    with store.write() as session:
        here = factories.territory(session).id
        who = factories.actor(territory_id=here)
        one, two = surgery(session, here), surgery(session, here, insee="77122")
        other = factories.practice(session, practitioner_id=one.practitioner_id, insee="77288")
        elsewhere = surgery(session, factories.territory(session).id)
        for practice, days in ((one, 0), (one, 6), (one, 7), (two, 0), (other, 1), (elsewhere, 0)):
            factories.slot(session, practice=practice, start_at=NOW + timedelta(days=days, hours=days))
        lines = counted(session, who, to_on=date(2026, 12, 6))
        assert [(line.week_on.day, line.insee, line.counts.num_published) for line in lines] == [
            (23, "77288", 1),
            (23, "77445", 2),
            (23, "77122", 1),
            (30, "77445", 1),
        ]
        assert sum((line.counts for line in lines), Counts()).num_published == 5


def test_days_are_those_of_the_territory(store: Store) -> None:
    with store.write() as session:
        here = factories.territory(session, zone="Indian/Reunion").id
        practice = surgery(session, here)
        factories.slot(session, practice=practice, start_at=NOW.replace(day=22, hour=20))  # Monday there
        who = factories.actor(territory_id=here)
        assert [line.week_on for line in counted(session, who, MONDAY, MONDAY)] == [MONDAY]


@pytest.mark.parametrize("to_on", [date(2026, 11, 22), date(2027, 11, 24)])
def test_days_that_make_no_sense(sqlite_store: Store, to_on: date) -> None:
    with sqlite_store.write() as session:
        who = factories.actor(territory_id=factories.territory(session).id)
        with pytest.raises(InvalidInput):
            counted(session, who, MONDAY, to_on)
