"""Numbers for the pages: how many files stand where, without opening any of them.

No identity leaves these functions, so nothing here is audited. Each takes a read session.
"""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select
from sqlalchemy import select as columns
from sqlmodel import Session, col, func, select

from matching import Needs, Policy
from matching.priority import tier_of
from scheduler.accounts.actor import Actor
from scheduler.referrals.instance import NEEDS, age_on
from scheduler.referrals.pathways.kept import GP
from scheduler.referrals.scope import BY_ID, reachable
from scheduler.store.tables import (
    Intake,
    Patient,
    Practitioner,
    Proposal,
    ProposalState,
    Referral,
    ReferralState,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How many files stand in each state; how many wait for the coordination, how many of these too long."""

    by_state: dict[ReferralState, int]
    num_to_do: int
    num_late: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingTier:
    """Those who wait in one tier, and the longest of their waits in days."""

    tier: int
    ids: tuple[UUID, ...]
    longest_days: int

    @property
    def count(self) -> int:
        """How many they are."""
        return len(self.ids)


_TO_DO = frozenset({ReferralState.RECEIVED, ReferralState.QUALIFIED, ReferralState.PROPOSED})


def standing(session: Session, actor: Actor, *, on: date, whole_territory: bool = False) -> Standing:
    """Count the files this person may reach, or all those of the territory: a number opens no file."""
    scope = col(Referral.territory_id) == actor.territory_id if whole_territory else reachable(actor)
    late = col(Referral.next_action_on) < on
    query = (
        select(Referral.state, late, func.count())
        .where(scope, col(Referral.next_action_on).is_not(None))
        .group_by(col(Referral.state), late)
    )
    by_state: Counter[ReferralState] = Counter()
    num_late = 0
    for name, is_late, number in session.exec(query):
        state = ReferralState(name)
        by_state[state] += number
        if is_late and state in _TO_DO:
            num_late += number
    undated = (
        select(Referral.state, func.count())
        .where(scope, col(Referral.next_action_on).is_(None))
        .group_by(col(Referral.state))
    )
    for name, number in session.exec(undated):
        by_state[ReferralState(name)] += number
    return Standing(
        by_state=dict(by_state), num_to_do=sum(by_state[state] for state in _TO_DO), num_late=num_late
    )


def tiers_of(
    session: Session, actor: Actor, referral_ids: Sequence[UUID], *, on: date, policy: Policy
) -> dict[UUID, int]:
    """Give the tier of some files this person may reach, from their needs and ages."""
    query = _ranked(actor, col(Referral.id).in_(referral_ids)).with_hint(Referral, BY_ID, "sqlite")
    rows = session.execute(query)
    return {row.id: _tier(row, on, policy) for row in rows}


def waiting_by_tier(session: Session, actor: Actor, *, on: date, policy: Policy) -> tuple[WaitingTier, ...]:
    """Group those who wait by tier, each the longest wait first."""
    query = _ranked(actor, col(Referral.state) == ReferralState.WAITING)
    in_tier: dict[int, list[Any]] = {1: [], 2: [], 3: []}
    for row in session.execute(query.order_by(col(Referral.waiting_since), col(Referral.id))):
        in_tier[_tier(row, on, policy)].append(row)
    return tuple(
        WaitingTier(
            tier=tier,
            ids=tuple(row.id for row in rows),
            longest_days=max(((on - row.waiting_since).days for row in rows), default=0),
        )
        for tier, rows in in_tier.items()
    )


def _ranked(actor: Actor, condition: ColumnElement[bool]) -> Select[Any]:
    """Ask for what the rank of some files follows from, and nothing else of them."""
    asked: list[Any] = [Referral.id, Referral.waiting_since, Referral.pathway, Referral.tier]
    asked.append(Patient.birth_date)
    asked += [getattr(Referral, need) for need in NEEDS]
    return (
        columns(*asked)
        .join(Patient, col(Patient.id) == col(Referral.patient_id))
        .where(reachable(actor), condition)
    )


def num_pending(session: Session, territory_id: int) -> int:
    """Count the proposals of a territory that wait for a decision."""
    query = (
        select(func.count(col(Proposal.id)))
        .join(Referral, col(Referral.id) == col(Proposal.referral_id))
        .where(col(Referral.territory_id) == territory_id, col(Proposal.state) == ProposalState.PROPOSED)
    )
    return session.exec(query).one()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """Proposals that wait for a decision, and how many patients each practitioner would receive."""

    ids: tuple[UUID, ...]
    by_practitioner: list[tuple[str, int]]


def pending_proposals(
    session: Session, actor: Actor, *, limit: int, only: Collection[str] | None = None
) -> Pending:
    """List the proposals this person may decide on, without opening any patient's file.

    Parameters
    ----------
    only
        Ids, as text, of those that are meant; None = all.
    """
    query = (
        select(Proposal.id, Practitioner.given_name, Practitioner.family_name)
        .join(Referral, col(Referral.id) == col(Proposal.referral_id))
        .join(Intake, col(Intake.id) == col(Proposal.intake_id))
        .join(Practitioner, col(Practitioner.id) == col(Intake.practitioner_id))
        .where(reachable(actor), col(Proposal.state) == ProposalState.PROPOSED)
        .order_by(col(Proposal.tier), col(Referral.waiting_since), col(Proposal.id))
        .limit(limit)
    )
    rows = [row for row in session.exec(query) if only is None or str(row[0]) in only]
    names = Counter(f"Dr {given} {family}" for _, given, family in rows)
    return Pending(
        ids=tuple(proposal_id for proposal_id, _, _ in rows), by_practitioner=sorted(names.items())
    )


def practitioners_here(session: Session, territory_id: int, profession: str = GP) -> list[tuple[int, str]]:
    """List the GPs, or others, of a territory for a choice in a form: id and name, by family name."""
    query = (
        select(Practitioner)
        .where(col(Practitioner.territory_id) == territory_id, col(Practitioner.profession) == profession)
        .order_by(col(Practitioner.family_name), col(Practitioner.given_name))
    )
    return [(row.id, f"Dr {row.given_name} {row.family_name}") for row in session.exec(query) if row.id]


def practitioner_name(session: Session, practitioner_id: int) -> str:
    """Name a practitioner; "" when there is none by that id."""
    row = session.get(Practitioner, practitioner_id)
    return f"Dr {row.given_name} {row.family_name}" if row else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingProposal:
    """The proposal that waits for a decision on one file; the file itself was read, and audited, before."""

    id: UUID
    practitioner_name: str
    distance_m: int
    travel_s: int
    reason: str


def pending_of(session: Session, referral_id: UUID) -> PendingProposal | None:
    """Give the pending proposal of a file that this person has just read."""
    query = (
        select(Proposal, Intake.practitioner_id)
        .join(Intake, col(Intake.id) == col(Proposal.intake_id))
        .where(col(Proposal.referral_id) == referral_id, col(Proposal.state) == ProposalState.PROPOSED)
    )
    if (found := session.exec(query).first()) is None:
        return None
    proposal, practitioner_id = found
    return PendingProposal(
        id=proposal.id,
        practitioner_name=practitioner_name(session, practitioner_id),
        distance_m=proposal.distance_m,
        travel_s=proposal.travel_s,
        reason=proposal.reason,
    )


def _tier(row: Any, on: date, policy: Policy) -> int:
    if row.pathway != GP and row.tier is not None:
        return int(row.tier)  # of its own criteria, kept by ``ranking``
    needs = Needs(**{need: getattr(row, need) for need in NEEDS})
    return tier_of(needs, None if row.birth_date is None else age_on(row.birth_date, on), policy.tiers)
