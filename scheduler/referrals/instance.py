"""From the waiting list and the open intakes of a territory to an instance of the core.

In the instance: who waits, who is proposed to a GP and not yet decided (a commitment that is not firm), who
has an open offer (a firm one). Places of accepted patients are subtracted; those of the firm commitments
are not, because the core counts them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from functools import cached_property
from typing import Protocol
from uuid import UUID

import numpy as np
import numpy.typing as npt
from sqlalchemy import ColumnElement, exists, or_
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import Select

from matching.model import Commitment, Instance, Needs, Travel
from matching.model import Gender as Letter
from matching.model import Patient as Waiting
from matching.model import Practitioner as Volunteer
from matching.policy import Policy
from matching.priority import tier_of_patient
from matching.workload import workload_units
from scheduler.referrals.away import away_on
from scheduler.referrals.committed import (
    SEARCHING,
    Homes,
    always_together,
    followed_by,
    offered_to,
    proposed_to,
)
from scheduler.referrals.pathways import Pathway
from scheduler.referrals.pathways.kept import GP, shipped
from scheduler.referrals.places import Left, Taken, left_in, taken_places, takes_patients
from scheduler.rows import id_of
from scheduler.store.tables import (
    Consent,
    Gender,
    Intake,
    Offer,
    OfferState,
    Patient,
    Practice,
    Practitioner,
    Proposal,
    ProposalState,
    Referral,
    ReferralState,
)
from scheduler.territory.communes import communes
from scheduler.territory.travel import TravelTimes

REFUSING = (OfferState.DECLINED, OfferState.EXPIRED, OfferState.ENDED)
"""Offers after which a run does not propose the same pair again: refused, left unanswered, given up."""

NEEDS = tuple(need.name for need in fields(Needs))
"""Names that ``matching.Needs`` and the columns of ``Referral`` share."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Prepared:
    """One matching instance and the way back to the store.

    Parameters
    ----------
    instance : Instance
        Patients are known by the id of their referral, practitioners by their own, both as text.
    intake_of : mapping of str to int
        Intake behind each practitioner of the instance.
    units_of : mapping of str to int
        Workload of each patient, 1 to 3.
    communes, practice_communes : tuple of str
        Name of the commune of each patient, and of each practitioner's practice.
    num_without_consent : int
        Referrals that wait although their consent was withdrawn: left out.
    """

    instance: Instance
    intake_of: Mapping[str, int]
    units_of: Mapping[str, int]
    communes: tuple[str, ...]
    practice_communes: tuple[str, ...]
    num_without_consent: int

    @cached_property
    def offered(self) -> frozenset[str]:
        """Patients with an open offer: part of the instance, never moved by a run."""
        return frozenset(each.patient_id for each in self.instance.commitments if each.firm)

    @cached_property
    def proposed(self) -> Mapping[str, str]:
        """Practitioner of each patient whose proposal waits for a decision."""
        return {each.patient_id: each.practitioner_id for each in self.instance.commitments if not each.firm}


class _Located(Protocol):
    """Anything with a position in degrees, WGS 84."""

    @property
    def latitude(self) -> float: ...

    @property
    def longitude(self) -> float: ...


@dataclass(frozen=True, slots=True)
class _Offering:
    """One intake with somewhere to go to."""

    intake: Intake
    practitioner: Practitioner
    practice: Practice
    left: Left


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seeking:
    """Who is searched for, by referral: those who agree, and to whom some of them are offered or proposed."""

    agreed: Sequence[tuple[Referral, Patient]]
    announced: Mapping[UUID, str]
    pending: Mapping[UUID, str]
    num_without_consent: int

    @classmethod
    def read(
        cls, session: Session, territory_id: int, pathway: str, practitioner_of: Mapping[int, str]
    ) -> "_Seeking":
        """Load them in the order of ``build_instance``; those proposed, only to who still takes patients."""
        rows = session.exec(_concerned(territory_id, pathway)).all()
        announced = offered_to(session, territory_id, practitioner_of)
        pending = proposed_to(session, territory_id, practitioner_of)
        waits = ReferralState.WAITING
        return cls(
            agreed=[
                (referral, patient)
                for referral, patient, agrees in rows
                if agrees and (referral.state is waits or referral.id in announced or referral.id in pending)
            ],
            announced=announced,
            pending=pending,
            num_without_consent=sum(not agrees and one.state is waits for one, _, agrees in rows),
        )


def build_instance(
    session: Session,
    territory_id: int,
    *,
    on: date,
    policy: Policy,
    travel: TravelTimes,
    pathway: Pathway | None = None,
    proposals_are_firm: bool = False,
) -> Prepared:
    """Read who waits and who takes patients on a day, and measure the travel between them.

    Patients come in a fixed order (longest wait first, then id), so that the same data give the same
    instance. A pair that the coordination rejected, or that the GP declined, left unanswered or gave up, is
    left out: a run does not propose again what somebody has just refused.

    Parameters
    ----------
    pathway
        Whose patients and practitioners; None = the GPs'. Of another one, ``policy`` holds its waits.
    proposals_are_firm
        To explain what is proposed as it stands, instead of looking for something better.
    """
    pathway = pathway or shipped()[GP]
    offering = _offering(session, territory_id, on, pathway.profession, proposed=proposals_are_firm)
    practitioner_of = {id_of(each.intake): str(each.practitioner.id) for each in offering}
    seeking = _Seeking.read(session, territory_id, pathway.code, practitioner_of)
    homes = Homes(followed_by(session, territory_id), always_together(session, territory_id))
    patients = tuple(_patient(*each, on, homes, pathway) for each in seeking.agreed)
    commitments = (
        *_commitments(patients, seeking.announced, firm=True),
        *_commitments(patients, seeking.pending, firm=proposals_are_firm),
    )
    homes_at = [communes().by_insee(patient.insee) for _, patient in seeking.agreed]
    trips = travel.between(
        _positions(homes_at),
        _positions([each.practice for each in offering]),
        max(policy.reach.max_km, policy.reach.max_km_with_consent),
    )
    refused = _refused_rows(
        session, territory_id, [referral.id for referral, _ in seeking.agreed], list(practitioner_of)
    )
    units_of = {each.id: workload_units(each.needs, each.age, policy.workload) for each in patients}
    held = _held(patients, commitments, units_of, policy)
    volunteers = (
        _volunteer(each, held.get(practitioner_of[id_of(each.intake)], Taken())) for each in offering
    )
    return Prepared(
        instance=Instance(
            patients=patients,
            practitioners=tuple(volunteers),
            travel=_without(trips, refused, num_practitioners=len(offering)),
            on=on,
            commitments=commitments,
        ),
        intake_of={practitioner: intake_id for intake_id, practitioner in practitioner_of.items()},
        units_of=units_of,
        communes=tuple(place.name for place in homes_at),
        practice_communes=tuple(communes().by_insee(each.practice.insee).name for each in offering),
        num_without_consent=seeking.num_without_consent,
    )


def age_on(birth_date: date, on: date) -> int:
    """Count whole years; born on 29 February, one turns a year older on 1 March of common years."""
    return on.year - birth_date.year - ((on.month, on.day) < (birth_date.month, birth_date.day))


def consented() -> ColumnElement[bool]:
    """Give the SQL condition that the patient of a ``Referral`` agrees today."""
    return exists().where(col(Consent.referral_id) == col(Referral.id), col(Consent.withdrawn_at).is_(None))


def _concerned(territory_id: int, pathway: str) -> Select[Referral, Patient, bool]:
    return (
        select(Referral, Patient, consented())
        .join(Patient, col(Patient.id) == col(Referral.patient_id))
        .where(
            col(Referral.territory_id) == territory_id,
            col(Referral.state).in_(SEARCHING),
            col(Referral.pathway) == pathway,
        )
        .order_by(col(Referral.waiting_since), col(Referral.id))
    )


def _offering(
    session: Session, territory_id: int, on: date, profession: str, *, proposed: bool
) -> list[_Offering]:
    """Load the intakes that take somebody on a day, with what is left of each.

    Parameters
    ----------
    proposed
        Whether the proposals nobody has decided yet take their places.
    """
    query = (
        select(Intake, Practitioner, Practice)
        .join(Practitioner, col(Practitioner.id) == col(Intake.practitioner_id))
        .join(Practice, col(Practice.id) == col(Intake.practice_id))
        .where(
            col(Practitioner.territory_id) == territory_id,
            col(Practitioner.profession) == profession,
            col(Intake.closed_at).is_(None),
        )
        .order_by(col(Intake.id))
    )
    away = away_on(session, territory_id, on)
    rows = [row for row in session.exec(query) if takes_patients(row[0], on) and row[1].id not in away]
    taken = taken_places(session, [intake for intake, _, _ in rows], proposed=proposed)
    return [
        _Offering(intake, practitioner, practice, left_in(intake, taken[id_of(intake)]))
        for intake, practitioner, practice in rows
    ]


def _commitments(
    patients: Sequence[Waiting], practitioner_of: Mapping[UUID, str], *, firm: bool
) -> Iterator[Commitment]:
    here = {each.id for each in patients}
    for referral_id, practitioner_id in practitioner_of.items():
        if str(referral_id) in here:
            yield Commitment(patient_id=str(referral_id), practitioner_id=practitioner_id, firm=firm)


def _patient(referral: Referral, patient: Patient, on: date, homes: Homes, pathway: Pathway) -> Waiting:
    known, home = referral.known_practitioner_id, referral.household_id
    age = None if patient.birth_date is None else age_on(patient.birth_date, on)
    needs = Needs(**{need: getattr(referral, need) for need in NEEDS})
    return Waiting(
        id=str(referral.id),
        household=None if home is None else str(home),
        together=referral.together or home in homes.together,
        household_practitioners=frozenset() if home is None else homes.followed.get(home, frozenset()),
        age=age,
        needs=needs,
        waiting_since=referral.waiting_since,
        languages=frozenset(referral.languages),
        prefers_gender=_letter(referral.prefers_gender),
        known_practitioner=None if known is None else str(known),
        max_km=referral.max_km,
        tier=pathway.own_tier(needs, referral.answers, age),
    )


def _held(
    patients: Sequence[Waiting],
    commitments: Sequence[Commitment],
    units_of: Mapping[str, int],
    policy: Policy,
) -> dict[str, Taken]:
    """Count what the firm commitments take at each practitioner, as the core will count it."""
    by_id = {each.id: each for each in patients}
    held: dict[str, Taken] = {}
    for each in (one for one in commitments if one.firm):
        who, before = by_id[each.patient_id], held.get(each.practitioner_id, Taken())
        in_tier1 = tier_of_patient(who, policy.tiers) == 1
        held[each.practitioner_id] = Taken(
            before.places + 1, before.tier1 + in_tier1, before.units + units_of[who.id]
        )
    return held


def _volunteer(each: _Offering, held: Taken) -> Volunteer:
    """Describe an intake to the core; what is announced always fits, whatever the GP lowered since."""
    tier1, workload = each.left.tier1, each.left.workload
    return Volunteer(
        id=str(each.practitioner.id),
        name=f"Dr {each.practitioner.given_name} {each.practitioner.family_name}",
        places=each.left.places + held.places,
        max_tier1=None if tier1 is None else tier1 + held.tier1,
        workload=None if workload is None else workload + held.units,
        age_min=each.intake.age_min,
        age_max=each.intake.age_max,
        home_visits=each.intake.home_visits,
        wheelchair_access=each.practice.wheelchair_access,
        languages=frozenset(each.practitioner.languages),
        gender=_letter(each.practitioner.gender),
        max_km=each.intake.max_km,
        leaving_on=each.intake.leaving_on,
    )


def _refused_rows(
    session: Session, territory_id: int, referral_ids: Sequence[UUID], intake_ids: Sequence[int]
) -> list[tuple[int, int]]:
    """Give the (patient row, practitioner row) of every pair that somebody has refused."""
    query = (
        select(Proposal.referral_id, Proposal.intake_id)
        .join(Referral, col(Referral.id) == col(Proposal.referral_id))
        .join(Offer, col(Offer.proposal_id) == col(Proposal.id), isouter=True)
        .where(
            col(Referral.territory_id) == territory_id,
            col(Referral.state).in_(SEARCHING),
            or_(col(Proposal.state) == ProposalState.REJECTED, col(Offer.state).in_(REFUSING)),
        )
    )
    patient_row = {referral_id: row for row, referral_id in enumerate(referral_ids)}
    practitioner_row = {intake_id: row for row, intake_id in enumerate(intake_ids)}
    return [
        (patient_row[referral_id], practitioner_row[intake_id])
        for referral_id, intake_id in session.exec(query)
        if referral_id in patient_row and intake_id in practitioner_row
    ]


def _without(trips: Travel, pairs: Sequence[tuple[int, int]], *, num_practitioners: int) -> Travel:
    if not pairs:
        return trips
    number = trips.patient.astype(np.int64) * num_practitioners + trips.practitioner
    kept = ~np.isin(number, [patient * num_practitioners + practitioner for patient, practitioner in pairs])
    return Travel(
        patient=trips.patient[kept],
        practitioner=trips.practitioner[kept],
        distance_m=trips.distance_m[kept],
        duration_s=trips.duration_s[kept],
    )


def _positions(places: Sequence[_Located]) -> npt.NDArray[np.float64]:
    degrees = [(place.latitude, place.longitude) for place in places]
    return np.array(degrees, dtype=np.float64).reshape(-1, 2)


def _letter(gender: Gender | None) -> Letter | None:
    return None if gender is None else gender.value
