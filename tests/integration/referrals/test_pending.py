"""The table of proposals that wait, and taking a validation back before anything has left."""

from datetime import date, timedelta

import pytest
from sqlmodel import Session, col, func, select

from scheduler.accounts.actor import Actor
from scheduler.errors import NotFound
from scheduler.referrals.decide import validate
from scheduler.referrals.errors import OfferLeft
from scheduler.referrals.pending import (
    PendingOrder,
    PendingWanted,
    pending_counts,
    pending_journeys,
    pending_one,
    pending_table,
)
from scheduler.referrals.undo import undo_validation, unsent_offers
from scheduler.store.engine import Store
from scheduler.store.tables import (
    AuditEntry,
    Intake,
    Message,
    Offer,
    OfferLink,
    OfferState,
    Proposal,
    ProposalState,
    Referral,
    ReferralState,
    Role,
)
from tests import factories
from tests.factories import NOW

COMBS, MELUN = "77122", "77288"


def scene(session: Session) -> tuple[Actor, list[Proposal]]:
    """Two GPs; a home of two at the first with a member at the second, and somebody alone far away."""
    here = factories.territory(session).id
    who = factories.actor_of(factories.account(session), Role.COORDINATOR, here)
    gps = [factories.practitioner(session, territory_id=here, family_name=name) for name in ("ABEL", "ZOLA")]
    intakes = [factories.intake(session, practitioner_id=gp.id, places=5) for gp in gps]
    answering = factories.account(session, practitioner_id=gps[0].id)
    factories.grant(session, account_id=answering.id, territory_id=here, role=Role.GP)
    home = factories.household(session, territory_id=here).id
    rows = [
        (0, 2, home, COMBS, 600),
        (0, 3, home, COMBS, 600),
        (1, 3, home, COMBS, 900),
        (1, 1, None, MELUN, 60),
    ]
    return who, [
        _proposed(session, here, intakes[gp].id, tier=tier, household_id=at, insee=insee, travel_s=travel_s)
        for gp, tier, at, insee, travel_s in rows
    ]


def _proposed(
    session: Session, here: int, intake_id: int, *, household_id: object, insee: str, **values: object
) -> Proposal:
    patient = factories.patient(session, insee=insee)
    referral = factories.referral(
        session,
        patient_id=patient.id,
        territory_id=here,
        household_id=household_id,
        state=ReferralState.PROPOSED,
        waiting_since=date(2026, 9, 1),
    )
    return factories.proposal(session, intake_id=intake_id, referral_id=referral.id, **values)


def test_the_table_is_filtered_sorted_and_paged_and_says_who_stays_together(store: Store) -> None:
    with store.write() as session:
        who, proposals = scene(session)
        ids = [proposal.id for proposal in proposals]

        def shown(limit: int = 10, offset: int = 0, **wanted: object) -> list[int]:
            table = pending_table(session, who, PendingWanted(**wanted), limit=limit, offset=offset, now=NOW)
            return [ids.index(line.proposal.id) for line in table.lines]

        assert shown()[:2] == [3, 0]
        assert shown(tier=2) == [0]
        assert shown(insee=MELUN) == [3]
        assert sorted(shown(practitioner_id=_gp(session, proposals[2]))) == [2, 3]
        assert shown(order=PendingOrder.TRAVEL)[0] == 2
        assert sorted(shown(order=PendingOrder.GP)[:2]) == [0, 1]
        assert shown(limit=1, offset=1) == [0]
        first = pending_one(session, who, ids[0], now=NOW)
        assert (first.home_here, first.home_elsewhere) == (1, 1)
        table = pending_table(session, who, PendingWanted(tier=3), limit=1, now=NOW)
        assert (len(table.lines), table.total) == (1, 2)
    with store.read() as session:  # each line shown left a trace
        reads = select(func.count()).select_from(AuditEntry).where(col(AuditEntry.action) == "R")
        assert session.exec(reads).one() == 4 + 1 + 1 + 2 + 4 + 4 + 1 + 1 + 1


def test_numbers_open_no_file(store: Store) -> None:
    with store.write() as session:
        who, _ = scene(session)
    with store.read() as session:
        counted = pending_counts(session, who)
        assert counted.tiers == {1: 1, 2: 1, 3: 2}
        assert counted.communes == {COMBS: 3, MELUN: 1}
        assert sorted(count for _, count in counted.practitioners.values()) == [2, 2]
        assert sorted(journey.count for journey in pending_journeys(session, who)) == [1, 1, 2]
        assert session.exec(select(func.count()).select_from(AuditEntry)).one() == 0


def test_a_validation_is_taken_back_with_its_mail_and_can_be_made_again(store: Store) -> None:
    with store.write() as session:
        who, proposals = scene(session)
        validate(session, who, proposals[0].id, now=NOW)
        assert session.exec(select(func.count()).select_from(Message)).one() == 1
    with store.write() as session:
        (unsent,) = unsent_offers(session, who, now=NOW)
        assert unsent.num_patients == 2
        assert undo_validation(session, who, unsent.group_id, now=NOW + timedelta(seconds=20)) == 2
    with store.write() as session:
        assert session.exec(select(func.count()).select_from(Message)).one() == 0
        assert session.exec(select(func.count()).select_from(OfferLink)).one() == 0
        assert set(session.exec(select(Offer.state))) == {OfferState.WITHDRAWN}
        assert session.get_one(Referral, proposals[0].referral_id).state is ReferralState.PROPOSED
        again = session.exec(
            select(Proposal).where(
                col(Proposal.referral_id) == proposals[0].referral_id,
                col(Proposal.state) == ProposalState.PROPOSED,
            )
        ).one()
        assert again.reason == proposals[0].reason
        assert unsent_offers(session, who, now=NOW) == ()
        validate(session, who, again.id, now=NOW)
        assert session.exec(select(func.count()).select_from(Message)).one() == 1


@pytest.mark.parametrize("how", ["mail is being sent", "answered", "later", "not theirs"])
def test_what_has_left_cannot_be_undone(store: Store, how: str) -> None:
    now = NOW
    with store.write() as session:
        who, proposals = scene(session)
        validate(session, who, proposals[0].id, now=NOW)
        (unsent,) = unsent_offers(session, who, now=NOW)
        if how == "mail is being sent":
            mail = session.exec(select(Message)).one()
            mail.num_attempts = 1
            session.add(mail)
        elif how == "answered":
            for offer in session.exec(select(Offer)):
                offer.state, offer.answered_at = OfferState.DECLINED, NOW
                session.add(offer)
        elif how == "later":
            now = NOW + timedelta(minutes=11)
        else:
            who = factories.actor(Role.COORDINATOR, territory_id=factories.territory(session).id)
    with store.write() as session:
        assert unsent_offers(session, who, now=now) == ()
        with pytest.raises(NotFound if how == "not theirs" else OfferLeft):
            undo_validation(session, who, unsent.group_id, now=now)
        assert session.exec(select(func.count()).select_from(Message)).one() == 1


def _gp(session: Session, proposal: Proposal) -> int:
    return session.get_one(Intake, proposal.intake_id).practitioner_id
