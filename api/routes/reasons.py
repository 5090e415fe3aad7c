"""Why this GP, why nobody, why not that one: computed in a child process, within seconds; traced."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query

from api.dependencies import Coordinator
from api.schemas.studies import ExplanationOut, ReasonOut
from api.services import Here
from scheduler.referrals.reasons import explain_proposal, explain_referral, why_not_this_one

router = APIRouter(prefix="/api/v1", tags=["appariement"])


@router.get("/referrals/{referral_id}/explanation")
def of_referral(referral_id: UUID, actor: Coordinator, here: Here) -> ExplanationOut:
    """Say why this patient is, or is not, proposed to a GP, as things stand."""
    return ExplanationOut(**explain_referral(here.store, actor, referral_id, clock=here.clock))


@router.get("/referrals/{referral_id}/why-not")
def of_pair(
    referral_id: UUID,
    practitioner_id: Annotated[int, Query(ge=1, le=2**31 - 1)],
    actor: Coordinator,
    here: Here,
) -> ReasonOut:
    """Say why this GP is not proposed to this patient."""
    return ReasonOut(**why_not_this_one(here.store, actor, referral_id, practitioner_id, clock=here.clock))


@router.get("/proposals/{proposal_id}/explanation")
def of_proposal(proposal_id: UUID, actor: Coordinator, here: Here) -> ExplanationOut:
    """Say why this GP was proposed to the patient of a proposal."""
    return ExplanationOut(**explain_proposal(here.store, actor, proposal_id, clock=here.clock))
