"""Offers that nobody answers: reminded once, then ended, so that another GP is asked; or taken back."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import groupby
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from scheduler.accounts.actor import Actor
from scheduler.errors import WrongState
from scheduler.messages import enqueue
from scheduler.messages.letters_to_gps import offer_withdrawn
from scheduler.referrals.addresses import page_address
from scheduler.referrals.history import REMINDED, advance, note, today_in
from scheduler.referrals.life import Step
from scheduler.referrals.offers import group_members, group_of, remind
from scheduler.referrals.recipients import recipients
from scheduler.referrals.scope import find_referral
from scheduler.referrals.trace import trace
from scheduler.store.tables import Intake, Offer, OfferState, Referral, ReferralState


class WithdrawReason(StrEnum):
    """Why an offer is taken back before its answer; coded, because free text would hold health data."""

    PATIENT_DECLINES = "patient_declines"
    GP_ASKED = "gp_asked"
    GP_TAKES_NOBODY = "gp_takes_nobody"
    MISTAKE = "mistake"
    SUSPENDED = "suspended"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class _Asked:
    """An open offer, whose it is, and who was asked."""

    offer: Offer
    referral: Referral
    practitioner_id: int


def any_half_way(session: Session, actor: Actor, *, now: datetime) -> bool:
    """Tell whether ``remind_offers`` has anything to do."""
    return bool(_half_way(session, actor, now))


def any_over(session: Session, actor: Actor, *, now: datetime) -> bool:
    """Tell whether ``expire_offers`` has anything to do."""
    return bool(_out_of_time(session, actor, now))


def remind_offers(session: Session, actor: Actor, *, now: datetime) -> int:
    """Write again about the offers of a territory that are half way to their end; gives their number.

    Once for each offer, however often this is called.
    """
    late = sorted(_open_offers(session, _half_way(session, actor, now), over=False, now=now), key=_by_group)
    groups = [list(members) for _, members in groupby(late, key=_by_group)]
    told = [(group[0].practitioner_id, [each.offer for each in group]) for group in groups]
    remind(session, actor, told, now=now)
    for each in late:
        each.offer.reminded_at = now
        session.add(each.offer)
        note(session, actor, each.referral, REMINDED, now=now, offer=str(each.offer.id))
    session.flush()
    return len(late)


def expire_offers(session: Session, actor: Actor, *, now: datetime) -> int:
    """End the offers of a territory whose time is over; the patients wait again, with their seniority.

    Returns
    -------
    How many offers were ended. The same pair is not proposed again.
    """
    over = _open_offers(session, _out_of_time(session, actor, now), over=True, now=now)
    for each in over:
        _end(session, actor, each.offer, OfferState.EXPIRED, now)
        detail = {"offer": str(each.offer.id), "practitioner": each.practitioner_id}
        advance(session, actor, each.referral, Step.EXPIRE, now=now, detail=detail)
        trace(session, actor, "U", each.referral.id, each.referral.patient_id, now=now)
    session.flush()
    return len(over)


def withdraw_offer(
    session: Session, actor: Actor, referral_id: UUID, *, because: WithdrawReason, now: datetime
) -> Referral:
    """Take back the open offer of a patient, who waits again; the GP is told that nothing is left to do.

    Raises
    ------
    NotFound
        When this person may not reach the referral.
    WrongState
        When no offer of it is open.
    """
    referral = find_referral(session, actor, referral_id, lock=True)
    take_back(session, actor, referral, because, now=now)
    trace(session, actor, "U", referral.id, referral.patient_id, now=now)
    return referral


def take_back(
    session: Session, actor: Actor, referral: Referral, because: WithdrawReason, *, now: datetime
) -> None:
    """Withdraw the open offer of a referral that is kept from changing.

    Raises
    ------
    WrongState
        When there is none.
    """
    query = select(Offer).where(col(Offer.referral_id) == referral.id, col(Offer.state) == OfferState.OPEN)
    offer = session.exec(query.with_for_update().execution_options(populate_existing=True)).first()
    if offer is None:
        raise WrongState("referral", referral.state.value, Step.WITHDRAW.value)
    _end(session, actor, offer, OfferState.WITHDRAWN, now)
    detail = {
        "offer": str(offer.id),
        "practitioner": _practitioner(session, offer),
        "because": because.value,
    }
    advance(session, actor, referral, Step.WITHDRAW, now=now, detail=detail)
    session.flush()
    if all(other.state is not OfferState.OPEN for other in group_members(session, group_of(offer))):
        _tell_withdrawn(session, actor, offer, now)


def _out_of_time(session: Session, actor: Actor, now: datetime) -> Collection[UUID]:
    """Give the referrals with an open offer whose time is over."""
    return set(session.exec(_OVER, params={"territory_id": actor.territory_id, "now": now}))


def _half_way(session: Session, actor: Actor, now: datetime) -> Collection[UUID]:
    """Give the referrals with an open offer that is half way to its end, and was not reminded of."""
    rows = session.exec(_TO_REMIND, params={"territory_id": actor.territory_id, "now": now})
    return {who for who, sent_at, expires_at in rows if now >= sent_at + (expires_at - sent_at) / 2}


def _with_open_offer(*wanted: Any) -> Any:
    return (
        select(*wanted)
        .join(Referral, col(Referral.id) == col(Offer.referral_id))
        .where(
            col(Referral.territory_id) == bindparam("territory_id"),
            col(Referral.state) == ReferralState.OFFERED,  # by which few are found, without looking at all
            col(Offer.state) == OfferState.OPEN,
        )
    )


_OVER = _with_open_offer(Offer.referral_id).where(col(Offer.expires_at) <= bindparam("now"))
_TO_REMIND = _with_open_offer(Offer.referral_id, Offer.sent_at, Offer.expires_at).where(
    col(Offer.expires_at) > bindparam("now"), col(Offer.reminded_at).is_(None)
)


def _open_offers(
    session: Session, referral_ids: Collection[UUID], *, over: bool, now: datetime
) -> list[_Asked]:
    """Load the open offers of some referrals, which are kept from changing."""
    due = col(Offer.expires_at) <= now if over else col(Offer.reminded_at).is_(None)
    ids = sorted(referral_ids)
    found: list[_Asked] = []
    for start in range(0, len(ids), 500):  # SQLite counts the parameters of a statement
        here = ids[start : start + 500]
        locked = select(Referral).where(col(Referral.id).in_(here)).order_by(col(Referral.id))
        locked = locked.with_for_update(key_share=True).execution_options(populate_existing=True)
        referrals = {referral.id: referral for referral in session.exec(locked)}
        still_open = (
            select(Offer, Intake.practitioner_id)
            .join(Intake, col(Intake.id) == col(Offer.intake_id))
            .where(col(Offer.referral_id).in_(here), col(Offer.state) == OfferState.OPEN, due)
        )
        rows = session.exec(still_open.execution_options(populate_existing=True))
        found += [_Asked(offer, referrals[offer.referral_id], who) for offer, who in rows]
    return found


def _by_group(each: _Asked) -> str:
    return str(group_of(each.offer))


def _end(session: Session, actor: Actor, offer: Offer, state: OfferState, now: datetime) -> None:
    offer.state, offer.answered_at, offer.answered_by = state, now, actor.key
    session.add(offer)


def _practitioner(session: Session, offer: Offer) -> int:
    return session.get_one(Intake, offer.intake_id).practitioner_id


def _tell_withdrawn(session: Session, actor: Actor, offer: Offer, now: datetime) -> None:
    today = today_in(session, actor.territory_id, now)
    for recipient in recipients(session, _practitioner(session, offer), on=today):
        enqueue(
            session,
            territory_id=actor.territory_id,
            key=f"offer_withdrawn:{group_of(offer)}:{recipient.account_id}",
            recipient=recipient.email,
            letter=offer_withdrawn(link=page_address(session, "/mon-accueil")),
            now=now,
        )
