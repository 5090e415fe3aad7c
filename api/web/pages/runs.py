"""Running the matching, watching it, stopping it, and what a run proved."""

import time
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.solving import begin_run
from api.web import words
from api.web.dates import duration, percent
from api.web.errors import PageRoute
from api.web.guests import CoordinatorHere, Guest, RunReaderHere
from api.web.sent import FromForm
from matching import Status
from scheduler.errors import WrongState
from scheduler.referrals.errors import RunInProgress
from scheduler.referrals.overview import num_pending
from scheduler.referrals.read_proposals import get_run, list_runs
from scheduler.referrals.run import request_cancel
from scheduler.referrals.run_numbers import outcome_for, totals_for, warnings_for
from scheduler.store.tables import MatchingRun, Role, RunState

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_PATIENCE_S = 4.0
_LOOK_EVERY_S = 0.2
_PER_PAGE = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class RunLine:
    """One run of the list; None = not told, or not known."""

    id: UUID
    started_at: datetime
    words: str
    tone: str
    num_placed: int | None
    num_patients: int | None
    version: str
    took: str


@router.get("/appariements")
def list_all(guest: RunReaderHere, avant: Annotated[str, Query(max_length=100)] = "") -> HTMLResponse:
    """List the runs, newest first, and offer to start one."""
    coordinates = guest.actor.role is Role.COORDINATOR
    with guest.here.store.read() as session:
        listed = list_runs(session, guest.actor, limit=_PER_PAGE, before=_place(avant))
        pending = num_pending(session, guest.actor.territory_id) if coordinates else 0
    last = listed.rows[-1] if listed.more else None
    following = urlencode({"avant": f"{last.started_at.isoformat()}~{last.id}"}) if last else ""
    return guest.page(
        "runs.html",
        lines=[_line(run, guest) for run in listed.rows],
        running=next((run for run in listed.rows if run.state is RunState.RUNNING), None),
        coordinates=coordinates,
        num_pending=pending,
        next_href=f"/appariements?{following}" if following else "",
        previous_href="/appariements" if avant else "",
    )


@router.post("/appariements")
def start(guest: CoordinatorHere, _sent: FromForm) -> Response:
    """Start a run and show it; when one is under way already, show that one."""
    try:
        run_id = begin_run(guest.here, guest.actor).id
    except RunInProgress as other:
        return _show_run(other.run_id)
    return _show_run(run_id, "?attendre=1")


@router.get("/appariements/{run_id}")
def show(run_id: UUID, guest: RunReaderHere, attendre: bool = False) -> HTMLResponse:
    """Show how far a run is, then what it proposes and proves."""
    coordinates = guest.actor.role is Role.COORDINATOR
    run = _awaited(guest, run_id, _PATIENCE_S if attendre else 0)
    with guest.here.store.read() as session:
        pending = num_pending(session, guest.actor.territory_id) if coordinates else 0
    told = outcome_for(guest.actor, run)
    num_placed, num_patients = totals_for(guest.actor, run)
    return guest.page(
        "run.html",
        run=run,
        coordinates=coordinates,
        num_pending=pending,
        num_placed=num_placed,
        num_patients=num_patients,
        kept_best=told.get("kept_best"),
        tiers=told.get("tiers", []),
        changes=told.get("changes"),
        warnings=warnings_for(guest.actor, run),
        price_of_together=_price(told),
        done_s=_done_s(run, guest),
        is_optimal=run.status == Status.OPTIMAL.value,
        gap_words=_gap(run),
        duration_words=_took(run, guest),
    )


@router.post("/appariements/{run_id}/arreter")
def cancel(run_id: UUID, guest: CoordinatorHere, sent: FromForm) -> Response:
    """Ask a run to stop, and say whether its best is to be proposed; one that has ended is shown."""
    try:
        with guest.here.store.write() as session:
            keep = sent.values.get("garder") == "oui"
            request_cancel(session, guest.actor, run_id, keep_best=keep, now=guest.now)
    except WrongState:
        return _show_run(run_id)  # it ended by itself just before: its page says how
    return _show_run(run_id, "?attendre=1")


def _awaited(guest: Guest, run_id: UUID, patience_s: float) -> MatchingRun:
    """Read a run, waiting a moment for one that is about to end: most pages then need no reloading."""
    deadline = time.monotonic() + patience_s
    while True:
        with guest.here.store.read() as session:
            run = get_run(session, guest.actor, run_id)
        if run.state is not RunState.RUNNING or time.monotonic() >= deadline:
            return run
        time.sleep(_LOOK_EVERY_S)


def _show_run(run_id: UUID, query: str = "") -> RedirectResponse:
    return RedirectResponse(f"/appariements/{run_id}{query}", status_code=HTTPStatus.SEE_OTHER)


def _place(text: str) -> tuple[datetime, UUID] | None:
    """Read where the page before ended; anything else is the beginning."""
    at, _, run_id = text.partition("~")
    try:
        place = datetime.fromisoformat(at), UUID(run_id)
    except ValueError:
        return None
    return place if place[0].tzinfo else None


def _line(run: MatchingRun, guest: Guest) -> RunLine:
    num_placed, num_patients = totals_for(guest.actor, run)
    state = words.run_state(run.state, run.status)
    return RunLine(
        id=run.id,
        started_at=run.started_at,
        words=state[0],
        tone=state[1],
        num_placed=num_placed,
        num_patients=num_patients,
        version=run.policy_version,
        took=_took(run, guest),
    )


def _done_s(run: MatchingRun, guest: Guest) -> int:
    """Give the seconds of the allowance that have passed, for a bar that never overflows."""
    return min(int((guest.here.clock() - run.started_at).total_seconds()), round(run.time_limit_s))


def _price(outcome: dict[str, Any]) -> list[tuple[int, int]]:
    """Give the tiers that lose patients because households stay together, and how many."""
    price = outcome.get("price_of_together") or ()
    return [(tier, fewer) for tier, fewer in enumerate(price, 1) if fewer > 0]


def _gap(run: MatchingRun) -> str:
    """Say how far the best may be from the best there is; "" as long as nothing was found."""
    if run.best is None or run.bound is None or int(run.bound) <= 0:
        return ""
    return percent((int(run.bound) - int(run.best)) / int(run.bound))


def _took(run: MatchingRun, guest: Guest) -> str:
    seconds = ((run.ended_at or guest.here.clock()) - run.started_at).total_seconds()
    return f"{max(1, round(seconds))} s" if seconds < 60 else duration(seconds)
