"""Proposals of the engine: read, then offered to the practitioner or sent back, by a person."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, status
from fastapi.responses import JSONResponse

from api.dependencies import Coordinator, Once
from api.paging import Key, Paged, Paging, page, whole
from api.schemas.common import Page
from api.schemas.matching import OfferRef, ProposalOut, RejectedRef, RejectIn, proposal_out
from api.services import Here
from scheduler.referrals.decide import reject, validate
from scheduler.referrals.read_proposals import ProposalLine, list_proposals
from scheduler.store.tables import ProposalState

router = APIRouter(prefix="/api/v1/proposals", tags=["appariement"])


@router.get("")
def list_all(
    actor: Coordinator,
    here: Here,
    paging: Paged,
    state: Annotated[list[ProposalState] | None, Query(max_length=len(ProposalState))] = None,
) -> Page[ProposalOut]:
    """List proposals, the most pressing first; those to decide unless ``state`` says otherwise."""
    with here.store.write() as session:
        listed = list_proposals(
            session,
            actor,
            states=state or (ProposalState.PROPOSED,),
            limit=paging.limit,
            after=after_proposal(paging),
            now=here.clock(),
        )
    return page(listed, key=proposal_key, show=proposal_out)


@router.post("/{proposal_id}/validate", status_code=status.HTTP_201_CREATED, response_model=OfferRef)
def validate_proposal(proposal_id: UUID, actor: Coordinator, once: Once, here: Here) -> JSONResponse:
    """Offer the patient to the practitioner, who has some days to answer."""
    now = here.clock()

    def offered() -> OfferRef:
        offer = validate(session, actor, proposal_id, now=now, offer_days=here.settings.offer_days)
        return OfferRef(id=offer.id, referral_id=offer.referral_id, expires_at=offer.expires_at)

    with here.store.write() as session:
        return once.answer(session, actor, now=now, effect=offered)


@router.post("/{proposal_id}/reject")
def reject_proposal(proposal_id: UUID, given: RejectIn, actor: Coordinator, here: Here) -> RejectedRef:
    """Send the patient back to the waiting list, with the seniority they had."""
    with here.store.write() as session:
        referral = reject(session, actor, proposal_id, reason=given.reason, now=here.clock())
        return RejectedRef(referral_id=referral.id, referral_state=referral.state)


def proposal_key(line: ProposalLine) -> Key:
    """Give the values a list of proposals is sorted by."""
    return (str(line.tier), line.waiting_since.isoformat(), str(line.id))


def after_proposal(paging: Paging) -> tuple[Any, ...] | None:
    """Read where the page before ended."""
    return paging.after_as(whole, date.fromisoformat, UUID)
