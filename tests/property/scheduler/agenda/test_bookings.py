"""Any order of bookings, cancellations, holds, closings and passing hours, beside a model in memory."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, invariant, rule
from sqlmodel import select

from scheduler.agenda.booking import book, cancel
from scheduler.agenda.search import SlotQuery, search
from scheduler.errors import NotFound, RelaisError, SlotNotOpen, SlotTaken, WrongState
from scheduler.store.tables import Booking, BookingEvent, BookingState, Practitioner, Role, Slot, SlotState
from tests import factories
from tests.factories import NOW
from tests.machines import StoreMachine


@dataclass
class ModelSlot:
    """What a slot should be: its places, who has them, until when they are only held."""

    capacity: int
    start_at: datetime
    is_open: bool = True
    taken: dict[int, tuple[UUID, datetime | None]] = field(default_factory=dict)

    def free(self, now: datetime) -> list[int]:
        active = {place for place, (_, until) in self.taken.items() if until is None or until > now}
        return [place for place in range(1, self.capacity + 1) if place not in active]


class Bookings(StoreMachine):
    """One GP's slots, a regulator who books and cancels, a signaller who may not."""

    slots = Bundle("slots")
    bookings = Bundle("bookings")

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.model: dict[int, ModelSlot] = {}
        self.states: dict[UUID, BookingState] = {}
        with self.store.write() as session:
            self.feed = factories.feed(session)
            here = session.get_one(Practitioner, self.feed.practitioner_id).territory_id
        self.regulator = factories.actor(Role.REGULATOR, territory_id=here, key="account:1")
        self.signaller = factories.actor(Role.SIGNALLER, territory_id=here, key="account:2")

    @rule(target=slots, capacity=st.integers(1, 3))
    def open_slot(self, capacity: int) -> int:
        start_at = NOW + timedelta(minutes=30 * (len(self.model) + 1))
        with self.store.write() as session:
            slot_id = factories.slot(session, feed=self.feed, capacity=capacity, start_at=start_at).id
        self.model[slot_id] = ModelSlot(capacity, start_at)
        return slot_id

    @rule(slot_id=slots, state=st.sampled_from([SlotState.OPEN, SlotState.CLOSED]))
    def close_or_open(self, slot_id: int, state: SlotState) -> None:
        with self.store.write() as session:
            session.get_one(Slot, slot_id).state = state
        self.model[slot_id].is_open = state is SlotState.OPEN

    @rule(minutes=st.integers(1, 20))
    def pass_time(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule(target=bookings, slot_id=slots)
    def take(self, slot_id: int) -> UUID | None:
        expected = self.expected_refusal(slot_id)
        made: list[Booking] = []
        refusal = self.refusal_of(
            lambda session: made.append(book(session, self.regulator, slot_id=slot_id, now=self.now))
        )
        assert (None if refusal is None else type(refusal)) is expected
        if refusal is not None:
            return None
        slot, booking = self.model[slot_id], made[0]
        assert booking.place == slot.free(self.now)[0]
        self.expire(slot)
        slot.taken[booking.place] = (booking.id, None)
        self.states[booking.id] = BookingState.BOOKED
        return booking.id

    def expected_refusal(self, slot_id: int) -> type[RelaisError] | None:
        slot = self.model[slot_id]
        if not slot.is_open or slot.start_at <= self.now:
            return SlotNotOpen
        return None if slot.free(self.now) else SlotTaken

    def expire(self, slot: ModelSlot) -> None:
        for place, (held, until) in list(slot.taken.items()):
            if until is not None and until <= self.now:
                self.states[held] = BookingState.EXPIRED
                del slot.taken[place]

    @rule(target=bookings, slot_id=slots, minutes=st.integers(1, 10))
    def hold(self, slot_id: int, minutes: int) -> UUID | None:
        """Holds have no use case yet; the rows are what one would write."""
        slot = self.model[slot_id]
        if not slot.is_open or not (free := slot.free(self.now)) or free[0] in slot.taken:
            return None
        until = self.now + timedelta(minutes=minutes)
        with self.store.write() as session:
            row = session.get_one(Slot, slot_id)
            held = factories.booking(
                session, slot=row, place=free[0], state=BookingState.HELD, held_until=until
            ).id
        slot.taken[free[0]] = (held, until)
        self.states[held] = BookingState.HELD
        return held

    @rule(booking_id=bookings)
    def give_back(self, booking_id: UUID | None) -> None:
        if booking_id is None:
            return
        active = self.states[booking_id] in {BookingState.BOOKED, BookingState.HELD}
        refusal = self.refusal_of(
            lambda session: cancel(session, self.regulator, booking_id=booking_id, now=self.now)
        )
        assert (refusal is None) == active
        if refusal is not None:
            assert isinstance(refusal, WrongState)
            return
        self.states[booking_id] = BookingState.CANCELLED
        for slot in self.model.values():
            slot.taken = {place: one for place, one in slot.taken.items() if one[0] != booking_id}

    @rule(slot_id=slots)
    def not_theirs(self, slot_id: int) -> None:
        refusal = self.refusal_of(
            lambda session: book(session, self.signaller, slot_id=slot_id, now=self.now)
        )
        assert isinstance(refusal, NotFound)

    @invariant()
    def the_store_agrees_with_the_model(self) -> None:
        with self.store.read() as session:
            rows = session.exec(select(Booking)).all()
            assert {row.id: row.state for row in rows} == self.states
            last = {event.booking_id: event for event in session.exec(select(BookingEvent).order_by("id"))}
            for row in rows:
                assert row.id not in last or last[row.id].to_state is row.state
            query = SlotQuery(insee="77445", from_at=self.now, to_at=self.now + timedelta(days=3), limit=200)
            shown = {slot.slot_id: slot.free_places for slot in search(
                session, self.regulator, query, now=self.now
            ).rows}  # fmt: skip
        assert shown == {
            slot_id: len(slot.free(self.now))
            for slot_id, slot in self.model.items()
            if self.expected_refusal(slot_id) is None
        }


Bookings.TestCase.settings = settings(max_examples=12, stateful_step_count=25, deadline=None)
TestBookings = Bookings.TestCase
