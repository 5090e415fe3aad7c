"""The GP who accepted a patient, and the end of that: the place is free again, the days waited count."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from scheduler.accounts.actor import Actor
from scheduler.referrals.history import advance, today_in
from scheduler.referrals.life import Step
from scheduler.referrals.scope import reachable
from scheduler.store.tables import Intake, Offer, OfferState, Referral, ReferralState, Role


class WhoTells(StrEnum):
    """Whose word a fact rests on."""

    SURGERY = "surgery"
    COORDINATION = "coordination"
    RELAIS = "relais"


class LossReason(StrEnum):
    """Why a GP no longer follows a patient who still needs one."""

    GP_LEFT = "gp_left"
    GP_ENDED = "gp_ended"
    PATIENT_LEFT = "patient_left"
    NEVER_CAME = "never_came"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenOn:
    """By which GP a patient was taken on, and when."""

    practitioner_id: int
    at: datetime | None


def who_tells(actor: Actor) -> WhoTells:
    """Tell whose word an actor gives."""
    if actor.role in {Role.GP, Role.SECRETARY}:
        return WhoTells.SURGERY
    return WhoTells.COORDINATION if actor.role is Role.COORDINATOR else WhoTells.RELAIS


def accepted_offer(session: Session, referral: Referral) -> Offer | None:
    """Give the offer by which a GP took on a patient, as long as it holds."""
    return session.exec(_ACCEPTED, params={"referral_id": referral.id}).first()


_ACCEPTED = (
    select(Offer)
    .where(col(Offer.referral_id) == bindparam("referral_id"), col(Offer.state) == OfferState.ACCEPTED)
    .execution_options(populate_existing=True)
)


def taken_on(session: Session, referral: Referral) -> TakenOn | None:
    """Tell who took on a patient, as long as it holds."""
    found = session.exec(_TAKEN_ON, params={"referral_id": referral.id}).first()
    return None if found is None else TakenOn(practitioner_id=found[0], at=found[1])


_TAKEN_ON = (
    select(Intake.practitioner_id, Offer.answered_at)
    .join(Offer, col(Offer.intake_id) == col(Intake.id))
    .where(col(Offer.referral_id) == bindparam("referral_id"), col(Offer.state) == OfferState.ACCEPTED)
)


def held_offer(session: Session, referral_id: UUID) -> Offer | None:
    """Give the offer of a referral that is open or was accepted: there is at most one."""
    query = select(Offer).where(
        col(Offer.referral_id) == referral_id,
        col(Offer.state).in_((OfferState.OPEN, OfferState.ACCEPTED)),
    )
    return session.exec(query).first()


def practitioner_of(session: Session, offer: Offer | None) -> int | None:
    """Give the practitioner of an offer."""
    return None if offer is None else session.get_one(Intake, offer.intake_id).practitioner_id


def end_relation(session: Session, referral: Referral, *, now: datetime) -> Offer | None:
    """End the acceptance of a referral that is kept from changing; gives it, None when there was none."""
    offer = accepted_offer(session, referral)
    if offer is not None:
        offer.state, offer.ended_at = OfferState.ENDED, now
        session.add(offer)
        session.flush()
    referral.first_visit_on = referral.declared_on = referral.next_follow_up = None
    return offer


def lose(session: Session, actor: Actor, referral: Referral, reason: LossReason, *, now: datetime) -> None:
    """Put a patient who lost their GP back on the list, the days already waited counted.

    Between the acceptance and the declaration the wait never ended; after a declaration the days with a
    GP do not count as waiting.

    Raises
    ------
    WrongState
        When nobody had accepted the patient.
    """
    today = today_in(session, referral.territory_id, now)
    declared = referral.state is ReferralState.DECLARED
    offer = end_relation(session, referral, now=now)
    if declared and offer is not None and offer.answered_at is not None:
        accepted_on = today_in(session, referral.territory_id, offer.answered_at)
        referral.waiting_since = _credited(referral.waiting_since, accepted_on, today)
    detail = {
        "reason": reason.value,
        "practitioner": practitioner_of(session, offer),
        "offer": None if offer is None else str(offer.id),
        "waited_days": (today - referral.waiting_since).days,
    }
    advance(session, actor, referral, Step.LOSE, now=now, detail=detail)
    session.flush()


def _credited(waiting_since: date, accepted_on: date, today: date) -> date:
    """Give the first day of waiting of somebody who waited until ``accepted_on`` and waits again."""
    return today - max(timedelta(0), accepted_on - waiting_since)


def patients_of(session: Session, actor: Actor, *, today: date) -> Sequence[Referral]:
    """List the patients a surgery has something to tell about: taken on, or whose follow-up is due."""
    with_gp = col(Referral.state).in_((ReferralState.ACCEPTED, ReferralState.SEEN))
    due = (
        (col(Referral.state) == ReferralState.DECLARED)
        & col(Referral.next_follow_up).is_not(None)
        & (col(Referral.asked_at).is_not(None) | (col(Referral.next_action_on) <= today))
    )
    query = select(Referral).where(reachable(actor), with_gp | due)
    return session.exec(query.order_by(col(Referral.next_action_on), col(Referral.id)).limit(200)).all()
