"""Slots that a person opens: one, or a range of every week. What each becomes is decided with all the others.

A slot is written closed, and ``rearrange`` opens it when nothing stands against it: a busy hour of any
calendar, a leave, a promised slot. An open slot of a calendar gives way to one opened by hand.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from scheduler.accounts.actor import Actor
from scheduler.agenda.arrange import Closed
from scheduler.agenda.conflicts import expected_bookings
from scheduler.agenda.errors import PeopleOnly, SlotInUse, SlotOverlap
from scheduler.agenda.leaves import add_leave, drop_leave, zone_of
from scheduler.agenda.places import lock_slots
from scheduler.agenda.reconcile import Reconciled, rearrange
from scheduler.agenda.weekly import Week, ranges_of
from scheduler.clock import local_day
from scheduler.directory import find_practice, find_practitioner
from scheduler.errors import InvalidInput, NotFound
from scheduler.rows import id_of
from scheduler.store.tables import (
    Leave,
    Modality,
    Practice,
    Slot,
    SlotSeries,
    SlotSeriesSkip,
    SlotSource,
    SlotState,
    Visibility,
)
from scheduler.store.violations import broken_invariant
from scheduler.territory.public_holidays import is_public_holiday

BY_HAND = "by_hand"
"""Why a slot is closed that a person closed: no calendar and no job opens it again."""

AHEAD = timedelta(days=35)
"""How far ahead the slots of a series are written; a job writes those of one more day, every day."""

MOST_CAPACITY = 50
_LONGEST = timedelta(hours=12)
_FARTHEST = timedelta(days=366)


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What every slot opened by hand says.

    Parameters
    ----------
    capacity : int
        Patients seen in it, 1 to 50.
    """

    practice_id: int
    modality: Modality = Modality.AMB
    visibility: Visibility = Visibility.SNP
    capacity: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.capacity <= MOST_CAPACITY:
            raise InvalidInput("capacity", f"un nombre de places de 1 à {MOST_CAPACITY}")


def open_slot(
    session: Session,
    actor: Actor,
    practitioner_id: int,
    given: Opening,
    *,
    start_at: datetime,
    end_at: datetime,
    now: datetime,
) -> Slot:
    """Open one slot.

    Raises
    ------
    NotFound
        When the practitioner or the practice is not one this person may manage.
    PeopleOnly
        When it is a machine: what a person opens carries who they are.
    InvalidInput
        When the times are past, in the wrong order, or too far.
    SlotOverlap
        When the practitioner is busy, on leave, or has another slot then.
    """
    _check_practice(session, actor, practitioner_id, given)
    creator = _person(actor)
    if not now < start_at < now + _FARTHEST:
        raise InvalidInput("start_at", "un début à venir, dans l'année")
    if not timedelta(0) < end_at - start_at <= _LONGEST:
        raise InvalidInput("end_at", "une fin après le début, dans les 12 heures")
    slot = _closed_slot(practitioner_id, given, creator, start_at, end_at, now)
    slot.key = f"hand:{creator}:{now.isoformat()}:{start_at.isoformat()}"[:200]
    session.add(slot)
    session.flush()
    rearrange(session, practitioner_id, now=now)
    if slot.state is not SlotState.OPEN:
        raise SlotOverlap(slot.closed_reason or "")
    return slot


def close_slot(session: Session, actor: Actor, slot_id: int, *, now: datetime) -> Slot:
    """Close a slot that was opened by hand; one that comes from a calendar is closed there.

    Raises
    ------
    NotFound
        When it is not a slot by hand that this person may manage.
    SlotInUse
        When somebody is expected: move or cancel them first.
    """
    lock_slots(session, {slot_id})
    slot = session.get(Slot, slot_id, populate_existing=True)
    if slot is None or slot.source is not SlotSource.HAND:
        raise NotFound("slot")
    try:
        find_practitioner(session, actor, slot.practitioner_id)
    except NotFound:
        raise NotFound("slot") from None
    if expected_bookings(session, slot_id, now):
        raise SlotInUse
    slot.state, slot.closed_reason, slot.updated_at = SlotState.CLOSED, BY_HAND, now
    session.add(slot)
    session.flush()
    rearrange(session, slot.practitioner_id, now=now)  # another slot may have been waiting for the hour
    return slot


def open_series(
    session: Session, actor: Actor, practitioner_id: int, given: Opening, week: Week, *, now: datetime
) -> SlotSeries:
    """Open a range of every week, cut into slots, and write those of the coming days.

    Public holidays of the practice's commune are left out unless the series says otherwise. A slot that
    something stands against is written closed, and opens when that goes away.

    Raises
    ------
    NotFound, PeopleOnly
        As ``open_slot``.
    InvalidInput
        When the week makes no sense.
    """
    _check_practice(session, actor, practitioner_id, given)
    creator = _person(actor)
    series = SlotSeries(
        practitioner_id=practitioner_id,
        practice_id=given.practice_id,
        weekdays=sorted(week.weekdays),
        start_minute=week.start_minute,
        end_minute=week.end_minute,
        slot_minutes=week.slot_minutes,
        first_on=week.first_on,
        last_on=week.last_on,
        on_holidays=week.on_holidays,
        modality=given.modality,
        visibility=given.visibility,
        capacity=given.capacity,
        created_by=creator,
        created_at=now,
    )
    session.add(series)
    session.flush()
    grow(session, series, now=now)
    return series


def list_series(session: Session, actor: Actor, practitioner_id: int) -> tuple[SlotSeries, ...]:
    """List the series of a practitioner; raises ``NotFound`` as ``open_slot``."""
    find_practitioner(session, actor, practitioner_id)
    query = select(SlotSeries).where(col(SlotSeries.practitioner_id) == practitioner_id)
    return tuple(session.exec(query.order_by(col(SlotSeries.id))))


def skip_day(session: Session, actor: Actor, series_id: int, on: date, *, now: datetime) -> SlotSeries:
    """Open nothing of a series on one day.

    Raises
    ------
    NotFound
        When it is not one this person may manage.
    SlotInUse
        When somebody is expected that day.
    """
    series = _own_series(session, actor, series_id)
    session.merge(SlotSeriesSkip(series_id=series_id, skipped_on=on))
    _close_all(session, series, lambda day: day == on, now)
    return series


def end_series(session: Session, actor: Actor, series_id: int, last_on: date, *, now: datetime) -> SlotSeries:
    """Let a series end after a day; raises as ``skip_day``, and ``InvalidInput`` before its first day."""
    series = _own_series(session, actor, series_id)
    if last_on < series.first_on:
        raise InvalidInput("last_on", "un dernier jour qui n'est pas avant le premier")
    series.last_on = last_on
    session.add(series)
    _close_all(session, series, lambda day: day > last_on, now)
    return series


def grow(session: Session, series: SlotSeries, *, now: datetime) -> int:
    """Write the slots of a series that are not written yet, up to five weeks ahead; gives their number."""
    zone = zone_of(session, series.practitioner_id)
    today = local_day(now, zone)
    practice = session.get_one(Practice, series.practice_id)
    written = set(session.exec(select(Slot.key).where(col(Slot.series_id) == series.id)))
    given = Opening(
        practice_id=series.practice_id,
        modality=series.modality,
        visibility=series.visibility,
        capacity=series.capacity,
    )
    new = []
    for day in _days(session, series, practice.insee, today):
        for start_at, end_at in ranges_of(_week(series), day, zone):
            key = f"{day.isoformat()} {start_at:%H%M}Z"
            if start_at > now and key not in written:
                slot = _closed_slot(series.practitioner_id, given, series.created_by, start_at, end_at, now)
                slot.series_id, slot.key = series.id, key
                new.append(slot)
    _write(session, new)
    if new:
        rearrange(session, series.practitioner_id, now=now)
    return len(new)


def grow_all(session: Session, *, now: datetime) -> int:
    """Write the coming slots of every series that goes on; gives their number."""
    yesterday = (now - timedelta(days=1)).date()
    going_on = (col(SlotSeries.last_on).is_(None)) | (col(SlotSeries.last_on) >= yesterday)
    in_order = select(SlotSeries).where(going_on)
    in_order = in_order.order_by(col(SlotSeries.practitioner_id), col(SlotSeries.id))
    return sum(grow(session, series, now=now) for series in session.exec(in_order).all())


def take_leave(
    session: Session, actor: Actor, practitioner_id: int, *, first_on: date, last_on: date, now: datetime
) -> tuple[Leave, Reconciled]:
    """Close every slot of some days; what is booked in them becomes conflicts for people to settle.

    Raises
    ------
    NotFound, InvalidInput
        As ``leaves.add_leave``.
    """
    leave = add_leave(session, actor, practitioner_id, first_on=first_on, last_on=last_on, now=now)
    return leave, rearrange(session, practitioner_id, now=now)


def end_leave(session: Session, actor: Actor, leave_id: int, *, now: datetime) -> Reconciled:
    """Take a leave back: what it closed opens again, unless something else stands against it."""
    return rearrange(session, drop_leave(session, actor, leave_id), now=now)


def _days(session: Session, series: SlotSeries, insee: str, today: date) -> Iterable[date]:
    skips = set(
        session.exec(select(col(SlotSeriesSkip.skipped_on)).where(col(SlotSeriesSkip.series_id) == series.id))
    )
    for number in range(AHEAD.days + 1):
        day = today + timedelta(days=number)
        closed = not series.on_holidays and is_public_holiday(insee, day)
        if day not in skips and not closed:
            yield day


def _week(series: SlotSeries) -> Week:
    return Week(
        weekdays=frozenset(series.weekdays),
        start_minute=series.start_minute,
        end_minute=series.end_minute,
        slot_minutes=series.slot_minutes,
        first_on=series.first_on,
        last_on=series.last_on,
        on_holidays=series.on_holidays,
    )


def _write(session: Session, slots: Sequence[Slot]) -> None:
    """Write slots; where another job was quicker, its rows stay."""
    for slot in slots:
        try:
            with session.begin_nested():
                session.add(slot)
        except IntegrityError as error:
            if broken_invariant(error) != "slot_series_key":
                raise


def _close_all(session: Session, series: SlotSeries, gone: Callable[[date], bool], now: datetime) -> None:
    zone = zone_of(session, series.practitioner_id)
    query = select(Slot).where(col(Slot.series_id) == series.id, col(Slot.start_at) > now)
    slots = [slot for slot in session.exec(query) if gone(local_day(slot.start_at, zone))]
    lock_slots(session, (id_of(slot) for slot in slots))
    for slot in slots:
        if expected_bookings(session, id_of(slot), now):
            raise SlotInUse
        slot.state, slot.closed_reason, slot.updated_at = SlotState.CLOSED, BY_HAND, now
        session.add(slot)
    session.flush()
    rearrange(session, series.practitioner_id, now=now)


def _own_series(session: Session, actor: Actor, series_id: int) -> SlotSeries:
    series = session.get(SlotSeries, series_id, with_for_update=True)
    if series is None:
        raise NotFound("slot_series")
    try:
        find_practitioner(session, actor, series.practitioner_id)
    except NotFound:
        raise NotFound("slot_series") from None
    return series


def _person(actor: Actor) -> UUID:
    if actor.account_id is None:
        raise PeopleOnly
    return actor.account_id


def _check_practice(session: Session, actor: Actor, practitioner_id: int, given: Opening) -> None:
    find_practice(session, find_practitioner(session, actor, practitioner_id), given.practice_id)


def _closed_slot(
    practitioner_id: int, given: Opening, creator: UUID, start_at: datetime, end_at: datetime, now: datetime
) -> Slot:
    """Make a slot that ``rearrange`` may open."""
    return Slot(
        practitioner_id=practitioner_id,
        practice_id=given.practice_id,
        source=SlotSource.HAND,
        created_by=creator,
        key="",
        start_at=start_at,
        end_at=end_at,
        modality=given.modality,
        visibility=given.visibility,
        capacity=given.capacity,
        state=SlotState.CLOSED,
        closed_reason=Closed.OVERLAP.value,
        seen_at=now,
        updated_at=now,
    )
