from dataclasses import replace
from datetime import date, timedelta
from uuid import uuid4

import pytest
from sqlmodel import Session, select

from matching.model import Needs
from scheduler.errors import InvalidInput, NotFound
from scheduler.referrals.errors import AlreadySignalled
from scheduler.referrals.signal import signal
from scheduler.referrals.values import ConsentGiven, Identity, Signal, Wishes
from scheduler.store.engine import Store
from scheduler.store.tables import (
    AuditEntry,
    Consent,
    ConsentHow,
    Household,
    Patient,
    Referral,
    ReferralEvent,
    ReferralState,
    Role,
)
from tests import factories
from tests.factories import NOW
from tests.races import at_once

JEANNE = Identity(
    family_name=" Lefèvre-Durand ",
    given_name="Jeanne",
    birth_date=date(1951, 3, 14),
    phone="06 12 34 56 78",
    insee="77445",
    fictitious=True,
)
CONSENT = ConsentGiven(notice_version="1", how=ConsentHow.ORAL, collected_by="Infirmière d'essai")


def signaller(session: Session):
    return factories.actor(Role.SIGNALLER, territory_id=factories.territory(session).id)


def test_a_signal_is_received_with_its_file_history_and_audit_row(store: Store) -> None:
    given = Signal(
        identity=JEANNE,
        needs=Needs(ald=True, c2s=False, chronic_needs=2),
        wishes=Wishes(languages=("PT", "fr"), max_km=12.0),
        consent=CONSENT,
        waiting_since=date(2026, 9, 1),
    )
    with store.write() as session:
        who = signaller(session)
        referral_id = signal(session, who, given, now=NOW).id
    with store.read() as session:
        referral = session.get_one(Referral, referral_id)
        patient = session.get_one(Patient, referral.patient_id)
        consent = session.exec(select(Consent)).one()
        events = session.exec(select(ReferralEvent).order_by(ReferralEvent.id)).all()
        entry = session.exec(select(AuditEntry)).one()
    assert (patient.family_name, patient.phone, patient.fictitious) == ("Lefèvre-Durand", "0612345678", True)
    assert referral.state is ReferralState.RECEIVED
    assert (referral.ald, referral.c2s, referral.pregnancy, referral.chronic_needs) == (True, False, None, 2)
    assert (referral.languages, referral.max_km) == (["pt", "fr"], 12.0)
    assert (referral.waiting_since, referral.next_action_on) == (date(2026, 9, 1), date(2026, 11, 25))
    assert (consent.referral_id, consent.given_at, consent.withdrawn_at) == (referral_id, NOW, None)
    assert [(event.kind, event.from_state, event.to_state) for event in events] == [
        ("signalled", None, ReferralState.RECEIVED),
        ("consent_given", ReferralState.RECEIVED, ReferralState.RECEIVED),
    ]
    assert (entry.action, entry.object_id, entry.patient_id) == ("C", str(referral_id), patient.id)


def test_a_signal_without_consent_is_received(store: Store) -> None:
    with store.write() as session:
        referral = signal(session, signaller(session), Signal(identity=JEANNE), now=NOW)
        assert referral.state is ReferralState.RECEIVED
        assert session.exec(select(Consent)).all() == []


@pytest.mark.parametrize(
    "twin",
    [
        replace(JEANNE, family_name="LEFEVRE DURAND", given_name="JEANNE"),
        replace(JEANNE, family_name="Lefevre–Durand", phone="", address="ailleurs"),
    ],
)
def test_the_same_person_twice_is_refused_and_never_merged(store: Store, twin: Identity) -> None:
    with store.write() as session:
        who = signaller(session)
        first = signal(session, who, Signal(identity=JEANNE), now=NOW)
        with pytest.raises(AlreadySignalled) as refused:
            signal(session, who, Signal(identity=twin), now=NOW)
        assert refused.value.referral_id == first.id
        assert "Lef" not in str(refused.value)
        assert len(session.exec(select(Patient)).all()) == 1


@pytest.mark.parametrize(
    "other",
    [
        replace(JEANNE, birth_date=date(1951, 3, 15)),
        replace(JEANNE, birth_date=None),
        replace(JEANNE, given_name="Jeannine"),
    ],
)
def test_somebody_else_is_not_a_twin(store: Store, other: Identity) -> None:
    with store.write() as session:
        who = signaller(session)
        signal(session, who, Signal(identity=JEANNE), now=NOW)
        signal(session, who, Signal(identity=other), now=NOW)
        assert len(session.exec(select(Referral)).all()) == 2


def test_two_unknown_birth_dates_count_as_the_same(store: Store) -> None:
    nobody_knows = replace(JEANNE, birth_date=None)
    with store.write() as session:
        who = signaller(session)
        signal(session, who, Signal(identity=nobody_knows), now=NOW)
        with pytest.raises(AlreadySignalled):
            signal(session, who, Signal(identity=nobody_knows), now=NOW)


def test_a_closed_referral_and_another_territory_do_not_count(store: Store) -> None:
    with store.write() as session:
        who = signaller(session)
        first = signal(session, who, Signal(identity=JEANNE), now=NOW)
        signal(session, signaller(session), Signal(identity=JEANNE), now=NOW)
        first.state = ReferralState.DECLARED
        session.add(first)
        session.flush()
        signal(session, who, Signal(identity=JEANNE), now=NOW)
        assert len(session.exec(select(Referral)).all()) == 3


def test_a_household_is_founded_then_joined(store: Store) -> None:
    with store.write() as session:
        who = signaller(session)
        mother = signal(session, who, Signal(identity=JEANNE), now=NOW)
        child, twin = (
            signal(
                session,
                who,
                Signal(
                    identity=replace(JEANNE, given_name=name, birth_date=date(2018, 1, 1)),
                    household_with=mother.id,
                ),
                now=NOW,
            )
            for name in ("Zoé", "Ali")
        )
        household = session.exec(select(Household)).one()
        session.refresh(mother)
        assert {mother.household_id, child.household_id, twin.household_id} == {household.id}


def test_a_signaller_cannot_join_the_household_of_a_file_they_did_not_open(store: Store) -> None:
    with store.write() as session:
        who = signaller(session)
        elsewhere = factories.referral(session, territory_id=who.territory_id)
        for referral_id in (elsewhere.id, uuid4()):
            with pytest.raises(NotFound):
                signal(session, who, Signal(identity=JEANNE, household_with=referral_id), now=NOW)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (Signal(identity=replace(JEANNE, birth_date=date(2026, 11, 24))), "birth_date"),
        (Signal(identity=replace(JEANNE, insee="99999")), "insee"),
        (Signal(identity=JEANNE, needs=Needs(chronic_needs=51)), "chronic_needs"),
        (Signal(identity=JEANNE, wishes=Wishes(known_practitioner_id=10**6)), "known_practitioner_id"),
        (Signal(identity=JEANNE, waiting_since=date(2026, 11, 24)), "waiting_since"),
        (Signal(identity=JEANNE, consent=replace(CONSENT, given_at=NOW + timedelta(hours=1))), "given_at"),
    ],
)
def test_a_signal_with_a_wrong_value_leaves_nothing(store: Store, wrong: Signal, field: str) -> None:
    with pytest.raises(InvalidInput) as refused, store.write() as session:
        signal(session, signaller(session), wrong, now=NOW)
    assert refused.value.field == field
    with store.read() as session:
        assert session.exec(select(Patient)).all() == []
        assert session.exec(select(AuditEntry)).all() == []


def test_a_known_practitioner_must_be_of_the_territory(store: Store) -> None:
    with store.write() as session:
        who = signaller(session)
        here = factories.practitioner(session, territory_id=who.territory_id)
        there = factories.practitioner(session)
        wishes = Wishes(known_practitioner_id=here.id)
        assert signal(session, who, Signal(identity=JEANNE, wishes=wishes), now=NOW).known_practitioner_id
        elsewhere = Wishes(known_practitioner_id=there.id)
        given = Signal(identity=replace(JEANNE, given_name="A"), wishes=elsewhere)
        with pytest.raises(InvalidInput):
            signal(session, who, given, now=NOW)


def test_of_ten_who_signal_the_same_person_at_once_one_does(store: Store) -> None:
    with store.write() as session:
        who = signaller(session)

    def send(number: int) -> None:
        twin = replace(JEANNE, family_name="LEFEVRE DURAND") if number % 2 else JEANNE
        with store.write() as session:
            signal(session, who, Signal(identity=twin), now=NOW)

    assert at_once(10, send) == {"done": 1, "already_signalled": 9}
    with store.read() as session:
        assert len(session.exec(select(Referral)).all()) == 1
