"""The agenda of one practitioner as somebody who may book there sees it: where the platform leads."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby

from sqlmodel import Session, col, select

from scheduler.accounts.actor import Actor
from scheduler.agenda.search import FoundSlot, search
from scheduler.agenda.slot_query import FARTHEST_KM, MOST_READ, SlotQuery
from scheduler.clock import local_day
from scheduler.errors import NotFound
from scheduler.store.tables import Practice, Practitioner, Territory

AHEAD = timedelta(days=7)


@dataclass(frozen=True, slots=True, kw_only=True)
class AgendaDay:
    """The free slots of one day, the earliest first."""

    on: date
    slots: tuple[FoundSlot, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAgenda:
    """The free slots of one practitioner in the days to come, at all their places."""

    practitioner_id: int
    practitioner_name: str
    phone: str
    days: tuple[AgendaDay, ...]
    num_places: int

    @property
    def slots(self) -> tuple[FoundSlot, ...]:
        """Every slot, the earliest first."""
        return tuple(slot for day in self.days for slot in day.slots)


def open_agenda(session: Session, actor: Actor, practitioner_id: int, *, now: datetime) -> OpenAgenda:
    """Read what an actor may book with one practitioner of their territory within a week.

    Raises
    ------
    NotFound
        When there is no such practitioner there.
    """
    practices = _practices(session, actor, practitioner_id)
    practitioner, first, zone = practices[0]
    query = SlotQuery(
        latitude=first.latitude,
        longitude=first.longitude,
        from_at=now,
        to_at=now + AHEAD,
        max_km=FARTHEST_KM,
        limit=MOST_READ,
        practitioner_id=practitioner_id,
    )
    found = search(session, actor, query, now=now).rows
    by_day = groupby(found, key=lambda slot: local_day(slot.start_at, zone))
    return OpenAgenda(
        practitioner_id=practitioner_id,
        practitioner_name=f"Dr {practitioner.given_name} {practitioner.family_name}",
        phone=first.phone,
        days=tuple(AgendaDay(on=on, slots=tuple(slots)) for on, slots in by_day),
        num_places=len(practices),
    )


def _practices(
    session: Session, actor: Actor, practitioner_id: int
) -> list[tuple[Practitioner, Practice, str]]:
    query = (
        select(Practitioner, Practice, Territory.zone)
        .join(Practice, col(Practice.practitioner_id) == col(Practitioner.id))
        .join(Territory, col(Territory.id) == col(Practitioner.territory_id))
        .where(col(Practitioner.id) == practitioner_id, col(Practitioner.territory_id) == actor.territory_id)
        .order_by(col(Practice.id))
    )
    rows = list(session.exec(query))
    if not rows:
        raise NotFound("practitioner")
    return rows
