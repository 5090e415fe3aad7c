"""Running the matching, watching it, stopping it, and what a run proved."""

import time
from http import HTTPStatus
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.solving import begin_run
from api.web.dates import duration, percent
from api.web.errors import PageRoute
from api.web.guests import CoordinatorHere, Guest, RunReaderHere
from api.web.sent import FromForm
from matching import Status
from scheduler.errors import WrongState
from scheduler.referrals.errors import RunInProgress
from scheduler.referrals.overview import num_pending
from scheduler.referrals.read_proposals import get_run
from scheduler.referrals.run import request_cancel
from scheduler.store.tables import MatchingRun, Role, RunState

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_PATIENCE_S = 4.0
_LOOK_EVERY_S = 0.2


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
    return guest.page(
        "run.html",
        run=run,
        coordinates=coordinates,
        num_pending=pending,
        tiers=run.outcome.get("tiers", []),
        changes=run.outcome.get("changes"),
        price_of_together=_price(run.outcome),
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
