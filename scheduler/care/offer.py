"""What is free on a territory now, for care requests: the slots, their free places, where they are."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime

import numpy as np
import numpy.typing as npt
from sqlmodel import Session, col, func, select

from scheduler.agenda.freshness import sure
from scheduler.agenda.places import num_taken
from scheduler.agenda.rules import age_limits
from scheduler.store.tables import (
    CareOffer,
    CareOfferState,
    Feed,
    Modality,
    Practice,
    Practitioner,
    Slot,
    SlotState,
    Visibility,
)

MOST_SLOTS = 5000
"""Free slots looked at in one round, the earliest first: two days of a large CPTS hold a tenth of it."""

# Whoever may make a care request may see all of these; "PUBLIC" ones too.
_SEEN = tuple(Visibility)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSlot:
    """A slot with a free place.

    Parameters
    ----------
    free : int
        Places nobody has, ≥ 1; places on offer to somebody are not counted in ``unoffered``.
    """

    id: int
    practitioner_id: int
    practice_id: int
    start_at: datetime
    end_at: datetime
    modality: Modality
    free: int
    unoffered: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Supply:
    """All that is free, and where.

    Parameters
    ----------
    places : ndarray of float64, shape (num_practices, 2)
        Latitude and longitude in degrees; row ``place_of[practice_id]``.
    ages : mapping of int to (int, int)
        First and last age seen in person, by practitioner; those who see all are left out.
    """

    slots: tuple[OpenSlot, ...]
    places: npt.NDArray[np.float64]
    place_of: dict[int, int]
    ages: Mapping[int, tuple[int, int]] = field(default_factory=dict)


def open_supply(
    session: Session, territory_id: int, *, from_at: datetime, to_at: datetime, now: datetime
) -> Supply:
    """Give the slots of a territory with a free place that begin in a window, both ends included."""
    taken = num_taken(now)
    query = (
        select(  # type: ignore[call-overload]  # SQLModel counts four columns
            Slot.id,
            Slot.practitioner_id,
            Slot.practice_id,
            Slot.start_at,
            Slot.end_at,
            Slot.modality,
            Slot.capacity,
            Practice.latitude,
            Practice.longitude,
            taken.label("num_taken"),
        )
        .join(Practitioner, col(Practitioner.id) == col(Slot.practitioner_id))
        .join(Practice, col(Practice.id) == col(Slot.practice_id))
        .join(Feed, col(Feed.id) == col(Slot.feed_id), isouter=True)
        .where(
            col(Practitioner.territory_id) == territory_id,
            col(Slot.state) == SlotState.OPEN,
            col(Slot.visibility).in_(_SEEN),
            col(Slot.start_at) >= from_at,
            col(Slot.start_at) <= to_at,
            col(Slot.start_at) > now,
            sure(session, now),
            taken < Slot.capacity,
        )
        .order_by(col(Slot.start_at), col(Slot.id))
        .limit(MOST_SLOTS)
    )
    rows = session.exec(query).all()
    offered = _offered(session, now)
    positions = {row.practice_id: (row.latitude, row.longitude) for row in rows}
    return Supply(
        slots=tuple(_slot(row, offered.get(row.id, 0)) for row in rows),
        places=np.array(list(positions.values()), np.float64).reshape(-1, 2),
        place_of={practice_id: place for place, practice_id in enumerate(positions)},
        ages=age_limits(session, {row.practitioner_id for row in rows}),
    )


def free_ids(session: Session, slot_ids: Collection[int], *, now: datetime) -> set[int]:
    """Tell which of some slots can still be had."""
    query = select(Slot.id).where(
        col(Slot.id).in_(slot_ids),
        col(Slot.state) == SlotState.OPEN,
        col(Slot.start_at) > now,
        num_taken(now) < Slot.capacity,
    )
    return {slot_id for slot_id in session.exec(query) if slot_id is not None}


def _slot(row: object, num_offered: int) -> OpenSlot:
    values = {name: getattr(row, name) for name in OpenSlot.__slots__ if hasattr(row, name)}
    free = row.capacity - row.num_taken  # type: ignore[attr-defined]
    return OpenSlot(**values, free=free, unoffered=max(0, free - num_offered))


def _offered(session: Session, now: datetime) -> dict[int, int]:
    """Count the open offers by slot."""
    query = (
        select(CareOffer.slot_id, func.count())
        .where(col(CareOffer.state) == CareOfferState.OPEN, col(CareOffer.expires_at) > now)
        .group_by(col(CareOffer.slot_id))
    )
    return dict(session.exec(query).all())
