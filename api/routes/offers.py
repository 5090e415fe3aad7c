"""Offers to GPs: read without identity, accepted or declined once."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, status
from fastapi.responses import JSONResponse

from api.dependencies import Once, Surgery
from api.schemas.offers import AnswerRef, DeclineIn, OfferOut, offer_out
from api.security import require
from api.services import Here
from scheduler.accounts.actor import Actor
from scheduler.referrals.answers import accept, decline, list_open_offers, show_offer
from scheduler.store.tables import Offer, Role

router = APIRouter(prefix="/api/v1/offers", tags=["appariement"])

Answerer = Annotated[Actor, Depends(require(Role.GP, Role.SECRETARY, Role.COORDINATOR))]
OfferId = Annotated[UUID, Path()]


@router.get("")
def list_open(actor: Surgery, here: Here) -> list[OfferOut]:
    """List the offers this person may answer now, those that end first before the others."""
    with here.store.write() as session:
        return [offer_out(shown) for shown in list_open_offers(session, actor, now=here.clock())]


@router.get("/{offer_id}")
def get_one(offer_id: OfferId, actor: Answerer, here: Here) -> OfferOut:
    """Read one offer."""
    with here.store.write() as session:
        return offer_out(show_offer(session, actor, offer_id, now=here.clock()))


@router.post("/{offer_id}/accept", response_model=AnswerRef)
def accept_offer(offer_id: OfferId, actor: Answerer, once: Once, here: Here) -> JSONResponse:
    """Take on the patients of an offer; the identity is read with their file from then on."""
    now = here.clock()
    with here.store.write() as session:
        return once.answer(
            session,
            actor,
            now=now,
            status=status.HTTP_200_OK,
            effect=lambda: _answered(accept(session, actor, offer_id, now=now)),
        )


@router.post("/{offer_id}/decline", response_model=AnswerRef)
def decline_offer(
    offer_id: OfferId, given: DeclineIn, actor: Answerer, once: Once, here: Here
) -> JSONResponse:
    """Leave the patients of an offer to others, for a coded reason."""
    now = here.clock()
    with here.store.write() as session:
        return once.answer(
            session,
            actor,
            now=now,
            status=status.HTTP_200_OK,
            effect=lambda: _answered(decline(session, actor, offer_id, reason=given.reason, now=now)),
        )


def _answered(offers: tuple[Offer, ...]) -> AnswerRef:
    return AnswerRef(
        offer_ids=[offer.id for offer in offers],
        referral_ids=[offer.referral_id for offer in offers],
        state=offers[0].state,
    )
