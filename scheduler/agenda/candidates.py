"""The slots that can be booked now, near a place or by video: read as few columns of many rows.

Surgeries within reach are looked for first, in memory; one statement then reads their slots. Nobody travels
for a slot by video or telephone: every practitioner of the territory offers it to everybody there.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, literal_column, select, union_all
from sqlmodel import Session, col

from scheduler.accounts.actor import Actor
from scheduler.agenda.audience import visible_to
from scheduler.agenda.freshness import trusted
from scheduler.agenda.places import num_taken
from scheduler.agenda.rules import sees_age
from scheduler.agenda.slot_query import SlotQuery
from scheduler.agenda.surgeries import Surgery, surgeries_around
from scheduler.listing import Listed
from scheduler.store.tables import Feed, Modality, Slot, SlotState

_ROWS_AT_ONCE = 512
_FIRST_STRETCH = timedelta(hours=48)
"""What is read first of a longer window; then as much again, and so on, while the page is not full."""


class Candidate(NamedTuple):
    """What ranking needs of a slot that can be booked now."""

    slot_id: int
    practitioner_id: int
    start_at: datetime
    modality: Modality
    free_places: int
    latitude: float
    longitude: float
    distance_m: int
    travel_s: int

    @property
    def travel_min(self) -> int:
        """Minutes of travel, rounded up."""
        return -(-self.travel_s // 60)

    @property
    def key(self) -> tuple[datetime, int, int]:
        """What the results are sorted by, unique."""
        return self.start_at, self.travel_s, self.slot_id


def candidates(
    session: Session,
    actor: Actor,
    query: SlotQuery,
    *,
    now: datetime,
    around: Mapping[int, Surgery] | None = None,
) -> Listed[Candidate]:
    """Find the slots of the actor's territory that may be booked now, by start, then by travel.

    Parameters
    ----------
    around
        ``surgeries_around`` of the same place, where they have been read already.

    Raises
    ------
    InvalidInput
        When the place is missing or unknown.
    """
    if around is None:
        around = surgeries_around(session, actor, query)
    own = {one.practitioner_id for one in around.values()}
    near = {one.practitioner_id for one in around.values() if one.is_within(query.max_km)}
    found: list[Candidate] = []
    fresh = trusted(session, now)
    for stretch in _stretches(query, now):
        statement = _statement(actor, query, stretch, near, own, fresh, now)
        rows = session.connection().execute(statement)
        for part in rows.partitions(_ROWS_AT_ONCE):
            found += _reached(part, around, query)
            if len(found) > query.limit and part[-1].start_at > found[query.limit].start_at:
                rows.close()  # the rest starts later than everything that is shown
                break
        if len(found) > query.limit:
            break
    return Listed.cut(sorted(found, key=_key), query.limit)


def _stretches(query: SlotQuery, now: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Cut the window into half-open stretches, each as long as all before it."""
    start = max(query.from_at, now) if query.after is None else max(query.from_at, now, query.after[0])
    end, length = start, _FIRST_STRETCH
    while end < query.to_at:
        start, end = end, min(end + length, query.to_at)
        yield start, end
        length = end - max(query.from_at, now)


def _reached(rows: Iterable[Any], around: Mapping[int, Surgery], query: SlotQuery) -> Iterator[Candidate]:
    for slot_id, practitioner_id, practice_id, start_at, modality, free in rows:
        surgery = around[practice_id]
        if modality is Modality.VR:
            distance_m = travel_s = 0
        elif surgery.is_within(query.max_km):
            distance_m, travel_s = surgery.distance_m, surgery.travel_s
        else:
            continue  # another surgery of a practitioner who has one within reach
        if query.after is not None and (start_at, travel_s, slot_id) <= query.after:
            continue
        yield Candidate(
            slot_id,
            practitioner_id,
            start_at,
            modality,
            free,
            surgery.latitude,
            surgery.longitude,
            distance_m,
            travel_s,
        )


def _statement(
    actor: Actor,
    query: SlotQuery,
    stretch: tuple[datetime, datetime],
    near: Collection[int],
    own: Collection[int],
    fresh: ColumnElement[bool],
    now: datetime,
) -> Select[Any]:
    conditions = [
        col(Slot.state) == SlotState.OPEN,
        col(Slot.start_at) >= stretch[0],
        col(Slot.start_at) > now,
        col(Slot.start_at) < stretch[1],
        col(Slot.visibility).in_(visible_to(actor.role)),
        fresh,
    ]
    if query.age is not None:
        conditions.append(sees_age(query.age))
    offered = (
        select(*_NEEDED, (col(Slot.capacity) - num_taken(now)).label("free_places"))
        .join(Feed, col(Feed.id) == col(Slot.feed_id), isouter=True)
        .where(*conditions)
    )
    # OFFSET keeps PostgreSQL from counting the places of each slot twice, to choose it and to show it
    read = union_all(*_parts(offered, query, near, own)).offset(0).subquery()
    return select(read).where(read.c.free_places > 0).order_by(read.c.start_at, read.c.id)


def _parts(
    offered: Select[Any], query: SlotQuery, near: Collection[int], own: Collection[int]
) -> Iterator[Select[Any]]:
    """Give the slots of who sees people in person near the place, and of who sees anybody by video."""
    how = col(Slot.modality)
    if query.modality is not Modality.VR:
        in_person = how != Modality.VR if query.modality is None else how == query.modality
        yield offered.where(col(Slot.practitioner_id).in_(near), in_person)
    if query.modality in {None, Modality.VR}:
        # The words of the index of these slots are written out, not sent as values, and SQLite, which does
        # not know how few they are, is told to use it: else it reads the slots of all territories.
        yield offered.with_hint(Slot, "INDEXED BY slot_remote", "sqlite").where(
            col(Slot.practitioner_id).in_(own),
            how == literal_column("'VR'"),
            col(Slot.state) == literal_column("'open'"),
        )


def _key(one: Candidate) -> tuple[datetime, int, int]:
    return one.key


_NEEDED: tuple[Any, ...] = (
    Slot.id,
    Slot.practitioner_id,
    Slot.practice_id,
    Slot.start_at,
    Slot.modality,
)
