"""Why this GP, why nobody, why not that one: asked about one file of the store, answered by a child."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from matching import Policy
from scheduler.accounts.actor import Actor
from scheduler.clock import Clock
from scheduler.directory import find_practitioner
from scheduler.errors import NotFound, WrongState
from scheduler.referrals.child import in_child
from scheduler.referrals.errors import ConsentMissing
from scheduler.referrals.filing import has_consent
from scheduler.referrals.history import today_in
from scheduler.referrals.instance import Prepared, build_instance
from scheduler.referrals.pathways import pathway_in_force
from scheduler.referrals.ranking import rules_for
from scheduler.referrals.scope import find_referral
from scheduler.referrals.trace import trace
from scheduler.store.engine import Store
from scheduler.store.tables import Proposal, ReferralState
from scheduler.territory.travel import GreatCircleTravel, TravelTimes

TIME_BOX_S = 20.0
"""Limit of the whole answer; most come within a second or two."""
_CONCERNED = frozenset({ReferralState.WAITING, ReferralState.PROPOSED, ReferralState.OFFERED})


@dataclass(frozen=True, slots=True)
class _Asked:
    prepared: Prepared
    policy: Policy


def explain_referral(
    store: Store, actor: Actor, referral_id: UUID, *, clock: Clock, travel: TravelTimes | None = None
) -> Mapping[str, Any]:
    """Say why a patient is, or is not, proposed to a GP, as things stand; the reading is traced.

    Proposals and offers are taken as they are; for who waits the answer is that of a run made now.

    Returns
    -------
    ``patient_id``, ``practitioner_id``, ``verdict``, ``facts``, ``nearby``, ``remedies`` (see
    ``matching.explain``) and ``text``.

    Raises
    ------
    NotFound
        When this person may not reach the referral.
    WrongState
        When the patient does not wait for a GP.
    ConsentMissing
        When the patient does not agree to be matched: nothing is to be explained.
    """
    asked = _asked(store, actor, referral_id, clock, travel)
    told: Mapping[str, Any] = in_child(
        "explain",
        asked.prepared.instance,
        asked.policy,
        str(referral_id),
        TIME_BOX_S / 2,
        time_limit_s=TIME_BOX_S,
    )
    return told


def explain_proposal(
    store: Store, actor: Actor, proposal_id: UUID, *, clock: Clock, travel: TravelTimes | None = None
) -> Mapping[str, Any]:
    """Explain the referral of a proposal; as ``explain_referral``."""
    with store.read() as session:
        proposal = session.get(Proposal, proposal_id)
    if proposal is None:
        raise NotFound("proposal")
    try:
        return explain_referral(store, actor, proposal.referral_id, clock=clock, travel=travel)
    except NotFound:
        raise NotFound("proposal") from None


def why_not_this_one(
    store: Store,
    actor: Actor,
    referral_id: UUID,
    practitioner_id: int,
    *,
    clock: Clock,
    travel: TravelTimes | None = None,
) -> Mapping[str, Any]:
    """Say why a GP of the territory is not proposed to a patient; the reading is traced.

    Returns
    -------
    ``code``, ``sentence`` and ``data``.

    Raises
    ------
    NotFound, WrongState, ConsentMissing
        As ``explain_referral``; ``NotFound`` also when the practitioner is not of the territory.
    """
    with store.read() as session:
        who = find_practitioner(session, actor, practitioner_id)
        name = f"Dr {who.given_name} {who.family_name}"
    asked = _asked(store, actor, referral_id, clock, travel)
    if str(practitioner_id) not in asked.prepared.intake_of:
        return {
            "code": "takes_nobody",
            "sentence": f"{name} ne prend pas de nouveau patient en ce moment.",
            "data": {"practitioner_id": str(practitioner_id)},
        }
    told: Mapping[str, Any] = in_child(
        "why_not",
        asked.prepared.instance,
        asked.policy,
        str(referral_id),
        str(practitioner_id),
        TIME_BOX_S / 2,
        time_limit_s=TIME_BOX_S,
    )
    return told


def _asked(store: Store, actor: Actor, referral_id: UUID, clock: Clock, travel: TravelTimes | None) -> _Asked:
    now = clock()
    with store.write() as session:  # the reading of the file is traced
        code = _open_file(session, actor, referral_id, now)
    with store.read() as session:
        pathway = pathway_in_force(session, actor.territory_id, code)
        policy = rules_for(session, actor.territory_id, pathway).policy
        prepared = build_instance(
            session,
            actor.territory_id,
            on=today_in(session, actor.territory_id, now),
            policy=policy,
            travel=travel or GreatCircleTravel(),
            pathway=pathway,
            proposals_are_firm=True,
        )
    if all(patient.id != str(referral_id) for patient in prepared.instance.patients):
        raise WrongState("referral", "changed", "explain")  # left the list in between
    return _Asked(prepared, policy)


def _open_file(session: Session, actor: Actor, referral_id: UUID, now: datetime) -> str:
    """Note that a file is opened to be explained; gives the code of its pathway."""
    referral = find_referral(session, actor, referral_id)
    if referral.state not in _CONCERNED:
        raise WrongState("referral", referral.state.value, "explain")
    if not has_consent(session, referral_id):
        raise ConsentMissing
    trace(session, actor, "R", referral.id, referral.patient_id, now=now)
    return referral.pathway
