"""What a practitioner or their secretary opens and closes by hand: slots, weekly series, leave."""

from typing import Annotated

from fastapi import APIRouter, Path, status
from fastapi.responses import JSONResponse

from api.dependencies import CalendarKeeper, OnceIfKeyed
from api.schemas.by_hand import (
    EndIn,
    LeaveIn,
    LeaveOut,
    LeaveTaken,
    SeriesOut,
    SkipIn,
    SlotIn,
    SlotRef,
    WeekIn,
    series_out,
)
from api.schemas.common import Id, Page
from api.services import Here
from scheduler.agenda.by_hand import (
    close_slot,
    end_leave,
    end_series,
    list_series,
    open_series,
    open_slot,
    skip_day,
    take_leave,
)
from scheduler.agenda.leaves import list_leaves

router = APIRouter(prefix="/api/v1", tags=["agenda partagé"])

OfPractitioner = Annotated[Id, Path()]


@router.post(
    "/practitioners/{practitioner_id}/slots", status_code=status.HTTP_201_CREATED, response_model=SlotRef
)
def open_one(
    practitioner_id: OfPractitioner, given: SlotIn, actor: CalendarKeeper, once: OnceIfKeyed, here: Here
) -> JSONResponse:
    """Open one slot."""
    now = here.clock()

    def opened() -> SlotRef:
        slot = open_slot(
            session,
            actor,
            practitioner_id,
            given.opening(),
            start_at=given.start_at,
            end_at=given.end_at,
            now=now,
        )
        return SlotRef.of(slot)

    with here.store.write() as session:
        return once.answer(session, actor, now=now, effect=opened)


@router.post("/slots/{slot_id}/close")
def close_one(slot_id: Annotated[Id, Path()], actor: CalendarKeeper, here: Here) -> SlotRef:
    """Close a slot that was opened by hand."""
    with here.store.write() as session:
        return SlotRef.of(close_slot(session, actor, slot_id, now=here.clock()))


@router.get("/practitioners/{practitioner_id}/slot-series")
def list_weeks(practitioner_id: OfPractitioner, actor: CalendarKeeper, here: Here) -> Page[SeriesOut]:
    """List the weekly series of a practitioner, on one page."""
    with here.store.read() as session:
        return Page(items=[series_out(row) for row in list_series(session, actor, practitioner_id)])


@router.post(
    "/practitioners/{practitioner_id}/slot-series",
    status_code=status.HTTP_201_CREATED,
    response_model=SeriesOut,
)
def open_weeks(
    practitioner_id: OfPractitioner, given: WeekIn, actor: CalendarKeeper, once: OnceIfKeyed, here: Here
) -> JSONResponse:
    """Open a range of every week; its slots are written five weeks ahead."""
    now = here.clock()

    def opened() -> SeriesOut:
        return series_out(
            open_series(session, actor, practitioner_id, given.opening(), given.week(), now=now)
        )

    with here.store.write() as session:
        return once.answer(session, actor, now=now, effect=opened)


@router.post("/slot-series/{series_id}/skips")
def skip_one(series_id: Annotated[Id, Path()], given: SkipIn, actor: CalendarKeeper, here: Here) -> SeriesOut:
    """Open nothing of a series on one day."""
    with here.store.write() as session:
        return series_out(skip_day(session, actor, series_id, given.on, now=here.clock()))


@router.post("/slot-series/{series_id}/end")
def end_weeks(series_id: Annotated[Id, Path()], given: EndIn, actor: CalendarKeeper, here: Here) -> SeriesOut:
    """Let a series end after a day."""
    with here.store.write() as session:
        return series_out(end_series(session, actor, series_id, given.last_on, now=here.clock()))


@router.get("/practitioners/{practitioner_id}/leaves")
def list_away(practitioner_id: OfPractitioner, actor: CalendarKeeper, here: Here) -> Page[LeaveOut]:
    """List the leaves that are not over, on one page."""
    with here.store.read() as session:
        rows = list_leaves(session, actor, practitioner_id, now=here.clock())
    return Page(items=[LeaveOut.of(row) for row in rows])


@router.post("/practitioners/{practitioner_id}/leaves", status_code=status.HTTP_201_CREATED)
def go_away(practitioner_id: OfPractitioner, given: LeaveIn, actor: CalendarKeeper, here: Here) -> LeaveTaken:
    """Close every slot of some days; what is booked becomes a conflict that somebody settles."""
    with here.store.write() as session:
        leave, changed = take_leave(
            session,
            actor,
            practitioner_id,
            first_on=given.first_on,
            last_on=given.last_on,
            now=here.clock(),
        )
        return LeaveTaken.of(leave, num_closed=changed.num_closed, num_conflicts=changed.num_conflicts)


@router.delete("/leaves/{leave_id}", status_code=status.HTTP_204_NO_CONTENT)
def come_back(leave_id: Annotated[Id, Path()], actor: CalendarKeeper, here: Here) -> None:
    """Take a leave back: what it closed opens again."""
    with here.store.write() as session:
        end_leave(session, actor, leave_id, now=here.clock())
