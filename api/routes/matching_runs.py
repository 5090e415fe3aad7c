"""Runs of the engine: started, watched, read."""

from uuid import UUID

from fastapi import APIRouter, BackgroundTasks, status

from api.dependencies import Coordinator, RunReader
from api.paging import Paged, instant, page
from api.routes.proposals import after_proposal, proposal_key
from api.schemas.common import Page
from api.schemas.matching import ProposalOut, RunIn, RunOut, RunRef, proposal_out, run_out
from api.services import Here
from matching import Policy
from scheduler.referrals.read_proposals import get_run, list_proposals, list_runs
from scheduler.referrals.run import RunOrder, perform_run, start_run

router = APIRouter(prefix="/api/v1/matching-runs", tags=["appariement"])


@router.post("", status_code=status.HTTP_202_ACCEPTED)
def start(given: RunIn, actor: Coordinator, here: Here, afterwards: BackgroundTasks) -> RunRef:
    """Start a run; the answer comes at once, the result when GET says ``done``."""
    order = RunOrder(policy=Policy.default(), time_limit_s=here.settings.solve_seconds, seed=given.seed)
    with here.store.write() as session:
        run = start_run(session, actor, order, now=here.clock())
        started = RunRef(id=run.id, state=run.state)
    afterwards.add_task(perform_run, here.store, actor, started.id, order, clock=here.clock)
    return started


@router.get("")
def list_all(actor: RunReader, here: Here, paging: Paged) -> Page[RunOut]:
    """List the runs of the territory, newest first."""
    before = paging.after_as(instant, UUID)
    with here.store.read() as session:
        listed = list_runs(session, actor, limit=paging.limit, before=before)
    return page(listed, key=lambda run: (run.started_at.isoformat(), str(run.id)), show=run_out)


@router.get("/{run_id}")
def get_one(run_id: UUID, actor: RunReader, here: Here) -> RunOut:
    """Read one run: numbers only, nobody's file."""
    with here.store.read() as session:
        return run_out(get_run(session, actor, run_id))


@router.get("/{run_id}/proposals")
def proposals_of(run_id: UUID, actor: Coordinator, here: Here, paging: Paged) -> Page[ProposalOut]:
    """List what a run proposed, decided or not, the most pressing first."""
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
