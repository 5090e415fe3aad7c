"""A8: every invariant of the design, broken by plain SQL past the application: the database refuses."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlmodel import SQLModel

from scheduler.audit import record
from scheduler.store.engine import Store
from scheduler.store.tables import (
    Account,
    AuditEntry,
    Booking,
    BookingEvent,
    BookingState,
    IdempotencyRecord,
    Intake,
    Offer,
    OfferState,
    Referral,
    ReferralEvent,
    ReferralState,
    Slot,
    SlotConflict,
    SlotState,
)
from tests import factories
from tests.factories import NOW
from tests.integration.store import raw_sql
from tests.integration.store.raw_sql import refused

MINUTE = timedelta(minutes=1)
TAKEN = [BookingState.HELD, BookingState.BOOKED, BookingState.HONOURED, BookingState.NO_SHOW]


# --- slots -----------------------------------------------------------------------------------------------


@pytest.fixture
def slot(store: Store) -> Slot:
    with store.write() as session:
        return factories.slot(session, start_at=NOW, end_at=NOW + 15 * MINUTE)


def at(slot: Slot, start_min: int, end_min: int, **values: object) -> dict[str, object]:
    start_at, end_at = NOW + start_min * MINUTE, NOW + end_min * MINUTE
    return {"id": slot.id + 100, "key": uuid4().hex, "start_at": start_at, "end_at": end_at, **values}


@pytest.mark.parametrize(("start_min", "end_min"), [(0, 15), (-5, 1), (14, 20), (5, 10), (-5, 20)])
def test_two_open_slots_of_a_practitioner_never_overlap(store: Store, slot: Slot, start_min, end_min) -> None:
    with refused(store, "slot_overlap") as session:
        raw_sql.insert(session, slot, **at(slot, start_min, end_min))


@pytest.mark.parametrize(("start_min", "end_min"), [(-5, 0), (15, 20)])
def test_open_slots_may_touch(store: Store, slot: Slot, start_min, end_min) -> None:
    with store.write() as session:
        raw_sql.insert(session, slot, **at(slot, start_min, end_min))


def test_overlap_of_other_practitioners_and_of_closed_slots_is_no_overlap(store: Store, slot: Slot) -> None:
    with store.write() as session:
        factories.slot(session, start_at=NOW, end_at=NOW + 15 * MINUTE)
        raw_sql.insert(session, slot, **at(slot, 0, 15, state=SlotState.CLOSED))
        raw_sql.insert(session, slot, **at(slot, 0, 15, state=SlotState.WITHDRAWN) | {"id": slot.id + 200})


@pytest.mark.parametrize(
    "change",
    [{"state": SlotState.OPEN}, {"start_at": NOW + MINUTE, "state": SlotState.OPEN}],
    ids=["reopened", "moved"],
)
def test_a_slot_is_not_reopened_or_moved_onto_another(store: Store, slot: Slot, change) -> None:
    with store.write() as session:
        raw_sql.insert(session, slot, **at(slot, 0, 30, state=SlotState.CLOSED))
        other = session.get_one(Slot, slot.id + 100)
    with refused(store, "slot_overlap") as session:
        raw_sql.update(session, other, **change)


def test_a_slot_may_change_in_its_own_time(store: Store, slot: Slot) -> None:
    with store.write() as session:
        raw_sql.update(session, slot, start_at=NOW + MINUTE, end_at=NOW + 20 * MINUTE)


def test_a_slot_ends_after_it_begins(store: Store, slot: Slot) -> None:
    with refused(store, "slot_order") as session:
        raw_sql.update(session, slot, state=SlotState.CLOSED, end_at=NOW)


@pytest.mark.parametrize(
    "change",
    [{"feed_id": None}, {"source": "hand"}, {"source": "rota", "feed_id": None}],
    ids=["no feed", "hand with feed", "rota without author"],
)
def test_no_slot_lives_without_its_source(store: Store, slot: Slot, change) -> None:
    with refused(store, "slot_source_known") as session:
        raw_sql.update(session, slot, **change)


def test_a_feed_is_not_removed_under_its_slots(store: Store, slot: Slot) -> None:
    with refused(store, "slot_feed_id_fkey" if not store.is_sqlite else None) as session:
        raw_sql.execute(session, "DELETE FROM feed WHERE id = :id", id=slot.feed_id)


def test_a_key_of_a_feed_is_one_slot(store: Store, slot: Slot) -> None:
    with refused(store, "slot_feed_key") as session:
        raw_sql.insert(session, slot, **at(slot, 30, 45, key=slot.key))


# --- bookings --------------------------------------------------------------------------------------------


@pytest.fixture
def booking(store: Store, slot: Slot) -> Booking:
    with store.write() as session:
        return factories.booking(session, slot_id=slot.id)


def as_state(state: BookingState) -> dict[str, object]:
    return {"id": uuid4(), "state": state, "held_until": NOW if state == BookingState.HELD else None}


@pytest.mark.parametrize("state", TAKEN)
def test_a_place_is_taken_at_most_once(store: Store, slot: Slot, state: BookingState) -> None:
    with store.write() as session:
        booking = factories.booking(session, slot_id=slot.id, **as_state(state))
    with refused(store, "booking_one_per_place") as session:
        raw_sql.insert(session, booking, **as_state(BookingState.BOOKED))


@pytest.mark.parametrize("state", [BookingState.CANCELLED, BookingState.MOVED])
def test_a_place_given_back_is_free_again_once(store: Store, booking: Booking, state: BookingState) -> None:
    with store.write() as session:
        raw_sql.update(session, booking, state=state)
        raw_sql.insert(session, booking, **as_state(BookingState.HELD))
    with refused(store, "booking_one_per_place") as session:
        raw_sql.insert(session, booking, **as_state(BookingState.BOOKED))


STEPS = {
    BookingState.HELD: {BookingState.BOOKED, BookingState.CANCELLED, BookingState.EXPIRED},
    BookingState.BOOKED: {
        BookingState.CANCELLED,
        BookingState.MOVED,
        BookingState.HONOURED,
        BookingState.NO_SHOW,
    },
    BookingState.HONOURED: {BookingState.NO_SHOW},
    BookingState.NO_SHOW: {BookingState.HONOURED},
}


@pytest.mark.parametrize("before", list(BookingState))
def test_no_other_step_exists(store: Store, slot: Slot, before: BookingState) -> None:
    with store.write() as session:
        until = {"held_until": NOW + timedelta(minutes=5)} if before is BookingState.HELD else {}
        booking = factories.booking(session, slot_id=slot.id, **as_state(before) | until)
    for after in set(BookingState) - STEPS.get(before, set()) - {before}:
        until = {"held_until": NOW} if after is BookingState.HELD else {"held_until": None}
        with refused(store, "booking_step") as session:
            raw_sql.update(session, booking, state=after, **until)
    for after in STEPS.get(before, set()):
        with store.write() as session:
            raw_sql.update(session, booking, state=after, held_until=None)
            session.rollback()  # accepted, and taken back


@pytest.mark.parametrize(("late_s", "fine"), [(-1, True), (0, False), (1, False)])
def test_a_hold_that_is_over_never_becomes_a_booking(
    store: Store, slot: Slot, late_s: int, fine: bool
) -> None:
    with store.write() as session:
        booking = factories.booking(session, slot_id=slot.id, **as_state(BookingState.HELD))
    values = {
        "state": BookingState.BOOKED,
        "held_until": None,
        "updated_at": NOW + timedelta(seconds=late_s),
    }
    if fine:
        with store.write() as session:
            raw_sql.update(session, booking, **values)
    else:
        with refused(store, "booking_hold_over") as session:
            raw_sql.update(session, booking, **values)


def test_places_en_sus_exist_above_the_capacity(store: Store, booking: Booking, slot: Slot) -> None:
    with store.write() as session:
        raw_sql.update(session, slot, extra_places=1)
        raw_sql.insert(session, booking, **as_state(BookingState.BOOKED) | {"place": 2})
    with refused(store, "slot_capacity_taken") as session:
        raw_sql.update(session, slot, extra_places=0)
    with refused(store, "booking_within_capacity") as session:
        raw_sql.insert(session, booking, **as_state(BookingState.BOOKED) | {"place": 3})
    with store.write() as session:
        raw_sql.update(session, slot, capacity=2, extra_places=0)


def test_a_slot_has_one_open_conflict(store: Store, slot: Slot) -> None:
    values = {"slot_id": slot.id, "kind": "deleted", "raised_at": NOW, "next_action_on": NOW.date()}
    with store.write() as session:
        conflict = SlotConflict(**values)
        session.add(conflict)
    with refused(store, "slot_conflict_one_open") as session:
        session.add(SlotConflict(**values))
    with refused(store, "slot_conflict_resolved") as session:
        raw_sql.update(session, conflict, resolved_at=NOW, resolution="kept")
    with store.write() as session:
        raw_sql.update(session, conflict, resolved_at=NOW, resolution="kept", resolved_by="account:1")
        session.add(SlotConflict(**values))


@pytest.mark.parametrize("state", TAKEN)
def test_a_place_above_the_capacity_does_not_exist(store: Store, booking: Booking, state) -> None:
    with refused(store, "booking_within_capacity") as session:
        raw_sql.insert(session, booking, **as_state(state) | {"place": 2})


def test_places_begin_at_one(store: Store, booking: Booking) -> None:
    with refused(store, "booking_place") as session:
        raw_sql.insert(session, booking, **as_state(BookingState.BOOKED) | {"place": 0})


def test_a_booking_does_not_move_to_a_place_above_the_capacity(store: Store, booking: Booking) -> None:
    with refused(store, "booking_within_capacity") as session:
        raw_sql.update(session, booking, place=2)


def test_every_place_of_a_larger_slot_may_be_taken(store: Store, booking: Booking, slot: Slot) -> None:
    with store.write() as session:
        raw_sql.update(session, slot, capacity=2)
        raw_sql.insert(session, booking, **as_state(BookingState.BOOKED) | {"place": 2})
    with refused(store, "slot_capacity_taken") as session:
        raw_sql.update(session, slot, capacity=1)


@pytest.mark.usefixtures("booking")
def test_the_capacity_may_fall_to_the_taken_places(store: Store, slot: Slot) -> None:
    with store.write() as session:
        raw_sql.update(session, slot, capacity=3)
        raw_sql.update(session, slot, capacity=1)


def test_a_slot_has_at_least_one_place(store: Store, slot: Slot) -> None:
    with refused(store, "slot_capacity") as session:
        raw_sql.update(session, slot, capacity=0)


@pytest.mark.parametrize("state", [SlotState.CLOSED, SlotState.WITHDRAWN])
def test_nothing_is_booked_on_a_slot_that_is_not_open(store: Store, booking: Booking, slot, state) -> None:
    with store.write() as session:
        raw_sql.update(session, booking, state=BookingState.CANCELLED)
        raw_sql.update(session, slot, state=state)
    with refused(store, "booking_slot_open") as session:
        raw_sql.insert(session, booking, **as_state(BookingState.BOOKED))


def test_a_booking_is_kept_when_its_slot_closes(store: Store, booking: Booking, slot: Slot) -> None:
    with store.write() as session:
        raw_sql.update(session, slot, state=SlotState.WITHDRAWN, conflict="withdrawn_by_source")
        raw_sql.update(session, booking, state=BookingState.HONOURED)


def test_a_booking_does_not_move_to_a_closed_slot(store: Store, booking: Booking) -> None:
    with store.write() as session:
        closed = factories.slot(session, state=SlotState.CLOSED)
    with refused(store, "booking_slot_open") as session:
        raw_sql.update(session, booking, slot_id=closed.id)


def test_a_booking_needs_an_existing_slot(store: Store, booking: Booking) -> None:
    with refused(store, "booking_slot_id_fkey" if not store.is_sqlite else None) as session:
        raw_sql.insert(session, booking, **as_state(BookingState.BOOKED) | {"slot_id": 10_000})


@pytest.mark.usefixtures("booking")
def test_a_booked_slot_is_not_deleted(store: Store, slot: Slot) -> None:
    with refused(store, "booking_slot_id_fkey" if not store.is_sqlite else None) as session:
        raw_sql.delete(session, slot)


def test_a_hold_says_until_when_and_nothing_else_does(store: Store, booking: Booking) -> None:
    with refused(store, "booking_held_until") as session:
        raw_sql.update(session, booking, held_until=NOW)
    with refused(store, "booking_held_until") as session:
        raw_sql.insert(session, booking, **as_state(BookingState.HELD) | {"held_until": None, "place": 1})


# --- referrals, offers, intakes --------------------------------------------------------------------------


@pytest.fixture
def intake(store: Store) -> Intake:
    with store.write() as session:
        return factories.intake(session, places=1)


@pytest.fixture
def offer(store: Store, intake: Intake) -> Offer:
    with store.write() as session:
        return factories.offer(session, intake_id=intake.id)


ACCEPTED = {"state": OfferState.ACCEPTED, "answered_at": NOW}


def test_accepted_offers_never_exceed_the_places(store: Store, intake: Intake, offer: Offer) -> None:
    with store.write() as session:
        raw_sql.update(session, offer, **ACCEPTED)
        second = factories.offer(session, intake_id=intake.id)
        unused = factories.proposal(session, state="validated", intake_id=intake.id)
    with refused(store, "offer_within_places") as session:
        raw_sql.update(session, second, **ACCEPTED)
    with refused(store, "offer_within_places") as session:
        new = {"id": uuid4(), "proposal_id": unused.id, "referral_id": unused.referral_id}
        raw_sql.insert(session, offer, **new, **ACCEPTED)
    with store.write() as session:
        raw_sql.update(session, offer, state=OfferState.WITHDRAWN)
        raw_sql.update(session, second, **ACCEPTED)


@pytest.mark.usefixtures("offer")
def test_one_statement_that_accepts_many_is_counted_too(store: Store, intake: Intake) -> None:
    with store.write() as session:
        factories.offer(session, intake_id=intake.id)
    with refused(store, "offer_within_places") as session:
        raw_sql.execute(session, "UPDATE offer SET state = 'accepted', answered_at = sent_at")


def test_an_accepted_offer_does_not_move_to_a_full_intake(store: Store, intake: Intake, offer: Offer) -> None:
    with store.write() as session:
        raw_sql.update(session, offer, **ACCEPTED)
        elsewhere = factories.offer(session)
        raw_sql.update(session, elsewhere, **ACCEPTED)
    with refused(store, "offer_within_places") as session:
        raw_sql.update(session, elsewhere, intake_id=intake.id)


def test_an_accepted_offer_may_be_written_again(store: Store, offer: Offer) -> None:
    with store.write() as session:
        raw_sql.update(session, offer, **ACCEPTED)
        raw_sql.update(session, offer, **ACCEPTED)


def test_places_never_fall_below_what_was_accepted(store: Store, intake: Intake, offer: Offer) -> None:
    with store.write() as session:
        raw_sql.update(session, offer, **ACCEPTED)
        raw_sql.update(session, intake, places=5)
        raw_sql.update(session, intake, places=1)
    with refused(store, "intake_places_accepted") as session:
        raw_sql.update(session, intake, places=0)


def test_a_practitioner_has_one_open_intake(store: Store, intake: Intake) -> None:
    with refused(store, "intake_one_open") as session:
        raw_sql.insert(session, intake, id=intake.id + 100)
    with store.write() as session:
        raw_sql.insert(session, intake, id=intake.id + 100, closed_at=NOW)


@pytest.mark.parametrize("state", [OfferState.OPEN, OfferState.ACCEPTED])
def test_a_referral_has_one_open_or_accepted_offer(store: Store, offer: Offer, state: OfferState) -> None:
    with store.write() as session:
        again = factories.proposal(session, state="validated", referral_id=offer.referral_id)
        if state == OfferState.ACCEPTED:
            raw_sql.update(session, offer, **ACCEPTED)
    with refused(store, "offer_one_open") as session:
        raw_sql.insert(
            session,
            offer,
            id=uuid4(),
            proposal_id=again.id,
            intake_id=again.intake_id,
            state=OfferState.OPEN,
            answered_at=None,
        )


def test_a_proposal_is_offered_once(store: Store, offer: Offer) -> None:
    with store.write() as session:
        raw_sql.update(session, offer, state=OfferState.EXPIRED, answered_at=NOW)
    with refused(store, "offer_proposal_id_key") as session:
        raw_sql.insert(session, offer, id=uuid4())


def test_an_answer_has_a_date(store: Store, offer: Offer) -> None:
    with refused(store, "offer_answered_at") as session:
        raw_sql.update(session, offer, state=OfferState.DECLINED)


def test_a_referral_has_one_pending_proposal(store: Store) -> None:
    with store.write() as session:
        proposal = factories.proposal(session)
    with refused(store, "proposal_one_pending") as session:
        raw_sql.insert(session, proposal, id=uuid4())


def test_a_patient_has_one_open_referral_per_pathway(store: Store) -> None:
    with store.write() as session:
        referral = factories.referral(session)
    with refused(store, "referral_one_open") as session:
        raw_sql.insert(session, referral, id=uuid4(), state=ReferralState.RECEIVED)
    with store.write() as session:
        raw_sql.insert(session, referral, id=uuid4(), pathway="physio")
        raw_sql.update(session, referral, state=ReferralState.CLOSED, close_reason="moved")
        raw_sql.insert(session, referral, id=uuid4())


def test_a_referral_is_closed_with_a_reason(store: Store) -> None:
    with store.write() as session:
        referral = factories.referral(session)
    with refused(store, "referral_close_reason") as session:
        raw_sql.update(session, referral, state=ReferralState.CLOSED)


# --- words -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("factory", "column", "invariant"),
    [
        ("slot", "state", "slot_state"),
        ("slot", "modality", "slot_modality"),
        ("slot", "visibility", "slot_visibility"),
        ("booking", "state", "booking_state"),
        ("feed", "state", "feed_state"),
        ("referral", "state", "referral_state"),
        ("offer", "answered_at = sent_at, state", "offer_state"),
        ("proposal", "state", "proposal_state"),
        ("practitioner", "gender", "practitioner_gender"),
    ],
)
def test_a_column_of_words_takes_no_other_word(store: Store, factory, column, invariant) -> None:
    with store.write() as session:
        row: SQLModel = getattr(factories, factory)(session)
    with refused(store, invariant) as session:
        raw_sql.execute(session, f"UPDATE {row.__table__.name} SET {column} = 'autre'")


# --- accounts and keys -----------------------------------------------------------------------------------


def test_an_email_is_kept_once_in_lower_case(store: Store) -> None:
    with store.write() as session:
        account: Account = factories.account(session)
    with refused(store, "account_email_key") as session:
        raw_sql.insert(session, account, id=uuid4())
    with refused(store, "account_email_lower") as session:
        raw_sql.insert(session, account, id=uuid4(), email="A@exemple.test")


def test_a_key_of_a_client_has_one_record(store: Store) -> None:
    row = IdempotencyRecord(
        actor="token:1", key="k", route="POST /x", body_sha256="0" * 64, status=201, answer={}, created_at=NOW
    )
    with store.write() as session:
        raw_sql.insert(session, row)
        raw_sql.insert(session, row, actor="token:2")
    with refused(store, "idempotency_record_pkey") as session:
        raw_sql.insert(session, row, route="POST /y")


# --- what is written stays -------------------------------------------------------------------------------


@pytest.fixture(params=["audit_entry", "referral_event", "booking_event"])
def trace(request: pytest.FixtureRequest, store: Store) -> SQLModel:
    with store.write() as session:
        if request.param == "audit_entry":
            record(
                session,
                factories.actor(),
                action="R",
                object_kind="referral",
                object_id=1,
                purpose="suivi",
                now=NOW,
            )
        elif request.param == "referral_event":
            referral: Referral = factories.referral(session)
            event = ReferralEvent(
                referral_id=referral.id,
                at=NOW,
                actor="account:1",
                kind="signalled",
                to_state=ReferralState.RECEIVED,
            )
            session.add(event)
        else:
            booking: Booking = factories.booking(session)
            session.add(
                BookingEvent(booking_id=booking.id, at=NOW, actor="account:1", to_state=BookingState.BOOKED)
            )
    table = {"audit_entry": AuditEntry, "referral_event": ReferralEvent, "booking_event": BookingEvent}
    with store.read() as session:
        return session.get_one(table[request.param], 1)


def test_a_trace_is_not_changed(store: Store, trace: SQLModel) -> None:
    with refused(store, f"{trace.__table__.name}_append_only") as session:
        raw_sql.update(session, trace, actor="account:2")


def test_a_trace_is_not_deleted(store: Store, trace: SQLModel) -> None:
    with refused(store, f"{trace.__table__.name}_append_only") as session:
        raw_sql.delete(session, trace)
    with refused(store, f"{trace.__table__.name}_append_only") as session:
        raw_sql.execute(session, f"DELETE FROM {trace.__table__.name}")


def test_a_trace_is_not_replaced(store: Store, trace: SQLModel) -> None:
    name = trace.__table__.name
    if store.is_sqlite:
        with refused(store, f"{name}_append_only") as session:
            raw_sql.insert(session, trace, verb="INSERT OR REPLACE", actor="account:2")
    else:
        with refused(store, f"{name}_append_only") as session:
            raw_sql.execute(session, f"TRUNCATE {name}")


def test_an_audit_row_is_not_replaced_through_its_hash(sqlite_store: Store) -> None:
    with sqlite_store.write() as session:
        for number in (1, 2):
            record(
                session,
                factories.actor(),
                action="R",
                object_kind="x",
                object_id=number,
                purpose="suivi",
                now=NOW,
            )
    with sqlite_store.read() as session:
        second = session.get_one(AuditEntry, 2)
    for change in ({"id": 3}, {"id": 3, "hash": "0" * 64}):
        with refused(sqlite_store, "audit_entry_append_only") as session:
            raw_sql.insert(session, second, verb="INSERT OR REPLACE", **change)


def test_the_audit_chain_has_one_beginning_and_no_fork(store: Store) -> None:
    with store.write() as session:
        for number in (1, 2):
            record(
                session,
                factories.actor(),
                action="R",
                object_kind="x",
                object_id=number,
                purpose="suivi",
                now=NOW,
            )
    with store.read() as session:
        second = session.get_one(AuditEntry, 2)
    with refused(store, "audit_entry_one_first") as session:
        raw_sql.insert(session, second, id=3, prev_hash=None, hash="0" * 64)
    fork = "audit_entry_append_only" if store.is_sqlite else "audit_entry_prev_hash"
    with refused(store, fork) as session:
        raw_sql.insert(session, second, id=3, hash="0" * 64)
