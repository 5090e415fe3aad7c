"""Offers as a GP's software sees and answers them: profiles, no identity."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from scheduler.referrals.answers import DeclineReason, OfferShown
from scheduler.store.tables import OfferState


class ProfileOut(BaseModel):
    """A patient without identity."""

    offer_id: UUID
    age_band: str | None = Field(description="Tranche d'âge, comme 50-69 ou 80+")
    insee: str
    needs: dict[str, bool | None] = Field(description="Oui, non, ou rien pour une question sans réponse")
    languages: list[str]
    sees_you: bool
    tier: int
    distance_m: int
    travel_s: int


class OfferOut(BaseModel):
    """An offer; several members are of one household and answered together."""

    id: UUID
    state: OfferState
    over: bool
    sent_at: datetime
    expires_at: datetime
    answered_at: datetime | None
    practitioner_id: int
    members: list[ProfileOut]


class DeclineIn(BaseModel):
    """Why an offer is declined."""

    reason: DeclineReason


class AnswerRef(BaseModel):
    """What became of the offers that were answered together."""

    offer_ids: list[UUID]
    referral_ids: list[UUID]
    state: OfferState


def offer_out(shown: OfferShown) -> OfferOut:
    """Write an offer for the API."""
    members = [
        ProfileOut(
            offer_id=one.offer_id,
            age_band=one.age_band,
            insee=one.insee,
            needs=one.needs,
            languages=list(one.languages),
            sees_you=one.sees_you,
            tier=one.tier,
            distance_m=one.distance_m,
            travel_s=one.travel_s,
        )
        for one in shown.members
    ]
    return OfferOut(
        id=shown.id,
        state=shown.state,
        over=shown.over,
        sent_at=shown.sent_at,
        expires_at=shown.expires_at,
        answered_at=shown.answered_at,
        practitioner_id=shown.practitioner_id,
        members=members,
    )
