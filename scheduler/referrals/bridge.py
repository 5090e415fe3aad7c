"""A consultation for somebody who waits, without losing rank; and a visit that went well becomes an offer."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from scheduler.accounts.actor import Actor
from scheduler.agenda.booking import book
from scheduler.errors import WrongState
from scheduler.referrals.by_person import ChosenBecause
from scheduler.referrals.decide import offer_by_hand
from scheduler.referrals.errors import ConsentMissing, NoPlaceLeft
from scheduler.referrals.history import BRIDGE_ASKED, BRIDGED, note
from scheduler.referrals.offers import OFFER_DAYS
from scheduler.referrals.scope import find_referral
from scheduler.referrals.trace import trace
from scheduler.store.tables import (
    Booking,
    BookingState,
    Bridge,
    Intake,
    Offer,
    Proposal,
    ProposalOrigin,
    Referral,
    ReferralState,
    Slot,
)

SEARCHING = frozenset(
    {
        ReferralState.RECEIVED,
        ReferralState.QUALIFIED,
        ReferralState.WAITING,
        ReferralState.PROPOSED,
        ReferralState.OFFERED,
        ReferralState.SUSPENDED,
    }
)
"""States in which nobody follows the patient yet: a consultation bridges the wait."""

ASK_WITHIN = timedelta(days=7)
"""After a visit, how long its GP may be asked whether they would follow the patient."""


def give_consultation(
    session: Session, actor: Actor, referral_id: UUID, *, slot_id: int, now: datetime
) -> Booking:
    """Book a slot of the agenda for somebody who waits; their rank and their wait do not change.

    Raises
    ------
    NotFound
        When this person may not reach the referral, or see the slot.
    WrongState
        When a GP follows the patient already, or the file is closed.
    SlotNotOpen, SlotTaken
        As any booking.
    """
    referral = find_referral(session, actor, referral_id, lock=True)
    if referral.state not in SEARCHING:
        raise WrongState("referral", referral.state.value, BRIDGED)
    booking = book(session, actor, slot_id=slot_id, patient_id=referral.patient_id, now=now)
    session.add(Bridge(booking_id=booking.id, referral_id=referral.id, created_by=actor.key, created_at=now))
    practitioner_id = session.get_one(Slot, slot_id).practitioner_id
    note(session, actor, referral, BRIDGED, now=now, booking=str(booking.id), practitioner=practitioner_id)
    session.flush()
    trace(session, actor, "U", referral.id, referral.patient_id, now=now)
    return booking


def ask_after_visits(session: Session, actor: Actor, *, now: datetime, offer_days: int = OFFER_DAYS) -> int:
    """Ask GPs who have just seen a waiting patient whether they would follow them: an offer like any other.

    Visits of the last seven days, bridges and unscheduled care alike, each asked about once, where the GP
    has a place. Gives how many offers were made.
    """
    num_offers = 0
    for booking, slot, referral in seen_lately(session, actor, now=now):
        bridge = session.get(Bridge, booking.id) or Bridge(
            booking_id=booking.id, referral_id=referral.id, created_by=actor.key, created_at=now
        )
        if bridge.asked_at is not None or _asked_before(session, referral, slot.practitioner_id):
            continue
        bridge.asked_at = now
        session.add(bridge)
        try:
            with session.begin_nested():
                _offer(session, actor, referral, slot.practitioner_id, offer_days, now)
        except (NoPlaceLeft, ConsentMissing, WrongState):
            continue  # this GP takes nobody, or somebody was faster: the patient waits on
        note(
            session,
            actor,
            referral,
            BRIDGE_ASKED,
            now=now,
            booking=str(booking.id),
            practitioner=slot.practitioner_id,
        )
        num_offers += 1
    session.flush()
    return num_offers


def _offer(
    session: Session, actor: Actor, referral: Referral, practitioner_id: int, offer_days: int, now: datetime
) -> Offer:
    return offer_by_hand(
        session,
        actor,
        referral.id,
        practitioner_id=practitioner_id,
        because=ChosenBecause.VISIT_WENT_WELL,
        origin=ProposalOrigin.VISIT,
        now=now,
        offer_days=offer_days,
    )


def seen_lately(session: Session, actor: Actor, *, now: datetime) -> Sequence[tuple[Booking, Slot, Referral]]:
    """List the visits of the last seven days of patients who wait."""
    asked = {"territory_id": actor.territory_id, "since": now - ASK_WITHIN, "now": now}
    return session.exec(_SEEN_LATELY, params=asked).all()


_SEEN_LATELY = (
    select(Booking, Slot, Referral)
    .join(Slot, col(Slot.id) == col(Booking.slot_id))
    .join(Referral, col(Referral.patient_id) == col(Booking.patient_id))
    .where(
        col(Referral.territory_id) == bindparam("territory_id"),
        col(Referral.state) == ReferralState.WAITING,
        col(Booking.state) == BookingState.HONOURED,
        col(Slot.end_at) > bindparam("since"),
        col(Slot.end_at) <= bindparam("now"),
    )
    .order_by(col(Slot.end_at), col(Booking.id))
)


def _asked_before(session: Session, referral: Referral, practitioner_id: int) -> bool:
    """Tell whether this pair was thought of before: a GP who said no is not asked again."""
    query = (
        select(Proposal.id)
        .join(Intake, col(Intake.id) == col(Proposal.intake_id))
        .where(col(Proposal.referral_id) == referral.id, col(Intake.practitioner_id) == practitioner_id)
    )
    return session.exec(query).first() is not None
