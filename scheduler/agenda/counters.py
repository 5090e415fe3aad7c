"""What the agenda did, in numbers: by practitioner, week and commune, for the indicators of the CPTS.

Counted from the rows themselves each time, nothing is added up twice. *Published*: the slot was open when it
began, or somebody booked it; one that a calendar took back before anybody wanted it was no offer. *Shown*:
some search listed it. *Hours opened to others*: the hours of all its places, less those the practitioner's
own side took for their patients.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from scheduler.accounts.actor import Actor
from scheduler.agenda.life import TAKEN_FOR_GOOD
from scheduler.clock import local_day
from scheduler.errors import InvalidInput
from scheduler.store.tables import (
    Account,
    ApiToken,
    Booking,
    BookingEvent,
    BookingState,
    Practice,
    Practitioner,
    Slot,
    SlotState,
    Territory,
)

LONGEST_DAYS = 366


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Numbers of slots, then of bookings, then of hours.

    Parameters
    ----------
    num_held : int
        Bookings that began as a hold, whatever became of them.
    num_booked : int
        Places taken for good: booked, honoured or missed.
    minutes_opened, minutes_to_others : int
        Minutes of all places of the published slots; of those not taken by the practitioner's own side.
    """

    num_published: int = 0
    num_shown: int = 0
    num_held: int = 0
    num_booked: int = 0
    num_honoured: int = 0
    num_no_show: int = 0
    num_cancelled: int = 0
    minutes_opened: int = 0
    minutes_to_others: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            **{one.name: getattr(self, one.name) + getattr(other, one.name) for one in fields(self)}
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CountLine:
    """The counts of one practitioner, in one commune, in one week.

    Parameters
    ----------
    week_on : date
        Its Monday, by the clock of the territory.
    """

    practitioner_id: int
    practitioner_name: str
    insee: str
    week_on: date
    counts: Counts


def count_slots(session: Session, actor: Actor, *, from_on: date, to_on: date) -> tuple[CountLine, ...]:
    """Count the slots of the territory that begin on some days, both included.

    Returns
    -------
    One line for each practitioner, commune and week with anything to count, in this order: week, name,
    commune.

    Raises
    ------
    InvalidInput
        When the days are in the wrong order, or more than a year.
    """
    if not 0 <= (to_on - from_on).days < LONGEST_DAYS:
        raise InvalidInput("to", "un dernier jour qui n'est pas avant le premier, dans l'année")
    zone = session.get_one(Territory, actor.territory_id).zone
    rows = session.exec(_slots(actor, from_on, to_on, zone)).all()
    bookings = _bookings(session, [row.id for row in rows])
    staff = _staff(session, {row.practitioner_id for row in rows})
    totals: dict[tuple[date, str, int, str], Counts] = defaultdict(Counts)
    for row in rows:
        day = local_day(row.start_at, zone)
        name = f"{row.family_name} {row.given_name}"
        key = (day - timedelta(days=day.weekday()), name, row.practitioner_id, row.insee)
        totals[key] += _of_slot(row, bookings.get(row.id, []), staff)
    return tuple(
        CountLine(
            practitioner_id=practitioner_id,
            practitioner_name=name,
            insee=insee,
            week_on=week_on,
            counts=totals[week_on, name, practitioner_id, insee],
        )
        for week_on, name, practitioner_id, insee in sorted(totals)
        if totals[week_on, name, practitioner_id, insee] != Counts()
    )


def _slots(actor: Actor, from_on: date, to_on: date, zone: str) -> Any:
    def midnight(on: date) -> datetime:
        return datetime.combine(on, time(), ZoneInfo(zone))

    return (
        select(  # type: ignore[call-overload]
            Slot.id,
            Slot.practitioner_id,
            Slot.start_at,
            Slot.end_at,
            Slot.capacity,
            Slot.state,
            Slot.first_shown_at,
            Practice.insee,
            Practitioner.family_name,
            Practitioner.given_name,
        )
        .join(Practitioner, col(Practitioner.id) == col(Slot.practitioner_id))
        .join(Practice, col(Practice.id) == col(Slot.practice_id))
        .where(
            col(Practitioner.territory_id) == actor.territory_id,
            col(Slot.start_at) >= midnight(from_on),
            col(Slot.start_at) < midnight(to_on + timedelta(days=1)),
        )
    )


def _bookings(session: Session, slot_ids: list[int]) -> Mapping[int, list[Any]]:
    """Give the bookings of each slot, each with whether it began as a hold."""
    held = (
        select(BookingEvent.id)
        .where(
            col(BookingEvent.booking_id) == col(Booking.id),
            col(BookingEvent.to_state) == BookingState.HELD,
        )
        .exists()
        .label("was_held")
    )
    by_slot: dict[int, list[Any]] = defaultdict(list)
    for start in range(0, len(slot_ids), 500):  # engines bound how many values a statement may carry
        some = col(Booking.slot_id).in_(slot_ids[start : start + 500])
        query = select(Booking.slot_id, Booking.state, Booking.booked_by, held).where(some)
        rows: Any = session.exec(query)
        for row in rows:
            by_slot[row.slot_id].append(row)
    return by_slot


def _staff(session: Session, practitioner_ids: set[int]) -> frozenset[tuple[str, int]]:
    """Give who acts for whom: the keys of the accounts of each practitioner's side, and of their programs."""
    of_theirs = col(Account.practitioner_id).in_(practitioner_ids)
    people = session.exec(select(Account.id, Account.practitioner_id).where(of_theirs))
    programs = session.exec(
        select(ApiToken.id, Account.practitioner_id)
        .join(Account, col(Account.id) == col(ApiToken.account_id))
        .where(of_theirs)
    )
    keys = [(f"account:{row_id}", who) for row_id, who in people]
    keys += [(f"token:{row_id}", who) for row_id, who in programs]
    return frozenset((key, who) for key, who in keys if who)


def _of_slot(row: Any, bookings: Iterable[Any], staff: frozenset[tuple[str, int]]) -> Counts:
    taken = [one for one in bookings if one.state in TAKEN_FOR_GOOD]
    is_published = row.state is SlotState.OPEN or bool(taken)
    minutes = int((row.end_at - row.start_at) / timedelta(minutes=1)) if is_published else 0
    num_own = sum((one.booked_by, row.practitioner_id) in staff for one in taken)
    opened = minutes * max(row.capacity, len(taken))
    return Counts(
        num_published=int(is_published),
        num_shown=int(is_published and row.first_shown_at is not None),
        num_held=sum(one.was_held for one in bookings),
        num_booked=len(taken),
        num_honoured=sum(one.state is BookingState.HONOURED for one in taken),
        num_no_show=sum(one.state is BookingState.NO_SHOW for one in taken),
        num_cancelled=sum(one.state is BookingState.CANCELLED for one in bookings),
        minutes_opened=opened,
        minutes_to_others=opened - minutes * num_own,
    )
