"""Where a patient stands: tier and rank, why, what could still change them, and when waiting will.

The engine weighs with the same function (``matching.priority.standing_at``); what was last found is kept on
the referral, and each change is a line of history: ``ranked`` (tier, rank, from_tier, from_rank, because).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlmodel import Session, col, select

from matching import Policy
from matching.model import Needs, Tier
from matching.priority import Standing, standing_at, tier_of
from scheduler.accounts.actor import Actor, system_actor
from scheduler.clock import Clock
from scheduler.referrals.history import note, today_in
from scheduler.referrals.instance import NEEDS, age_on
from scheduler.referrals.pathways import Pathway, pathways_in_force
from scheduler.referrals.policies import in_force
from scheduler.store.engine import Store
from scheduler.store.tables import Patient, Referral, ReferralState, Territory

RANKED = "ranked"

_RANKED_STATES = (
    ReferralState.RECEIVED,
    ReferralState.QUALIFIED,
    ReferralState.WAITING,
    ReferralState.PROPOSED,
)
OVER_AGE, UNDER_AGE, CHRONIC_NEEDS = "over_age", "under_age", "chronic_needs"


class RankBecause(StrEnum):
    """Why a tier or a rank is not the one recorded before."""

    WAIT = "wait"
    CORRECTION = "correction"
    RULES = "rules"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What ranks the patients of one pathway."""

    pathway: Pathway
    policy: Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """A patient's place, explained.

    Parameters
    ----------
    because : tuple of str
        What gives the tier: names of needs, codes of criteria, ``over_age``, ``under_age`` or
        ``chronic_needs``; empty in tier 3.
    could_raise : tuple of str
        Questions without an answer whose "yes" would give a better tier.
    promotes_on : date or None
        The day from which waiting counts one rank higher; None when it does already.
    deadline_on : date
        By when somebody should have been found.
    """

    standing: Standing
    because: tuple[str, ...]
    could_raise: tuple[str, ...]
    promotes_on: date | None
    deadline_on: date

    @property
    def promoted(self) -> bool:
        """Whether waiting already counts one rank higher."""
        return self.promotes_on is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a place follows from, and nothing else of a file."""

    needs: Needs
    answers: Mapping[str, bool | None]
    age: int | None
    waiting_since: date


def rules_for(session: Session, territory_id: int, pathway: Pathway) -> Rules:
    """Give what ranks the patients of a pathway: the policy, with the waits of a pathway that has its own."""
    policy = in_force(session, territory_id).policy
    if not pathway.by_policy:
        policy = replace(policy, tiers=replace(policy.tiers, longest_wait_days=pathway.longest_wait_days))
    return Rules(pathway=pathway, policy=policy)


def facts_of(referral: Referral, patient: Patient, on: date) -> Facts:
    """Give what the place of a patient follows from."""
    return Facts(
        needs=Needs(**{need: getattr(referral, need) for need in NEEDS}),
        answers=referral.answers,
        age=None if patient.birth_date is None else age_on(patient.birth_date, on),
        waiting_since=referral.waiting_since,
    )


def tier_by(rules: Rules, facts: Facts) -> Tier:
    """Give the tier: the pathway's own, else the policy's."""
    own = rules.pathway.own_tier(facts.needs, facts.answers, facts.age)
    return own or tier_of(facts.needs, facts.age, rules.policy.tiers)


def explain_place(rules: Rules, facts: Facts, on: date) -> Explained:
    """Explain the place of a patient on a day."""
    tier = tier_by(rules, facts)
    standing = standing_at(tier, facts.waiting_since, rules.policy.tiers, on)
    longest_wait = timedelta(days=rules.policy.tiers.longest_wait_days[tier - 1])
    promoted = standing.rank < tier
    return Explained(
        standing=standing,
        because=tuple(_reasons(rules, facts, tier)),
        could_raise=tuple(_open_questions(rules, facts, tier)),
        promotes_on=None if promoted else facts.waiting_since + longest_wait,
        deadline_on=facts.waiting_since + timedelta(days=rules.pathway.deadline_days[tier - 1]),
    )


def record_place(
    session: Session,
    actor: Actor,
    referral: Referral,
    patient: Patient,
    rules: Rules,
    *,
    because: RankBecause | None,
    now: datetime,
) -> bool:
    """Keep the place of a patient; tell whether it had changed, which becomes a line of history.

    Parameters
    ----------
    because
        What happened; None = only time passed, or the rules changed: told apart by the wait.
    """
    on = today_in(session, referral.territory_id, now)
    facts = facts_of(referral, patient, on)
    standing = standing_at(tier_by(rules, facts), facts.waiting_since, rules.policy.tiers, on)
    before = (referral.tier, referral.rank)
    if before == (standing.tier, standing.rank):
        return False
    referral.tier, referral.rank = standing.tier, standing.rank
    session.add(referral)
    if before == (None, None):
        return False  # the first place is told by the signal itself
    if because is None:
        because = RankBecause.WAIT if before[0] == standing.tier else RankBecause.RULES
    detail: dict[str, Any] = {"from_tier": before[0], "from_rank": before[1], "because": because.value}
    note(session, actor, referral, RANKED, now=now, tier=standing.tier, rank=standing.rank, **detail)
    return True


def promote_by_wait(store: Store, *, clock: Clock) -> int:
    """Record every place that time has changed, one territory a transaction; gives how many."""
    with store.read() as session:
        territory_ids = session.exec(select(Territory.id).order_by(col(Territory.id))).all()
    return sum(_promote_in(store, territory_id, clock()) for territory_id in territory_ids if territory_id)


def _promote_in(store: Store, territory_id: int, now: datetime) -> int:
    actor = system_actor("promotions", territory_id)
    query = (
        select(Referral, Patient)
        .join(Patient, col(Patient.id) == col(Referral.patient_id))
        .where(col(Referral.territory_id) == territory_id, col(Referral.state).in_(_RANKED_STATES))
        .order_by(col(Referral.id))
    )
    with store.write() as session:
        pathways = pathways_in_force(session, territory_id)
        rules = {code: rules_for(session, territory_id, pathway) for code, pathway in pathways.items()}
        return sum(
            record_place(session, actor, referral, patient, rules[referral.pathway], because=None, now=now)
            for referral, patient in session.exec(query.with_for_update(of=Referral, key_share=True))
            if referral.pathway in rules
        )


def _reasons(rules: Rules, facts: Facts, tier: Tier) -> Iterator[str]:
    """Give each answer that alone would give the tier."""
    if tier == 3:
        return
    nothing = replace(facts, needs=Needs(), answers={}, age=None)
    for name in NEEDS:
        value = getattr(facts.needs, name)
        if value and _gives(rules, replace(nothing, needs=Needs(**{name: value})), tier):
            yield name
    for each in rules.pathway.criteria:
        if facts.answers.get(each.code) and each.tier == tier:
            yield each.code
    if facts.age is not None and _gives(rules, replace(nothing, age=facts.age), tier):
        yield UNDER_AGE if _is_young(rules, facts.age) else OVER_AGE


def _open_questions(rules: Rules, facts: Facts, tier: Tier) -> Iterator[str]:
    """Give each question without an answer whose "yes" would give a better tier."""
    for name in rules.pathway.asks:
        if getattr(facts.needs, name) is None:
            needs = replace(facts.needs, **{name: True})
            if tier_by(rules, replace(facts, needs=needs)) < tier:
                yield name
    for each in rules.pathway.criteria:
        if facts.answers.get(each.code) is None and each.tier is not None and each.tier < tier:
            yield each.code


def _gives(rules: Rules, facts: Facts, tier: Tier) -> bool:
    return tier_by(rules, facts) == tier


def _is_young(rules: Rules, age: int) -> bool:
    under = rules.pathway.under_age
    return not rules.pathway.by_policy and under is not None and age < under
