"""What the GPs of a simulation do: answer or fall silent, open places, pause, leave."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlmodel import Session

from scheduler.directory import IntakeGiven
from scheduler.referrals.answers import DeclineReason, accept, decline
from scheduler.referrals.departures import announce_departure
from scheduler.referrals.own_intake import own_intake, pause, set_intake
from scheduler.simulation.people import Doctor
from scheduler.simulation.world import Act, World, offer_is_open

_REASONS = tuple(DeclineReason)
_PAUSES_A_MONTH = 0.08
_PAUSE_DAYS = 14
_NOTICE_DAYS = 95


@dataclass(slots=True)
class Gps:
    """The GPs of a world, each with the habits of ``people``."""

    world: World
    answered: set[str] = field(default_factory=set)

    def plan_answer(self, offered: Mapping[str, Any]) -> None:
        """Let the GP answer a group of offers once, or fall silent."""
        world, offer_id, group = self.world, UUID(offered["offer"]), offered["group"]
        if group in self.answered:
            return
        self.answered.add(group)
        doctor = world.doctor(offered["practitioner"])
        habit = doctor.habit
        if world.rng.random() > habit.answers:
            return
        answer = self._accept if world.rng.random() < habit.accepts else self._decline
        world.later(world.rng.randint(1, habit.slowest_hours), answer(doctor, offer_id))

    def _accept(self, doctor: Doctor, offer_id: UUID) -> Act:
        def act(session: Session, now: datetime) -> None:
            if offer_is_open(session, offer_id):
                for offer in accept(session, doctor.actor, offer_id, now=now):
                    self.world.acted["accepted"] += 1
                    self.world.placed.add(offer.referral_id)

        return act

    def _decline(self, doctor: Doctor, offer_id: UUID) -> Act:
        reason = self.world.rng.choice(_REASONS)

        def act(session: Session, now: datetime) -> None:
            if offer_is_open(session, offer_id):
                declined = decline(session, doctor.actor, offer_id, reason=reason, now=now)
                self.world.acted["declines"] += len(declined)

        return act

    def plan_departures(self) -> None:
        """Have some GPs announce, spread over the days, that they leave three months later."""
        world = self.world
        for place in range(min(world.plan.num_leaving, len(world.town.doctors))):
            doctor = world.town.doctors[(7 * place + 3) % len(world.town.doctors)]
            day = world.plan.days * (place + 1) // (world.plan.num_leaving + 2)
            world.later(24 * day + 10, self._leave(doctor))

    def _leave(self, doctor: Doctor) -> Act:
        def act(session: Session, now: datetime) -> None:
            doctor.leaving_on = self.world.today + timedelta(days=_NOTICE_DAYS)
            announce_departure(
                session,
                self.world.town.coordinator,
                doctor.practitioner_id,
                leaving_on=doctor.leaving_on,
                months_ahead=3,
                now=now,
            )
            self.world.acted["departures"] += 1

        return act

    def begin_month(self) -> None:
        """Have every GP who stays open some more places; some of them go on leave for two weeks."""
        world = self.world
        with world.store.write() as session:
            for doctor in world.town.doctors:
                if doctor.leaving_on is None:
                    world.attempt(session, self._open_more(doctor))
                    if world.rng.random() < _PAUSES_A_MONTH:
                        world.attempt(session, self._pause(doctor))

    def _open_more(self, doctor: Doctor) -> Act:
        def act(session: Session, now: datetime) -> None:
            own = own_intake(session, doctor.actor, doctor.practitioner_id)
            if own.intake is not None:
                places = own.num_accepted + self.world.plan.places_a_month
                kept = {one.name: getattr(own.intake, one.name) for one in fields(IntakeGiven)}
                given = IntakeGiven(**(kept | {"places": places}))
                set_intake(session, doctor.actor, doctor.practitioner_id, given, now=now)

        return act

    def _pause(self, doctor: Doctor) -> Act:
        def act(session: Session, now: datetime) -> None:
            until = self.world.today + timedelta(days=_PAUSE_DAYS)
            pause(session, doctor.actor, doctor.practitioner_id, until=until, now=now)
            self.world.acted["pauses"] += 1

        return act
