from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest
from sqlmodel import Session, select

from matching.model import Needs
from scheduler.accounts.actor import Actor
from scheduler.errors import NotFound, WrongState
from scheduler.referrals.errors import AlreadySignalled
from scheduler.referrals.qualify import qualify
from scheduler.referrals.signal import signal
from scheduler.referrals.values import ConsentGiven, Corrections, Identity, Signal, Wishes
from scheduler.store.engine import Store
from scheduler.store.tables import (
    AuditEntry,
    ConsentHow,
    Patient,
    Referral,
    ReferralEvent,
    ReferralState,
    Role,
)
from tests import factories
from tests.factories import NOW

PAUL = Identity(family_name="Essai", given_name="Paul", birth_date=date(1960, 2, 29), insee="77445")
CONSENT = ConsentGiven(notice_version="1", how=ConsentHow.WRITTEN, collected_by="Pharmacie d'essai")


def coordinator(session: Session) -> Actor:
    account = factories.account(session)
    return factories.actor_of(account, Role.COORDINATOR, factories.territory(session).id)


def steps(session: Session, referral_id: UUID) -> list[str]:
    events = select(ReferralEvent).where(ReferralEvent.referral_id == referral_id).order_by(ReferralEvent.id)
    return [event.kind for event in session.exec(events)]


def test_with_a_consent_a_received_referral_is_put_on_the_list(store: Store) -> None:
    with store.write() as session:
        who = coordinator(session)
        referral = signal(session, who, Signal(identity=PAUL, consent=CONSENT), now=NOW)
        qualify(session, who, referral.id, Corrections(needs=Needs(ald=True)), now=NOW)
    with store.read() as session:
        kept = session.get_one(Referral, referral.id)
        assert (kept.state, kept.ald, kept.owner_id) == (ReferralState.WAITING, True, who.account_id)
        assert kept.next_action_on == date(2026, 11, 30)
        assert steps(session, kept.id) == [
            "signalled",
            "consent_given",
            "corrected",
            "ranked",
            "qualify",
            "enlist",
        ]
        corrected = session.exec(select(ReferralEvent).where(ReferralEvent.kind == "corrected")).one()
        assert corrected.detail == {"fields": ["ald"], "reason": "completed"}
        assert [entry.action for entry in session.exec(select(AuditEntry).order_by("id"))] == ["C", "U"]


def test_without_a_consent_it_is_qualified_and_waits_for_one(store: Store) -> None:
    with store.write() as session:
        who = coordinator(session)
        referral = signal(session, who, Signal(identity=PAUL), now=NOW)
        assert qualify(session, who, referral.id, Corrections(), now=NOW).state is ReferralState.QUALIFIED
        assert qualify(session, who, referral.id, Corrections(), now=NOW).state is ReferralState.QUALIFIED
        later = Corrections(consent=CONSENT)
        assert qualify(session, who, referral.id, later, now=NOW).state is ReferralState.WAITING
        assert steps(session, referral.id) == ["signalled", "qualify", "consent_given", "enlist"]


def test_a_withdrawn_consent_does_not_count(store: Store) -> None:
    with store.write() as session:
        who = coordinator(session)
        referral = factories.referral(
            session, territory_id=who.territory_id, state=ReferralState.QUALIFIED, consent=False
        )
        factories.consent(session, referral_id=referral.id, withdrawn_at=NOW)
        assert qualify(session, who, referral.id, Corrections(), now=NOW).state is ReferralState.QUALIFIED


def test_everything_can_be_corrected_and_what_is_left_out_stays(store: Store) -> None:
    with store.write() as session:
        who = coordinator(session)
        given = Signal(identity=PAUL, needs=Needs(ald=True), wishes=Wishes(max_km=5.0))
        referral = signal(session, who, given, now=NOW)
        corrections = Corrections(identity=replace(PAUL, phone="0102030405"), wishes=Wishes(max_km=9.0))
        qualify(session, who, referral.id, corrections, now=NOW)
        patient = session.get_one(Patient, referral.patient_id)
        assert (patient.phone, referral.max_km, referral.ald) == ("0102030405", 9.0, True)


def test_a_correction_that_makes_a_twin_is_refused_but_not_its_own(store: Store) -> None:
    with store.write() as session:
        who = coordinator(session)
        first = signal(session, who, Signal(identity=PAUL), now=NOW)
        second = signal(session, who, Signal(identity=replace(PAUL, given_name="Pol")), now=NOW)
        qualify(session, who, first.id, Corrections(identity=PAUL), now=NOW)
        with pytest.raises(AlreadySignalled) as refused:
            qualify(session, who, second.id, Corrections(identity=PAUL), now=NOW)
        assert refused.value.referral_id == first.id


@pytest.mark.parametrize("state", [ReferralState.WAITING, ReferralState.OFFERED, ReferralState.SUSPENDED])
def test_a_referral_further_on_is_not_qualified_again(store: Store, state: ReferralState) -> None:
    with store.write() as session:
        who = coordinator(session)
        referral = factories.referral(session, territory_id=who.territory_id, state=state)
        with pytest.raises(WrongState):
            qualify(session, who, referral.id, Corrections(), now=NOW)


def test_a_referral_of_another_territory_does_not_exist(store: Store) -> None:
    with store.write() as session:
        who = coordinator(session)
        with pytest.raises(NotFound):
            qualify(session, who, factories.referral(session).id, Corrections(), now=NOW)
