"""Runs of the engine: started, watched, cancelled, read."""

from uuid import UUID

from fastapi import APIRouter, Response, status

from api.dependencies import Coordinator, RunReader
from api.paging import Paged, instant, page
from api.routes.proposals import after_proposal, proposal_key
from api.schemas.common import Page
from api.schemas.matching import CancelIn, ProposalOut, RunIn, RunOut, RunRef, proposal_out, run_out
from api.services import Here
from api.solving import begin_run
from scheduler.referrals.read_proposals import get_run, list_proposals, list_runs
from scheduler.referrals.run import request_cancel

router = APIRouter(prefix="/api/v1/matching-runs", tags=["appariement"])


@router.post("", status_code=status.HTTP_202_ACCEPTED)
def start(given: RunIn, actor: Coordinator, here: Here, answer: Response) -> RunRef:
    """Start a run; the answer comes at once, with the address where GET says how far it is."""
    started = begin_run(here, actor, seed=given.seed, time_limit_s=given.time_limit_s)
    answer.headers["location"] = f"{router.prefix}/{started.id}"
    return RunRef(id=started.id, state=started.state)


@router.get("")
def list_all(actor: RunReader, here: Here, paging: Paged) -> Page[RunOut]:
    """List the runs of the territory, newest first."""
    before = paging.after_as(instant, UUID)
    with here.store.read() as session:
        listed = list_runs(session, actor, limit=paging.limit, before=before)
    return page(
        listed,
        key=lambda run: (run.started_at.isoformat(), str(run.id)),
        show=lambda run: run_out(run, actor),
    )


@router.get("/{run_id}")
def get_one(run_id: UUID, actor: RunReader, here: Here) -> RunOut:
    """Read one run, while it is computed or after: numbers only, nobody's file."""
    with here.store.read() as session:
        return run_out(get_run(session, actor, run_id), actor)


@router.post("/{run_id}/cancel", status_code=status.HTTP_202_ACCEPTED)
def cancel(run_id: UUID, given: CancelIn, actor: Coordinator, here: Here) -> RunRef:
    """Ask a run to stop; it then proposes nothing, unless ``keep_best`` asks for the best so far."""
    with here.store.write() as session:
        run = request_cancel(session, actor, run_id, keep_best=given.keep_best, now=here.clock())
        return RunRef(id=run.id, state=run.state)


@router.get("/{run_id}/proposals")
def proposals_of(run_id: UUID, actor: Coordinator, here: Here, paging: Paged) -> Page[ProposalOut]:
    """List what a run proposed, decided or not, the most pressing first; not what it kept of earlier ones."""
    with here.store.write() as session:
        get_run(session, actor, run_id)
        listed = list_proposals(
            session,
            actor,
            states=(),
            run_id=run_id,
            limit=paging.limit,
            after=after_proposal(paging),
            now=here.clock(),
        )
    return page(listed, key=proposal_key, show=proposal_out)
