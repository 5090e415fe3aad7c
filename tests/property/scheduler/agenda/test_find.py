"""Of random agendas: a slot is listed, or every reason given for not listing it is true."""

from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from sqlmodel import Session

from scheduler.agenda.audience import visible_to
from scheduler.agenda.find import DELAYS_H, ENOUGH_PRACTITIONERS, RADII_KM, find
from scheduler.agenda.slot_query import FARTHEST_KM, SlotQuery
from scheduler.agenda.surgeries import trip_to
from scheduler.agenda.why import Why, why_not_shown
from scheduler.store.tables import (
    BookingState,
    FeedState,
    Modality,
    Role,
    Slot,
    SlotState,
    Visibility,
)
from tests import factories
from tests.factories import NOW
from tests.machines import fresh_store

SAVIGNY = (48.5855, 2.5813)
HOUR = timedelta(hours=1)

GPS = st.fixed_dictionaries(
    {
        "north": st.sampled_from([0.0, 0.05, 0.1, 0.15, 0.3]),
        "state": st.sampled_from([FeedState.ACTIVE] * 3 + [FeedState.SUSPENDED]),
        "silent_h": st.sampled_from([0, 3, 23, 24, None]),
        "polled": st.booleans(),
    }
)
SLOTS = st.fixed_dictionaries(
    {
        "gp": st.integers(0, 5),
        "hours": st.sampled_from([-1, 0, 1, 5, 9, 13, 30, 47, 48, 60]),
        "state": st.sampled_from([SlotState.OPEN] * 4 + [SlotState.CLOSED, SlotState.WITHDRAWN]),
        "modality": st.sampled_from(list(Modality)),
        "visibility": st.sampled_from(list(Visibility)),
        "capacity": st.integers(1, 2),
        "taken": st.lists(st.sampled_from(["booked", "held", "over", "cancelled"]), max_size=2),
    }
)


def written(session: Session, gps: list[dict[str, Any]], slots: list[dict[str, Any]]):
    """Write an agenda; give the coordination of its territory, and each slot with what it was made of."""
    territory_id = factories.territory(session).id
    feeds = []
    for one in gps:
        who = factories.practitioner(session, territory_id=territory_id)
        place = factories.practice(session, practitioner=who, latitude=SAVIGNY[0] + one["north"])
        ok_at = None if one["silent_h"] is None else NOW - one["silent_h"] * HOUR
        address = "https://agenda.test/a" if one["polled"] else None
        feeds.append(
            factories.feed(
                session,
                practice=place,
                practitioner_id=who.id,
                state=one["state"],
                ok_at=ok_at,
                address=address,
            )
        )
    rows: list[tuple[Slot, dict[str, Any]]] = []
    for number, one in enumerate(slots):
        gp = one["gp"] % len(gps)
        # minutes apart, so that no two slots of a GP overlap
        start_at = NOW + one["hours"] * HOUR + timedelta(minutes=number)
        slot = factories.slot(
            session,
            feed=feeds[gp],
            start_at=start_at,
            end_at=start_at + timedelta(seconds=30),
            **{name: one[name] for name in ("modality", "visibility", "capacity")},
        )
        for place, how in enumerate(one["taken"][: one["capacity"]], 1):
            until = {"held": NOW + timedelta(minutes=5), "over": NOW}.get(how)
            state = BookingState.HELD if until else BookingState(how)
            factories.booking(session, slot=slot, place=place, state=state, held_until=until)
        slot.state = one["state"]
        rows.append((slot, one | {"feed": gps[gp]}))
    session.flush()
    return factories.actor(Role.COORDINATOR, territory_id=territory_id), rows


def true_reasons(slot: Slot, made: dict[str, Any], wanted: SlotQuery, viewer: Role) -> set[Why]:
    """What the test itself knows to stand against a slot, distance and cutting apart."""
    feed = made["feed"]
    for_good = made["taken"][: made["capacity"]].count("booked")
    held = made["taken"][: made["capacity"]].count("held")
    full = for_good + held >= made["capacity"]
    checks = {
        Why.WITHDRAWN: made["state"] is SlotState.WITHDRAWN,
        Why.CLOSED: made["state"] is SlotState.CLOSED,
        Why.PAST: slot.start_at <= NOW,
        Why.WINDOW: not wanted.from_at <= slot.start_at < wanted.to_at,
        Why.FULL: full and not held,
        Why.HELD: full and held > 0,
        Why.STALE: feed["polled"] and (feed["silent_h"] is None or feed["silent_h"] >= 24),
        Why.HIDDEN_FEED: feed["state"] is FeedState.SUSPENDED,
        Why.VISIBILITY: slot.visibility not in visible_to(viewer),
        Why.MODALITY: wanted.modality is not None and slot.modality is not wanted.modality,
    }
    return {why for why, holds in checks.items() if holds}


@given(
    gps=st.lists(GPS, min_size=1, max_size=6),
    slots=st.lists(SLOTS, min_size=1, max_size=12),
    modality=st.sampled_from([None, *Modality]),
    viewer=st.sampled_from([Role.REGULATOR, Role.SIGNALLER]),
    usual=st.booleans(),
)
@settings(max_examples=25, deadline=None)
def test_a_slot_is_listed_or_the_reason_is_true(gps, slots, modality, viewer, usual) -> None:
    wanted = SlotQuery(insee="77445", from_at=NOW, to_at=NOW + 48 * HOUR, modality=modality)
    with fresh_store() as store:
        with store.write() as session:
            actor, rows = written(session, gps, slots)
        own = rows[0][0].practitioner_id if usual else None
        with store.read() as session:
            seen_by = factories.actor(viewer, territory_id=actor.territory_id)
            found = find(session, seen_by, wanted, usual_practitioner_id=own, now=NOW)
            listed = {slot.slot_id for slot in found.slots}
            assert len(listed) == len(found.slots)
            for slot, made in rows:
                told = why_not_shown(
                    session, actor, slot.id, wanted, viewer=viewer, usual_practitioner_id=own, now=NOW
                )
                known = true_reasons(slot, made, wanted, viewer)
                trip = trip_to(wanted.position(), (SAVIGNY[0] + made["feed"]["north"], SAVIGNY[1]))
                reach_km = FARTHEST_KM if slot.practitioner_id == own else found.max_km
                in_person = slot.modality is not Modality.VR
                if in_person and (trip is None or trip[0] > reach_km * 1000):
                    known.add(Why.TOO_FAR)
                assert set(told.reasons) == known
                assert (slot.id in listed) == (not known)
                assert (told.held_until is not None) == (Why.HELD in known)
            check_order(found, own, modality)


def check_order(found, own: int | None, modality: Modality | None) -> None:
    near = {
        slot.practitioner_id
        for group in found.groups
        for slot in group.slots
        if slot.modality is not Modality.VR
    }
    assert (found.max_km == 0) == (modality is Modality.VR)
    assert (
        found.max_km in {0, RADII_KM[0]} or len(near) >= ENOUGH_PRACTITIONERS or found.max_km == RADII_KM[-1]
    )
    assert own not in {slot.practitioner_id for group in found.groups for slot in group.slots}
    assert [(group.from_h, group.to_h) for group in found.groups] == [
        delay for delay in DELAYS_H if any((group.from_h, group.to_h) == delay for group in found.groups)
    ]
    for group in found.groups:
        for slot in group.slots:
            hours = (slot.start_at - NOW) / HOUR
            assert group.from_h <= hours
            assert group.to_h is None or hours < group.to_h
