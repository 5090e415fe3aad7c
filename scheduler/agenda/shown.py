"""Remembering that a slot was listed to somebody: once in its life, for the counters."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import update
from sqlmodel import Session, col

from scheduler.agenda.search import FoundSlot
from scheduler.store.tables import Slot


def new_to_all(slots: Iterable[FoundSlot]) -> list[int]:
    """Give the ids of the slots that no search had listed before."""
    return [slot.slot_id for slot in slots if not slot.was_shown]


def note_shown(session: Session, slot_ids: list[int], *, now: datetime) -> None:
    """Write when slots were first listed; the first to say it stays right."""
    first = update(Slot).where(col(Slot.id).in_(slot_ids), col(Slot.first_shown_at).is_(None))
    session.connection().execute(first.values(first_shown_at=now))
