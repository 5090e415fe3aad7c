"""Refusing early says nothing that the booking itself would not say."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from scheduler.accounts.actor import Actor
from scheduler.agenda.booking import book
from scheduler.agenda.full import refuse_if_full
from scheduler.errors import NotFound, SlotNotOpen, SlotTaken
from scheduler.store.engine import Store
from scheduler.store.tables import IdempotencyRecord, Role
from tests import factories
from tests.factories import NOW

HELD = {"state": "held", "held_until": NOW + timedelta(minutes=5)}
OVER = {"state": "held", "held_until": NOW}


def refused(store: Store, actor: Actor, slot_id: int, key: str = "k") -> bool:
    with store.write() as session:
        try:
            refuse_if_full(session, actor, slot_id, key=key, now=NOW)
        except SlotTaken:
            return True
    return False


def outcome(store: Store, actor: Actor, slot_id: int) -> str:
    try:
        with store.write() as session:
            book(session, actor, slot_id=slot_id, now=NOW)
    except (SlotTaken, SlotNotOpen, NotFound) as refusal:
        return refusal.code
    return "booked"


@pytest.mark.parametrize(
    ("slot", "bookings", "role", "wanted"),
    [
        ({}, [], Role.REGULATOR, "booked"),
        ({}, [{}], Role.REGULATOR, "slot_taken"),
        ({}, [{"state": "honoured"}], Role.REGULATOR, "slot_taken"),
        ({}, [{"state": "no_show"}], Role.REGULATOR, "slot_taken"),
        ({}, [{"state": "cancelled"}], Role.REGULATOR, "booked"),
        ({}, [HELD], Role.REGULATOR, "slot_taken"),
        ({}, [OVER], Role.REGULATOR, "booked"),
        ({"capacity": 2}, [{}], Role.REGULATOR, "booked"),
        ({"capacity": 2}, [{}, {"place": 2}], Role.REGULATOR, "slot_taken"),
        ({}, [{}], Role.SIGNALLER, "not_found"),
    ],
)
def test_who_is_refused_early_would_be_refused(
    store: Store, slot: dict[str, Any], bookings: list[dict[str, Any]], role: Role, wanted: str
) -> None:
    with store.write() as session:
        territory_id = int(factories.territory(session).id or 0)
        who = factories.practitioner(session, territory_id=territory_id)
        row = factories.slot(session, practitioner=who, **slot)
        for values in bookings:
            factories.booking(session, slot=row, **values)
        slot_id = int(row.id or 0)
    actor = factories.actor(role, territory_id=territory_id)
    assert refused(store, actor, slot_id) == (wanted == "slot_taken")
    assert outcome(store, actor, slot_id) == wanted


@pytest.mark.parametrize("how", ["elsewhere", "closed", "begun", "answered before", "no such slot"])
def test_what_is_not_plainly_full_is_left_to_the_booking(sqlite_store: Store, how: str) -> None:
    actor = factories.actor(Role.REGULATOR, territory_id=1, key=f"account:{UUID(int=7)}")
    with sqlite_store.write() as session:
        territory = factories.territory(session)
        if how == "elsewhere":
            territory = factories.territory(session)
        row = factories.slot(session, practitioner=factories.practitioner(session, territory=territory))
        factories.booking(session, slot=row)
        if how == "closed":
            row.state = "closed"
        if how == "begun":
            row.start_at = NOW
        slot_id = 99 if how == "no such slot" else int(row.id or 0)
        if how == "answered before":
            session.add(
                IdempotencyRecord(
                    actor=actor.key, key="k", route="", body_sha256="", status=201, answer={}, created_at=NOW
                )
            )
    assert not refused(sqlite_store, actor, slot_id)
    if how == "answered before":
        assert refused(sqlite_store, actor, slot_id, key="other")
