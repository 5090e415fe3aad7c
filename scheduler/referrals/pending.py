"""The proposals that wait for a decision, as a table to sort and filter, and as numbers for a map.

A line of the table opens a patient's file and is traced; numbers are not.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement
from sqlalchemy import select as columns
from sqlmodel import Session, col, func, select

from scheduler.accounts.actor import Actor
from scheduler.errors import NotFound
from scheduler.referrals.read_proposals import ProposalLine, proposal_line
from scheduler.referrals.scope import reachable
from scheduler.referrals.trace import trace
from scheduler.store.tables import (
    Intake,
    Patient,
    Practice,
    Practitioner,
    Proposal,
    ProposalState,
    Referral,
)


class PendingOrder(StrEnum):
    """By what the table is sorted."""

    TIER = "priorite"
    WAIT = "attente"
    TRAVEL = "trajet"
    GP = "medecin"


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingWanted:
    """Which proposals are shown; None = all of them."""

    tier: int | None = None
    insee: str | None = None
    practitioner_id: int | None = None
    order: PendingOrder = PendingOrder.TIER


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingLine:
    """One proposal of the table.

    Parameters
    ----------
    units : int
        Workload the patient takes of the GP, 1 to 3.
    home_here, home_elsewhere : int
        Others of the household who are proposed to the same GP, and to another one.
    """

    proposal: ProposalLine
    units: int
    home_here: int
    home_elsewhere: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingTable:
    """One page of the table; ``total`` counts all that were wanted."""

    lines: tuple[PendingLine, ...]
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How many proposals there are of each tier, commune and GP: what the table can be filtered by."""

    tiers: dict[int, int]
    communes: dict[str, int]
    practitioners: dict[int, tuple[str, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """Patients of one commune who are proposed to one practice."""

    insee: str
    practitioner_name: str
    latitude: float
    longitude: float
    count: int


def pending_table(
    session: Session, actor: Actor, wanted: PendingWanted, *, limit: int, offset: int = 0, now: datetime
) -> PendingTable:
    """Read one page of the table; takes a write session, one audit row per patient shown."""
    query = (
        _joined(select(Proposal, Referral, Patient, Practitioner))
        .where(*_conditions(actor, wanted))
        .order_by(*_ORDERS[wanted.order], col(Proposal.id))
        .offset(offset)
        .limit(limit)
    )
    rows = session.exec(query).all()
    homes = _homes(session, actor, {r.household_id for _, r, _, _ in rows if r.household_id is not None})
    for _, referral, _, _ in rows:
        trace(session, actor, "R", referral.id, referral.patient_id, now=now)
    lines = tuple(_line(row, homes) for row in rows)
    return PendingTable(lines=lines, total=_total(session, actor, wanted))


def pending_one(session: Session, actor: Actor, proposal_id: UUID, *, now: datetime) -> PendingLine:
    """Read one proposal that waits for a decision; traced.

    Raises
    ------
    NotFound
        When this person may not reach it, or somebody has decided.
    """
    query = _joined(select(Proposal, Referral, Patient, Practitioner)).where(
        *_conditions(actor, PendingWanted()), col(Proposal.id) == proposal_id
    )
    if (row := session.exec(query).first()) is None:
        raise NotFound("proposal")
    referral = row[1]
    trace(session, actor, "R", referral.id, referral.patient_id, now=now)
    return _line(row, _homes(session, actor, {referral.household_id}))


def pending_counts(session: Session, actor: Actor) -> Counted:
    """Count the proposals that wait, whatever is shown of them."""
    asked = columns(
        col(Proposal.tier),
        col(Patient.insee),
        col(Practitioner.id),
        col(Practitioner.given_name),
        col(Practitioner.family_name),
        func.count(),
    )
    query = (
        _joined(asked)
        .where(*_conditions(actor, PendingWanted()))
        .group_by(
            col(Proposal.tier),
            col(Patient.insee),
            col(Practitioner.id),
            col(Practitioner.given_name),
            col(Practitioner.family_name),
        )
    )
    tiers: dict[int, int] = {}
    communes: dict[str, int] = {}
    practitioners: dict[int, tuple[str, int]] = {}
    for tier, insee, key, given, family, number in session.execute(query):
        tiers[tier] = tiers.get(tier, 0) + number
        communes[insee] = communes.get(insee, 0) + number
        _, before = practitioners.get(key, ("", 0))
        practitioners[key] = (f"Dr {given} {family}", before + number)
    return Counted(tiers=tiers, communes=communes, practitioners=practitioners)


def pending_journeys(session: Session, actor: Actor) -> tuple[Journey, ...]:
    """Count the proposals that wait from each commune to each practice; no file is opened."""
    key: tuple[Any, ...] = (
        col(Patient.insee),
        col(Practitioner.given_name),
        col(Practitioner.family_name),
        col(Practice.latitude),
        col(Practice.longitude),
    )
    query = (
        _joined(columns(*key, func.count()))
        .join(Practice, col(Practice.id) == col(Intake.practice_id))
        .where(*_conditions(actor, PendingWanted()))
        .group_by(*key)
        .order_by(*key)
    )
    return tuple(
        Journey(
            insee=insee,
            practitioner_name=f"Dr {given} {family}",
            latitude=latitude,
            longitude=longitude,
            count=number,
        )
        for insee, given, family, latitude, longitude, number in session.execute(query)
    )


_ORDERS: dict[PendingOrder, tuple[Any, ...]] = {
    PendingOrder.TIER: (col(Proposal.tier), col(Referral.waiting_since)),
    PendingOrder.WAIT: (col(Referral.waiting_since), col(Proposal.tier)),
    PendingOrder.TRAVEL: (col(Proposal.travel_s).desc(), col(Proposal.tier)),
    PendingOrder.GP: (col(Practitioner.family_name), col(Practitioner.id), col(Proposal.tier)),
}


def _joined(query: Any) -> Any:
    return (
        query.select_from(Proposal)
        .join(Referral, col(Referral.id) == col(Proposal.referral_id))
        .join(Patient, col(Patient.id) == col(Referral.patient_id))
        .join(Intake, col(Intake.id) == col(Proposal.intake_id))
        .join(Practitioner, col(Practitioner.id) == col(Intake.practitioner_id))
    )


def _conditions(actor: Actor, wanted: PendingWanted) -> list[ColumnElement[bool]]:
    conditions = [reachable(actor), col(Proposal.state) == ProposalState.PROPOSED]
    if wanted.tier is not None:
        conditions.append(col(Proposal.tier) == wanted.tier)
    if wanted.insee is not None:
        conditions.append(col(Patient.insee) == wanted.insee)
    if wanted.practitioner_id is not None:
        conditions.append(col(Practitioner.id) == wanted.practitioner_id)
    return conditions


def _line(row: Any, homes: dict[UUID | None, list[tuple[UUID, int]]]) -> PendingLine:
    proposal, referral, patient, practitioner = row
    others = [at for who, at in homes.get(referral.household_id, ()) if who != referral.id]
    here = others.count(proposal.intake_id)
    return PendingLine(
        proposal=proposal_line(proposal, referral, patient, practitioner),
        units=proposal.units,
        home_here=here,
        home_elsewhere=len(others) - here,
    )


def _total(session: Session, actor: Actor, wanted: PendingWanted) -> int:
    counted = _joined(columns(func.count(col(Proposal.id)))).where(*_conditions(actor, wanted))
    return int(session.execute(counted).scalar_one())


def _homes(
    session: Session, actor: Actor, household_ids: Collection[UUID | None]
) -> dict[UUID | None, list[tuple[UUID, int]]]:
    """Give, by household, whose proposals wait and at which intake."""
    query = (
        select(Referral.household_id, Referral.id, Proposal.intake_id)
        .join(Proposal, col(Proposal.referral_id) == col(Referral.id))
        .where(
            reachable(actor),
            col(Proposal.state) == ProposalState.PROPOSED,
            col(Referral.household_id).in_(household_ids),
        )
    )
    homes: dict[UUID | None, list[tuple[UUID, int]]] = {}
    for household_id, referral_id, intake_id in session.exec(query):
        homes.setdefault(household_id, []).append((referral_id, intake_id))
    return homes
