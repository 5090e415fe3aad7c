from collections.abc import Callable
from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from sqlmodel import Session, col, select

from matching import Instance, Policy, Solution, attach
from matching.policy import ReachRules
from scheduler.accounts.actor import Actor
from scheduler.errors import NotFound
from scheduler.referrals.child import Watcher
from scheduler.referrals.decide import validate
from scheduler.referrals.errors import RunInProgress, SolveFailed
from scheduler.referrals.run import RunOrder, perform_run, run_matching, start_run
from scheduler.store.engine import Store
from scheduler.store.tables import (
    AuditEntry,
    Consent,
    Intake,
    MatchingRun,
    Proposal,
    ProposalState,
    Referral,
    ReferralEvent,
    ReferralState,
    Role,
    RunState,
)
from tests import factories
from tests.factories import NOW
from tests.races import at_once

ORDER = RunOrder(policy=Policy.default(), time_limit_s=10, seed=1)


def clock() -> datetime:
    return NOW


def solve_here(
    instance: Instance, policy: Policy, *, time_limit_s: float, seed: int, watch: Watcher | None = None
) -> Solution:
    return attach(instance, policy, time_limit_s=time_limit_s, seed=seed, watch=watch)


def scene(session: Session, *, num_patients: int = 3, **intake: object) -> tuple[Actor, Intake, list[UUID]]:
    """A coordinator, one GP, and patients who wait, the longest first."""
    who = factories.actor(territory_id=factories.territory(session).id)
    gp = factories.practitioner(session, territory_id=who.territory_id)
    offered = factories.intake(session, practitioner_id=gp.id, **intake)
    waiting = [
        factories.referral(
            session, territory_id=who.territory_id, waiting_since=date(2026, 9, 1) + timedelta(days=day)
        ).id
        for day in range(num_patients)
    ]
    return who, offered, waiting


def run(store: Store, who: Actor, *, meanwhile: Callable[[Session], None] | None = None) -> MatchingRun:
    """Run the engine; ``meanwhile`` is what people do while it computes."""

    def solve(
        instance: Instance, policy: Policy, *, time_limit_s: float, seed: int, watch: Watcher | None
    ) -> Solution:
        solution = solve_here(instance, policy, time_limit_s=time_limit_s, seed=seed, watch=watch)
        if meanwhile is not None:
            with store.write() as session:
                meanwhile(session)
        return solution

    return run_matching(store, who, ORDER, clock=clock, solve=solve)


def states(store: Store, ids: list[UUID]) -> list[str]:
    with store.read() as session:
        return [session.get_one(Referral, referral_id).state.value for referral_id in ids]


def pending(store: Store) -> list[Proposal]:
    with store.read() as session:
        query = select(Proposal).where(Proposal.state == ProposalState.PROPOSED)
        return list(session.exec(query.order_by(col(Proposal.tier))))


def test_those_who_waited_longest_are_proposed_and_the_run_says_what_it_proved(store: Store) -> None:
    with store.write() as session:
        who, offered, waiting = scene(session, num_patients=3, places=2)
    done = run(store, who)
    assert (done.state, done.status, done.num_patients, done.num_placed) == (RunState.DONE, "optimal", 3, 2)
    assert done.objective == done.bound
    assert (done.policy_version, done.seed, done.ended_at) == (ORDER.policy.version, 1, NOW)
    assert states(store, waiting) == ["proposed", "proposed", "waiting"]
    proposals = pending(store)
    assert {(proposal.referral_id, proposal.intake_id) for proposal in proposals} == {
        (waiting[0], offered.id),
        (waiting[1], offered.id),
    }
    assert all(
        proposal.travel_s > 0 and proposal.distance_m > 0 and proposal.reason for proposal in proposals
    )
    with store.read() as session:
        steps = session.exec(select(ReferralEvent).where(ReferralEvent.kind == "propose")).all()
        assert {step.referral_id for step in steps} == set(waiting[:2])
        assert {step.detail["run"] for step in steps} == {str(done.id)}
        entries = session.exec(select(AuditEntry).order_by(AuditEntry.id)).all()
        assert [(entry.action, entry.object_kind) for entry in entries] == [
            ("E", "matching_run"),
            ("U", "referral"),
            ("U", "referral"),
        ]
        assert session.get_one(Referral, waiting[0]).next_action_on == date(2026, 11, 25)


def test_it_works_through_a_real_child_process(store: Store) -> None:
    with store.write() as session:
        who, _, waiting = scene(session, num_patients=1)
    assert run_matching(store, who, ORDER, clock=clock).num_placed == 1
    assert states(store, waiting) == ["proposed"]


def test_a_second_run_keeps_what_was_proposed_when_nothing_better_came(store: Store) -> None:
    with store.write() as session:
        who, _, waiting = scene(session, num_patients=3, places=2)
    run(store, who)
    before = {proposal.id for proposal in pending(store)}
    with store.write() as session:
        factories.referral(session, territory_id=who.territory_id, waiting_since=NOW.date())
    again = run(store, who)
    assert (again.num_patients, again.num_placed) == (4, 2)
    assert again.outcome["changes"] == {"kept": 2, "moved": 0, "withdrawn": 0, "new": 0, "reasons": {}}
    assert {proposal.id for proposal in pending(store)} == before
    assert states(store, waiting) == ["proposed", "proposed", "waiting"]


def test_somebody_more_urgent_takes_the_place_of_a_proposal_nobody_decided_and_the_run_says_so(
    store: Store,
) -> None:
    with store.write() as session:
        who, _, waiting = scene(session, num_patients=2, places=2)
    run(store, who)
    with store.write() as session:
        urgent = factories.referral(session, territory_id=who.territory_id, palliative=True).id
    again = run(store, who)
    changes = again.outcome["changes"]
    assert (changes["kept"], changes["moved"], changes["withdrawn"], changes["new"]) == (1, 0, 1, 1)
    (code,) = changes["reasons"]
    assert states(store, [*waiting, urgent]) == ["proposed", "waiting", "proposed"]
    with store.read() as session:
        undone = session.exec(select(Proposal).where(Proposal.state == ProposalState.SUPERSEDED)).one()
        assert (undone.referral_id, undone.because) == (waiting[1], code)
        step = session.exec(select(ReferralEvent).where(ReferralEvent.kind == "supersede")).one()
        assert step.detail == {"because": code}


def test_an_open_offer_is_never_moved_by_a_run(store: Store) -> None:
    with store.write() as session:
        who, offered, _ = scene(session, num_patients=0, places=1)
        announced = factories.referral(session, territory_id=who.territory_id, state=ReferralState.OFFERED)
        factories.offer(session, referral_id=announced.id, intake_id=offered.id)
        urgent = factories.referral(session, territory_id=who.territory_id, palliative=True).id
    done = run(store, who)
    assert (done.state, done.num_patients, done.num_placed) == (RunState.DONE, 1, 0)
    assert states(store, [announced.id, urgent]) == ["offered", "waiting"]


def test_a_pending_proposal_decided_meanwhile_is_the_person_s(store: Store) -> None:
    with store.write() as session:
        who, _, waiting = scene(session, num_patients=2, places=2)
    run(store, who)

    def meanwhile(session: Session) -> None:
        factories.referral(session, territory_id=who.territory_id, palliative=True)
        for proposal in session.exec(select(Proposal).where(Proposal.state == ProposalState.PROPOSED)):
            validate(session, who, proposal.id, now=NOW)

    done = run(store, who, meanwhile=meanwhile)
    assert (done.state, done.outcome["changes"]["kept"]) == (RunState.DONE, 0)
    assert states(store, waiting) == ["offered", "offered"]


def test_a_place_is_counted_by_workload_too(store: Store) -> None:
    with store.write() as session:
        who, _, waiting = scene(session, num_patients=2, places=5, workload=4)
        heavy = [
            factories.referral(
                session, territory_id=who.territory_id, palliative=True, waiting_since=date(2026, 11, day)
            ).id
            for day in (1, 2)
        ]
    run(store, who)
    assert states(store, [*heavy, *waiting]) == ["proposed", "waiting", "proposed", "waiting"]
    assert sorted(proposal.units for proposal in pending(store)) == [1, 3]


def test_a_home_that_asks_to_stay_together_is_proposed_as_a_whole_or_not_at_all(store: Store) -> None:
    with store.write() as session:
        who, offered, _ = scene(session, num_patients=0, places=1)
        home = factories.household(session, territory_id=who.territory_id)
        pair = [
            factories.referral(session, territory_id=who.territory_id, household_id=home.id, together=True).id
            for _ in range(2)
        ]
    assert run(store, who).num_placed == 0
    with store.write() as session:
        session.get_one(Intake, offered.id).places = 2

    def fewer(session: Session) -> None:
        session.get_one(Intake, offered.id).places = 1

    assert run(store, who, meanwhile=fewer).num_placed == 0  # one place left: neither of them
    assert states(store, pair) == ["waiting", "waiting"]


def test_a_place_more_goes_to_who_waits_most_urgently(store: Store) -> None:
    with store.write() as session:
        who, offered, waiting = scene(session, num_patients=2, places=1)
    run(store, who)
    with store.write() as session:
        urgent = factories.referral(session, territory_id=who.territory_id, palliative=True).id
        session.get_one(Intake, offered.id).places = 2
    run(store, who)
    assert states(store, [*waiting, urgent]) == ["proposed", "waiting", "proposed"]


def close(session: Session, intake_id: int) -> None:
    session.get_one(Intake, intake_id).closed_at = NOW


def pause(session: Session, intake_id: int) -> None:
    session.get_one(Intake, intake_id).paused_until = NOW.date()


def lower(session: Session, intake_id: int) -> None:
    session.get_one(Intake, intake_id).places = 0


@pytest.mark.parametrize("change", [close, pause, lower])
def test_a_place_that_is_gone_meanwhile_is_not_proposed(
    store: Store, change: Callable[[Session, int], None]
) -> None:
    with store.write() as session:
        who, offered, waiting = scene(session, num_patients=2)
    done = run(store, who, meanwhile=lambda session: change(session, offered.id))
    assert (done.state, done.num_placed) == (RunState.DONE, 0)
    assert "2 proposition(s) écartée(s)" in done.warnings[-1]
    assert states(store, waiting) == ["waiting", "waiting"]
    assert pending(store) == []


def test_only_the_places_that_are_left_are_filled_in_the_order_of_the_solution(store: Store) -> None:
    with store.write() as session:
        who, offered, waiting = scene(session, num_patients=3, places=3)

    def fewer(session: Session) -> None:
        session.get_one(Intake, offered.id).places = 2

    assert run(store, who, meanwhile=fewer).num_placed == 2
    assert states(store, waiting).count("proposed") == 2


def test_a_patient_who_changed_meanwhile_is_left_where_they_are(store: Store) -> None:
    with store.write() as session:
        who, _, waiting = scene(session, num_patients=3)

    def meanwhile(session: Session) -> None:
        session.get_one(Referral, waiting[0]).state = ReferralState.SUSPENDED
        consent = session.exec(select(Consent).where(Consent.referral_id == waiting[1])).one()
        consent.withdrawn_at = NOW

    done = run(store, who, meanwhile=meanwhile)
    assert (done.num_patients, done.num_placed) == (3, 1)
    assert "2 proposition(s) écartée(s)" in done.warnings[-1]
    assert states(store, waiting) == ["suspended", "waiting", "proposed"]


def test_who_waits_without_a_consent_is_counted_aloud(store: Store) -> None:
    with store.write() as session:
        who, _, _ = scene(session, num_patients=1)
        factories.referral(session, territory_id=who.territory_id, consent=False)
    done = run(store, who)
    assert done.num_patients == 1
    assert any("1 dossier(s) en attente sans consentement" in warning for warning in done.warnings)


def refuse(*_: object, **__: object) -> Solution:
    raise SolveFailed("Le calcul n'a pas abouti en 10 secondes : arrêté." + "x" * 300)


def crash(*_: object, **__: object) -> Solution:
    raise ZeroDivisionError


def test_a_run_that_fails_says_why_and_writes_nothing_else(store: Store) -> None:
    with store.write() as session:
        who, _, waiting = scene(session)
    failed = run_matching(store, who, ORDER, clock=clock, solve=refuse)
    assert (failed.state, failed.ended_at, len(failed.failure or "")) == (RunState.FAILED, NOW, 200)
    assert (failed.failure or "").startswith("Le calcul n'a pas abouti")
    assert states(store, waiting) == ["waiting"] * 3
    assert pending(store) == []
    assert run(store, who).state is RunState.DONE  # nothing is left behind that blocks the next


def test_a_fault_of_ours_marks_the_run_and_is_raised(store: Store) -> None:
    with store.write() as session:
        who, _, _ = scene(session)
    with pytest.raises(ZeroDivisionError):
        run_matching(store, who, ORDER, clock=clock, solve=crash)
    with store.read() as session:
        assert session.exec(select(MatchingRun)).one().state is RunState.FAILED


def test_what_breaks_while_writing_leaves_nothing_half_written(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with store.write() as session:
        who, _, waiting = scene(session)
    monkeypatch.setattr("scheduler.referrals.run.trace", crash)
    with pytest.raises(ZeroDivisionError):
        run(store, who)
    assert states(store, waiting) == ["waiting"] * 3
    assert pending(store) == []
    with store.read() as session:
        assert session.exec(select(MatchingRun)).one().state is RunState.FAILED


def test_one_run_of_a_territory_at_a_time(store: Store) -> None:
    with store.write() as session:
        who, _, _ = scene(session)
        elsewhere = factories.actor(territory_id=factories.territory(session).id)
        first = start_run(session, who, ORDER, now=NOW)
        start_run(session, elsewhere, ORDER, now=NOW)
        with pytest.raises(RunInProgress) as refused:
            start_run(session, who, ORDER, now=NOW + timedelta(seconds=89))
        assert refused.value.run_id == first.id


def test_a_run_whose_process_died_does_not_block_for_ever(store: Store) -> None:
    with store.write() as session:
        who, _, waiting = scene(session, num_patients=1)
        dead = start_run(session, who, ORDER, now=NOW - timedelta(seconds=90)).id
    assert run(store, who).state is RunState.DONE
    assert states(store, waiting) == ["proposed"]
    with store.read() as session:
        buried = session.get_one(MatchingRun, dead)
        assert buried.state is RunState.FAILED
        assert "interrompu" in (buried.failure or "")


def test_a_run_that_was_given_up_writes_nothing_when_it_ends_after_all(store: Store) -> None:
    with store.write() as session:
        who, _, waiting = scene(session, num_patients=1)
        late = start_run(session, who, ORDER, now=NOW - timedelta(hours=1)).id
    run(store, who)
    proposed = [proposal.id for proposal in pending(store)]
    ended = perform_run(store, who, late, ORDER, clock=clock, solve=solve_here)
    assert ended.state is RunState.FAILED
    assert [proposal.id for proposal in pending(store)] == proposed
    assert states(store, waiting) == ["proposed"]


def test_two_runs_started_at_once_are_one(store: Store) -> None:
    with store.write() as session:
        who, _, _ = scene(session)

    def start(_: int) -> None:
        with store.write() as session:
            start_run(session, who, ORDER, now=NOW)

    assert at_once(8, start) == {"done": 1, "run_in_progress": 7}


@pytest.mark.parametrize(
    ("undo", "because"),
    [
        (close, "gp_takes_nobody"),
        (pause, "gp_takes_nobody"),
        (lower, "fewer_places"),
    ],
)
def test_a_fact_undoes_a_proposal_and_the_patient_waits_with_their_seniority(
    store: Store, undo: Callable[[Session, int], None], because: str
) -> None:
    with store.write() as session:
        who, offered, waiting = scene(session, num_patients=1)
    run(store, who)
    with store.write() as session:
        undo(session, offered.id)
    assert run(store, who).num_placed == 0
    assert states(store, waiting) == ["waiting"]
    with store.read() as session:
        assert session.exec(select(Proposal)).one().state is ProposalState.SUPERSEDED
        step = session.exec(select(ReferralEvent).where(ReferralEvent.kind == "supersede")).one()
        assert step.detail == {"because": because}
        assert session.get_one(Referral, waiting[0]).waiting_since == date(2026, 9, 1)


def test_a_gp_who_announces_a_departure_within_the_horizon_of_the_policy_keeps_no_proposal(
    store: Store,
) -> None:
    with store.write() as session:
        who, offered, waiting = scene(session, num_patients=1)
    run(store, who)
    horizon = Policy(reach=ReachRules(leaving_horizon_days=30))
    for leaving_on, state in ((date(2026, 12, 24), "proposed"), (date(2026, 12, 23), "waiting")):
        with store.write() as session:
            session.get_one(Intake, offered.id).leaving_on = leaving_on
        run_matching(store, who, RunOrder(policy=horizon), clock=clock, solve=solve_here)
        assert states(store, waiting) == [state]


def test_a_withdrawn_consent_undoes_a_proposal(store: Store) -> None:
    with store.write() as session:
        who, _, waiting = scene(session, num_patients=2)
    run(store, who)
    with store.write() as session:
        session.exec(select(Consent).where(Consent.referral_id == waiting[0])).one().withdrawn_at = NOW
    run(store, who)
    assert states(store, waiting) == ["waiting", "proposed"]


def test_when_places_are_lowered_the_least_urgent_gives_way(store: Store) -> None:
    with store.write() as session:
        who, offered, waiting = scene(session, num_patients=2, places=4)
        urgent = factories.referral(session, territory_id=who.territory_id, ald=True).id
    run(store, who)
    for places, left in ((2, ["proposed", "waiting", "proposed"]), (1, ["waiting", "waiting", "proposed"])):
        with store.write() as session:
            session.get_one(Intake, offered.id).places = places
        run(store, who)
        assert states(store, [*waiting, urgent]) == left


def test_when_tier_1_is_limited_later_only_tier_1_gives_way(store: Store) -> None:
    with store.write() as session:
        who, offered, waiting = scene(session, num_patients=1, places=4)
        urgent = [
            factories.referral(
                session, territory_id=who.territory_id, ald=True, waiting_since=date(2026, 11, day)
            ).id
            for day in (1, 2)
        ]
    run(store, who)
    with store.write() as session:
        session.get_one(Intake, offered.id).max_tier1 = 1
    run(store, who)
    assert states(store, [*waiting, *urgent]) == ["proposed", "proposed", "waiting"]


def test_a_run_of_another_territory_does_not_exist(store: Store) -> None:
    with store.write() as session:
        who, _, _ = scene(session)
        stranger = factories.actor(Role.COORDINATOR, territory_id=factories.territory(session).id)
        started = start_run(session, who, ORDER, now=NOW).id
    with pytest.raises(NotFound):
        perform_run(store, stranger, started, ORDER, clock=clock, solve=solve_here)
    with store.read() as session:
        assert session.get_one(MatchingRun, started).state is RunState.RUNNING
