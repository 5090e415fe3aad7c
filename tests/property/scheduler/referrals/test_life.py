"""Any order of signals, decisions, runs and second thoughts, beside a model in memory."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import pairwise
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, initialize, invariant, precondition, rule
from sqlmodel import select

from matching import Instance, Policy, Solution, attach
from matching.model import Needs
from scheduler.audit import check_chain
from scheduler.errors import RelaisError, WrongState
from scheduler.referrals.child import Watcher
from scheduler.referrals.decide import RejectReason, reject, validate
from scheduler.referrals.errors import AlreadySignalled, ConsentMissing, NoPlaceLeft
from scheduler.referrals.life import OPEN
from scheduler.referrals.qualify import qualify
from scheduler.referrals.run import RunOrder, run_matching
from scheduler.referrals.signal import signal
from scheduler.referrals.values import ConsentGiven, Corrections, Identity, Signal
from scheduler.store.tables import (
    Consent,
    ConsentHow,
    Intake,
    Offer,
    Proposal,
    ProposalState,
    Referral,
    ReferralEvent,
    RunState,
)
from scheduler.store.tables import ReferralState as S
from tests import factories
from tests.factories import NOW
from tests.machines import StoreMachine

CONSENT = ConsentGiven(notice_version="1", how=ConsentHow.ORAL, collected_by="Infirmière d'essai")
ORDER = RunOrder(policy=Policy.default(), time_limit_s=10)


def solve_here(
    instance: Instance, policy: Policy, *, time_limit_s: float, seed: int, watch: Watcher | None
) -> Solution:
    assert watch is not None
    return attach(instance, policy, time_limit_s=time_limit_s, seed=seed, watch=watch)


@dataclass
class ModelReferral:
    """What a referral should be."""

    number: int
    state: S
    consent: bool
    tier: int
    waiting_since: date


class Life(StoreMachine):
    """One coordinator, two GPs, and people who keep changing their minds."""

    referrals = Bundle("referrals")

    @initialize(places=st.tuples(st.integers(0, 3), st.integers(0, 3)))
    def open_intakes(self, places: tuple[int, int]) -> None:
        self.now = NOW
        self.model: dict[UUID, ModelReferral] = {}
        self.refused: set[tuple[UUID, int]] = set()
        with self.store.write() as session:
            here = factories.territory(session).id
            self.who = factories.actor(territory_id=here)
            self.places = {}
            for number in places:
                gp = factories.practitioner(session, territory_id=here)
                self.places[factories.intake(session, practitioner_id=gp.id, places=number).id] = number

    def clock(self) -> datetime:
        return self.now

    @rule(target=referrals, ald=st.booleans(), consent=st.booleans(), waited_days=st.integers(0, 200))
    def arrive(self, ald: bool, consent: bool, waited_days: int) -> UUID:
        number = len(self.model)
        since = self.now.date() - timedelta(days=waited_days)
        given = Signal(
            identity=self.identity(number),
            needs=Needs(ald=ald),
            consent=CONSENT if consent else None,
            waiting_since=since,
        )
        with self.store.write() as session:
            referral_id = signal(session, self.who, given, now=self.now).id
        self.model[referral_id] = ModelReferral(number, S.RECEIVED, consent, 1 if ald else 3, since)
        return referral_id

    @staticmethod
    def identity(number: int) -> Identity:
        return Identity(
            family_name=f"Essai {number}é", given_name="A", birth_date=date(1980, 1, 1), insee="77445"
        )

    @rule(referral_id=referrals)
    def arrive_twice(self, referral_id: UUID) -> None:
        twin = self.identity(self.model[referral_id].number)
        twin = replace(twin, family_name=twin.family_name.upper().replace("É", "e"))
        refusal = self.refusal_of(
            lambda session: signal(session, self.who, Signal(identity=twin), now=self.now)
        )
        assert isinstance(refusal, AlreadySignalled)
        assert refusal.referral_id == referral_id

    @rule(referral_id=referrals, consent=st.booleans())
    def complete(self, referral_id: UUID, consent: bool) -> None:
        one = self.model[referral_id]
        corrections = Corrections(consent=CONSENT if consent else None)
        refusal = self.refusal_of(
            lambda session: qualify(session, self.who, referral_id, corrections, now=self.now)
        )
        assert (refusal is None) == (one.state in {S.RECEIVED, S.QUALIFIED})
        if refusal is not None:
            assert isinstance(refusal, WrongState)
            return
        one.consent = one.consent or consent
        one.state = S.WAITING if one.consent else S.QUALIFIED

    @rule(referral_id=referrals)
    def withdraw_consent(self, referral_id: UUID) -> None:
        with self.store.write() as session:
            for consent in session.exec(select(Consent).where(Consent.referral_id == referral_id)):
                consent.withdrawn_at = self.now
        self.model[referral_id].consent = False

    @rule(first=st.booleans(), places=st.integers(0, 4))
    def change_places(self, first: bool, places: int) -> None:
        intake_id = sorted(self.places)[0 if first else 1]
        with self.store.write() as session:
            session.get_one(Intake, intake_id).places = places
        self.places[intake_id] = places

    @rule(hours=st.integers(1, 48))
    def pass_time(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    @rule()
    def run(self) -> None:
        offered = self.taken(offers_only=True)
        run = run_matching(self.store, self.who, ORDER, clock=self.clock, solve=solve_here)
        assert run.state is RunState.DONE
        pending = self.pending()
        for referral_id, one in self.model.items():
            if referral_id in pending:
                assert one.state in {S.WAITING, S.PROPOSED}
                assert one.consent
                assert (referral_id, pending[referral_id].intake_id) not in self.refused
                assert pending[referral_id].tier == one.tier
                one.state = S.PROPOSED
            elif one.state is S.PROPOSED:
                one.state = (
                    S.WAITING
                )  # undone by a fact, or for somebody more urgent; the invariants check it
        taken = self.taken()
        for intake_id, places in self.places.items():
            assert taken.get(intake_id, 0) <= max(places, offered.get(intake_id, 0))
        self.nobody_waits_for_a_free_place(taken)

    def nobody_waits_for_a_free_place(self, taken: dict[int, int]) -> None:
        """Everybody lives next to both GPs: who waits was refused by, or refused, whoever has room."""
        for intake_id, places in self.places.items():
            if taken.get(intake_id, 0) < places:
                left = {
                    referral_id
                    for referral_id, one in self.model.items()
                    if one.state is S.WAITING and one.consent
                }
                assert all((referral_id, intake_id) in self.refused for referral_id in left)

    @precondition(lambda self: self.pending())
    @rule(data=st.data(), approve=st.booleans())
    def decide(self, data: st.DataObject, approve: bool) -> None:
        proposal = data.draw(st.sampled_from(sorted(self.pending().values(), key=self.order)))
        one = self.model[proposal.referral_id]
        expected = self.expected_refusal(proposal) if approve else None
        refusal = self.refusal_of(
            lambda session: (
                validate(session, self.who, proposal.id, now=self.now)
                if approve
                else reject(session, self.who, proposal.id, reason=RejectReason.OTHER, now=self.now)
            )
        )
        assert (None if refusal is None else type(refusal)) is expected
        if refusal is not None:
            return
        one.state = S.OFFERED if approve else S.WAITING
        if not approve:
            self.refused.add((proposal.referral_id, proposal.intake_id))

    def order(self, proposal: Proposal) -> int:
        return self.model[proposal.referral_id].number

    def expected_refusal(self, proposal: Proposal) -> type[RelaisError] | None:
        if not self.model[proposal.referral_id].consent:
            return ConsentMissing
        offered = self.taken(offers_only=True).get(proposal.intake_id, 0)
        return None if offered < self.places[proposal.intake_id] else NoPlaceLeft

    def pending(self) -> dict[UUID, Proposal]:
        with self.store.read() as session:
            rows = session.exec(select(Proposal).where(Proposal.state == ProposalState.PROPOSED))
            return {row.referral_id: row for row in rows}

    def taken(self, *, offers_only: bool = False) -> dict[int, int]:
        with self.store.read() as session:
            ids = list(session.exec(select(Offer.intake_id)))
        ids += [] if offers_only else [row.intake_id for row in self.pending().values()]
        return {intake_id: ids.count(intake_id) for intake_id in ids}

    @invariant()
    def the_store_agrees_with_the_model(self) -> None:
        if not hasattr(self, "model"):
            return
        with self.store.read() as session:
            rows = {row.id: row for row in session.exec(select(Referral))}
            events: dict[UUID, list[ReferralEvent]] = {}
            for event in session.exec(select(ReferralEvent).order_by("id")):
                events.setdefault(event.referral_id, []).append(event)
            assert check_chain(session) is None
        assert {key: row.state for key, row in rows.items()} == {
            key: one.state for key, one in self.model.items()
        }
        for key, row in rows.items():
            assert row.waiting_since == self.model[key].waiting_since  # seniority is never lost
            assert (row.next_action_on is not None) == (row.state in OPEN)
            history = events[key]
            assert history[-1].to_state is row.state
            assert all(before.to_state is after.from_state for before, after in pairwise(history))


Life.TestCase.settings = settings(max_examples=12, stateful_step_count=25, deadline=None)
TestLife = Life.TestCase
