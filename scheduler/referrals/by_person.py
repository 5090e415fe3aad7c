"""A pair that a person chose: measured and ranked like one of the engine's, and marked as what it is."""

from collections.abc import Collection
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import numpy as np
from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from matching.model import Needs
from matching.priority import tier_of
from matching.workload import workload_units
from scheduler.accounts.actor import Actor
from scheduler.referrals.errors import NoPlaceLeft
from scheduler.referrals.history import advance, today_in
from scheduler.referrals.instance import NEEDS, age_on
from scheduler.referrals.life import Step
from scheduler.referrals.pathways import pathway_in_force
from scheduler.referrals.pathways.kept import GP
from scheduler.referrals.policies import in_force
from scheduler.rows import id_of
from scheduler.store.tables import (
    Intake,
    Patient,
    Practice,
    Practitioner,
    Proposal,
    ProposalOrigin,
    ProposalState,
    Referral,
)
from scheduler.territory.communes import communes
from scheduler.territory.travel import driving_s, road_km

_CHOSEN = "Choisi par la coordination."


class ChosenBecause(StrEnum):
    """Why a person chose this GP; coded, because free text would hold health data."""

    PATIENT_WISH = "patient_wish"
    ALREADY_SEES = "already_sees"
    HOUSEHOLD = "household"
    GP_VOLUNTEERED = "gp_volunteered"
    CLOSER = "closer"
    VISIT_WENT_WELL = "visit_went_well"
    OTHER = "other"


def locked_intake(session: Session, intake_id: int) -> Intake:
    """Load an intake as it is now, and keep it from changing."""
    return locked_intakes(session, [intake_id])[intake_id]


def locked_intakes(session: Session, intake_ids: Collection[int]) -> dict[int, Intake]:
    """Load intakes as they are now, and keep them from changing: in one order, whoever asks for several."""
    rows = session.exec(_INTAKES, params={"intake_ids": list(intake_ids)})
    return {id_of(intake): intake for intake in rows}


_INTAKES = (
    select(Intake)
    .where(col(Intake.id).in_(bindparam("intake_ids", expanding=True)))
    .order_by(col(Intake.id))
    .with_for_update(key_share=True)
    .execution_options(populate_existing=True)
)


def pair(
    session: Session,
    actor: Actor,
    referral: Referral,
    practitioner_id: int,
    origin: ProposalOrigin,
    because: ChosenBecause,
    *,
    run_id: UUID | None,
    now: datetime,
) -> tuple[Proposal, Intake]:
    """Propose a waiting patient to a practitioner's open intake.

    Raises
    ------
    NoPlaceLeft
        When the practitioner takes nobody, or is not of the territory.
    WrongState
        When the patient does not wait.
    """
    profession = pathway_in_force(session, actor.territory_id, referral.pathway).profession
    intake, practice = _open_intake(session, actor, practitioner_id, profession)
    patient = session.get_one(Patient, referral.patient_id)
    policy = in_force(session, actor.territory_id).policy
    today = today_in(session, actor.territory_id, now)
    needs = Needs(**{need: getattr(referral, need) for need in NEEDS})
    age = None if patient.birth_date is None else age_on(patient.birth_date, today)
    home = communes().by_insee(patient.insee)
    km = road_km(
        np.array([[home.latitude, home.longitude]]), np.array([[practice.latitude, practice.longitude]])
    )
    proposal = Proposal(
        run_id=run_id,
        referral_id=referral.id,
        intake_id=id_of(intake),
        state=ProposalState.PROPOSED,
        tier=(None if referral.pathway == GP else referral.tier) or tier_of(needs, age, policy.tiers),
        units=workload_units(needs, age, policy.workload),
        travel_s=round(float(driving_s(km)[0, 0])),
        distance_m=round(float(km[0, 0]) * 1000),
        reason=_CHOSEN,
        created_at=now,
        origin=origin,
        chosen_because=because.value,
    )
    session.add(proposal)
    detail = {
        "proposal": str(proposal.id),
        "tier": proposal.tier,
        "practitioner": practitioner_id,
        "origin": origin.value,
        "because": because.value,
    }
    advance(session, actor, referral, Step.PROPOSE, now=now, detail=detail)
    session.flush()
    return proposal, intake


def _open_intake(
    session: Session, actor: Actor, practitioner_id: int, profession: str
) -> tuple[Intake, Practice]:
    query = (
        select(Intake, Practice)
        .join(Practice, col(Practice.id) == col(Intake.practice_id))
        .join(Practitioner, col(Practitioner.id) == col(Intake.practitioner_id))
        .where(
            col(Practitioner.id) == practitioner_id,
            col(Practitioner.territory_id) == actor.territory_id,
            col(Practitioner.profession) == profession,
            col(Intake.closed_at).is_(None),
        )
        .with_for_update(of=Intake, key_share=True)
        .execution_options(populate_existing=True)
    )
    if (found := session.exec(query).first()) is None:
        raise NoPlaceLeft
    return found[0], found[1]
