"""Promised times that a calendar no longer shows: listed, and settled by a person."""

from typing import Annotated

from fastapi import APIRouter, Path, status
from fastapi.responses import JSONResponse

from api.dependencies import Booker, OnceIfKeyed
from api.paging import Paged, instant, page, whole
from api.schemas.bookings import ConflictOut, SettleIn, conflict_out
from api.schemas.common import Id, Page
from api.services import Here
from scheduler.agenda.settling import ConflictLine, list_conflicts, settle
from scheduler.rows import id_of
from scheduler.store.tables import Practitioner, Slot

router = APIRouter(prefix="/api/v1/slot-conflicts", tags=["agenda partagé"])


@router.get("")
def list_all(actor: Booker, here: Here, paging: Paged) -> Page[ConflictOut]:
    """List the conflicts this person may settle, the slot that comes first before the others."""
    with here.store.read() as session:
        listed = list_conflicts(session, actor, limit=paging.limit, after=paging.after_as(instant, whole))
    return page(listed, key=_key, show=conflict_out)


@router.post("/{conflict_id}/settle", response_model=ConflictOut)
def settle_one(
    conflict_id: Annotated[Id, Path()], given: SettleIn, actor: Booker, once: OnceIfKeyed, here: Here
) -> JSONResponse:
    """Keep the time, move the patients to another slot, or cancel: all of it, or nothing."""
    now = here.clock()

    def settled() -> ConflictOut:
        conflict = settle(
            session,
            actor,
            conflict_id=conflict_id,
            how=given.how,
            to_slot_id=given.slot_id,
            now=now,
        )
        slot = session.get_one(Slot, conflict.slot_id)
        who = session.get_one(Practitioner, slot.practitioner_id)
        return conflict_out(ConflictLine(conflict=conflict, slot=slot, practitioner=who))

    with here.store.write() as session:
        return once.answer(session, actor, now=now, effect=settled, status=status.HTTP_200_OK)


def _key(line: ConflictLine) -> tuple[str, str]:
    return line.slot.start_at.isoformat(), str(id_of(line.conflict))
