from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import event
from sqlmodel import Session

from scheduler.accounts.actor import Actor
from scheduler.agenda.audience import visible_to
from scheduler.agenda.search import FoundSlot, search
from scheduler.agenda.slot_query import SlotQuery
from scheduler.errors import InvalidInput
from scheduler.listing import Listed
from scheduler.store.engine import Store
from scheduler.store.tables import BookingState, Modality, Role, Slot, SlotState, Visibility
from tests import factories
from tests.factories import NOW

SAVIGNY, MELUN, PARIS = (48.5855, 2.5813), (48.5421, 2.6554), (48.8566, 2.3522)


def hours(number: float) -> datetime:
    return NOW + timedelta(hours=number)


def ask(**more: object) -> SlotQuery:
    return SlotQuery(**{"insee": "77445", "from_at": NOW, "to_at": hours(72), **more})


def somebody(session: Session, role: Role = Role.REGULATOR) -> Actor:
    return factories.actor(role, territory_id=factories.territory(session).id)


def gp_at(session: Session, who: Actor, position: tuple[float, float] = SAVIGNY, **feed: object):
    gp = factories.practitioner(session, territory_id=who.territory_id)
    where = factories.practice(session, practitioner_id=gp.id, latitude=position[0], longitude=position[1])
    return factories.feed(session, practitioner_id=gp.id, practice_id=where.id, **feed)


def found(session: Session, who: Actor, query: SlotQuery | None = None) -> list[int]:
    return [slot.slot_id for slot in search(session, who, query or ask(), now=NOW).rows]


def test_a_found_slot_says_where_when_and_how_sure(store: Store) -> None:
    with store.write() as session:
        who = somebody(session)
        feed = gp_at(session, who, MELUN, address="https://agenda.test/a", ok_at=hours(-1))
        slot = factories.slot(session, feed=feed, capacity=3, modality=Modality.HH)
        factories.booking(session, slot=slot)
        (one,) = search(session, who, ask(), now=NOW).rows
    assert (one.slot_id, one.commune, one.free_places) == (slot.id, "Savigny-le-Temple", 2)
    assert one.practitioner_name.startswith("Dr Claude MARTIN")
    assert (one.start_at, one.end_at) == (hours(1), hours(1.25))
    assert (one.modality, one.visibility) == (Modality.HH, Visibility.SNP)
    assert 8 < one.distance_km < 11
    assert 10 < one.travel_min < 20
    assert (one.seen_at, one.to_confirm) == (hours(-1), False)


def test_the_earliest_first_then_the_nearest(store: Store) -> None:
    with store.write() as session:
        who = somebody(session)
        near, far = gp_at(session, who), gp_at(session, who, MELUN)
        later = factories.slot(session, feed=near, start_at=hours(3))
        far_one = factories.slot(session, feed=far, start_at=hours(2))
        near_one = factories.slot(session, feed=near, start_at=hours(2))
        assert found(session, who) == [near_one.id, far_one.id, later.id]


@pytest.mark.parametrize(
    "values",
    [
        {"start_at": NOW},
        {"start_at": hours(-1)},
        {"start_at": hours(72)},
        {"state": SlotState.CLOSED},
        {"state": SlotState.WITHDRAWN},
        {"modality": Modality.HH},
    ],
)
def test_what_is_not_found(store: Store, values: dict[str, object]) -> None:
    with store.write() as session:
        who = somebody(session)
        shown = factories.slot(session, feed=gp_at(session, who))
        factories.slot(session, feed=gp_at(session, who), **values)
        assert found(session, who, ask(modality=Modality.AMB)) == [shown.id]


def test_nothing_of_another_territory_nor_too_far(store: Store) -> None:
    with store.write() as session:
        who = somebody(session)
        factories.slot(session)
        factories.slot(session, feed=gp_at(session, who, PARIS))
        melun = factories.slot(session, feed=gp_at(session, who, MELUN))
        assert found(session, who) == [melun.id]
        assert found(session, who, ask(max_km=5)) == []
        assert len(found(session, who, ask(max_km=80))) == 2


def test_every_slot_within_reach_is_found_and_no_other(store: Store) -> None:
    with store.write() as session:
        who = somebody(session)
        ring = [(48.5855 + north, 2.5813 + east) for north in (-0.1, 0, 0.1) for east in (-0.15, 0, 0.15)]
        slots = {factories.slot(session, feed=gp_at(session, who, place)).id: place for place in ring}
        everywhere = search(session, who, ask(max_km=100), now=NOW).rows
        assert {slot.slot_id for slot in everywhere} == set(slots)
        for max_km in (3, 12, 14, 16, 18):
            near = {slot.slot_id for slot in everywhere if slot.distance_m <= max_km * 1000}
            assert set(found(session, who, ask(max_km=max_km))) == near


def test_full_slots_are_hidden_and_a_hold_that_is_over_frees_its_place(store: Store) -> None:
    with store.write() as session:
        who = somebody(session)

        def slot_with(state: BookingState, until: datetime | None = None) -> int:
            slot = factories.slot(session, feed=gp_at(session, who))
            factories.booking(session, slot=slot, state=state, held_until=until)
            return slot.id

        free = {
            slot_with(BookingState.CANCELLED),
            slot_with(BookingState.EXPIRED),
            slot_with(BookingState.HELD, NOW),
        }
        slot_with(BookingState.BOOKED)
        slot_with(BookingState.NO_SHOW)
        slot_with(BookingState.HELD, hours(0.01))
        assert set(found(session, who)) == free


@pytest.mark.parametrize("role", list(Role))
def test_each_role_sees_what_is_for_it(store: Store, role: Role) -> None:
    with store.write() as session:
        who = somebody(session, role)
        shown = {
            visibility: factories.slot(session, feed=gp_at(session, who), visibility=visibility).id
            for visibility in Visibility
        }
        assert set(found(session, who)) == {shown[visibility] for visibility in visible_to(role)}


def test_the_audience_rule() -> None:
    everybody_else = {Role.BUREAU, Role.ADMIN}
    for role in Role:
        expected = set(Visibility)
        if role in everybody_else:
            expected = {Visibility.PUBLIC}
        elif role is Role.SIGNALLER:
            expected -= {Visibility.SNP}
        assert visible_to(role) == expected


@pytest.mark.parametrize(
    ("feed", "shown", "to_confirm"),
    [
        ({"ok_at": hours(-1.99)}, True, False),
        ({"ok_at": hours(-2)}, True, True),
        ({"ok_at": hours(-23.9)}, True, True),
        ({"ok_at": hours(-24)}, False, False),
        ({"ok_at": None}, False, False),
        ({"ok_at": hours(-1), "state": "suspended"}, False, False),
        ({"ok_at": hours(-1), "state": "preview"}, False, False),
        ({"ok_at": hours(-100), "address": None}, True, False),
    ],
)
def test_a_calendar_that_does_not_answer_greys_then_hides_its_slots(
    store: Store, feed: dict[str, object], shown: bool, to_confirm: bool
) -> None:
    with store.write() as session:
        who = somebody(session)
        source = gp_at(session, who, **{"address": "https://agenda.test/a", **feed})
        factories.slot(session, feed=source)
        rows = search(session, who, ask(), now=NOW).rows
    assert [slot.to_confirm for slot in rows] == ([to_confirm] if shown else [])


def pages(session: Session, who: Actor, limit: int) -> list[Listed[FoundSlot]]:
    page = search(session, who, ask(limit=limit), now=NOW)
    read = [page]
    while page.more:
        page = search(session, who, ask(limit=limit, after=page.rows[-1].key), now=NOW)
        read.append(page)
    return read


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8, 9])
def test_pages_follow_each_other_without_gap_or_repetition(store: Store, limit: int) -> None:
    with store.write() as session:
        who = somebody(session)
        feeds = [gp_at(session, who, place) for place in (SAVIGNY, MELUN, SAVIGNY, MELUN)]
        for feed in feeds:
            for hour in (2, 5):
                factories.slot(session, feed=feed, start_at=hours(hour))
        read = pages(session, who, limit)
    keys = [slot.key for page in read for slot in page.rows]
    assert len(keys) == 8
    assert all(before < after for before, after in pairwise(keys))
    assert all(len(page.rows) == limit for page in read[:-1])


def test_a_search_is_two_statements_however_many_slots(store: Store) -> None:
    """One finds, one reads what is shown; a small page stops reading early, even across its parts."""
    statements: list[str] = []
    with store.write() as session:
        who = somebody(session)
        for number in range(3):
            feed = gp_at(session, who)
            session.add_all(
                Slot(
                    practitioner_id=feed.practitioner_id,
                    practice_id=feed.practice_id,
                    source="feed",
                    feed_id=feed.id,
                    key=f"{hour}",
                    start_at=hours(hour / 4),
                    end_at=hours(hour / 4 + 0.2),
                    modality=Modality.AMB,
                    visibility=Visibility.SNP,
                    state=SlotState.OPEN,
                    seen_at=NOW,
                    updated_at=NOW,
                )
                for hour in range(1, 260 + number)
            )
    event.listen(store.engine, "before_cursor_execute", lambda *call: statements.append(call[2]))
    with store.read() as session:
        assert len(search(session, who, ask(limit=200), now=NOW).rows) == 200
        first = [statement for statement in statements if "slot" in statement.lower()]
        assert len(first) == 2
        assert sum(len(page.rows) for page in pages(session, who, 200)) == 259 + 260 + 261


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"insee": None}, "insee"),
        ({"insee": "99999"}, "insee"),
        ({"insee": ""}, "insee"),
        ({"to_at": NOW}, "to_at"),
        ({"to_at": NOW + timedelta(days=32)}, "to_at"),
        ({"from_at": NOW.replace(tzinfo=None)}, "from_at"),
        ({"max_km": 0}, "max_km"),
        ({"max_km": float("nan")}, "max_km"),
        ({"limit": 0}, "limit"),
        ({"limit": 2001}, "limit"),
    ],
)
def test_a_search_that_means_nothing_is_refused(more: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        ask(**more).position()
    assert refused.value.field == field


def test_a_position_is_as_good_as_a_commune(store: Store) -> None:
    with store.write() as session:
        who = somebody(session)
        slot = factories.slot(session, feed=gp_at(session, who, PARIS))
        query = ask(insee=None, latitude=PARIS[0], longitude=PARIS[1], max_km=2)
        assert found(session, who, query) == [slot.id]
