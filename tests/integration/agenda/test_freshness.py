"""The two limits an operator sets on the age of a calendar, wherever a slot is offered."""

from datetime import timedelta

from sqlmodel import Session, col, update

from scheduler.accounts.actor import Actor
from scheduler.agenda.booking import book
from scheduler.agenda.freshness import Limits, set_limits
from scheduler.agenda.health import health_of
from scheduler.agenda.own_agenda import open_offer
from scheduler.agenda.publish import Site, issue_address, read_published
from scheduler.agenda.reread import check_sure, source_of
from scheduler.agenda.search import search
from scheduler.agenda.slot_query import SlotQuery
from scheduler.care.offer import open_supply
from scheduler.errors import RelaisError
from scheduler.sas.availability import available
from scheduler.settings import Settings
from scheduler.store.engine import Store
from scheduler.store.tables import Feed, Practitioner, PublishedKind, Role
from tests import factories
from tests.factories import NOW

SITE = Site(public_url="https://relais.example", domain="relais.example")
LIMITS = Limits.of(Settings(slot_grey_minutes=10, slot_hide_minutes=30))


class Place:
    """One slot of one polled calendar, and everybody who may offer it."""

    def __init__(self, session: Session) -> None:
        feed = factories.feed(session, address="https://agenda.exemple.test/a.ics", ok_at=NOW)
        self.feed_id, self.practitioner_id = feed.id or 0, feed.practitioner_id
        practitioner = session.get_one(Practitioner, feed.practitioner_id)
        self.rpps, self.territory_id = practitioner.rpps, practitioner.territory_id
        self.slot_id = factories.slot(session, feed=feed, start_at=NOW + timedelta(hours=2)).id or 0
        self.watcher = factories.actor(Role.COORDINATOR, territory_id=self.territory_id)

    def as_(self, role: Role) -> Actor:
        return factories.actor(role, territory_id=self.territory_id)

    def age(self, session: Session, minutes: int) -> None:
        ok_at = NOW - timedelta(minutes=minutes)
        session.exec(update(Feed).where(col(Feed.id) == self.feed_id).values(ok_at=ok_at))
        session.expire_all()

    def seen(self, session: Session) -> dict[str, object]:
        window = {"from_at": NOW, "to_at": NOW + timedelta(hours=6)}
        found = search(session, self.as_(Role.REGULATOR), SlotQuery(insee="77445", **window), now=NOW).rows
        issued = issue_address(session, self.watcher, kind=PublishedKind.OPEN_SLOTS, now=NOW)
        body = read_published(session, issued.feed, token=issued.token, site=SITE, now=NOW).body
        return {
            "search": [slot.to_confirm for slot in found],
            "offer": open_offer(session, self.watcher, now=NOW).num_slots,
            "feed": body.count(b"BEGIN:VEVENT"),
            "care": len(open_supply(session, self.territory_id, now=NOW, **window).slots),
            "sas": len(available(session, [self.rpps], now=NOW, **window).openings),
            "sure": refusal(lambda: check_sure(source_of(session, self.slot_id), LIMITS, NOW)),
            "book": refusal(lambda: book(session, self.as_(Role.REGULATOR), slot_id=self.slot_id, now=NOW)),
        }


def refusal(act) -> str:
    try:
        act()
    except RelaisError as error:
        return error.code
    return ""


FRESH = {"search": [False], "offer": 1, "feed": 1, "care": 1, "sas": 1, "sure": "", "book": ""}
GREY = FRESH | {"search": [True], "care": 0, "sure": "slot_not_sure"}
GONE = {"search": [], "offer": 0, "feed": 0, "care": 0, "sas": 0, "sure": "slot_not_sure"}
GONE |= {"book": "slot_not_open"}


def test_the_operators_limits_hold_everywhere(store: Store) -> None:
    set_limits(store, LIMITS)
    ages = {0: FRESH, 9: FRESH, 10: GREY, 29: GREY, 30: GONE, 3000: GONE}
    for minutes, expected in ages.items():
        with store.write() as session:
            place = Place(session)
            place.age(session, minutes)
            assert (minutes, place.seen(session)) == (minutes, expected)


def test_health_tells_both_instants_by_these_limits(sqlite_store: Store) -> None:
    set_limits(sqlite_store, LIMITS)
    with sqlite_store.write() as session:
        place = Place(session)
    with sqlite_store.read() as session:
        told = health_of(session, place.watcher, place.feed_id, now=NOW)
    assert (told.to_confirm_at, told.hidden_at) == (
        NOW + timedelta(minutes=10),
        NOW + timedelta(minutes=30),
    )


def test_a_slot_is_never_hidden_before_it_is_grey() -> None:
    limits = Limits.of(Settings(slot_grey_minutes=120, slot_hide_minutes=60))
    assert limits.grey_after == limits.hidden_after == timedelta(minutes=60)
