"""Runs that nobody asks for: on an event within working hours, every night, and never twice for nothing."""

from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import Session, select

from matching import Instance, Policy, Solution
from scheduler.jobs.matching import run_after_changes, run_nightly
from scheduler.referrals.answers import DeclineReason, decline
from scheduler.referrals.child import Watcher
from scheduler.referrals.rematch import due_after_changes, due_tonight
from scheduler.store.engine import Store
from scheduler.store.tables import (
    Intake,
    MatchingRun,
    Offer,
    Proposal,
    ProposalState,
    Referral,
    ReferralEvent,
    ReferralState,
    RunState,
)
from tests import factories
from tests.factories import NOW
from tests.integration.referrals.offered import Scene, scene
from tests.integration.referrals.test_run import solve_here

MINUTES_5 = timedelta(minutes=5)


def paris(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Paris"))


def offered(session: Session) -> Scene:
    """Offer a patient to a GP after a first run; another GP nearby has a place."""
    here = scene(session)
    session.get_one(Offer, here.offer_ids[0]).expires_at = NOW + timedelta(days=60)
    factories.intake(session, practitioner_id=here.stranger.practitioner_id, places=1)
    factories.matching_run(session, territory_id=here.territory_id)
    return here


def run_of(store: Store, at: datetime) -> int:
    return run_after_changes(store, limit_s=10, clock=lambda: at, solve=solve_here)


@pytest.mark.parametrize(
    ("declined", "too_early", "due"),
    [
        ("2026-11-24T10:00", "2026-11-24T07:59", "2026-11-24T10:05"),  # in hours: minutes
        ("2026-11-27T19:30", "2026-11-29T12:00", "2026-11-30T08:00"),  # Friday evening: Monday
        ("2026-12-24T20:00", "2026-12-25T10:00", "2026-12-28T08:00"),  # Christmas is a Friday
        ("2026-12-31T18:58", "2027-01-01T10:00", "2027-01-04T08:00"),
    ],
)
def test_a_decline_brings_the_next_proposal_within_a_working_day(
    store: Store, declined: str, too_early: str, due: str
) -> None:
    with store.write() as session:
        here = offered(session)
        (one,) = here.referral_ids
        since = session.get_one(Referral, one).waiting_since
        decline(session, here.gp, here.offer_ids[0], reason=DeclineReason.TOO_FAR, now=paris(declined))
    with store.read() as session:
        assert due_after_changes(session, now=paris(too_early)) == []
        assert due_after_changes(session, now=paris(due)) == [here.territory_id]
    assert run_of(store, paris(due)) == 1
    with store.read() as session:
        referral = session.get_one(Referral, one)
        again = session.exec(
            select(Proposal).where(Proposal.referral_id == one, Proposal.state == ProposalState.PROPOSED)
        ).one()
        practitioner = session.get_one(Intake, again.intake_id).practitioner_id
    assert (referral.state, referral.waiting_since) == (ReferralState.PROPOSED, since)
    assert practitioner == here.stranger.practitioner_id, "whoever declined is not asked again"
    assert run_of(store, paris(due) + timedelta(hours=1)) == 0, "nothing has changed since"


def test_what_comes_to_one_pathway_while_another_is_matched_is_not_missed(store: Store) -> None:
    with store.write() as session:
        here = offered(session)
        factories.referral(session, territory_id=here.territory_id, pathway="orthophoniste")
        for pathway, minutes in (("gp", 0), ("orthophoniste", 4)):
            began = NOW + timedelta(minutes=minutes)
            factories.matching_run(
                session,
                territory_id=here.territory_id,
                pathway=pathway,
                started_at=began,
                ended_at=began + timedelta(minutes=3),
            )
        decline(
            session,
            here.gp,
            here.offer_ids[0],
            reason=DeclineReason.FULL,
            now=NOW + timedelta(minutes=2),
        )
    with store.read() as session:
        assert due_after_changes(session, now=NOW + timedelta(minutes=16)) == [], "runs rest in between"
        assert due_after_changes(session, now=NOW + timedelta(minutes=17)) == [here.territory_id]


def test_every_night_and_one_fault_keeps_nobody_else_waiting(store: Store) -> None:
    with store.write() as session:
        here, other = offered(session), factories.referral(session)
        territory_ids = sorted((here.territory_id, other.territory_id))
        decline(session, here.gp, here.offer_ids[0], reason=DeclineReason.TOO_FAR, now=NOW)
        assert due_tonight(session) == territory_ids
    asked: list[UUID] = []

    def fails_first(
        instance: Instance, policy: Policy, *, time_limit_s: float, seed: int, watch: Watcher | None = None
    ) -> Solution:
        asked.extend(UUID(patient.id) for patient in instance.patients)
        if len(asked) == 1:
            raise OSError("a worker died")
        return solve_here(instance, policy, time_limit_s=time_limit_s, seed=seed, watch=watch)

    night = paris("2026-11-24T04:30")
    with pytest.raises(ExceptionGroup) as faults:
        run_nightly(store, limit_s=10, clock=lambda: night, solve=fails_first)
    assert len(faults.value.exceptions) == 1
    assert len(set(asked)) == 2
    with store.read() as session:
        ended = session.exec(select(MatchingRun.state).where(MatchingRun.started_at == night)).all()
    assert sorted(ended) == [RunState.DONE, RunState.FAILED]


def test_a_run_under_way_is_left_alone(store: Store) -> None:
    with store.write() as session:
        here = offered(session)
        decline(session, here.gp, here.offer_ids[0], reason=DeclineReason.TOO_FAR, now=NOW)
        factories.matching_run(
            session,
            territory_id=here.territory_id,
            state=RunState.RUNNING,
            started_at=NOW,
            ended_at=None,
            seen_alive_at=NOW,
        )
        before = len(session.exec(select(ReferralEvent.id)).all())
    night = NOW + timedelta(seconds=30)
    assert run_nightly(store, limit_s=10, clock=lambda: night, solve=solve_here) == 0
    with store.read() as session:
        assert len(session.exec(select(ReferralEvent.id)).all()) == before
