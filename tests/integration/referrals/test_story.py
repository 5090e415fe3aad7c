"""The whole road of some patients, from the signal to the offer, through the use cases only."""

from datetime import date, datetime, timedelta
from itertools import pairwise

from sqlmodel import Session, select

from matching import Policy
from matching.model import Needs
from scheduler.accounts.actor import Actor
from scheduler.audit import check_chain
from scheduler.directory import (
    IntakeGiven,
    PracticeGiven,
    open_intake,
    register_practice,
    register_practitioner,
)
from scheduler.referrals.decide import RejectReason, reject, validate
from scheduler.referrals.qualify import qualify
from scheduler.referrals.read import get_history, get_referral, list_referrals
from scheduler.referrals.read_proposals import list_proposals
from scheduler.referrals.run import RunOrder, run_matching
from scheduler.referrals.signal import signal
from scheduler.referrals.values import ConsentGiven, Corrections, Identity, Signal, Wishes
from scheduler.store.engine import Store
from scheduler.store.tables import AuditEntry, ConsentHow, Offer, OfferState, ReferralState, Role
from tests import factories
from tests.factories import NOW

CONSENT = ConsentGiven(notice_version="1", how=ConsentHow.ORAL, collected_by="Infirmière d'essai")
ORDER = RunOrder(policy=Policy.default(), time_limit_s=10)
MELUN, LIEUSAINT = "77288", "77251"


def gp(session: Session, who: Actor, rpps: str, insee: str, places: int) -> int:
    doctor = register_practitioner(session, who, rpps=rpps, family_name="Fictif", given_name="Claude")
    place = register_practice(session, who, doctor.id, PracticeGiven(insee=insee))
    open_intake(session, who, doctor.id, IntakeGiven(practice_id=place.id, places=places), now=NOW)
    return doctor.id


def somebody(name: str, **more: object) -> Signal:
    identity = Identity(family_name=name, given_name="Essai", birth_date=date(1985, 5, 5), insee="77445")
    return Signal(identity=identity, **{"consent": CONSENT, **more})


def test_from_signal_to_offer(store: Store) -> None:
    days = iter(range(100))

    def clock() -> datetime:
        return NOW + timedelta(hours=next(days))

    with store.write() as session:
        here = factories.territory(session).id
        nurse = factories.actor_of(factories.account(session), Role.SIGNALLER, here)
        coordinator = factories.actor_of(factories.account(session), Role.COORDINATOR, here)
        near = gp(session, coordinator, "10001234565", "77445", 1)
        far = gp(session, coordinator, "10001234573", LIEUSAINT, 1)

    with store.write() as session:
        ids = {
            name: signal(session, nurse, given, now=clock()).id
            for name, given in {
                "urgent": somebody("Un", needs=Needs(palliative=True)),
                "long": somebody("Deux", waiting_since=date(2026, 1, 1)),
                "new": somebody("Trois", wishes=Wishes(known_practitioner_id=far)),
                "silent": somebody("Quatre", consent=None),
            }.items()
        }
    with store.write() as session:
        for referral_id in ids.values():
            qualify(session, coordinator, referral_id, Corrections(), now=clock())

    first = run_matching(store, coordinator, ORDER, clock=clock)
    assert (first.num_patients, first.num_placed, first.status) == (3, 2, "optimal")
    with store.write() as session:
        page = list_proposals(session, coordinator, now=clock())
        proposals = {line.referral_id: line for line in page.rows}
        assert set(proposals) == {ids["urgent"], ids["long"]}
        assert all(line.reason for line in proposals.values())
        kept = proposals[ids["urgent"]]
        validate(session, coordinator, kept.id, now=clock())
        refused = proposals[ids["long"]]
        reject(session, coordinator, refused.id, reason=RejectReason.PATIENT_DECLINES, now=clock())

    second = run_matching(store, coordinator, ORDER, clock=clock)
    # the one who refused that GP is not proposed the same again: the place goes to who comes next
    assert (second.num_patients, second.num_placed) == (2, 1)
    with store.write() as session:
        (line,) = list_proposals(session, coordinator, now=clock()).rows
        assert line.referral_id == ids["new"]
        assert line.practitioner_id == refused.practitioner_id
        assert {kept.practitioner_id, line.practitioner_id} == {near, far}

    with store.write() as session:
        states = {
            name: get_referral(session, coordinator, referral_id, now=clock()).line.state
            for name, referral_id in ids.items()
        }
        assert states == {
            "urgent": ReferralState.OFFERED,
            "long": ReferralState.WAITING,
            "new": ReferralState.PROPOSED,
            "silent": ReferralState.QUALIFIED,
        }
        offer = session.exec(select(Offer)).one()
        assert (offer.state, offer.referral_id) == (OfferState.OPEN, ids["urgent"])

        road = get_history(session, nurse, ids["long"], now=clock())
        assert [each.kind for each in road] == [
            "signalled",
            "consent_given",
            "qualify",
            "enlist",
            "propose",
            "reject",
        ]
        assert all(before.to_state is after.from_state for before, after in pairwise(road))
        assert {each.actor for each in road} == {nurse.key, coordinator.key}
        late = list_referrals(session, coordinator, now=NOW + timedelta(days=40)).rows
        assert all(each.next_action_on is not None and each.late for each in late)

    with store.read() as session:
        rows = session.exec(select(AuditEntry).order_by(AuditEntry.id)).all()
        assert check_chain(session) is None
        touched = [row.action for row in rows if row.object_id == str(ids["urgent"])]
        # signalled; qualified; proposed; shown among proposals; offered; file read; shown in the list
        assert touched == ["C", "U", "U", "R", "U", "R", "R"]
        assert all(row.patient_id is not None for row in rows if row.object_kind == "referral")
