"""Any history of holds, bookings, moves, endings, closings and passing minutes, beside a model in memory."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, invariant, rule, run_state_machine_as_test
from sqlmodel import Session, col, select

from scheduler.agenda.booking import book, book_extra, confirm, hold
from scheduler.agenda.by_hand import end_leave, take_leave
from scheduler.agenda.conflicts import open_conflict
from scheduler.agenda.ending import CancelReason, cancel, expire_holds, honour, miss, move
from scheduler.agenda.errors import HoldOver, NotYetBegun, PlacesLeft, ReasonNeeded
from scheduler.agenda.life import HELD_FOR, MOVES, state_at
from scheduler.agenda.rules import Wishes, set_rules
from scheduler.agenda.search import search
from scheduler.agenda.settling import Settle, settle
from scheduler.agenda.slot_query import SlotQuery
from scheduler.errors import InvalidInput, NotFound, RelaisError, SlotNotOpen, SlotTaken, WrongState
from scheduler.store.engine import Store
from scheduler.store.tables import (
    AuditEntry,
    Booking,
    BookingEvent,
    BookingState,
    Practitioner,
    Role,
    Slot,
    SlotConflict,
    SlotState,
)
from tests import factories
from tests.factories import NOW
from tests.machines import StoreMachine

S = BookingState
TAKING = (S.HELD, S.BOOKED, S.HONOURED, S.NO_SHOW)
ALLOWED = {(before, after.leads_to) for after in MOVES.values() for before in after.starts} | {
    (None, S.HELD),
    (None, S.BOOKED),
}


@dataclass
class ModelSlot:
    capacity: int
    start_at: datetime
    is_open: bool = True
    in_conflict: bool = False


@dataclass
class ModelBooking:
    slot_id: int
    place: int
    state: BookingState
    until: datetime | None = None
    with_patient: bool = False


@dataclass
class Model:
    """What the agenda should be."""

    now: datetime = NOW
    cancel_hours: int = 0
    leave_id: int | None = None
    slots: dict[int, ModelSlot] = field(default_factory=dict)
    bookings: dict[UUID, ModelBooking] = field(default_factory=dict)

    def state(self, booking_id: UUID) -> BookingState:
        booking = self.bookings[booking_id]
        over = booking.state is S.HELD and booking.until is not None and booking.until <= self.now
        return S.EXPIRED if over else booking.state

    def taken(self, slot_id: int) -> set[int]:
        return {
            booking.place
            for key, booking in self.bookings.items()
            if booking.slot_id == slot_id and self.state(key) in TAKING
        }

    def free(self, slot_id: int) -> list[int]:
        places = range(1, self.slots[slot_id].capacity + 1)
        return [place for place in places if place not in self.taken(slot_id)]

    def closed(self, slot_id: int) -> bool:
        return not self.slots[slot_id].is_open or self.slots[slot_id].start_at <= self.now

    def refusal_to_book(self, slot_id: int) -> type[RelaisError] | None:
        if self.closed(slot_id):
            return SlotNotOpen
        return None if self.free(slot_id) else SlotTaken

    def expected(self, slot_id: int) -> list[UUID]:
        return [
            key
            for key, booking in self.bookings.items()
            if booking.slot_id == slot_id and self.state(key) in {S.HELD, S.BOOKED}
        ]

    def lapse(self) -> None:
        """A conflict about a time at which nobody is expected any more is nobody's work."""
        for slot_id, slot in self.slots.items():
            slot.in_conflict = slot.in_conflict and bool(self.expected(slot_id))

    def is_late(self, booking_id: UUID) -> bool:
        start_at = self.slots[self.bookings[booking_id].slot_id].start_at
        return self.now > start_at - timedelta(hours=self.cancel_hours)


class Bookings(StoreMachine):
    """One GP's slots; a regulator holds, books, moves and cancels; the GP notes who came."""

    slots = Bundle("slots")
    bookings = Bundle("bookings")

    def __init__(self, shared: Store | None = None) -> None:
        super().__init__(shared)
        self.model = Model()
        with self.store.write() as session:
            self.feed = factories.feed(session)
            here = session.get_one(Practitioner, self.feed.practitioner_id).territory_id
            self.patient_id = factories.referral(session, territory_id=here).patient_id
        self.regulator = factories.actor(Role.REGULATOR, territory_id=here, key=f"account:{UUID(int=1)}")
        self.signaller = factories.actor(Role.SIGNALLER, territory_id=here, key=f"account:{UUID(int=2)}")
        self.doctor = factories.actor(
            Role.GP,
            territory_id=here,
            key=f"account:{UUID(int=3)}",
            practitioner_id=self.feed.practitioner_id,
        )

    def tried(self, act: Callable[[Session], object], expected: type[RelaisError] | None) -> Booking | None:
        """Do something, hold its outcome to the model, and give the booking it made or changed."""
        made: list[Booking] = []
        refusal = self.refusal_of(lambda session: made.append(act(session)))  # type: ignore[arg-type]
        assert (None if refusal is None else type(refusal)) is expected
        return None if refusal is not None else made[0]

    @rule(target=slots, capacity=st.integers(1, 3))
    def open_slot(self, capacity: int) -> int:
        start_at = NOW + timedelta(minutes=20 * (len(self.model.slots) + 1))
        with self.store.write() as session:
            slot_id = factories.slot(session, feed=self.feed, capacity=capacity, start_at=start_at).id
        self.model.slots[slot_id] = ModelSlot(capacity, start_at)
        return slot_id

    @rule(slot_id=slots, state=st.sampled_from([SlotState.OPEN, SlotState.CLOSED]))
    def close_or_open(self, slot_id: int, state: SlotState) -> None:
        if self.model.slots[slot_id].in_conflict:
            return  # what its calendar closed, only its calendar opens
        with self.store.write() as session:
            session.get_one(Slot, slot_id).state = state
        self.model.slots[slot_id].is_open = state is SlotState.OPEN

    @rule(minutes=st.sampled_from([1, 4, 5, 15]))
    def pass_time(self, minutes: int) -> None:
        self.model.now += timedelta(minutes=minutes)

    @rule(hours=st.integers(0, 1))
    def change_the_limit(self, hours: int) -> None:
        with self.store.write() as session:
            set_rules(
                session,
                self.doctor,
                self.feed.practitioner_id,
                Wishes(cancel_hours=hours),
                now=self.model.now,
            )
        self.model.cancel_hours = hours

    @rule()
    def sweep(self) -> None:
        """The job writes down what the clock says already."""
        with self.store.write() as session:
            expire_holds(session, now=self.model.now)
        self.model.lapse()

    @rule()
    def go_away_or_come_back(self) -> None:
        """A leave closes every slot to come; where somebody is expected, it becomes a person's work."""
        model, who, day = self.model, self.feed.practitioner_id, NOW.date()
        leaving = model.leave_id is None
        with self.store.write() as session:
            if leaving:
                leave, _ = take_leave(session, self.doctor, who, first_on=day, last_on=day, now=model.now)
                model.leave_id = leave.id
            else:
                end_leave(session, self.doctor, model.leave_id or 0, now=model.now)
                model.leave_id = None
        for slot_id, slot in model.slots.items():
            if slot.start_at > model.now:
                slot.is_open = not leaving
                slot.in_conflict = leaving and bool(model.expected(slot_id))

    @rule(slot_id=slots, how=st.sampled_from([Settle.KEEP, Settle.CANCEL]))
    def settle_conflict(self, slot_id: int, how: Settle) -> None:
        model = self.model
        if not model.slots[slot_id].in_conflict:
            return
        with self.store.write() as session:
            conflict = open_conflict(session, slot_id)
            assert conflict is not None
            settle(session, self.regulator, conflict_id=conflict.id or 0, how=how, now=model.now)
        if how is Settle.CANCEL:
            for key in model.expected(slot_id):
                model.bookings[key].state, model.bookings[key].until = S.CANCELLED, None
        model.slots[slot_id].in_conflict = False

    @rule(target=bookings, slot_id=slots, held=st.booleans(), with_patient=st.booleans())
    def take(self, slot_id: int, held: bool, with_patient: bool) -> UUID | None:
        model, patient_id = self.model, self.patient_id if with_patient else None
        use_case = hold if held else book
        booking = self.tried(
            lambda session: use_case(
                session, self.regulator, slot_id=slot_id, patient_id=patient_id, now=model.now
            ),
            model.refusal_to_book(slot_id),
        )
        if booking is None:
            return None
        assert booking.place == model.free(slot_id)[0]
        until = model.now + HELD_FOR if held else None
        state = S.HELD if held else S.BOOKED
        model.bookings[booking.id] = ModelBooking(slot_id, booking.place, state, until, with_patient)
        return booking.id

    @rule(target=bookings, slot_id=slots)
    def grant_en_sus(self, slot_id: int) -> UUID | None:
        model = self.model
        full = PlacesLeft if model.free(slot_id) else None
        booking = self.tried(
            lambda session: book_extra(session, self.doctor, slot_id=slot_id, now=model.now),
            SlotNotOpen if model.closed(slot_id) else full,
        )
        if booking is None:
            return None
        assert booking.place > model.slots[slot_id].capacity
        assert booking.place not in model.taken(slot_id)
        model.bookings[booking.id] = ModelBooking(slot_id, booking.place, S.BOOKED)
        return booking.id

    @rule(booking_id=bookings, by_holder=st.booleans())
    def confirm(self, booking_id: UUID | None, by_holder: bool) -> None:
        if booking_id is None:
            return
        model, booking = self.model, self.model.bookings[booking_id]
        who = self.regulator if by_holder else self.doctor
        held_by = {True: self.regulator, False: self.doctor}[booking.place <= self.capacity(booking)]
        expected: type[RelaisError] | None = None
        if who is not held_by:
            expected = NotFound
        elif model.state(booking_id) is S.EXPIRED:
            expected = HoldOver
        elif booking.state is not S.HELD:
            expected = WrongState
        elif model.closed(booking.slot_id):
            expected = SlotNotOpen
        if self.tried(lambda session: confirm(session, who, booking_id=booking_id, now=model.now), expected):
            booking.state, booking.until = S.BOOKED, None

    def capacity(self, booking: ModelBooking) -> int:
        return self.model.slots[booking.slot_id].capacity

    @rule(booking_id=bookings, reason=st.sampled_from([None, CancelReason.MISTAKE]))
    def give_back(self, booking_id: UUID | None, reason: CancelReason | None) -> None:
        if booking_id is None:
            return
        model = self.model
        if self.tried(
            lambda session: cancel(
                session, self.regulator, booking_id=booking_id, reason=reason, now=model.now
            ),
            self.refusal_to_end(booking_id, {S.HELD, S.BOOKED}, reason),
        ):
            model.bookings[booking_id].state, model.bookings[booking_id].until = S.CANCELLED, None
            self.lapse_of(booking_id)

    def lapse_of(self, booking_id: UUID) -> None:
        slot_id = self.model.bookings[booking_id].slot_id
        if not self.model.expected(slot_id):
            self.model.slots[slot_id].in_conflict = False

    def refusal_to_end(
        self, booking_id: UUID, starts: set[BookingState], reason: CancelReason | None
    ) -> type[RelaisError] | None:
        booking = self.model.bookings[booking_id]
        if self.model.state(booking_id) is S.EXPIRED and S.HELD in starts:
            return HoldOver
        if booking.state not in starts:
            return WrongState
        late = booking.state is S.BOOKED and self.model.is_late(booking_id)
        return ReasonNeeded if late and reason is None else None

    @rule(
        target=bookings,
        booking_id=bookings,
        slot_id=slots,
        reason=st.sampled_from([None, CancelReason.MISTAKE]),
    )
    def move(self, booking_id: UUID | None, slot_id: int, reason: CancelReason | None) -> UUID | None:
        if booking_id is None:
            return None
        model, before = self.model, self.model.bookings[booking_id]
        expected = InvalidInput if before.slot_id == slot_id else None
        expected = expected or self.refusal_to_end(booking_id, {S.BOOKED}, reason)
        expected = expected or model.refusal_to_book(slot_id)
        place = (model.free(slot_id) or [0])[0]
        booking = self.tried(
            lambda session: move(
                session,
                self.regulator,
                booking_id=booking_id,
                to_slot_id=slot_id,
                reason=reason,
                now=model.now,
            ),
            expected,
        )
        if booking is None:
            return None
        assert (booking.place, booking.moved_from) == (place, booking_id)
        before.state = S.MOVED
        self.lapse_of(booking_id)
        model.bookings[booking.id] = ModelBooking(
            slot_id, booking.place, S.BOOKED, with_patient=before.with_patient
        )
        return booking.id

    @rule(booking_id=bookings, came=st.booleans())
    def attend(self, booking_id: UUID | None, came: bool) -> None:
        if booking_id is None:
            return
        model, booking = self.model, self.model.bookings[booking_id]
        leads_to, other = (S.HONOURED, S.NO_SHOW) if came else (S.NO_SHOW, S.HONOURED)
        use_case = honour if came else miss
        expected: type[RelaisError] | None = None
        if booking.state not in {S.BOOKED, other}:
            expected = WrongState
        elif model.slots[booking.slot_id].start_at > model.now:
            expected = NotYetBegun
        if self.tried(
            lambda session: use_case(session, self.doctor, booking_id=booking_id, now=model.now), expected
        ):
            booking.state = leads_to
            self.lapse_of(booking_id)

    @rule(slot_id=slots)
    def not_theirs(self, slot_id: int) -> None:
        for use_case in (book, hold):
            refusal = self.refusal_of(
                lambda session, act=use_case: act(
                    session, self.signaller, slot_id=slot_id, now=self.model.now
                )
            )
            assert isinstance(refusal, NotFound)

    @invariant()
    def the_store_agrees_with_the_model(self) -> None:
        model = self.model
        with self.store.read() as session:
            rows = session.exec(select(Booking).where(col(Booking.slot_id).in_(list(model.slots)))).all()
            shown = search(session, self.regulator, self.everything(), now=model.now).rows
            self.check_history(session, rows)
            troubled = session.exec(
                select(SlotConflict.slot_id).where(
                    col(SlotConflict.slot_id).in_(list(model.slots)), col(SlotConflict.resolved_at).is_(None)
                )
            ).all()
        assert set(troubled) == {key for key, slot in model.slots.items() if slot.in_conflict}
        assert {row.id: state_at(row.state, row.held_until, model.now) for row in rows} == {
            key: model.state(key) for key in model.bookings
        }
        active = [(row.slot_id, row.place) for row in rows if row.state in TAKING]
        assert len(active) == len(set(active))
        assert {slot.slot_id: slot.free_places for slot in shown} == {
            slot_id: len(model.free(slot_id))
            for slot_id in model.slots
            if model.refusal_to_book(slot_id) is None
        }

    def everything(self) -> SlotQuery:
        now = self.model.now
        return SlotQuery(insee="77445", from_at=now, to_at=now + timedelta(days=2), limit=200)

    def check_history(self, session: Session, rows: list[Booking]) -> None:
        """Every step is a known one, follows the one before, and names the access to a patient's file."""
        query = select(BookingEvent).where(col(BookingEvent.booking_id).in_([row.id for row in rows]))
        events = session.exec(query.order_by(col(BookingEvent.id))).all()
        with_patient = {row.id for row in rows if row.patient_id is not None}
        for row in rows:
            own = [event for event in events if event.booking_id == row.id]
            assert own[0].from_state is None
            assert own[-1].to_state is row.state
            assert all(before.to_state is after.from_state for before, after in pairwise(own))
        steps = [event for event in events if "conflict" not in event.detail]  # told of, nothing was done
        assert {(event.from_state, event.to_state) for event in steps} <= ALLOWED
        traced = session.exec(
            select(AuditEntry.id).where(
                col(AuditEntry.object_kind) == "booking",
                col(AuditEntry.object_id).in_([str(row.id) for row in rows]),
            )
        ).all()
        assert len(traced) == sum(event.booking_id in with_patient for event in steps)


def run(machine: Callable[[], Bookings], num_histories: int, num_steps: int) -> None:
    how = settings(max_examples=num_histories, stateful_step_count=num_steps, deadline=None)
    run_state_machine_as_test(machine, settings=how)  # type: ignore[no-untyped-call]


def test_any_history_on_sqlite() -> None:
    run(Bookings, 10, 30)


def test_shorter_histories_on_postgresql(postgresql_store: Store) -> None:
    run(lambda: Bookings(postgresql_store), 5, 20)
