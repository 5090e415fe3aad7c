from collections.abc import Callable
from datetime import date, timedelta
from uuid import uuid4

import pytest
from sqlmodel import Session, select

from scheduler.accounts.actor import Actor
from scheduler.errors import NotFound, WrongState
from scheduler.referrals.by_person import ChosenBecause
from scheduler.referrals.decide import RejectReason, override, reject, validate
from scheduler.referrals.errors import ConsentMissing, NoPlaceLeft
from scheduler.store.engine import Store
from scheduler.store.tables import (
    AuditEntry,
    Consent,
    Intake,
    Offer,
    OfferState,
    Proposal,
    ProposalState,
    Referral,
    ReferralEvent,
    ReferralState,
    Role,
)
from tests import factories
from tests.factories import NOW
from tests.races import at_once


def scene(session: Session, *, num: int = 1, **intake: object) -> tuple[Actor, list[Proposal]]:
    """A coordinator with an account, and patients proposed to one GP."""
    here = factories.territory(session).id
    who = factories.actor_of(factories.account(session), Role.COORDINATOR, here)
    gp = factories.practitioner(session, territory_id=here)
    offered = factories.intake(session, practitioner_id=gp.id, **intake)
    proposals = [
        factories.proposal(
            session,
            intake_id=offered.id,
            referral_id=factories.referral(
                session, territory_id=here, state=ReferralState.PROPOSED, waiting_since=date(2026, 9, 1)
            ).id,
        )
        for _ in range(num)
    ]
    return who, proposals


def test_a_validated_proposal_is_offered_for_three_days(store: Store) -> None:
    with store.write() as session:
        who, (proposal,) = scene(session)
        offer = validate(session, who, proposal.id, now=NOW)
    with store.read() as session:
        kept = session.get_one(Offer, offer.id)
        assert (kept.state, kept.sent_at, kept.expires_at) == (OfferState.OPEN, NOW, NOW + timedelta(days=3))
        assert (kept.proposal_id, kept.referral_id, kept.intake_id) == (
            proposal.id,
            proposal.referral_id,
            proposal.intake_id,
        )
        decided = session.get_one(Proposal, proposal.id)
        assert (decided.state, decided.decided_by, decided.decided_at) == (
            ProposalState.VALIDATED,
            who.account_id,
            NOW,
        )
        referral = session.get_one(Referral, proposal.referral_id)
        assert (referral.state, referral.next_action_on) == (ReferralState.OFFERED, date(2026, 11, 26))
        step = session.exec(select(ReferralEvent)).one()
        assert step.kind == "offer"
        assert step.detail == {
            "offer": str(offer.id),
            "practitioner": session.get_one(Intake, kept.intake_id).practitioner_id,
            "tier": proposal.tier,
            "expires_at": kept.expires_at.isoformat(),
            "group": str(kept.group_id),
        }
        entry = session.exec(select(AuditEntry)).one()
        assert (entry.action, entry.object_id, entry.patient_id) == (
            "U",
            str(referral.id),
            referral.patient_id,
        )


def test_a_rejected_proposal_sends_the_patient_back_with_their_seniority(store: Store) -> None:
    with store.write() as session:
        who, (proposal,) = scene(session)
        reject(session, who, proposal.id, reason=RejectReason.TOO_FAR, now=NOW)
    with store.read() as session:
        referral = session.get_one(Referral, proposal.referral_id)
        assert (referral.state, referral.waiting_since) == (ReferralState.WAITING, date(2026, 9, 1))
        assert session.get_one(Proposal, proposal.id).state is ProposalState.REJECTED
        step = session.exec(select(ReferralEvent)).one()
        assert (step.kind, step.detail) == ("reject", {"proposal": str(proposal.id), "reason": "too_far"})


@pytest.mark.parametrize("first", ["validate", "reject"])
@pytest.mark.parametrize("second", ["validate", "reject"])
def test_a_proposal_is_decided_once(store: Store, first: str, second: str) -> None:
    decisions: dict[str, Callable[[Session, Actor, Proposal], object]] = {
        "validate": lambda session, who, one: validate(session, who, one.id, now=NOW),
        "reject": lambda session, who, one: reject(session, who, one.id, reason=RejectReason.OTHER, now=NOW),
    }
    with store.write() as session:
        who, (proposal,) = scene(session)
        decisions[first](session, who, proposal)
        with pytest.raises(WrongState):
            decisions[second](session, who, proposal)


def test_a_withdrawn_consent_stops_an_offer(store: Store) -> None:
    with store.write() as session:
        who, (proposal,) = scene(session)
        consent = select(Consent).where(Consent.referral_id == proposal.referral_id)
        session.exec(consent).one().withdrawn_at = NOW
        with pytest.raises(ConsentMissing):
            validate(session, who, proposal.id, now=NOW)


@pytest.mark.parametrize(
    "values",
    [{"closed_at": NOW}, {"paused_until": NOW.date()}, {"leaving_on": NOW.date()}, {"places": 0}],
)
def test_an_intake_that_takes_nobody_any_more_stops_an_offer(store: Store, values: dict[str, object]) -> None:
    with store.write() as session:
        who, (proposal,) = scene(session, **values)
        with pytest.raises(NoPlaceLeft):
            validate(session, who, proposal.id, now=NOW)


def test_offers_fill_the_places_whatever_else_is_proposed(store: Store) -> None:
    """After the GP lowered the number, the coordination still chooses who has the places left."""
    with store.write() as session:
        who, (first, second, third) = scene(session, num=3, places=2, max_tier1=1)
        for proposal in (first, second):
            proposal.tier = 1
        validate(session, who, first.id, now=NOW)
        with pytest.raises(NoPlaceLeft):
            validate(session, who, second.id, now=NOW)  # tier 1 is full
        validate(session, who, third.id, now=NOW)
        session.get_one(Intake, first.intake_id).max_tier1 = None
        with pytest.raises(NoPlaceLeft):
            validate(session, who, second.id, now=NOW)  # everything is full


def test_who_does_not_reach_the_referral_does_not_see_the_proposal(store: Store) -> None:
    with store.write() as session:
        who, (proposal,) = scene(session)
        stranger, _ = scene(session)
        signaller = factories.actor(Role.SIGNALLER, territory_id=who.territory_id)
        for other, proposal_id in ((stranger, proposal.id), (signaller, proposal.id), (who, uuid4())):
            with pytest.raises(NotFound) as refused:
                validate(session, other, proposal_id, now=NOW)
            assert refused.value.kind == "proposal"


def test_of_ten_coordinators_who_decide_at_once_one_decides(store: Store) -> None:
    """Reliability test A5: for one GP, for another, or for none; the losers are told that it was decided."""
    with store.write() as session:
        who, (proposal,) = scene(session)
        other = factories.practitioner(session, territory_id=who.territory_id).id
        factories.intake(session, practitioner_id=other)

    def decide(number: int) -> None:
        with store.write() as session:
            if number % 3 == 0:
                validate(session, who, proposal.id, now=NOW)
            elif number % 3 == 1:
                because = ChosenBecause.PATIENT_WISH
                override(session, who, proposal.id, practitioner_id=other, because=because, now=NOW)
            else:
                reject(session, who, proposal.id, reason=RejectReason.OTHER, now=NOW)

    assert at_once(10, decide) == {"done": 1, "wrong_state": 9}
    with store.read() as session:
        offers = session.exec(select(Offer)).all()
        state = session.get_one(Referral, proposal.referral_id).state
    assert (len(offers), state) in {(1, ReferralState.OFFERED), (0, ReferralState.WAITING)}


def test_ten_patients_validated_at_once_for_three_places(store: Store) -> None:
    with store.write() as session:
        who, proposals = scene(session, num=10, places=3)

    def offer(number: int) -> None:
        with store.write() as session:
            validate(session, who, proposals[number].id, now=NOW)

    assert at_once(10, offer) == {"done": 3, "no_place_left": 7}
    with store.read() as session:
        assert len(session.exec(select(Offer)).all()) == 3
