"""Slots searched and booked over HTTP, on both engines."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID, uuid4

import httpx
import pytest
from sqlmodel import col, select

from scheduler.accounts.tokens import issue_token
from scheduler.agenda.bookings import list_bookings
from scheduler.agenda.reach import may_reach
from scheduler.errors import InvalidInput
from scheduler.store.engine import Store
from scheduler.store.tables import Account, AuditEntry, Booking, BookingEvent, Role, Slot, Visibility
from tests import factories
from tests.factories import NOW
from tests.integration.api.client import Clients
from tests.integration.api.conftest import Setting

Sign = Callable[..., httpx.Client]
AROUND = {"insee": "77445"}


@pytest.fixture
def regulator(as_role: Sign, territory_id: int) -> httpx.Client:
    return as_role(Role.REGULATOR, territory_id)


@pytest.fixture
def slot_ids(store: Store, territory_id: int) -> list[int]:
    """Three slots an hour apart, of one GP."""
    with store.write() as session:
        who = factories.practitioner(session, territory_id=territory_id)
        feed = factories.feed(session, practitioner=who)
        rows = [
            factories.slot(session, feed=feed, start_at=NOW + timedelta(hours=hour)) for hour in (1, 2, 3)
        ]
        return [int(row.id or 0) for row in rows]


def book(client: httpx.Client, slot_id: int, key: str | None = None, **body: str) -> httpx.Response:
    headers = {"idempotency-key": key or uuid4().hex}
    return client.post(f"/api/v1/slots/{slot_id}/bookings", json=body, headers=headers)


def test_search_then_book_then_cancel(regulator: httpx.Client, slot_ids: list[int]) -> None:
    found = regulator.get("/api/v1/slots", params=AROUND).json()
    assert [slot["id"] for slot in found["items"]] == slot_ids
    assert found["items"][0]["start_at"] == "2026-11-23T09:00:00Z"
    assert found["items"][0]["free_places"] == 1

    booked = book(regulator, slot_ids[0])
    assert booked.status_code == 201
    assert booked.json() == {
        "id": booked.json()["id"],
        "slot_id": slot_ids[0],
        "place": 1,
        "state": "booked",
        "expires_at": None,
    }
    left = regulator.get("/api/v1/slots", params=AROUND).json()
    assert [slot["id"] for slot in left["items"]] == slot_ids[1:]

    (line,) = regulator.get("/api/v1/bookings").json()["items"]
    assert (line["id"], line["start_at"]) == (booked.json()["id"], "2026-11-23T09:00:00Z")
    cancelled = regulator.post(f"/api/v1/bookings/{line['id']}/cancel")
    assert cancelled.json()["state"] == "cancelled"
    again = regulator.post(f"/api/v1/bookings/{line['id']}/cancel")
    assert (again.status_code, again.json()["code"]) == (409, "wrong_state")
    assert book(regulator, slot_ids[0]).status_code == 201


def post(client: httpx.Client, path: str, **body: object) -> httpx.Response:
    return client.post(f"/api/v1/{path}", json=body, headers={"idempotency-key": uuid4().hex})


def test_hold_then_confirm_within_five_minutes(
    regulator: httpx.Client, as_role: Sign, slot_ids: list[int], setting: Setting, territory_id: int
) -> None:
    held = post(regulator, f"slots/{slot_ids[0]}/holds")
    assert (held.status_code, held.json()["state"]) == (201, "held")
    assert held.json()["expires_at"] == "2026-11-23T08:05:00Z"
    assert book(regulator, slot_ids[0]).json()["code"] == "slot_taken"
    other = as_role(Role.REGULATOR, territory_id)
    assert post(other, f"bookings/{held.json()['id']}/confirm").status_code == 404
    setting.now = NOW + timedelta(minutes=4, seconds=59)
    confirmed = post(regulator, f"bookings/{held.json()['id']}/confirm")
    assert (confirmed.status_code, confirmed.json()["state"]) == (200, "booked")
    assert confirmed.json()["expires_at"] is None

    again = post(regulator, f"slots/{slot_ids[1]}/holds").json()
    setting.now += timedelta(minutes=5)
    late = post(regulator, f"bookings/{again['id']}/confirm")
    assert (late.status_code, late.json()["code"]) == (409, "hold_over")
    lines = regulator.get("/api/v1/bookings").json()["items"]
    assert [(line["state"], line["expires_at"]) for line in lines] == [("booked", None), ("expired", None)]
    assert book(regulator, slot_ids[1]).status_code == 201


def test_a_hold_sent_twice_with_its_key_is_one_hold(regulator: httpx.Client, slot_ids: list[int]) -> None:
    first, again = (
        regulator.post(f"/api/v1/slots/{slot_ids[0]}/holds", json={}, headers={"idempotency-key": "abc"})
        for _ in range(2)
    )
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["idempotency-replayed"] == "true"


@pytest.mark.parametrize("ending", ["cancel", "honour", "miss"])
def test_an_ending_sent_twice_with_its_key_ends_once(
    regulator: httpx.Client,
    as_role: Sign,
    slot_ids: list[int],
    setting: Setting,
    territory_id: int,
    store: Store,
    ending: str,
) -> None:
    booking_id = book(regulator, slot_ids[0]).json()["id"]
    setting.now = NOW + timedelta(hours=0 if ending == "cancel" else 2)
    client = as_role(Role.COORDINATOR, territory_id)
    path, headers = f"/api/v1/bookings/{booking_id}/{ending}", {"idempotency-key": "abc"}
    first, again = (client.post(path, headers=headers) for _ in range(2))
    assert (first.status_code, again.status_code, again.json()) == (200, 200, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    assert client.post(path).json()["code"] == "wrong_state"  # without a key its state refuses it
    assert client.post(path, headers={"idempotency-key": ""}).status_code == 400
    with store.read() as session:
        events = session.exec(select(BookingEvent).where(BookingEvent.booking_id == UUID(booking_id))).all()
    assert len(events) == 2


def test_a_booking_moves_whole_or_not_at_all(regulator: httpx.Client, slot_ids: list[int]) -> None:
    first, other = book(regulator, slot_ids[0]).json(), book(regulator, slot_ids[1]).json()
    taken = post(regulator, f"bookings/{first['id']}/move", slot_id=slot_ids[1])
    assert (taken.status_code, taken.json()["code"]) == (409, "slot_taken")
    same = post(regulator, f"bookings/{first['id']}/move", slot_id=slot_ids[0])
    assert (same.status_code, same.json()["code"]) == (422, "invalid_input")
    moved = post(regulator, f"bookings/{first['id']}/move", slot_id=slot_ids[2])
    assert (moved.status_code, moved.json()["state"]) == (201, "booked")
    states = {line["id"]: line["state"] for line in regulator.get("/api/v1/bookings").json()["items"]}
    assert states == {first["id"]: "moved", other["id"]: "booked", moved.json()["id"]: "booked"}
    assert book(regulator, slot_ids[0]).status_code == 201


def test_past_the_practitioners_limit_only_staff_cancel_and_say_why(
    as_role: Sign, as_person: Sign, store: Store, slot_ids: list[int], territory_id: int
) -> None:
    with store.write() as session:
        rows = [session.get_one(Slot, slot_id) for slot_id in slot_ids]
        for row in rows:
            row.visibility = Visibility.PRO
        practitioner_id = rows[0].practitioner_id
    gp = as_person(Role.GP, territory_id, practitioner_id)
    rules = f"/api/v1/practitioners/{practitioner_id}/agenda-rules"
    assert gp.get(rules).json()["cancel_hours"] == 0
    assert gp.put(rules, json={"cancel_hours": 2}).json()["cancel_hours"] == 2
    assert gp.put(rules, json={"cancel_hours": 73}).status_code == 422

    signaller, coordinator = (as_role(role, territory_id) for role in (Role.SIGNALLER, Role.COORDINATOR))
    early, late = book(signaller, slot_ids[1]).json(), book(signaller, slot_ids[0]).json()
    assert signaller.post(f"/api/v1/bookings/{early['id']}/cancel").status_code == 200  # two hours before
    refused = signaller.post(f"/api/v1/bookings/{late['id']}/cancel", json={"reason": "mistake"})
    assert (refused.status_code, refused.json()["code"]) == (409, "cancel_too_late")
    why = coordinator.post(f"/api/v1/bookings/{late['id']}/cancel")
    assert (why.status_code, why.json()["code"]) == (422, "reason_needed")
    done = gp.post(f"/api/v1/bookings/{late['id']}/cancel", json={"reason": "practitioner_away"})
    assert done.json()["state"] == "cancelled"
    with store.read() as session:
        steps = select(BookingEvent).where(BookingEvent.booking_id == UUID(late["id"])).order_by("id")
        events = session.exec(steps).all()
    assert [event.detail for event in events] == [{}, {"reason": "practitioner_away"}]


def test_who_came_is_noted_after_the_hour_by_the_surgery(
    regulator: httpx.Client,
    as_person: Sign,
    store: Store,
    slot_ids: list[int],
    setting: Setting,
    territory_id: int,
) -> None:
    with store.read() as session:
        practitioner_id = session.get_one(Slot, slot_ids[0]).practitioner_id
    secretary = as_person(Role.SECRETARY, territory_id, practitioner_id)
    booking = book(regulator, slot_ids[0]).json()
    early = secretary.post(f"/api/v1/bookings/{booking['id']}/honour")
    assert (early.status_code, early.json()["code"]) == (409, "not_yet_begun")
    setting.now = NOW + timedelta(hours=1)
    for how, state in (("miss", "no_show"), ("honour", "honoured")):  # the second sets the first right
        assert secretary.post(f"/api/v1/bookings/{booking['id']}/{how}").json()["state"] == state
    assert regulator.post(f"/api/v1/bookings/{booking['id']}/cancel").json()["code"] == "wrong_state"


def test_a_place_en_sus_is_the_surgerys_alone(
    regulator: httpx.Client, as_person: Sign, store: Store, slot_ids: list[int], territory_id: int
) -> None:
    with store.read() as session:
        practitioner_id = session.get_one(Slot, slot_ids[0]).practitioner_id
    gp = as_person(Role.GP, territory_id, practitioner_id)
    left = post(gp, f"slots/{slot_ids[0]}/extra-bookings")
    assert (left.status_code, left.json()["code"]) == (409, "places_left")
    first = book(regulator, slot_ids[0]).json()
    extra = post(gp, f"slots/{slot_ids[0]}/extra-bookings")
    assert (extra.status_code, extra.json()["place"]) == (201, 2)
    assert book(regulator, slot_ids[0]).json()["code"] == "slot_taken"
    gp.post(f"/api/v1/bookings/{extra.json()['id']}/cancel")
    found = regulator.get("/api/v1/slots", params=AROUND).json()["items"]
    assert slot_ids[0] not in [slot["id"] for slot in found]  # the place en sus is not on offer
    regulator.post(f"/api/v1/bookings/{first['id']}/cancel")
    again = book(regulator, slot_ids[0])
    assert (again.status_code, again.json()["place"]) == (201, 1)


def test_the_second_to_come_is_told_why(
    regulator: httpx.Client, slot_ids: list[int], setting: Setting
) -> None:
    book(regulator, slot_ids[0])
    taken = book(regulator, slot_ids[0])
    assert (taken.status_code, taken.json()["code"]) == (409, "slot_taken")
    setting.now = NOW + timedelta(hours=2, minutes=1)
    begun = book(regulator, slot_ids[1])
    assert (begun.status_code, begun.json()["code"]) == (409, "slot_not_open")


def test_a_booking_sent_twice_with_its_key_is_one_booking(
    regulator: httpx.Client, as_role: Sign, slot_ids: list[int], store: Store, territory_id: int
) -> None:
    first, again = book(regulator, slot_ids[0], key="abc"), book(regulator, slot_ids[0], key="abc")
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["idempotency-replayed"] == "true"
    elsewhere = book(regulator, slot_ids[1], key="abc")
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (422, "idempotency_key_reused")
    assert book(as_role(Role.REGULATOR, territory_id), slot_ids[1], key="abc").status_code == 201
    with store.read() as session:
        assert len(session.exec(select(Booking)).all()) == 2


def test_a_refusal_is_not_kept_for_the_key(regulator: httpx.Client, slot_ids: list[int]) -> None:
    first = book(regulator, slot_ids[0]).json()
    assert book(regulator, slot_ids[0], key="abc").status_code == 409
    regulator.post(f"/api/v1/bookings/{first['id']}/cancel")
    assert book(regulator, slot_ids[0], key="abc").status_code == 201


def test_results_walk_by_pages(regulator: httpx.Client, slot_ids: list[int]) -> None:
    first = regulator.get("/api/v1/slots", params=AROUND | {"limit": 2}).json()
    rest = regulator.get("/api/v1/slots", params=AROUND | {"limit": 2, "cursor": first["next_cursor"]}).json()
    assert [slot["id"] for slot in first["items"] + rest["items"]] == slot_ids
    assert rest["next_cursor"] is None


def test_a_search_needs_a_place_and_a_window_that_makes_sense(regulator: httpx.Client) -> None:
    for query, field in (
        ({}, "insee"),
        ({"insee": "99999"}, "insee"),
        ({"lat": 48.6}, "insee"),
        (AROUND | {"from": "2026-11-24T00:00:00Z", "to": "2026-11-23T00:00:00Z"}, "to_at"),
        (AROUND | {"from": "2026-11-24T00:00:00"}, "query.from"),
        (AROUND | {"max_km": 0}, "query.max_km"),
        (AROUND | {"modality": "TEL"}, "query.modality"),
    ):
        answer = regulator.get("/api/v1/slots", params=query)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field), query
    assert regulator.get("/api/v1/slots", params={"lat": 48.59, "lon": 2.58}).status_code == 200


def test_a_signaller_does_not_see_what_is_kept_for_regulation(
    as_role: Sign, store: Store, slot_ids: list[int], territory_id: int
) -> None:
    signaller = as_role(Role.SIGNALLER, territory_id)
    assert signaller.get("/api/v1/slots", params=AROUND).json()["items"] == []
    assert book(signaller, slot_ids[0]).status_code == 404
    with store.write() as session:
        session.get_one(Slot, slot_ids[0]).visibility = Visibility.CPTS
    assert book(signaller, slot_ids[0]).status_code == 201


def test_a_booking_for_a_patient_is_traced_when_made_and_when_listed(
    as_role: Sign, store: Store, slot_ids: list[int], territory_id: int
) -> None:
    with store.write() as session:
        patient_id = factories.referral(session, territory_id=territory_id).patient_id
        elsewhere = factories.referral(session).patient_id
    coordinator = as_role(Role.COORDINATOR, territory_id)
    for unknown in (elsewhere, uuid4()):
        assert book(coordinator, slot_ids[0], patient_id=str(unknown)).status_code == 404
    booked = book(coordinator, slot_ids[0], patient_id=str(patient_id)).json()
    book(coordinator, slot_ids[1])
    lines = coordinator.get("/api/v1/bookings").json()["items"]
    assert [line["patient_id"] for line in lines] == [str(patient_id), None]
    with store.read() as session:
        rows = session.exec(
            select(AuditEntry).where(col(AuditEntry.patient_id) == patient_id).order_by(col(AuditEntry.id))
        ).all()
    assert [(row.action, row.object_kind, row.object_id) for row in rows] == [
        ("C", "booking", booked["id"]),
        ("R", "booking", booked["id"]),
    ]


@pytest.mark.parametrize("role", list(Role))
def test_the_list_holds_exactly_the_bookings_that_may_be_reached(sqlite_store: Store, role: Role) -> None:
    with sqlite_store.write() as session:
        territory_id = int(factories.territory(session).id or 0)
        mine, theirs = (
            factories.practice(
                session, practitioner=factories.practitioner(session, territory_id=territory_id)
            )
            for _ in range(2)
        )
        practitioner_id = mine.practitioner_id if role in {Role.GP, Role.SECRETARY} else None
        actor = factories.actor(role, territory_id=territory_id, practitioner_id=practitioner_id)
        rows = []
        for number, practice in enumerate((mine, mine, theirs, theirs)):
            slot = factories.slot(session, practice=practice, start_at=NOW + timedelta(hours=1 + number))
            key = actor.key if number % 2 else f"account:{UUID(int=9)}"
            rows.append((factories.booking(session, slot=slot, booked_by=key), practice.practitioner_id))
        listed = list_bookings(session, actor, since_at=NOW, limit=9, after=None, now=NOW)
        wanted = {
            booking.id for booking, practitioner_id in rows if may_reach(actor, booking, practitioner_id)
        }
    assert {line.booking.id for line in listed.rows} == wanted


def test_find_by_delay_and_ask_why_one_is_missing(
    regulator: httpx.Client, slot_ids: list[int], store: Store
) -> None:
    found = regulator.get("/api/v1/slots/find", params=AROUND).json()
    assert (found["radius_km"], found["usual"], found["is_cut"]) == (25.0, [], False)
    assert [(group["from_h"], [slot["id"] for slot in group["slots"]]) for group in found["groups"]] == [
        (0, slot_ids)
    ]
    with store.read() as session:
        assert all(session.get_one(Slot, slot_id).first_shown_at == NOW for slot_id in slot_ids)
        practitioner_id = session.get_one(Slot, slot_ids[0]).practitioner_id
    post(regulator, f"slots/{slot_ids[0]}/holds")
    why = regulator.get(f"/api/v1/slots/{slot_ids[0]}/why-not-shown", params=AROUND).json()
    assert [reason["code"] for reason in why["reasons"]] == ["held_until"]
    assert (why["is_shown"], why["held_until"]) == (False, "2026-11-23T08:05:00Z")
    own = regulator.get("/api/v1/slots/find", params=AROUND | {"usual": practitioner_id}).json()
    assert [slot["id"] for slot in own["usual"]] == slot_ids[1:]
    assert regulator.get(f"/api/v1/slots/{slot_ids[1]}/why-not-shown", params=AROUND).json()["is_shown"]


def test_a_gps_own_software_opens_slots_in_their_name_until_they_leave(
    clients: Clients, store: Store, territory_id: int
) -> None:
    with store.write() as session:
        who = factories.practitioner(session, territory_id=territory_id)
        practice_id = factories.practice(session, practitioner_id=who.id).id
        person = factories.account(session, practitioner_id=who.id)
        factories.grant(session, account_id=person.id, territory_id=territory_id, role=Role.GP)
        keys = {
            acts_for: issue_token(
                session,
                name="Logiciel",
                role=Role.GP,
                territory_id=territory_id,
                account_id=acts_for,
                now=NOW,
            ).token
            for acts_for in (person.id, None)
        }
        with pytest.raises(InvalidInput):
            issue_token(
                session,
                name="Logiciel",
                role=Role.COORDINATOR,
                territory_id=territory_id,
                account_id=person.id,
                now=NOW,
            )
    body = {"practice_id": practice_id, "start_at": "2026-11-24T09:00:00Z", "end_at": "2026-11-24T09:20:00Z"}

    def opened(key: str) -> httpx.Response:
        client = clients.new()
        client.headers["authorization"] = f"Bearer {key}"
        return client.post(f"/api/v1/practitioners/{who.id}/slots", json=body)

    assert opened(keys[None]).status_code == 404  # it is nobody: no agenda is its own
    assert opened(keys[person.id]).status_code == 201
    with store.write() as session:
        assert session.exec(select(Slot.created_by)).one() == person.id
        session.get_one(Account, person.id).active = False
    assert opened(keys[person.id]).status_code == 401
