"""What happens to the patients of a simulation: signalled, sometimes twice, seen or not, declared, gone."""

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from sqlmodel import Session

from scheduler.referrals.ending import close, withdraw_consent
from scheduler.referrals.follow_up import no_longer_followed, still_followed
from scheduler.referrals.qualify import qualify
from scheduler.referrals.relation import LossReason
from scheduler.referrals.signal import signal
from scheduler.referrals.values import ConsentGiven, Corrections, Signal
from scheduler.referrals.visits import declare, visit_held, visit_missed
from scheduler.simulation.people import homes_of
from scheduler.simulation.world import Act, World, state_of
from scheduler.store.tables import CloseReason, ConsentHow, ReferralState

OPENS, CLOSES = 8, 18
"""Local hours between which people of the coordination work."""

_S = ReferralState
_MAY_GO = (_S.WAITING, _S.PROPOSED, _S.OFFERED, _S.ACCEPTED, _S.SEEN, _S.DECLARED)
_ENDS = (CloseReason.MOVED, CloseReason.DIED, CloseReason.FOUND_ALONE)
_AGAIN = 0.02
"""Of the signals, those of somebody another professional has signalled already."""
_AGREES = 0.8
_HELD, _MISSED = 0.9, 0.07
_STILL_FOLLOWED = 0.93


class Patients:
    """The patients of a world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._lately: list[Signal] = []
        self._signalled: list[UUID] = []
        self._due = 0  # patients to come by now; below 0 when the last home had more

    def come(self, hour: int) -> None:
        """Signal the share of the day's patients that falls on one of its hours, whole homes at once."""
        world, hours = self.world, CLOSES - OPENS
        a_day = world.plan.signals_a_day
        self._due += (hour - OPENS + 1) * a_day // hours - (hour - OPENS) * a_day // hours
        with world.store.write() as session:
            for home in list(homes_of(world.rng, world.today, self._due)):
                self._due -= len(home)
                known_here: list[UUID] = []
                for given in home:
                    world.attempt(session, self._signal(given, known_here))

    def _signal(self, given: Signal, known_here: list[UUID]) -> Act:
        """Signal somebody, with the first of their home, whose file is put down for the others."""
        world = self.world
        again = bool(self._lately) and world.rng.random() < _AGAIN
        if again:
            known = world.rng.choice(self._lately)
            given, signaller = replace(given, identity=known.identity), world.town.signallers[1]
        else:
            given = replace(given, household_with=known_here[0] if known_here else None)
            signaller = world.town.signallers[0]
        self._lately = [*self._lately[-100:], given]

        def act(session: Session, now: datetime) -> None:
            row = signal(session, signaller, given, now=now)
            if not again:
                known_here.append(row.id)
            self._signalled.append(row.id)
            world.acted["signalled"] += 1
            world.acted["with_others"] += row.household_id is not None
            world.later(world.rng.randint(1, 30), self.qualify(row.id))

        return act

    def qualify(self, referral_id: UUID) -> Act:
        """Have the coordination read a file; one that may be a second one waits until that is decided."""

        def act(session: Session, now: datetime) -> None:
            if state_of(session, referral_id) is _S.RECEIVED:
                row = qualify(session, self.world.town.coordinator, referral_id, Corrections(), now=now)
                self.world.acted["qualified"] += 1
                if row.state is _S.QUALIFIED:
                    self.world.later(24 * self.world.rng.randint(3, 20), self._ask_consent(referral_id))

        return act

    def _ask_consent(self, referral_id: UUID) -> Act:
        """Have the consent that was missing given, or refused."""
        agrees = self.world.rng.random() < _AGREES
        consent = ConsentGiven(notice_version="1", how=ConsentHow.ORAL, collected_by="Coordination")

        def act(session: Session, now: datetime) -> None:
            if state_of(session, referral_id) is not _S.QUALIFIED:
                return
            who = self.world.town.coordinator
            if agrees:
                qualify(session, who, referral_id, Corrections(consent=consent), now=now)
            else:
                close(session, who, referral_id, reason=CloseReason.NO_LONGER_WANTED, now=now)
                self.world.acted["gone_no_longer_wanted"] += 1

        return act

    def visit(self, referral_id: UUID) -> Act:
        """Have a first visit held, or missed and set again, or given up."""
        world = self.world

        def act(session: Session, now: datetime) -> None:
            if state_of(session, referral_id) is not _S.ACCEPTED:
                return
            fate, who = world.rng.random(), world.town.coordinator
            if fate < _HELD:
                visit_held(session, who, referral_id, on=world.today, now=now)
                world.acted["visits_held"] += 1
            elif fate < _HELD + _MISSED:
                visit_missed(session, who, referral_id, on=world.today, now=now)
                world.acted["visits_missed"] += 1
                world.later(24 * 10, self.visit(referral_id))
            else:
                no_longer_followed(session, who, referral_id, because=LossReason.NEVER_CAME, now=now)
                world.acted["lost_gp"] += 1

        return act

    def declare(self, referral_id: UUID) -> Act:
        """Have the GP declared."""
        world = self.world

        def act(session: Session, now: datetime) -> None:
            if state_of(session, referral_id) is _S.SEEN:
                declare(session, world.town.coordinator, referral_id, on=world.today, now=now)
                world.declared.add(referral_id)

        return act

    def follow(self, referral_id: UUID) -> Act:
        """Have the question after 3, 6 or 12 months answered."""
        world = self.world

        def act(session: Session, now: datetime) -> None:
            if state_of(session, referral_id) is not _S.DECLARED:
                return
            if world.rng.random() < _STILL_FOLLOWED:
                still_followed(session, world.town.coordinator, referral_id, now=now)
            else:
                because = LossReason.GP_ENDED
                no_longer_followed(session, world.town.coordinator, referral_id, because=because, now=now)
                world.acted["lost_gp"] += 1
            world.acted["followed"] += 1

        return act

    def go(self) -> None:
        """Let some patients move, die, find a GP alone or withdraw their consent, each evening."""
        world = self.world
        num_asked = min(len(self._signalled), world.rng.randint(0, 3))
        with world.store.write() as session:
            for referral_id in world.rng.sample(self._signalled, num_asked):
                if state_of(session, referral_id) in _MAY_GO:
                    world.attempt(session, self._end(referral_id))

    def _end(self, referral_id: UUID) -> Act:
        world, why = self.world, self.world.rng.choice([*_ENDS, None])

        def act(session: Session, now: datetime) -> None:
            if why is None:
                withdraw_consent(session, world.town.coordinator, referral_id, now=now)
            else:
                close(session, world.town.coordinator, referral_id, reason=why, now=now)
            world.acted[f"gone_{why or 'consent_withdrawn'}"] += 1

        return act
