"""Finding a slot for somebody, as the national SAS platform does: wider and wider, the usual doctor first.

The search starts nearby and widens until five practitioners are found; who is seen by video or telephone is
found at any distance. Results come by stretches of delay.
Within a stretch the nearer come first by steps of ten minutes of travel, then those to whom fewest patients
were sent this week: that is an order only, it hides nobody.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import func, literal_column
from sqlmodel import Session, col, select

from scheduler.accounts.actor import Actor
from scheduler.agenda.candidates import Candidate, candidates
from scheduler.agenda.scarcity import wanted_by_others
from scheduler.agenda.search import FoundSlot, details, search
from scheduler.agenda.slot_query import FARTHEST_KM, MOST_READ, SlotQuery
from scheduler.agenda.surgeries import surgeries_around
from scheduler.listing import Listed
from scheduler.store.tables import Booking, Modality, Slot
from scheduler.store.tables.agenda import TAKEN

RADII_KM = (10.0, 15.0, 25.0)
ENOUGH_PRACTITIONERS = 5
DELAYS_H: tuple[tuple[int, int | None], ...] = ((0, 4), (4, 8), (8, 12), (12, 24), (24, 48), (48, None))
"""Stretches of delay in hours from now, as on the national platform; the last one has no end."""

MOST_PER_DELAY = 40
_HOUR = timedelta(hours=1)
COMPARABLE_TRAVEL_MIN = 10
MOST_COMPARED = 2 * MOST_PER_DELAY
"""Practitioners of one stretch whose patients of the week are counted: the nearest and earliest, where a
city has hundreds within ten minutes."""


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
        How far around it had to look for those seen in person; 0 where only video was asked for.
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
    own = _usual(session, actor, wanted, usual_practitioner_id, now)
    max_km, listed = _near(session, actor, wanted, usual_practitioner_id, now)
    needed = wanted_by_others(session, actor, listed.rows, now) if wanted.modality is None else frozenset()
    chosen = _by_delay(session, listed.rows, needed, now)
    shown = details(session, [one for stretch in chosen for one in stretch.slots], now=now)
    groups = (
        DelayGroup(
            from_h=stretch.from_h,
            to_h=stretch.to_h,
            slots=tuple(shown[one.slot_id] for one in stretch.slots),
            num_more=stretch.num_more,
        )
        for stretch in chosen
    )
    return Findings(usual=own, groups=tuple(groups), max_km=max_km, is_cut=listed.more)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stretch:
    """What is kept of one stretch of delay, in order, before more is read of it."""

    from_h: int
    to_h: int | None
    slots: tuple[Candidate, ...]
    num_more: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rank:
    """What the order within a stretch depends on, besides the slots."""

    num_booked: Mapping[int, int]
    needed: frozenset[int]

    def of(self, slot: Candidate) -> tuple[object, ...]:
        """Give what slots of one stretch are sorted by."""
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
) -> tuple[FoundSlot, ...]:
    if practitioner_id is None:
        return ()
    query = replace(wanted, practitioner_id=practitioner_id, max_km=FARTHEST_KM, limit=MOST_READ, after=None)
    return search(session, actor, query, now=now).rows


def _near(
    session: Session, actor: Actor, wanted: SlotQuery, usual_practitioner_id: int | None, now: datetime
) -> tuple[float, Listed[Candidate]]:
    """Give the smallest radius with five practitioners besides the usual one, else the largest.

    Whoever is only seen by video does not stop it from widening: a person may have to be examined. Where
    only that is asked for, nobody travels and there is nothing to widen.
    """
    around = surgeries_around(session, actor, wanted)
    for max_km in (0.0,) if wanted.modality is Modality.VR else RADII_KM:
        query = replace(wanted, max_km=max_km or FARTHEST_KM, limit=MOST_READ, after=None)
        listed = candidates(session, actor, query, now=now, around=around)
        others = tuple(one for one in listed.rows if one.practitioner_id != usual_practitioner_id)
        in_person = {one.practitioner_id for one in others if one.modality is not Modality.VR}
        if len(in_person) >= ENOUGH_PRACTITIONERS:
            break
    return max_km, Listed(others, listed.more)


def _by_delay(
    session: Session, slots: Iterable[Candidate], needed: frozenset[int], now: datetime
) -> list[_Stretch]:
    by_delay: dict[int, list[Candidate]] = {}
    for slot in slots:
        hours = (slot.start_at - now) / _HOUR
        index = next(i for i, (_, to_h) in enumerate(DELAYS_H) if to_h is None or hours < to_h)
        by_delay.setdefault(index, []).append(slot)
    unknown = _Rank(num_booked={}, needed=needed)
    ranked = {index: _first_of_each_first(sorted(by_delay[index], key=unknown.of)) for index in by_delay}
    compared = {index: order[:MOST_COMPARED] for index, order in ranked.items()}
    practitioner_ids = {one.practitioner_id for order in compared.values() for one in order}
    rank = _Rank(num_booked=_booked_this_week(session, practitioner_ids, now), needed=needed)
    return [_stretch(index, compared[index], rank, len(ranked[index])) for index in sorted(ranked)]


def _stretch(index: int, compared: Sequence[Candidate], rank: _Rank, num_slots: int) -> _Stretch:
    from_h, to_h = DELAYS_H[index]
    best = _first_of_each_first(sorted(compared, key=rank.of))[:MOST_PER_DELAY]
    kept = tuple(sorted(best, key=rank.of))
    return _Stretch(from_h=from_h, to_h=to_h, slots=kept, num_more=num_slots - len(kept))


def _first_of_each_first(ranked: Sequence[Candidate]) -> list[Candidate]:
    """Put the best slot of each practitioner before anybody's second one."""
    seen: set[int] = set()
    firsts: list[Candidate] = []
    others: list[Candidate] = []
    for slot in ranked:
        (others if slot.practitioner_id in seen else firsts).append(slot)
        seen.add(slot.practitioner_id)
    return firsts + others


def _booked_this_week(session: Session, practitioner_ids: set[int], now: datetime) -> dict[int, int]:
    """Count the patients sent, or about to be, to each practitioner in the seven days around now."""
    if not practitioner_ids:
        return {}
    # Counted slot by slot: joined, PostgreSQL would read every booking there ever was. The states are those
    # of the index of taken places, in its words: it then answers alone.
    of_slot = (
        select(func.count())
        .where(col(Booking.slot_id) == col(Slot.id), literal_column(f"booking.{TAKEN}"))
        .correlate(Slot)
        .scalar_subquery()
    )
    query = (
        select(col(Slot.practitioner_id), func.sum(of_slot))
        .where(
            col(Slot.practitioner_id).in_(practitioner_ids),
            col(Slot.start_at) > now - timedelta(days=7),
            col(Slot.start_at) < now + timedelta(days=7),
        )
        .group_by(col(Slot.practitioner_id))
    )
    return {practitioner_id: int(num) for practitioner_id, num in session.exec(query)}
