"""The simulated year: each hour, what people and jobs would do then, through the use cases they would use.

Nothing is copied from Relais: signals, qualification, matching runs, offers, answers, visits, declarations,
follow-ups, departures, messages and reports are the real ones, on the embedded store. Only the clock, the
chance and the identifiers are the simulation's, so that the same seed gives the same year.
"""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import partial
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import bindparam
from sqlmodel import Session, col, func, select

from scheduler.accounts.actor import system_actor
from scheduler.indicators.figures import report
from scheduler.indicators.paths import paths_of
from scheduler.indicators.periods import Period
from scheduler.jobs.referrals import ask_and_begin, look_after_offers
from scheduler.messages.outbox import MOST_AT_ONCE, MailSettings, send_due
from scheduler.messages.patients import tell_patients
from scheduler.messages.senders import Envelope
from scheduler.referrals.hygiene import ask_to_confirm
from scheduler.referrals.my_signals import tell_senders
from scheduler.referrals.ranking import promote_by_wait
from scheduler.referrals.seen import end_unanswered
from scheduler.simulation.beside import Beside, Question
from scheduler.simulation.coordination import OFFER_DAYS, Coordination
from scheduler.simulation.gps import Gps
from scheduler.simulation.ids import seeded_ids
from scheduler.simulation.invariants import Watch
from scheduler.simulation.patients import CLOSES, OPENS, Patients
from scheduler.simulation.people import ZONE, settle_town
from scheduler.simulation.plan import Outcome, Plan
from scheduler.simulation.tiers import outcomes_by_tier
from scheduler.simulation.world import HOUR, World, remembered
from scheduler.store.engine import Store
from scheduler.store.tables import Referral, ReferralEvent, ReferralState

_SATURDAY, _FRIDAY = 5, 4
_MORNING, _EVENING = 7, 20
_CHANGES, _VALIDATES = {12, 16}, {9, 15}
"""Hours at which runs begin for what has changed, and at which somebody looks at what runs propose."""
_MARKS = MailSettings(sender="Relais <relais@simulation.example>", domain="simulation.example")
_NOTICED = ("offer", "accept", "see", "follow_up_asked")
"""Lines of history that make people of the simulation act."""
_LINE: Any = (ReferralEvent.id, ReferralEvent.kind, ReferralEvent.referral_id, ReferralEvent.detail)
_NEW = (
    select(*_LINE)
    .where(col(ReferralEvent.id) > bindparam("seen"), col(ReferralEvent.kind).in_(_NOTICED))
    .order_by(col(ReferralEvent.id))
)


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
    rng = Random(f"relais-year:{plan.seed}")  # noqa: S311 — invented people, nothing to guess
    began = datetime.combine(plan.from_on, datetime.min.time(), ZoneInfo(ZONE)).astimezone(UTC)
    with seeded_ids(str(plan.seed)), remembered(store):
        with store.write() as session:
            town = settle_town(session, rng, num_gps=plan.num_gps, places=plan.places_a_month, now=began)
        world = World(store=store, plan=plan, rng=rng, now=began, town=town)
        beside = partial(Beside, store, town.territory_id, clock=world.clock, seed=plan.seed)
        with (
            beside() as matcher,
            beside() as reporter,
            beside() as watcher,
            beside() as reader,
            Watch(store, watcher=watcher, reader=reader) as watch,
        ):
            return _Year(world, watch, matcher, reporter, say).run()


class _Year:
    def __init__(
        self, world: World, watch: Watch, matcher: Beside, reporter: Beside, say: Callable[[date], None]
    ) -> None:
        self.world, self.watch, self.matcher, self.reporter, self.say = world, watch, matcher, reporter, say
        self.gps, self.patients = Gps(world), Patients(world)
        self.coordination = Coordination(world, self.patients)
        self.mailbox = Mailbox()
        self._run: Future[int] | None = None
        self._seen_event, self._seen_version = 0, 0

    def run(self) -> Outcome:
        world = self.world
        self.gps.plan_departures()
        end = world.plan.from_on + timedelta(days=world.plan.days)
        until = datetime.combine(end, datetime.min.time(), ZoneInfo(ZONE)).astimezone(UTC)
        num_hours = 0
        while world.now < until:  # hours of the sun: the days of the clock changes have 23 and 25
            local = world.now.astimezone(ZoneInfo(ZONE))
            self._hour(local)
            self.watch.check_hour(ends_day=local.hour == _EVENING)
            world.now += HOUR
            num_hours += 1
        return self._outcome(num_hours)

    def _hour(self, local: datetime) -> None:
        works = local.weekday() < _SATURDAY and OPENS <= local.hour < CLOSES
        if local.hour == _EVENING:
            self._finish_run()
        self._by_the_clock(local)
        if works:
            self._work(local)
        self.world.act()
        if 7 <= local.hour <= 20:  # what ends at night ends in the morning: nobody is there to see it
            look_after_offers(self.world.store, clock=self.world.clock, offer_days=OFFER_DAYS)
        if works and local.hour in _CHANGES:
            self._run = self.matcher.ask(Question.RUN_AFTER_CHANGES)
        if works:
            self._tell()
        self._notice()
        if local.hour == _EVENING:
            self.patients.go()
            self.watch.ask_cases(at=self.world.now)

    def _by_the_clock(self, local: datetime) -> None:
        """Do what jobs do once a day, or a month."""
        store, clock = self.world.store, self.world.clock
        if local.hour == 0:
            self.say(local.date())
            if local.day == 1:
                self.reporter.ask(Question.SNAPSHOTS)
                self.gps.begin_month()
        if local.hour == 4:
            promote_by_wait(store, clock=clock)
            self._run = self.matcher.ask(Question.NIGHTLY_RUN)
        if local.hour == _MORNING:
            self.coordination.work_through(self.watch.cases())
            end_unanswered(store, clock=clock)
            ask_and_begin(store, clock=clock)
        if local.hour == 9:
            ask_to_confirm(store, clock=clock)

    def _finish_run(self) -> None:
        """Have what the last run solved written."""
        if self._run is not None:
            self.matcher.wait(self._run)

    def _work(self, local: datetime) -> None:
        """Do what people do in their hours."""
        self.patients.come(local.hour)
        if local.hour in _VALIDATES:
            self._finish_run()
            self.coordination.validate()
        if local.hour == 10:
            self.coordination.tell_doubles()
        if local.hour == 11:
            self.coordination.call()
        if local.hour == 15 and local.weekday() == _FRIDAY:
            self.coordination.post_letters()

    def _tell(self) -> None:
        store, clock = self.world.store, self.world.clock
        tell_patients(store, clock=clock)
        tell_senders(store, clock=clock)
        while send_due(store, self.mailbox, _MARKS, clock=clock) == MOST_AT_ONCE:
            pass

    def _notice(self) -> None:
        """Read what is new in the history, and plan what people will do about it."""
        if (version := self.watch.version()) == self._seen_version:
            return
        self._seen_version = version
        with self.world.store.read() as session:
            for event in session.connection().execute(_NEW, {"seen": self._seen_event}).all():
                self._seen_event = event.id
                self._react(event)

    def _react(self, event: Any) -> None:
        world, patients = self.world, self.patients
        if event.kind == "offer":
            self.gps.plan_answer(event.detail)
        elif event.kind == "accept":
            world.later(world.rng.randint(24, 24 * 40), patients.visit(event.referral_id))
        elif event.kind == "see":
            world.later(world.rng.randint(1, 24 * 20), patients.declare(event.referral_id))
        else:
            world.later(world.rng.randint(1, 24 * 10), patients.follow(event.referral_id))

    def _outcome(self, num_hours: int) -> Outcome:
        world, territory_id = self.world, self.world.town.territory_id
        last_on = world.plan.from_on + timedelta(days=world.plan.days - 1)
        period = Period("simulation", world.plan.from_on, last_on)
        self._finish_run()
        self.reporter.ask(Question.SNAPSHOTS)
        self.watch.check_end(at=world.now)
        months = self.reporter.ask(Question.MONTHS)
        world.acted["placed"], world.acted["declared"] = len(world.placed), len(world.declared)
        with world.store.read() as session:
            actor = system_actor("simulation", territory_id)
            outcome = Outcome(
                report=report(session, actor, period, now=world.now, leaves=False),
                acted=world.acted,
                tiers=outcomes_by_tier(paths_of(session, territory_id), end_on=last_on),
                standing=_standing(session),
                num_hours=num_hours,
                num_events=session.exec(select(func.count(col(ReferralEvent.id)))).one(),
                num_messages=len(self.mailbox.ids),
                num_letters=world.acted["letters"],
                num_refused=world.refused,
                months=self.reporter.wait(months),
            )
        self.watch.check_trace()
        return outcome


def _standing(session: Session) -> dict[str, int]:
    query = select(Referral.state, Referral.close_reason, func.count()).group_by(
        col(Referral.state), col(Referral.close_reason)
    )
    counted: Counter[str] = Counter()
    for state, reason, number in session.exec(query):
        counted[f"closed:{reason}" if state is ReferralState.CLOSED else str(state)] += number
    return dict(sorted(counted.items()))
