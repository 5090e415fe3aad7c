"""From the waiting list and the open intakes of a territory to an instance of the core."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Protocol
from uuid import UUID

import numpy as np
import numpy.typing as npt
from sqlalchemy import ColumnElement, exists, or_
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import Select

from matching.model import Gender as Letter
from matching.model import Instance, Needs, Travel
from matching.model import Patient as Waiting
from matching.model import Practitioner as Volunteer
from matching.policy import Policy
from scheduler.referrals.places import Left, left_in, taken_places, takes_patients
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

NEEDS = tuple(need.name for need in fields(Needs))
"""Names that ``matching.Needs`` and the columns of ``Referral`` share."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Prepared:
    """One matching instance and the way back to the store.

    Parameters
    ----------
    instance : Instance
        Patients are known by the id of their referral, practitioners by their own, both as text.
    intake_of : mapping of str to int
        Intake behind each practitioner of the instance.
    num_without_consent : int
        Referrals that wait although their consent was withdrawn: left out.
    """

    instance: Instance
    intake_of: Mapping[str, int]
    num_without_consent: int


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


def build_instance(
    session: Session, territory_id: int, *, on: date, policy: Policy, travel: TravelTimes
) -> Prepared:
    """Read who waits and who takes patients on a day, and measure the travel between them.

    Patients come in a fixed order (longest wait first, then id), so that the same data give the same
    instance. A pair that the coordination rejected or the GP declined is left out: a run does not
    propose again what somebody has just refused.
    """
    rows = list(session.exec(_waiting(territory_id)))
    agreed = [(referral, patient) for referral, patient, agrees in rows if agrees]
    offering = _offering(session, territory_id, on)
    trips = travel.between(
        _positions([communes().by_insee(patient.insee) for _, patient in agreed]),
        _positions([each.practice for each in offering]),
        max(policy.reach.max_km, policy.reach.max_km_with_consent),
    )
    referral_ids = [referral.id for referral, _ in agreed]
    refused = _refused_rows(session, territory_id, referral_ids, [id_of(each.intake) for each in offering])
    return Prepared(
        instance=Instance(
            patients=tuple(_patient(referral, patient, on) for referral, patient in agreed),
            practitioners=tuple(_volunteer(each) for each in offering),
            travel=_without(trips, refused, num_practitioners=len(offering)),
            on=on,
        ),
        intake_of={str(each.practitioner.id): id_of(each.intake) for each in offering},
        num_without_consent=len(rows) - len(agreed),
    )


def age_on(birth_date: date, on: date) -> int:
    """Count whole years; born on 29 February, one turns a year older on 1 March of common years."""
    return on.year - birth_date.year - ((on.month, on.day) < (birth_date.month, birth_date.day))


def consented() -> ColumnElement[bool]:
    """Give the SQL condition that the patient of a ``Referral`` agrees today."""
    return exists().where(col(Consent.referral_id) == col(Referral.id), col(Consent.withdrawn_at).is_(None))


def _waiting(territory_id: int) -> Select[Referral, Patient, bool]:
    return (
        select(Referral, Patient, consented())
        .join(Patient, col(Patient.id) == col(Referral.patient_id))
        .where(
            col(Referral.territory_id) == territory_id,
            col(Referral.state) == ReferralState.WAITING,
            col(Referral.pathway) == "gp",
        )
        .order_by(col(Referral.waiting_since), col(Referral.id))
    )


def _offering(session: Session, territory_id: int, on: date) -> list[_Offering]:
    """Load the intakes that take somebody on a day, with what is left of each."""
    query = (
        select(Intake, Practitioner, Practice)
        .join(Practitioner, col(Practitioner.id) == col(Intake.practitioner_id))
        .join(Practice, col(Practice.id) == col(Intake.practice_id))
        .where(col(Practitioner.territory_id) == territory_id, col(Intake.closed_at).is_(None))
        .order_by(col(Intake.id))
    )
    rows = [row for row in session.exec(query) if takes_patients(row[0], on)]
    taken = taken_places(session, [id_of(intake) for intake, _, _ in rows])
    return [
        _Offering(intake, practitioner, practice, left_in(intake, taken[id_of(intake)]))
        for intake, practitioner, practice in rows
    ]


def _patient(referral: Referral, patient: Patient, on: date) -> Waiting:
    known = referral.known_practitioner_id
    return Waiting(
        id=str(referral.id),
        household=None if referral.household_id is None else str(referral.household_id),
        age=None if patient.birth_date is None else age_on(patient.birth_date, on),
        needs=Needs(**{need: getattr(referral, need) for need in NEEDS}),
        waiting_since=referral.waiting_since,
        languages=frozenset(referral.languages),
        prefers_gender=_letter(referral.prefers_gender),
        known_practitioner=None if known is None else str(known),
        max_km=referral.max_km,
    )


def _volunteer(each: _Offering) -> Volunteer:
    return Volunteer(
        id=str(each.practitioner.id),
        name=f"Dr {each.practitioner.given_name} {each.practitioner.family_name}",
        places=each.left.places,
        max_tier1=each.left.tier1,
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
            or_(col(Proposal.state) == ProposalState.REJECTED, col(Offer.state) == OfferState.DECLINED),
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
