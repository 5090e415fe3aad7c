"""Running the matching, and what a run proved."""

import time
from http import HTTPStatus
from uuid import UUID

from fastapi import APIRouter, BackgroundTasks
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.web.dates import duration
from api.web.errors import PageRoute
from api.web.guests import CoordinatorHere, Guest, RunReaderHere
from api.web.sent import FromForm
from matching import Policy, Status
from scheduler.referrals.errors import RunInProgress
from scheduler.referrals.overview import num_pending, run_by_tier, waiting_by_tier
from scheduler.referrals.read_proposals import get_run
from scheduler.referrals.run import RunOrder, perform_run, start_run
from scheduler.store.tables import MatchingRun, Role, RunState

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_PATIENCE_S = 4.0
_LOOK_EVERY_S = 0.2


@router.post("/appariements")
def start(guest: CoordinatorHere, afterwards: BackgroundTasks, _sent: FromForm) -> Response:
    """Start a run and show it; when one is under way already, show that one."""
    order = RunOrder(policy=Policy.default(), time_limit_s=guest.here.settings.solve_seconds)
    try:
        with guest.here.store.write() as session:
            run_id = start_run(session, guest.actor, order, now=guest.now).id
    except RunInProgress as other:
        return _show_run(other.run_id)
    afterwards.add_task(perform_run, guest.here.store, guest.actor, run_id, order, clock=guest.here.clock)
    return _show_run(run_id)


@router.get("/appariements/{run_id}")
def show(run_id: UUID, guest: RunReaderHere) -> HTMLResponse:
    """Show how far a run is, then what it proposes and proves."""
    coordinates = guest.actor.role is Role.COORDINATOR
    run = _awaited(guest, run_id)
    with guest.here.store.read() as session:
        pending = num_pending(session, run_id) if coordinates else 0
        waiting = waiting_by_tier(session, guest.actor, on=guest.today, policy=Policy.default())
        tiers = run_by_tier(session, run_id, waiting)
    return guest.page(
        "run.html",
        run=run,
        num_pending=pending,
        show_waiting=coordinates,
        tiers=tiers,
        is_optimal=run.status == Status.OPTIMAL.value,
        duration_words=_took(run, guest),
    )


def _awaited(guest: Guest, run_id: UUID) -> MatchingRun:
    """Read a run, waiting a moment for one that is about to end: most pages then need no reloading."""
    deadline = time.monotonic() + _PATIENCE_S
    while True:
        with guest.here.store.read() as session:
            run = get_run(session, guest.actor, run_id)
        if run.state is not RunState.RUNNING or time.monotonic() > deadline:
            return run
        time.sleep(_LOOK_EVERY_S)


def _show_run(run_id: UUID) -> RedirectResponse:
    return RedirectResponse(f"/appariements/{run_id}", status_code=HTTPStatus.SEE_OTHER)


def _took(run: MatchingRun, guest: Guest) -> str:
    seconds = ((run.ended_at or guest.here.clock()) - run.started_at).total_seconds()
    return f"{max(1, round(seconds))} s" if seconds < 60 else duration(seconds)
