"""Finding a slot for somebody, as the national SAS platform does: wider and wider, the usual doctor first.

The search widens until five practitioners are found; results come by stretches of delay. Within a stretch
the nearer come first by steps of ten minutes of travel, then those to whom fewest patients were sent this
week: that is an order only, it hides nobody.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import func
from sqlmodel import Session, col, select

from scheduler.accounts.actor import Actor
from scheduler.agenda.life import TAKEN_FOR_GOOD
from scheduler.agenda.scarcity import wanted_by_others
from scheduler.agenda.search import FARTHEST_KM, MOST_READ, FoundSlot, SlotQuery, search
from scheduler.store.tables import Booking, Slot
from scheduler.territory.travel import TravelTimes

RADII_KM = (10.0, 15.0, 25.0)
ENOUGH_PRACTITIONERS = 5
DELAYS_H: tuple[tuple[int, int | None], ...] = ((0, 4), (4, 8), (8, 12), (12, 24), (24, 48), (48, None))
"""Stretches of delay in hours from now, as on the national platform; the last one has no end."""

MOST_PER_DELAY = 40
COMPARABLE_TRAVEL_MIN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class DelayGroup:
    """The slots that start within one stretch of delay, the one to propose first first.

    Parameters
    ----------
    from_h, to_h : int, int or None
        Hours from now; the end is not included, None = no end.
    num_more : int
        Slots of the stretch that are not listed: never the first one of a practitioner, as long as fewer
        than forty have one.
    """

    from_h: int
    to_h: int | None
    slots: tuple[FoundSlot, ...]
    num_more: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What a search gave.

    Parameters
    ----------
    usual : tuple of FoundSlot
        Slots of the patient's own doctor, however far, the earliest first.
    groups : tuple of DelayGroup
        Everybody else's, by delay; empty stretches are left out.
    max_km : float
        How far around it had to look.
    is_cut : bool
        There were more slots in reach than a search reads: only the earliest were looked at.
    """

    usual: tuple[FoundSlot, ...]
    groups: tuple[DelayGroup, ...]
    max_km: float
    is_cut: bool

    @property
    def slots(self) -> tuple[FoundSlot, ...]:
        """All that is listed, in the order of the list."""
        return (*self.usual, *(slot for group in self.groups for slot in group.slots))


def find(
    session: Session,
    actor: Actor,
    wanted: SlotQuery,
    *,
    usual_practitioner_id: int | None = None,
    now: datetime,
    travel: TravelTimes | None = None,
) -> Findings:
    """Find slots for somebody.

    Parameters
    ----------
    wanted
        Where, when and how; its distance, limit and page are not used. Without a modality the person can
        travel: a slot that others need more is then listed after those nobody waits for (``scarcity``).
    usual_practitioner_id
        The patient's own doctor.

    Raises
    ------
    InvalidInput
        When the place is missing or unknown.
    """
    own = _usual(session, actor, wanted, usual_practitioner_id, now, travel)
    query = replace(wanted, max_km=RADII_KM[-1], limit=MOST_READ, after=None)
    listed = search(session, actor, query, now=now, travel=travel)
    others = [slot for slot in listed.rows if slot.practitioner_id != usual_practitioner_id]
    max_km = _radius(others)
    near = [slot for slot in others if slot.distance_m <= max_km * 1000]
    rank = _Rank(
        num_booked=_booked_this_week(session, {slot.practitioner_id for slot in near}, now),
        needed=wanted_by_others(session, actor, near, now) if wanted.modality is None else frozenset(),
    )
    return Findings(usual=own, groups=tuple(_groups(near, rank, now)), max_km=max_km, is_cut=listed.more)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rank:
    """What the order within a stretch depends on, besides the slots."""

    num_booked: Mapping[int, int]
    needed: frozenset[int]

    def of(self, slot: FoundSlot) -> tuple[object, ...]:
        return (
            slot.slot_id in self.needed,
            slot.travel_min // COMPARABLE_TRAVEL_MIN,
            self.num_booked.get(slot.practitioner_id, 0),
            slot.key,
        )


def _usual(
    session: Session,
    actor: Actor,
    wanted: SlotQuery,
    practitioner_id: int | None,
    now: datetime,
    travel: TravelTimes | None,
) -> tuple[FoundSlot, ...]:
    if practitioner_id is None:
        return ()
    query = replace(wanted, practitioner_id=practitioner_id, max_km=FARTHEST_KM, limit=MOST_READ, after=None)
    return search(session, actor, query, now=now, travel=travel).rows


def _radius(slots: Sequence[FoundSlot]) -> float:
    """Give the smallest radius with five practitioners, else the largest."""
    for max_km in RADII_KM:
        near = {slot.practitioner_id for slot in slots if slot.distance_m <= max_km * 1000}
        if len(near) >= ENOUGH_PRACTITIONERS:
            return max_km
    return RADII_KM[-1]


def _groups(slots: Iterable[FoundSlot], rank: _Rank, now: datetime) -> Iterable[DelayGroup]:
    by_delay: dict[int, list[FoundSlot]] = {}
    for slot in slots:
        hours = (slot.start_at - now) / timedelta(hours=1)
        index = next(i for i, (_, to_h) in enumerate(DELAYS_H) if to_h is None or hours < to_h)
        by_delay.setdefault(index, []).append(slot)
    for index in sorted(by_delay):
        from_h, to_h = DELAYS_H[index]
        ranked = sorted(by_delay[index], key=rank.of)
        kept = sorted(_first_of_each_first(ranked)[:MOST_PER_DELAY], key=rank.of)
        yield DelayGroup(from_h=from_h, to_h=to_h, slots=tuple(kept), num_more=len(ranked) - len(kept))


def _first_of_each_first(ranked: Sequence[FoundSlot]) -> list[FoundSlot]:
    """Put the best slot of each practitioner before anybody's second one."""
    seen: set[int] = set()
    firsts: list[FoundSlot] = []
    others: list[FoundSlot] = []
    for slot in ranked:
        (others if slot.practitioner_id in seen else firsts).append(slot)
        seen.add(slot.practitioner_id)
    return firsts + others


def _booked_this_week(session: Session, practitioner_ids: set[int], now: datetime) -> dict[int, int]:
    """Count the patients sent to each practitioner in the seven days around now."""
    around = (col(Slot.start_at) > now - timedelta(days=7)) & (col(Slot.start_at) < now + timedelta(days=7))
    query = (
        select(Slot.practitioner_id, func.count())
        .join(Booking, col(Booking.slot_id) == col(Slot.id))
        .where(
            col(Slot.practitioner_id).in_(practitioner_ids), around, col(Booking.state).in_(TAKEN_FOR_GOOD)
        )
        .group_by(col(Slot.practitioner_id))
    )
    return dict(session.exec(query).all())
