"""Any order of offers, answers, silences, visits, losses, pauses and ends, beside a model in memory.

After every step: the model agrees, every open case has an owner and a date, and stands in at most one list;
after the nightly work, no case whose day has passed stands in none.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlmodel import Session, select

from scheduler.accounts.actor import Actor, system_actor
from scheduler.audit import check_chain
from scheduler.errors import NotFound, WrongState
from scheduler.referrals.answers import DeclineReason, accept, decline
from scheduler.referrals.attending import count_worklists, review
from scheduler.referrals.by_person import ChosenBecause
from scheduler.referrals.cases import all_cases
from scheduler.referrals.decide import offer_by_hand
from scheduler.referrals.ending import SuspendReason, close, resume, suspend, withdraw_consent
from scheduler.referrals.errors import ConsentMissing, IntakeFull, NoPlaceLeft, OfferAnswered
from scheduler.referrals.follow_up import ask_gps, no_longer_followed, still_followed
from scheduler.referrals.life import OPEN, STANDINGS
from scheduler.referrals.qualify import qualify
from scheduler.referrals.relation import LossReason
from scheduler.referrals.signal import signal
from scheduler.referrals.unanswered import WithdrawReason, expire_offers, remind_offers, withdraw_offer
from scheduler.referrals.values import ConsentGiven, Corrections, Identity, Signal
from scheduler.referrals.visits import declare, plan_visit, visit_held, visit_missed
from scheduler.store.engine import Store
from scheduler.store.tables import (
    CloseReason,
    ConsentHow,
    Intake,
    Offer,
    OfferState,
    Referral,
    ReferralEvent,
    Role,
)
from scheduler.store.tables import ReferralState as S
from tests import factories
from tests.factories import NOW
from tests.machines import StoreMachine

CONSENT = ConsentGiven(notice_version="1", how=ConsentHow.ORAL, collected_by="Infirmière d'essai")
WITH_GP = (S.ACCEPTED, S.SEEN, S.DECLARED)


@dataclass
class Model:
    """What a referral should be, as far as its offers go."""

    state: S
    since: date
    intake: int | None = None
    before_suspension: S | None = None
    refused: list[int] = field(default_factory=list)


class Offers(StoreMachine):
    """Two GPs with few places, one coordinator, and people who keep changing their minds."""

    referrals = Bundle("referrals")

    @initialize(places=st.tuples(st.integers(0, 2), st.integers(1, 3)))
    def begin(self, places: tuple[int, int]) -> None:
        self.now = NOW
        self.model: dict[UUID, Model] = {}
        with self.store.write() as session:
            here = factories.territory(session).id
            self.coordinator = self.person(session, Role.COORDINATOR, here, None)
            self.timer = system_actor("offers", here)
            self.places: dict[int, int] = {}
            self.gps: dict[int, Actor] = {}
            for number in places:
                gp = factories.practitioner(session, territory_id=here)
                intake = factories.intake(session, practitioner_id=gp.id, places=number)
                self.places[intake.id] = number
                self.gps[intake.id] = self.person(session, Role.GP, here, gp.id)

    @staticmethod
    def person(session: Session, role: Role, here: int, practitioner_id: int | None) -> Actor:
        row = factories.account(session, practitioner_id=practitioner_id)
        factories.grant(session, account_id=row.id, territory_id=here, role=role)
        return factories.actor_of(row, role, here)

    @property
    def today(self) -> date:
        return self.now.date()

    @rule(target=referrals, waited_days=st.integers(0, 100))
    def arrive(self, waited_days: int) -> UUID:
        since = self.today - timedelta(days=waited_days)
        name = f"Essai {len(self.model)}é"
        given = Signal(
            identity=Identity(
                family_name=name, given_name="A", birth_date=date(1950 + len(self.model), 1, 1), insee="77445"
            ),
            consent=CONSENT,
            waiting_since=since,
        )
        with self.store.write() as session:
            referral_id = signal(session, self.coordinator, given, now=self.now).id
            qualify(session, self.coordinator, referral_id, Corrections(), now=self.now)
        self.model[referral_id] = Model(S.WAITING, since)
        return referral_id

    @rule(referral_id=referrals, first=st.booleans())
    def offer(self, referral_id: UUID, first: bool) -> None:
        one, intake_id = self.model[referral_id], sorted(self.places)[0 if first else 1]
        possible = one.state is S.WAITING and self.taken(intake_id) < self.places[intake_id]
        refusal = self.refusal_of(
            lambda session: offer_by_hand(
                session,
                self.coordinator,
                referral_id,
                practitioner_id=self.gps[intake_id].practitioner_id,
                because=ChosenBecause.OTHER,
                now=self.now,
            )
        )
        if self.hidden(one):
            assert isinstance(refusal, NotFound)
        elif possible:
            assert refusal is None
            one.state, one.intake = S.OFFERED, intake_id
        else:
            assert isinstance(refusal, WrongState | NoPlaceLeft | ConsentMissing)

    @rule(referral_id=referrals, yes=st.booleans(), by_the_other=st.booleans())
    def answer(self, referral_id: UUID, yes: bool, by_the_other: bool) -> None:
        one = self.model[referral_id]
        offer = self.last_offer(referral_id)
        if offer is None:
            return
        who = self.gps[offer.intake_id]
        full = self.num_accepted(offer.intake_id) >= self.places[offer.intake_id]
        if by_the_other:
            who = next(gp for intake, gp in self.gps.items() if intake != offer.intake_id)
        refusal = self.refusal_of(
            lambda session: (
                accept(session, who, offer.id, now=self.now)
                if yes
                else decline(session, who, offer.id, reason=DeclineReason.FULL, now=self.now)
            )
        )
        if by_the_other:
            assert isinstance(refusal, NotFound)
        elif one.state is not S.OFFERED:
            assert isinstance(refusal, OfferAnswered)
        elif offer.expires_at <= self.now:
            assert refusal is not None
        elif yes and full:
            assert isinstance(refusal, IntakeFull)
        else:
            assert refusal is None
            one.state = S.ACCEPTED if yes else S.WAITING
            one.intake = offer.intake_id if yes else None

    @rule(referral_id=referrals)
    def take_back(self, referral_id: UUID) -> None:
        one = self.model[referral_id]
        refusal = self.refusal_of(
            lambda session: withdraw_offer(
                session, self.coordinator, referral_id, because=WithdrawReason.MISTAKE, now=self.now
            )
        )
        assert (refusal is None) == (one.state is S.OFFERED)
        if refusal is None:
            one.state, one.intake = S.WAITING, None

    @rule(referral_id=referrals, what=st.sampled_from(["plan", "held", "missed", "declare"]))
    def visit(self, referral_id: UUID, what: str) -> None:
        one = self.model[referral_id]
        acts = {"plan": plan_visit, "held": visit_held, "missed": visit_missed, "declare": declare}
        starts = {S.ACCEPTED, S.SEEN} if what == "declare" else {S.ACCEPTED}
        who = self.gps[one.intake] if one.intake else self.coordinator
        refusal = self.refusal_of(
            lambda session: acts[what](session, who, referral_id, on=self.today, now=self.now)
        )
        assert (refusal is None) == (one.state in starts)
        if refusal is None:
            one.state = {"held": S.SEEN, "declare": S.DECLARED}.get(what, one.state)

    @rule(referral_id=referrals, outcome=st.sampled_from(["still", *LossReason, CloseReason.MOVED]))
    def follow(self, referral_id: UUID, outcome: str) -> None:
        one = self.model[referral_id]
        with self.store.read() as session:
            row = session.get_one(Referral, referral_id)
        awaited = one.state is S.DECLARED and row.next_action_on is not None
        refusal = self.refusal_of(
            lambda session: (
                still_followed(session, self.coordinator, referral_id, now=self.now)
                if outcome == "still"
                else no_longer_followed(session, self.coordinator, referral_id, because=outcome, now=self.now)
            )
        )
        if outcome == "still":
            assert (refusal is None) == awaited
        elif outcome is CloseReason.MOVED:
            self.ended(one, refusal, CloseReason.MOVED)
        else:
            assert (refusal is None) == (one.state in WITH_GP)
            if refusal is None:
                with self.store.read() as session:
                    since = session.get_one(Referral, referral_id).waiting_since
                    assert since >= one.since  # no day is counted twice
                    assert one.state is S.DECLARED or since == one.since
                one.state, one.intake, one.since = S.WAITING, None, since

    @rule(referral_id=referrals)
    def rest(self, referral_id: UUID) -> None:
        one = self.model[referral_id]
        refusal = self.refusal_of(
            lambda session: suspend(
                session, self.coordinator, referral_id, reason=SuspendReason.AWAY, now=self.now
            )
        )
        assert (refusal is None) == (one.state in OPEN - {S.SUSPENDED})
        if refusal is None:
            one.before_suspension, one.state = one.state, S.SUSPENDED
            if one.before_suspension not in WITH_GP:
                one.intake = None

    @rule(referral_id=referrals)
    def come_back(self, referral_id: UUID) -> None:
        one = self.model[referral_id]
        refusal = self.refusal_of(
            lambda session: resume(session, self.coordinator, referral_id, now=self.now)
        )
        assert (refusal is None) == (one.state is S.SUSPENDED)
        if refusal is None:
            kept = one.before_suspension in WITH_GP
            one.state = one.before_suspension if kept and one.before_suspension else S.WAITING

    @rule(referral_id=referrals, consent=st.booleans())
    def leave(self, referral_id: UUID, consent: bool) -> None:
        one = self.model[referral_id]
        refusal = self.refusal_of(
            lambda session: (
                close(session, self.coordinator, referral_id, reason=CloseReason.FOUND_ALONE, now=self.now)
                if consent
                else withdraw_consent(session, self.coordinator, referral_id, now=self.now)
            )
        )
        if consent:
            self.ended(one, refusal, CloseReason.FOUND_ALONE)
        else:
            assert (refusal is None) != self.hidden(one)
            one.state, one.intake = S.CLOSED, None
            one.before_suspension = S.CLOSED  # marks that nobody reaches it any more

    def ended(self, one: Model, refusal: object, _reason: CloseReason) -> None:
        assert (refusal is None) == (one.state is not S.CLOSED)
        if refusal is None:
            one.state, one.intake, one.before_suspension = S.CLOSED, None, None

    @rule(referral_id=referrals, days=st.integers(1, 30))
    def look_at(self, referral_id: UUID, days: int) -> None:
        before = {case.referral_id: case for case in self.cases()}.get(referral_id)
        refusal = self.refusal_of(
            lambda session: review(
                session,
                self.coordinator,
                referral_id,
                until=self.today + timedelta(days=days),
                now=self.now,
            )
        )
        assert (refusal is None) == (before is not None and before.worklist is not None)

    @rule(first=st.booleans(), places=st.integers(0, 3))
    def change_places(self, first: bool, places: int) -> None:
        intake_id = sorted(self.places)[0 if first else 1]
        if places >= self.num_accepted(intake_id):
            with self.store.write() as session:
                session.get_one(Intake, intake_id).places = places
            self.places[intake_id] = places

    @rule(days=st.sampled_from([1, 2, 8, 40, 95]))
    def nights(self, days: int) -> None:
        """Pass some days; the nightly work is done on the last."""
        self.now += timedelta(days=days)
        over = [
            referral_id
            for referral_id, one in self.model.items()
            if one.state is S.OFFERED and self.last_offer(referral_id).expires_at <= self.now
        ]
        with self.store.write() as session:
            remind_offers(session, self.timer, now=self.now)
            assert expire_offers(session, self.timer, now=self.now) == len(over)
            ask_gps(session, self.timer, now=self.now)
        for referral_id in over:
            self.model[referral_id].state, self.model[referral_id].intake = S.WAITING, None
        for case in self.cases():
            assert not case.facts.late or case.worklist is not None  # nobody is lost

    @precondition(lambda self: self.model)
    @invariant()
    def the_store_agrees(self) -> None:
        with self.store.read() as session:
            rows = {row.id: row for row in session.exec(select(Referral)) if row.id in self.model}
            events: dict[UUID, list[ReferralEvent]] = {}
            for event in session.exec(select(ReferralEvent).order_by("id")):
                events.setdefault(event.referral_id, []).append(event)
            counted = count_worklists(session, self.coordinator, now=self.now)
            assert check_chain(session) is None
        assert {key: row.state for key, row in rows.items()} == {
            key: one.state for key, one in self.model.items()
        }
        for key, row in rows.items():
            assert row.waiting_since == self.model[key].since
            assert row.next_action_on is not None or row.state not in OPEN
            assert STANDINGS[row.state].owner is not None
            assert all(before.to_state is after.from_state for before, after in pairwise(events[key]))
        cases = self.cases()
        assert len({case.referral_id for case in cases}) == len(cases)
        assert {key for key, one in self.model.items() if one.state in OPEN} <= {
            case.referral_id for case in cases
        }
        assert sum(counted.values()) == sum(case.worklist is not None for case in cases)
        for intake_id, places in self.places.items():
            assert self.num_accepted(intake_id) <= places

    def cases(self) -> list:
        with self.store.read() as session:
            return all_cases(session, self.coordinator.territory_id, now=self.now)

    def hidden(self, one: Model) -> bool:
        return one.state is S.CLOSED and one.before_suspension is S.CLOSED

    def last_offer(self, referral_id: UUID) -> Offer:
        with self.store.read() as session:
            query = select(Offer).where(Offer.referral_id == referral_id)
            rows = session.exec(query.order_by("sent_at", "answered_at")).all()
        still = [row for row in rows if row.state in {OfferState.OPEN, OfferState.ACCEPTED}]
        return (still or rows or [None])[-1]

    def taken(self, intake_id: int) -> int:
        return self.count(intake_id, OfferState.OPEN) + self.num_accepted(intake_id)

    def num_accepted(self, intake_id: int) -> int:
        return self.count(intake_id, OfferState.ACCEPTED)

    def count(self, intake_id: int, state: OfferState) -> int:
        with self.store.read() as session:
            query = select(Offer.id).where(Offer.intake_id == intake_id, Offer.state == state)
            return len(session.exec(query).all())


Offers.TestCase.settings = settings(max_examples=8, stateful_step_count=25, deadline=None)
TestOffers = Offers.TestCase


def test_the_same_on_postgresql(postgresql_store: Store) -> None:
    """Few examples: what differs between the engines is raced in the integration tests."""

    def machine() -> Offers:
        return Offers(postgresql_store)

    run_state_machine_as_test(
        machine, settings=settings(max_examples=2, stateful_step_count=20, deadline=None)
    )
