"""What more places are worth, rehearsals of policies, the coming months: computed beside the requests."""

from uuid import UUID

from fastapi import APIRouter, Response, status

from api.dependencies import Coordinator, RunReader
from api.schemas.studies import (
    DemographyIn,
    PlacesIn,
    RehearsalIn,
    StudyOut,
    StudyRef,
    demography_order,
    places_order,
    rehearsal_order,
    study_out,
)
from api.services import Here, Services
from api.solving import begin_study
from scheduler.accounts.actor import Actor
from scheduler.referrals.policies import in_force
from scheduler.referrals.studies import StudyOrder, get_study

router = APIRouter(prefix="/api/v1/studies", tags=["appariement"])


@router.post("/places", status_code=status.HTTP_202_ACCEPTED)
def places(given: PlacesIn, actor: Coordinator, here: Here, answer: Response) -> StudyRef:
    """Ask what more places would be worth, for every GP and commune."""
    return _begin(here, actor, places_order(given, here.settings.solve_seconds), answer)


@router.post("/rehearsal", status_code=status.HTTP_202_ACCEPTED)
def rehearsal(given: RehearsalIn, actor: RunReader, here: Here, answer: Response) -> StudyRef:
    """Compare policies with the one that holds, on today's list; nothing is proposed."""
    with here.store.read() as session:
        rules = in_force(session, actor.territory_id)
    return _begin(here, actor, rehearsal_order(given, rules, here.settings.solve_seconds), answer)


@router.post("/demography", status_code=status.HTTP_202_ACCEPTED)
def demography(given: DemographyIn, actor: Coordinator, here: Here, answer: Response) -> StudyRef:
    """Project the waiting list over the coming months."""
    return _begin(here, actor, demography_order(given, here.settings.solve_seconds), answer)


@router.get("/{study_id}")
def get_one(study_id: UUID, actor: RunReader, here: Here) -> StudyOut:
    """Read a study: numbers by group, nobody's file; the bureau reads rehearsals, without small counts."""
    with here.store.read() as session:
        return study_out(get_study(session, actor, study_id), actor)


def _begin(here: Services, actor: Actor, order: StudyOrder, answer: Response) -> StudyRef:
    study = begin_study(here, actor, order)
    answer.headers["location"] = f"{router.prefix}/{study.id}"
    return StudyRef(id=study.id, state=study.state)
