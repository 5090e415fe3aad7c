"""Seven days of a practitioner's agenda as their own side sees it: the slots, who booked them, for whom."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, or_, select

from scheduler.accounts.actor import Actor, account_of_key, key_of_account
from scheduler.agenda.history import trace
from scheduler.agenda.leaves import zone_of
from scheduler.agenda.life import TAKEN_FOR_GOOD
from scheduler.agenda.reach import is_own
from scheduler.clock import local_day
from scheduler.directory import find_practitioner
from scheduler.rows import id_of
from scheduler.store.tables import (
    Account,
    Booking,
    BookingState,
    Leave,
    Modality,
    Patient,
    Practice,
    Practitioner,
    Slot,
    SlotSource,
    SlotState,
)
from scheduler.territory.communes import communes
from scheduler.territory.public_holidays import is_public_holiday

_TAKING = (*TAKEN_FOR_GOOD, BookingState.HELD)


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekBooking:
    """One place that is taken.

    Parameters
    ----------
    booker : str
        Who booked, by name; "" for a program or Relais itself.
    patient : str
        Who is expected, for the practitioner's own side only and where the booking says so; else "".
    is_extra : bool
        Granted en sus of the capacity.
    """

    id: UUID
    state: BookingState
    booker: str
    patient: str
    is_extra: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekSlot:
    """One slot; ``by_hand`` and ``series_id`` tell whether, and how, it can be closed here."""

    id: int
    start_at: datetime
    end_at: datetime
    modality: Modality
    commune: str
    state: SlotState
    closed_reason: str
    by_hand: bool
    series_id: int | None
    conflict: bool
    capacity: int
    free: int
    bookings: tuple[WeekBooking, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WeekDay:
    """One day of the week with what there is on it."""

    on: date
    slots: tuple[WeekSlot, ...]
    on_leave: bool
    is_holiday: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnWeek:
    """Seven days, from the one asked for on."""

    practitioner_id: int
    practitioner_name: str
    days: tuple[WeekDay, ...]

    @property
    def num_free(self) -> int:
        """Places nobody has."""
        return sum(slot.free for day in self.days for slot in day.slots)

    @property
    def num_booked(self) -> int:
        """Places taken."""
        return sum(len(slot.bookings) for day in self.days for slot in day.slots)


def own_week(
    session: Session, actor: Actor, practitioner_id: int, *, first_on: date, now: datetime
) -> OwnWeek:
    """Read one week; takes a write session, for each patient that is named leaves a trace.

    Raises
    ------
    NotFound
        When the practitioner is not one this person may manage.
    """
    practitioner = find_practitioner(session, actor, practitioner_id)
    zone = zone_of(session, practitioner_id)
    days = [first_on + timedelta(days=number) for number in range(7)]
    slots = _slots(session, practitioner_id, _midnight(days[0], zone), _midnight(days[-1], zone, 1))
    taken = _taken(session, actor, practitioner_id, [id_of(slot) for slot, _ in slots], now)
    by_day: dict[date, list[WeekSlot]] = defaultdict(list)
    for slot, insee in slots:
        bookings = tuple(
            WeekBooking(
                id=row.id, state=row.state, booker=who, patient=whom, is_extra=row.place > slot.capacity
            )
            for row, who, whom in taken[id_of(slot)]
        )
        if slot.state is SlotState.WITHDRAWN and not bookings:
            continue
        by_day[local_day(slot.start_at, zone)].append(_shown(slot, insee, bookings, now))
    leaves, insees = _leaves(session, practitioner_id), _communes_of(session, practitioner_id)
    return OwnWeek(
        practitioner_id=id_of(practitioner),
        practitioner_name=f"Dr {practitioner.given_name} {practitioner.family_name}",
        days=tuple(
            WeekDay(
                on=on,
                slots=tuple(by_day[on]),
                on_leave=any(leave.first_on <= on <= leave.last_on for leave in leaves),
                is_holiday=bool(insees) and all(is_public_holiday(insee, on) for insee in insees),
            )
            for on in days
        ),
    )


def managed_practitioners(session: Session, actor: Actor) -> list[tuple[int, str]]:
    """List whose agenda somebody may manage: their own, or all of the territory for the coordination."""
    query = select(Practitioner).where(col(Practitioner.territory_id) == actor.territory_id)
    if actor.practitioner_id is not None:
        query = query.where(col(Practitioner.id) == actor.practitioner_id)
    rows = session.exec(query.order_by(col(Practitioner.family_name), col(Practitioner.given_name)))
    return [(id_of(row), f"Dr {row.family_name} {row.given_name}") for row in rows]


def _slots(
    session: Session, practitioner_id: int, from_at: datetime, to_at: datetime
) -> list[tuple[Slot, str]]:
    query = (
        select(Slot, Practice.insee)
        .join(Practice, col(Practice.id) == col(Slot.practice_id))
        .where(
            col(Slot.practitioner_id) == practitioner_id,
            col(Slot.start_at) >= from_at,
            col(Slot.start_at) < to_at,
        )
        .order_by(col(Slot.start_at), col(Slot.id))
    )
    return list(session.exec(query).all())


def _taken(
    session: Session, actor: Actor, practitioner_id: int, slot_ids: list[int], now: datetime
) -> dict[int, list[tuple[Booking, str, str]]]:
    """Give the bookings of each slot with who booked, and for whom where that may be said."""
    by_slot: dict[int, list[tuple[Booking, str, str]]] = defaultdict(list)
    query = select(Booking).where(
        col(Booking.slot_id).in_(slot_ids),
        col(Booking.state).in_(_TAKING),
        or_(col(Booking.held_until).is_(None), col(Booking.held_until) > now),
    )
    rows = session.exec(query.order_by(col(Booking.place))).all()
    names = _names(session, {row.booked_by for row in rows})
    for row in rows:
        whom = _patient(session, actor, row, now) if is_own(actor, practitioner_id) else ""
        by_slot[row.slot_id].append((row, names.get(row.booked_by, ""), whom))
    return by_slot


def _names(session: Session, keys: set[str]) -> dict[str, str]:
    ids = [account_id for key in keys if (account_id := account_of_key(key)) is not None]
    people = session.exec(select(Account.id, Account.name).where(col(Account.id).in_(ids)))
    return {key_of_account(account_id): name for account_id, name in people}


def _patient(session: Session, actor: Actor, booking: Booking, now: datetime) -> str:
    if booking.patient_id is None:
        return ""
    trace(session, actor, "R", booking, now)
    patient = session.get_one(Patient, booking.patient_id)
    return f"{patient.family_name.upper()} {patient.given_name}"


def _shown(slot: Slot, insee: str, bookings: tuple[WeekBooking, ...], now: datetime) -> WeekSlot:
    ordinary = sum(not booking.is_extra for booking in bookings)
    is_open = slot.state is SlotState.OPEN and slot.start_at > now
    return WeekSlot(
        id=id_of(slot),
        start_at=slot.start_at,
        end_at=slot.end_at,
        modality=slot.modality,
        commune=communes().by_insee(insee).name,
        state=slot.state,
        closed_reason=slot.closed_reason or "",
        by_hand=slot.source is SlotSource.HAND,
        series_id=slot.series_id,
        conflict=slot.conflict is not None,
        capacity=slot.capacity,
        free=slot.capacity - ordinary if is_open else 0,
        bookings=bookings,
    )


def _leaves(session: Session, practitioner_id: int) -> list[Leave]:
    return list(session.exec(select(Leave).where(col(Leave.practitioner_id) == practitioner_id)))


def _communes_of(session: Session, practitioner_id: int) -> set[str]:
    return set(session.exec(select(Practice.insee).where(col(Practice.practitioner_id) == practitioner_id)))


def _midnight(on: date, zone: str, days: int = 0) -> datetime:
    return datetime.combine(on + timedelta(days=days), time(), ZoneInfo(zone))
