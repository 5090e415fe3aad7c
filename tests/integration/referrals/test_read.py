from datetime import date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from sqlmodel import Session, select

from matching.model import Needs
from scheduler.accounts.actor import Actor
from scheduler.errors import NotFound
from scheduler.listing import Listed
from scheduler.referrals.read import get_history, get_referral, list_referrals
from scheduler.referrals.read_proposals import get_run, list_proposals, list_runs
from scheduler.referrals.signal import signal
from scheduler.referrals.values import ConsentGiven, Identity, Signal, Wishes
from scheduler.store.engine import Store
from scheduler.store.tables import (
    AuditEntry,
    ConsentHow,
    Intake,
    OfferState,
    ProposalState,
    ReferralState,
    Role,
)
from tests import factories
from tests.factories import NOW

IDENTITY = Identity(
    family_name="Essai", given_name="Jeanne", birth_date=date(1950, 1, 1), phone="0102030405", insee="77445"
)
CONSENT = ConsentGiven(notice_version="1", how=ConsentHow.ORAL, collected_by="Infirmière", given_at=NOW)


def coordinator(session: Session) -> Actor:
    return factories.actor(territory_id=factories.territory(session).id)


def audited(store: Store) -> list[tuple[str, str]]:
    with store.read() as session:
        rows = session.exec(select(AuditEntry).order_by(AuditEntry.id)).all()
        return [(row.action, row.object_id) for row in rows]


def test_a_file_holds_all_that_was_told_and_its_reading_is_audited(store: Store) -> None:
    needs, wishes = Needs(ald=True, c2s=False, chronic_needs=1), Wishes(languages=("pt",), max_km=7.0)
    given = Signal(identity=IDENTITY, needs=needs, wishes=wishes, consent=CONSENT)
    with store.write() as session:
        who = coordinator(session)
        referral_id = signal(session, who, given, now=NOW).id
    with store.write() as session:
        file = get_referral(session, who, referral_id, now=NOW + timedelta(days=3))
    assert (file.identity, file.needs, file.wishes) == (IDENTITY, needs, wishes)
    assert (file.line.state, file.line.consent, file.line.next_owner) == (
        ReferralState.RECEIVED,
        True,
        Role.COORDINATOR,
    )
    assert (file.line.next_action_on, file.line.late) == (date(2026, 11, 25), True)
    (consent,) = file.consents
    assert (consent.how, consent.given_at, consent.withdrawn_at) == (ConsentHow.ORAL, NOW, None)
    assert audited(store) == [("C", str(referral_id)), ("R", str(referral_id))]


def test_a_history_is_read_oldest_first(store: Store) -> None:
    with store.write() as session:
        who = coordinator(session)
        referral_id = signal(session, who, Signal(identity=IDENTITY, consent=CONSENT), now=NOW).id
    with store.write() as session:
        history = get_history(session, who, referral_id, now=NOW)
    assert [(line.kind, line.from_state, line.to_state, line.actor) for line in history] == [
        ("signalled", None, ReferralState.RECEIVED, who.key),
        ("consent_given", ReferralState.RECEIVED, ReferralState.RECEIVED, who.key),
    ]
    assert audited(store)[-1] == ("R", str(referral_id))


def test_a_list_writes_one_audit_row_per_patient_shown(store: Store) -> None:
    with store.write() as session:
        who = coordinator(session)
        for day in range(5):
            factories.referral(session, territory_id=who.territory_id, waiting_since=date(2026, 9, 1 + day))
        factories.referral(session)
    with store.write() as session:
        page = list_referrals(session, who, limit=3, now=NOW)
    assert (len(page.rows), page.more) == (3, True)
    assert audited(store) == [("R", str(line.id)) for line in page.rows]
    with store.read() as session:
        patients = session.exec(select(AuditEntry.patient_id).order_by(AuditEntry.id)).all()
        assert patients == [line.patient_id for line in page.rows]


@pytest.mark.parametrize("limit", [1, 2, 3, 6, 7])
def test_pages_follow_each_other_without_gap_or_repetition(store: Store, limit: int) -> None:
    with store.write() as session:
        who = coordinator(session)
        for number in range(6):
            factories.referral(
                session, territory_id=who.territory_id, waiting_since=date(2026, 9, 1 + number // 3)
            )
        read, page = [], Listed((), more=True)
        while page.more:
            after = (page.rows[-1].waiting_since, page.rows[-1].id) if page.rows else None
            page = list_referrals(session, who, limit=limit, after=after, now=NOW)
            read += page.rows
    assert len({line.id for line in read}) == len(read) == 6
    assert [line.waiting_since.day for line in read] == [1, 1, 1, 2, 2, 2]


def test_a_list_can_be_kept_to_some_states(store: Store) -> None:
    with store.write() as session:
        who = coordinator(session)
        ids = {
            state: factories.referral(session, territory_id=who.territory_id, state=state).id
            for state in (ReferralState.WAITING, ReferralState.OFFERED, ReferralState.SUSPENDED)
        }
        asked = [ReferralState.WAITING, ReferralState.OFFERED]
        page = list_referrals(session, who, states=asked, now=NOW)
    assert {line.id for line in page.rows} == {ids[state] for state in asked}


def reached(session: Session, who: Actor) -> set[UUID]:
    return {line.id for line in list_referrals(session, who, now=NOW).rows}


def test_who_reaches_which_files(store: Store) -> None:
    with store.write() as session:
        here = factories.territory(session).id
        nurse = factories.actor(Role.SIGNALLER, territory_id=here, key="token:1")
        mine = signal(session, nurse, Signal(identity=IDENTITY), now=NOW).id
        gp = factories.practitioner(session, territory_id=here)
        intake = factories.intake(session, practitioner_id=gp.id)
        by_state: dict[OfferState, UUID] = {}
        for state in (OfferState.OPEN, OfferState.ACCEPTED, OfferState.DECLINED):
            referral = factories.referral(session, territory_id=here, state=ReferralState.OFFERED)
            factories.offer(session, referral_id=referral.id, intake_id=intake.id, state=state)
            by_state[state] = referral.id
        elsewhere = factories.referral(session).id
        everything = {mine, *by_state.values()}
        expected = {
            factories.actor(Role.COORDINATOR, territory_id=here): everything,
            factories.actor(Role.ADMIN, territory_id=here, key="system:demo"): everything,
            nurse: {mine},
            factories.actor(Role.SIGNALLER, territory_id=here, key="token:2"): set(),
            factories.actor(Role.GP, territory_id=here, practitioner_id=gp.id): {
                by_state[OfferState.ACCEPTED]
            },
            factories.actor(Role.SECRETARY, territory_id=here, practitioner_id=gp.id): {
                by_state[OfferState.ACCEPTED]
            },
            factories.actor(Role.GP, territory_id=here): set(),
            factories.actor(Role.REGULATOR, territory_id=here): set(),
            factories.actor(Role.BUREAU, territory_id=here): set(),
            factories.actor(Role.ADMIN, territory_id=here): set(),
        }
        for who, ids in expected.items():
            assert reached(session, who) == ids, who.role
            for referral_id in {*everything, elsewhere, uuid4()} - ids:
                with pytest.raises(NotFound):
                    get_referral(session, who, referral_id, now=NOW)
                with pytest.raises(NotFound):
                    get_history(session, who, referral_id, now=NOW)


def test_what_was_not_found_is_not_audited_as_read(store: Store) -> None:
    with store.write() as session:
        who = coordinator(session)
        other = factories.referral(session).id
        with pytest.raises(NotFound):
            get_referral(session, who, other, now=NOW)
    assert audited(store) == []


def proposed(session: Session, who: Actor, intake: Intake, tier: int, day: int, **more: object) -> UUID:
    referral = factories.referral(
        session,
        territory_id=who.territory_id,
        state=ReferralState.PROPOSED,
        waiting_since=date(2026, 9, day),
    )
    return factories.proposal(session, referral_id=referral.id, intake_id=intake.id, tier=tier, **more).id


def test_proposals_come_most_pressing_first_with_who_and_whom(store: Store) -> None:
    with store.write() as session:
        who = coordinator(session)
        gp = factories.practitioner(session, territory_id=who.territory_id, family_name="Bon")
        intake = factories.intake(session, practitioner_id=gp.id)
        third = proposed(session, who, intake, 2, 1)
        second = proposed(session, who, intake, 1, 5)
        first = proposed(session, who, intake, 1, 4)
        decided = proposed(session, who, intake, 1, 3, state=ProposalState.REJECTED)
        proposed(session, coordinator(session), factories.intake(session), 1, 1)
    with store.write() as session:
        page = list_proposals(session, who, limit=2, now=NOW)
        assert [line.id for line in page.rows] == [first, second]
        assert page.more
        line = page.rows[-1]
        after = (line.tier, line.waiting_since, line.id)
        rest = list_proposals(session, who, limit=2, after=after, now=NOW)
        assert ([each.id for each in rest.rows], rest.more) == ([third], False)
        assert (line.practitioner_id, line.practitioner_name) == (gp.id, "Dr Claude Bon")
        assert line.family_name.startswith("DURAND")
    with store.write() as session:
        everything = list_proposals(session, who, states=(), now=NOW)
        assert {each.id for each in everything.rows} == {first, second, third, decided}
        only = list_proposals(session, who, states=(), run_id=everything.rows[0].run_id, now=NOW)
        assert len(only.rows) == 1
    assert len(audited(store)) == 2 + 1 + 4 + 1


def test_runs_are_listed_newest_first_and_belong_to_a_territory(store: Store) -> None:
    with store.write() as session:
        who = coordinator(session)

        def run_at(at: datetime) -> UUID:
            return factories.matching_run(session, territory_id=who.territory_id, started_at=at).id

        ids = [run_at(NOW + timedelta(hours=hours // 2)) for hours in range(5)]
        other = factories.matching_run(session).id
    with store.read() as session:
        read, page = [], list_runs(session, who, limit=2)
        while page.more:
            read += page.rows
            last = page.rows[-1]
            page = list_runs(session, who, limit=2, before=(last.started_at, last.id))
        read += page.rows
        assert {run.id for run in read} == set(ids)
        assert [run.started_at for run in read] == sorted((run.started_at for run in read), reverse=True)
        assert len(read) == 5
        assert get_run(session, who, ids[0]).id == ids[0]
        for run_id in (other, uuid4()):
            with pytest.raises(NotFound):
                get_run(session, who, run_id)
