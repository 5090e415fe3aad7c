"""The simulated year: each hour, what people and jobs would do then, through the use cases they would use.

Nothing is copied from Relais: signals, qualification, matching runs, offers, answers, visits, declarations,
follow-ups, departures, messages and reports are the real ones, on the embedded store. Only the clock, the
chance and the identifiers are the simulation's, so that the same seed gives the same year.
"""

import heapq
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, timedelta
from itertools import count
from random import Random
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from matching import attach
from matching.errors import RelaisError
from scheduler.accounts.actor import system_actor
from scheduler.directory import IntakeGiven
from scheduler.indicators.figures import recompute, report, take_snapshots
from scheduler.indicators.periods import Period
from scheduler.jobs.matching import run_after_changes, run_nightly
from scheduler.jobs.referrals import ask_and_begin, look_after_offers
from scheduler.messages.outbox import MailSettings, send_due
from scheduler.messages.patients import tell_patients
from scheduler.messages.senders import Envelope
from scheduler.referrals.answers import DeclineReason, accept, decline
from scheduler.referrals.decide import validate_batch
from scheduler.referrals.departures import announce_departure
from scheduler.referrals.ending import close, withdraw_consent
from scheduler.referrals.follow_up import no_longer_followed, still_followed
from scheduler.referrals.offers import group_of
from scheduler.referrals.own_intake import own_intake, set_intake
from scheduler.referrals.qualify import qualify
from scheduler.referrals.ranking import promote_by_wait
from scheduler.referrals.relation import LossReason
from scheduler.referrals.signal import signal
from scheduler.referrals.values import Corrections
from scheduler.referrals.visits import declare, visit_held, visit_missed
from scheduler.simulation.invariants import check_day, check_end, check_hour
from scheduler.simulation.people import ZONE, Doctor, Town, settle_town, signals_of
from scheduler.store.engine import Store
from scheduler.store.tables import (
    CloseReason,
    Intake,
    Offer,
    OfferState,
    Proposal,
    ProposalState,
    Referral,
    ReferralEvent,
    ReferralState,
)

HOUR = timedelta(hours=1)
OFFER_DAYS = 3
_OPENS, _CLOSES = 8, 18
_SATURDAY = 5
_MARKS = MailSettings(sender="Relais <relais@simulation.example>", domain="simulation.example")

Act = Callable[[Session, datetime], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is simulated.

    Parameters
    ----------
    signals_a_day : int
        On working days.
    places_a_month : int
        That each GP opens, and opens again each month.
    """

    from_on: date = date(2026, 1, 1)
    days: int = 365
    seed: int = 1
    num_gps: int = 60
    signals_a_day: int = 40
    places_a_month: int = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a simulated year ends with.

    Parameters
    ----------
    report : dict
        The exact report on its days, from the history alone.
    acted : Counter
        What the simulation knows it did, counted as it went: to be compared with the report.
    """

    report: dict[str, Any]
    acted: Counter[str]
    num_hours: int
    num_events: int
    num_messages: int
    num_refused: Counter[str]
    months: list[tuple[str, bool]]


@dataclass(slots=True)
class Mailbox:
    """Receives every message, once."""

    ids: set[str] = field(default_factory=set)

    def send(self, envelope: Envelope) -> None:
        """Keep a message; a second copy would be a fault."""
        if envelope.message_id in self.ids:
            raise AssertionError("a message was sent twice")
        self.ids.add(envelope.message_id)


def simulate(store: Store, plan: Plan, *, say: Callable[[date], None] = lambda _: None) -> Outcome:
    """Live through some days, an hour at a time, and report on them.

    Raises
    ------
    BrokenInvariant
        As soon as something that must never happen does.
    """
    with _seeded_ids(plan.seed):
        return _Year(store, plan, say).run()


class _Year:
    def __init__(self, store: Store, plan: Plan, say: Callable[[date], None]) -> None:
        self.store, self.plan, self.say = store, plan, say
        self.rng = Random(f"relais-year:{plan.seed}")  # noqa: S311 — invented people, nothing to guess
        self.now = datetime.combine(plan.from_on, datetime.min.time(), ZoneInfo(ZONE)).astimezone(UTC)
        self.acted: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self.mailbox = Mailbox()
        self._due: list[tuple[datetime, int, Act]] = []
        self._numbers = count()
        self._seen_event = 0
        self._answered: set[UUID] = set()
        self.town: Town

    def clock(self) -> datetime:
        return self.now

    def run(self) -> Outcome:
        with self.store.write() as session:
            self.town = settle_town(
                session, self.rng, num_gps=self.plan.num_gps, places=self.plan.places_a_month, now=self.now
            )
        self._plan_departures()
        end = self.plan.from_on + timedelta(days=self.plan.days)
        until = datetime.combine(end, datetime.min.time(), ZoneInfo(ZONE)).astimezone(UTC)
        num_hours = 0
        while self.now < until:  # hours of the sun: the days of the clock changes have 23 and 25
            self._hour(self.now.astimezone(ZoneInfo(ZONE)))
            with self.store.read() as session:
                check_hour(session, at=self.now)
            self.now += HOUR
            num_hours += 1
        return self._outcome(num_hours)

    def _hour(self, local: datetime) -> None:
        works = local.weekday() < _SATURDAY and _OPENS <= local.hour < _CLOSES
        self._by_the_clock(local)
        if works:
            self._signals(local)
            self._decide(local)
        self._act()
        if 7 <= local.hour <= 20:  # what ends at night ends in the morning: nobody is there to see it
            look_after_offers(self.store, clock=self.clock, offer_days=OFFER_DAYS)
        if works and local.hour in {12, 16}:
            run_after_changes(self.store, limit_s=20, clock=self.clock, solve=_solve)
        if works:
            tell_patients(self.store, clock=self.clock)
            while send_due(self.store, self.mailbox, _MARKS, clock=self.clock):
                pass
        self._notice()
        if local.hour == 20:
            self._fate()
            with self.store.read() as session:
                check_day(session, self.town.coordinator, at=self.now)

    def _by_the_clock(self, local: datetime) -> None:
        """Do what jobs do once a day, or a month."""
        if local.hour == 0:
            self.say(local.date())
            if local.day == 1:
                take_snapshots(self.store, clock=self.clock)
                self._open_places()
        if local.hour == 4:
            promote_by_wait(self.store, clock=self.clock)
            run_nightly(self.store, limit_s=20, clock=self.clock, solve=_solve)
        if local.hour == 7:
            ask_and_begin(self.store, clock=self.clock)

    def _signals(self, local: datetime) -> None:
        a_day, hours = self.plan.signals_a_day, _CLOSES - _OPENS
        done = (local.hour - _OPENS) * a_day // hours
        num = (local.hour - _OPENS + 1) * a_day // hours - done
        with self.store.write() as session:
            for given in list(signals_of(self.rng, local.date(), num)):
                row = signal(session, self.town.signaller, given, now=self.now)
                self.acted["signalled"] += 1
                self._later(self.rng.randint(1, 30), self._qualify_act(row.id))

    def _qualify_act(self, referral_id: UUID) -> Act:
        def act(session: Session, now: datetime) -> None:
            if session.get_one(Referral, referral_id).state is ReferralState.RECEIVED:
                qualify(session, self.town.coordinator, referral_id, Corrections(), now=now)
                self.acted["qualified"] += 1

        return act

    def _decide(self, local: datetime) -> None:
        """Validate every proposal, twice a day."""
        if local.hour not in {9, 14}:
            return
        with self.store.read() as session:
            pending = select(Proposal.id).where(col(Proposal.state) == ProposalState.PROPOSED)
            ids = list(session.exec(pending.order_by(col(Proposal.id))))
        if ids:
            batch = validate_batch(
                self.store, self.town.coordinator, ids, now=self.now, offer_days=OFFER_DAYS
            )
            self.refused["validate"] += batch.num_refused

    def _notice(self) -> None:
        """Read what is new in the history, and plan what people will do about it."""
        query = select(ReferralEvent).where(col(ReferralEvent.id) > self._seen_event)
        with self.store.read() as session:
            for event in session.exec(query.order_by(col(ReferralEvent.id))):
                self._seen_event = event.id or 0
                self._react(session, event)

    def _react(self, session: Session, event: ReferralEvent) -> None:
        if event.kind == "offer":
            self._plan_answer(session, event)
        elif event.kind == "accept":
            self._later(self.rng.randint(24, 24 * 40), self._visit_act(event.referral_id))
        elif event.kind == "see":
            self._later(self.rng.randint(1, 24 * 20), self._declare_act(event.referral_id))
        elif event.kind == "follow_up_asked":
            self._later(self.rng.randint(1, 24 * 10), self._follow_act(event.referral_id))

    def _plan_answer(self, session: Session, event: ReferralEvent) -> None:
        """Let the GP answer a group of offers once, or fall silent."""
        offer = session.get_one(Offer, UUID(event.detail["offer"]))
        group = group_of(offer)
        if group in self._answered:
            return
        self._answered.add(group)
        doctor = self._doctor(session.get_one(Intake, offer.intake_id).practitioner_id)
        if self.rng.random() > doctor.habit.answers:
            return
        says_yes = self.rng.random() < doctor.habit.accepts
        reason = self.rng.choice(list(DeclineReason))
        self._later(
            self.rng.randint(1, doctor.habit.slowest_hours),
            self._answer_act(doctor, offer.id, says_yes, reason),
        )

    def _answer_act(self, doctor: Doctor, offer_id: UUID, says_yes: bool, reason: DeclineReason) -> Act:
        def act(session: Session, now: datetime) -> None:
            if session.get_one(Offer, offer_id).state is not OfferState.OPEN:
                return
            if says_yes:
                for offer in accept(session, doctor.actor, offer_id, now=now):
                    self.acted["accepted"] += 1
                    self.acted[f"first:{offer.referral_id}"] = 1
            else:
                self.acted["declines"] += len(
                    decline(session, doctor.actor, offer_id, reason=reason, now=now)
                )

        return act

    def _visit_act(self, referral_id: UUID) -> Act:
        def act(session: Session, now: datetime) -> None:
            if session.get_one(Referral, referral_id).state is not ReferralState.ACCEPTED:
                return
            on = now.astimezone(ZoneInfo(ZONE)).date()
            fate = self.rng.random()
            if fate < 0.9:
                visit_held(session, self.town.coordinator, referral_id, on=on, now=now)
            elif fate < 0.97:
                visit_missed(session, self.town.coordinator, referral_id, on=on, now=now)
                self._later(24 * 10, self._visit_act(referral_id))
            else:
                no_longer_followed(
                    session, self.town.coordinator, referral_id, because=LossReason.NEVER_CAME, now=now
                )

        return act

    def _declare_act(self, referral_id: UUID) -> Act:
        def act(session: Session, now: datetime) -> None:
            if session.get_one(Referral, referral_id).state is ReferralState.SEEN:
                on = now.astimezone(ZoneInfo(ZONE)).date()
                declare(session, self.town.coordinator, referral_id, on=on, now=now)
                self.acted["declarations"] += 1
                self.acted[f"declared:{referral_id}"] = 1

        return act

    def _follow_act(self, referral_id: UUID) -> Act:
        def act(session: Session, now: datetime) -> None:
            row = session.get_one(Referral, referral_id)
            if row.state is not ReferralState.DECLARED or row.next_follow_up is None:
                return
            if self.rng.random() < 0.93:
                still_followed(session, self.town.coordinator, referral_id, now=now)
            else:
                no_longer_followed(
                    session, self.town.coordinator, referral_id, because=LossReason.GP_ENDED, now=now
                )
            self.acted["followed"] += 1

        return act

    def _fate(self) -> None:
        """Let some patients move, die, find a GP alone or withdraw their consent, each evening."""
        waiting = (
            ReferralState.WAITING,
            ReferralState.PROPOSED,
            ReferralState.OFFERED,
            ReferralState.ACCEPTED,
        )
        with self.store.write() as session:
            query = select(Referral.id).where(col(Referral.state).in_(waiting)).order_by(col(Referral.id))
            ids = list(session.exec(query))
            for referral_id in self.rng.sample(ids, min(len(ids), self.rng.randint(0, 3))):
                why = self.rng.choice([*_ENDS, None])
                if why is None:
                    withdraw_consent(session, self.town.coordinator, referral_id, now=self.now)
                else:
                    close(session, self.town.coordinator, referral_id, reason=why, now=self.now)
                self.acted["closed"] += 1

    def _plan_departures(self) -> None:
        """Have three GPs announce in the year that they leave three months later."""
        for place in range(3):
            doctor = self.town.doctors[(7 * place + 3) % len(self.town.doctors)]
            day = self.plan.days * (place + 1) // 5

            def act(session: Session, now: datetime, doctor: Doctor = doctor) -> None:
                doctor.leaving_on = now.date() + timedelta(days=95)
                announce_departure(
                    session,
                    self.town.coordinator,
                    doctor.practitioner_id,
                    leaving_on=doctor.leaving_on,
                    months_ahead=3,
                    now=now,
                )

            self._later(24 * day + 10, act)

    def _open_places(self) -> None:
        """Have every GP who stays open some more places each month."""
        with self.store.write() as session:
            for doctor in self.town.doctors:
                own = own_intake(session, self.town.coordinator, doctor.practitioner_id)
                if own.intake is None or doctor.leaving_on is not None:
                    continue
                given = _same(own.intake, places=own.num_accepted + self.plan.places_a_month)
                set_intake(session, self.town.coordinator, doctor.practitioner_id, given, now=self.now)

    def _later(self, hours: int, act: Act) -> None:
        heapq.heappush(self._due, (self.now + hours * HOUR, next(self._numbers), act))

    def _act(self) -> None:
        """Do what is due, each thing as one that may be refused without harm to the others."""
        if not self._due or self._due[0][0] > self.now:
            return
        with self.store.write() as session:
            while self._due and self._due[0][0] <= self.now:
                _, _, act = heapq.heappop(self._due)
                try:
                    with session.begin_nested():
                        act(session, self.now)
                except RelaisError as refusal:
                    self.refused[refusal.code] += 1

    def _doctor(self, practitioner_id: int) -> Doctor:
        return next(one for one in self.town.doctors if one.practitioner_id == practitioner_id)

    def _outcome(self, num_hours: int) -> Outcome:
        last_on = self.plan.from_on + timedelta(days=self.plan.days - 1)
        period = Period("simulation", self.plan.from_on, last_on)
        take_snapshots(self.store, clock=self.clock)
        with self.store.read() as session:
            check_end(session, at=self.now)
            actor = system_actor("simulation", self.town.territory_id)
            found = report(session, actor, period, now=self.now, leaves=False)
            months = recompute(session, self.town.territory_id)
        acted = Counter({name: number for name, number in self.acted.items() if ":" not in name})
        acted["placed"] = sum(name.startswith("first:") for name in self.acted)
        acted["declared"] = sum(name.startswith("declared:") for name in self.acted)
        return Outcome(
            report=found,
            acted=acted,
            num_hours=num_hours,
            num_events=self._seen_event,
            num_messages=len(self.mailbox.ids),
            num_refused=self.refused,
            months=months,
        )


_ENDS = (CloseReason.MOVED, CloseReason.DIED, CloseReason.FOUND_ALONE)


def _same(intake: Intake, *, places: int) -> IntakeGiven:
    kept = {one.name: getattr(intake, one.name) for one in fields(IntakeGiven)}
    return IntakeGiven(**(kept | {"places": places}))


def _solve(instance: Any, policy: Any, *, time_limit_s: float, seed: int, watch: Any) -> Any:  # noqa: ARG001
    """Solve in this process: a child would cost a third of a second each of a thousand times."""
    return attach(instance, policy, time_limit_s=time_limit_s, seed=seed)


@contextmanager
def _seeded_ids(seed: int) -> Iterator[None]:
    """Draw the identifiers of new rows from the seed: the order of rows, hence the year, depends on them."""
    rng, kept = Random(f"relais-ids:{seed}"), os.urandom  # noqa: S311 — no secret of a simulation is one
    os.urandom = rng.randbytes
    try:
        yield
    finally:
        os.urandom = kept
