"""What the coordination of a simulation does: validates, tells doubles, calls, prints letters."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from scheduler.messages.post import letters_to_print, mark_posted
from scheduler.referrals.cases import Case
from scheduler.referrals.decide import validate_batch
from scheduler.referrals.duplicates import undecided_pairs
from scheduler.referrals.ending import close
from scheduler.referrals.follow_up import no_longer_followed
from scheduler.referrals.hygiene import ContactOutcome, call_list, note_contact
from scheduler.referrals.merging import merge, set_apart
from scheduler.referrals.relation import LossReason
from scheduler.referrals.worklists import Worklist
from scheduler.simulation.patients import Patients
from scheduler.simulation.world import Act, World
from scheduler.store.tables import CloseReason, Patient, Proposal, ProposalState, Referral, ReferralState

OFFER_DAYS = 3
_WITH_A_GP = frozenset({ReferralState.ACCEPTED, ReferralState.SEEN})
_CALLS = (
    *((ContactOutcome.STILL_SEEKING,) * 6),
    *((ContactOutcome.NO_ANSWER,) * 3),
    ContactOutcome.FOUND,
)


class Coordination:
    """The coordination of a world; one person, who works through the lists of Relais."""

    def __init__(self, world: World, patients: Patients) -> None:
        self.world, self.patients = world, patients

    def validate(self) -> None:
        """Validate every proposal."""
        world = self.world
        with world.store.read() as session:
            pending = select(Proposal.id).where(col(Proposal.state) == ProposalState.PROPOSED)
            ids = list(session.exec(pending.order_by(col(Proposal.id))))
        if ids:
            who = world.town.coordinator
            batch = validate_batch(world.store, who, ids, now=world.now, offer_days=OFFER_DAYS)
            world.refused["validate"] += batch.num_refused

    def tell_doubles(self) -> None:
        """Say of each pair of files whether they are of one person, and go on with what was held back."""
        world = self.world
        with world.store.write() as session:
            for pair in session.exec(undecided_pairs(world.town.territory_id)).all():
                world.attempt(session, self._decide(pair.id, pair.referral_id, pair.other_id))
                world.later(1, self.patients.qualify(pair.referral_id))

    def _decide(self, pair_id: UUID, referral_id: UUID, other_id: UUID) -> Act:
        def act(session: Session, now: datetime) -> None:
            names = {_names(session, each) for each in (referral_id, other_id)}
            who = self.world.town.coordinator
            if len(names) == 1:
                merge(session, who, pair_id, now=now)
                self.world.acted["merged"] += 1
            else:
                set_apart(session, who, pair_id, now=now)
                self.world.acted["set_apart"] += 1

        return act

    def call(self) -> None:
        """Call those whose request nobody has confirmed for long."""
        world = self.world
        with world.store.write() as session:
            for each in call_list(session, world.town.coordinator, now=world.now, limit=10):
                world.attempt(session, self._call(each.referral_id))

    def _call(self, referral_id: UUID) -> Act:
        outcome = self.world.rng.choice(_CALLS)

        def act(session: Session, now: datetime) -> None:
            note_contact(session, self.world.town.coordinator, referral_id, outcome, now=now)
            self.world.acted["calls"] += 1

        return act

    def post_letters(self) -> None:
        """Print the letters and post them."""
        world = self.world
        while True:
            with world.store.write() as session:
                ids = [
                    letter.message_id
                    for letter in letters_to_print(session, world.town.coordinator, now=world.now)
                    if letter.message_id is not None
                ]
                if not ids:
                    return
                mark_posted(session, world.town.coordinator, ids, now=world.now)
                world.acted["letters"] += len(ids)

    def work_through(self, cases: Sequence[Case]) -> None:
        """Take up the cases that nothing but a person moves on: the GP has left, the patient is not found.

        They are as they stood in the evening; what has changed since is refused.
        """
        world = self.world
        with world.store.write() as session:
            for case in cases:
                if case.worklist is Worklist.CONFLICT and case.facts.gp_gone:
                    world.attempt(session, self._start_again(case))
                elif case.worklist is Worklist.UNREACHABLE:
                    world.attempt(session, self._give_up(case))

    def _start_again(self, case: Case) -> Act:
        def act(session: Session, now: datetime) -> None:
            if case.facts.state in _WITH_A_GP:
                who, because = self.world.town.coordinator, LossReason.GP_LEFT
                no_longer_followed(session, who, case.referral_id, because=because, now=now)
                self.world.acted["lost_gp"] += 1

        return act

    def _give_up(self, case: Case) -> Act:
        def act(session: Session, now: datetime) -> None:
            who = self.world.town.coordinator
            close(session, who, case.referral_id, reason=CloseReason.LOST_CONTACT, now=now)
            self.world.acted["gone_lost_contact"] += 1

        return act


def _names(session: Session, referral_id: UUID) -> tuple[str, str]:
    patient = session.get_one(Patient, session.get_one(Referral, referral_id).patient_id)
    return patient.family_name, patient.given_name
