"""A person decides on each proposal: offer it to the practitioner, to another one, or send the patient back.

Those of one home who are proposed to the same GP go to that GP together: one mail, one answer.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import or_
from sqlmodel import Session, col, select

from matching.errors import RelaisError
from scheduler.accounts.actor import Actor
from scheduler.errors import Conflict, NotFound, WrongState
from scheduler.referrals.by_person import ChosenBecause, locked_intakes, pair
from scheduler.referrals.errors import ConsentMissing, NoPlaceLeft
from scheduler.referrals.filing import has_consent
from scheduler.referrals.history import advance, today_in
from scheduler.referrals.instance import consented
from scheduler.referrals.life import Step
from scheduler.referrals.offers import OFFER_DAYS, ForGp, Validated, send_offers
from scheduler.referrals.places import Left, left_in, taken_places, takes_patients
from scheduler.referrals.scope import BY_ID, find_referral, reachable
from scheduler.referrals.stale import withdraw as supersede
from scheduler.referrals.trace import trace
from scheduler.rows import id_of
from scheduler.store.engine import Store
from scheduler.store.tables import Intake, Offer, Proposal, ProposalOrigin, ProposalState, Referral

_TOGETHER = 25
"""Proposals of a batch that are offered in one transaction: the single writer's place is held some 50 ms."""

OVERRIDDEN = "overridden"
"""Why a proposal is superseded when a person chooses another GP; kept in the history."""


class RejectReason(StrEnum):
    """Why the coordination does not follow the engine; coded, because free text would hold health data."""

    PATIENT_DECLINES = "patient_declines"
    NOT_SUITABLE = "not_suitable"
    TOO_FAR = "too_far"
    GP_ASKED = "gp_asked"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What became of a batch of proposals: patients offered, and proposals that no longer could be."""

    num_offered: int
    num_refused: int


def validate(
    session: Session, actor: Actor, proposal_id: UUID, *, now: datetime, offer_days: int = OFFER_DAYS
) -> Offer:
    """Offer a proposed patient to the practitioner, with those of the home who are proposed there too.

    Returns
    -------
    The open offer, to be answered within ``offer_days`` days; the others of its group share its answer.

    Raises
    ------
    NotFound
        When this person may not reach the proposal.
    WrongState
        When somebody has decided already.
    ConsentMissing
        When the patient withdrew the consent meanwhile.
    NoPlaceLeft
        When the intake was closed, paused or filled meanwhile; the home goes as a whole, or not.
    """
    outcome = _offered(session, actor, [proposal_id], now=now, offer_days=offer_days)[proposal_id]
    if isinstance(outcome, RelaisError):
        raise outcome
    return outcome[0]


def validate_batch(
    store: Store,
    actor: Actor,
    proposal_ids: Collection[UUID],
    *,
    now: datetime,
    offer_days: int = OFFER_DAYS,
) -> Batch:
    """Validate each of some proposals, some tens in one transaction.

    One that no longer can be offered does not hold the others back.
    """
    offered: set[UUID] = set()
    num_refused = 0
    ids = list(dict.fromkeys(proposal_ids))
    for start in range(0, len(ids), _TOGETHER):
        asked = [each for each in ids[start : start + _TOGETHER] if each not in offered]
        with store.write() as session:
            outcomes = _offered(session, actor, asked, now=now, offer_days=offer_days)
        for outcome in outcomes.values():
            if isinstance(outcome, RelaisError):
                num_refused += 1
            else:
                offered |= {offer.proposal_id for offer in outcome}
    return Batch(num_offered=len(offered), num_refused=num_refused)


def override(
    session: Session,
    actor: Actor,
    proposal_id: UUID,
    *,
    practitioner_id: int,
    because: ChosenBecause,
    now: datetime,
    offer_days: int = OFFER_DAYS,
) -> Offer:
    """Offer a proposed patient to another practitioner than the engine's, for a coded reason.

    Only this patient goes there; the rest of the home stays proposed as it was.

    Raises
    ------
    NotFound, WrongState, ConsentMissing, NoPlaceLeft
        As ``validate``.
    """
    seen = _seen(session, proposal_id)
    referral = _reached(session, actor, seen)
    session.refresh(seen)  # somebody may have decided while the referral was locked by them
    _check_pending(seen, "override")
    _check_consent(session, referral)
    supersede(session, actor, seen, referral, OVERRIDDEN, now=now)
    session.flush()
    return _offer_by_person(
        session,
        actor,
        referral,
        practitioner_id,
        ProposalOrigin.OVERRIDE,
        because,
        run_id=seen.run_id,
        now=now,
        offer_days=offer_days,
    )


def offer_by_hand(
    session: Session,
    actor: Actor,
    referral_id: UUID,
    *,
    practitioner_id: int,
    because: ChosenBecause,
    origin: ProposalOrigin = ProposalOrigin.HAND,
    now: datetime,
    offer_days: int = OFFER_DAYS,
) -> Offer:
    """Offer a waiting patient to a practitioner that a person found, without the engine.

    Raises
    ------
    NotFound
        When this person may not reach the referral.
    WrongState
        When the patient does not wait.
    ConsentMissing, NoPlaceLeft
        As ``validate``.
    """
    referral = find_referral(session, actor, referral_id, lock=True)
    _check_consent(session, referral)
    return _offer_by_person(
        session,
        actor,
        referral,
        practitioner_id,
        origin,
        because,
        run_id=None,
        now=now,
        offer_days=offer_days,
    )


def reject(
    session: Session, actor: Actor, proposal_id: UUID, *, reason: RejectReason, now: datetime
) -> Referral:
    """Send a proposed patient back to the waiting list, with the seniority they had.

    The same pair is not proposed again as long as the practitioner's intake stays the same.

    Raises
    ------
    NotFound
        When this person may not reach the proposal.
    WrongState
        When somebody has decided already.
    """
    proposal = _seen(session, proposal_id)
    referral = _reached(session, actor, proposal)
    session.refresh(proposal)
    _check_pending(proposal, "reject")
    _decide(session, actor, proposal, ProposalState.REJECTED, now)
    detail = {"proposal": str(proposal.id), "reason": reason.value}
    advance(session, actor, referral, Step.REJECT, now=now, detail=detail)
    trace(session, actor, "U", referral.id, referral.patient_id, now=now)
    return referral


def _offered(
    session: Session, actor: Actor, proposal_ids: Sequence[UUID], *, now: datetime, offer_days: int
) -> dict[UUID, list[Offer] | RelaisError]:
    """Offer each proposal with those of its home, or tell why not; those left with a home have its offers."""
    pending = _Pending.read(session, actor, proposal_ids)
    left, today = _left_at(session, pending.intakes), today_in(session, actor.territory_id, now)
    outcomes: dict[UUID, list[Offer] | RelaisError] = {}
    ready: dict[UUID, ForGp] = {}
    for proposal_id in proposal_ids:
        if any(proposal_id == proposal.id for home in ready.values() for proposal, _ in home.validated):
            continue  # it leaves with the first of its home
        try:
            home = pending.home_of(proposal_id)
            intake = pending.intakes[home[0][0].intake_id]
            left[id_of(intake)] = _placed(left[id_of(intake)], intake, home, today)
        except (Conflict, NotFound) as refusal:
            outcomes[proposal_id] = refusal
            continue
        for proposal, _ in home:
            _decide(session, actor, proposal, ProposalState.VALIDATED, now)
        ready[proposal_id] = ForGp(intake=intake, validated=home)
    sent = send_offers(session, actor, list(ready.values()), offer_days=offer_days, now=now)
    return outcomes | dict(zip(ready, sent, strict=True))


def _offer_by_person(
    session: Session,
    actor: Actor,
    referral: Referral,
    practitioner_id: int,
    origin: ProposalOrigin,
    because: ChosenBecause,
    *,
    run_id: UUID | None,
    now: datetime,
    offer_days: int,
) -> Offer:
    proposal, intake = pair(
        session, actor, referral, practitioner_id, origin, because, run_id=run_id, now=now
    )
    home = ForGp(intake=intake, validated=[(proposal, referral)])
    left = _left_at(session, {id_of(intake): intake})[id_of(intake)]
    _placed(left, intake, home.validated, today_in(session, referral.territory_id, now))
    _decide(session, actor, proposal, ProposalState.VALIDATED, now)
    return send_offers(session, actor, [home], offer_days=offer_days, now=now)[0][0]


def _seen(session: Session, proposal_id: UUID) -> Proposal:
    proposal = session.get(Proposal, proposal_id)
    if proposal is None:
        raise NotFound("proposal")
    return proposal


def _reached(session: Session, actor: Actor, proposal: Proposal) -> Referral:
    """Load the referral of a proposal; referral first, then proposal, are kept from changing."""
    try:
        return find_referral(session, actor, proposal.referral_id, lock=True)
    except NotFound:
        raise NotFound("proposal") from None


def _check_pending(proposal: Proposal, step: str) -> None:
    if proposal.state is not ProposalState.PROPOSED:
        raise WrongState("proposal", proposal.state.value, step)


def _check_consent(session: Session, referral: Referral) -> None:
    if not has_consent(session, referral.id):
        raise ConsentMissing


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pending:
    """Proposals to be decided, and those of the same homes, kept from changing: referrals, then intakes."""

    proposals: Mapping[UUID, Proposal]
    referrals: Mapping[UUID, Referral]
    agreeing: Collection[UUID]
    intakes: Mapping[int, Intake]

    @classmethod
    def read(cls, session: Session, actor: Actor, proposal_ids: Sequence[UUID]) -> "_Pending":
        locked = (
            select(Referral, consented())
            .with_hint(Referral, BY_ID, "sqlite")
            .where(reachable(actor), col(Referral.id).in_(_concerned(session, proposal_ids)))
            .order_by(col(Referral.id))
            .with_for_update(of=Referral, key_share=True)
            .execution_options(populate_existing=True)
        )
        rows = session.exec(locked).all()
        referrals = {referral.id: referral for referral, _ in rows}
        theirs = col(Proposal.referral_id).in_(list(referrals))
        proposals = (
            select(Proposal)
            .where(
                theirs,
                or_(col(Proposal.id).in_(proposal_ids), col(Proposal.state) == ProposalState.PROPOSED),
            )
            .order_by(col(Proposal.referral_id))
            .execution_options(populate_existing=True)
        )
        found = {proposal.id: proposal for proposal in session.exec(proposals)}
        return cls(
            proposals=found,
            referrals=referrals,
            agreeing={referral.id for referral, agrees in rows if agrees},
            intakes=locked_intakes(session, {proposal.intake_id for proposal in found.values()}),
        )

    def home_of(self, proposal_id: UUID) -> list[Validated]:
        """Give a proposal that may be offered, first, and those of the same home at the same GP."""
        if (asked := self.proposals.get(proposal_id)) is None:
            raise NotFound("proposal")
        _check_pending(asked, "validate")
        if asked.referral_id not in self.agreeing:
            raise ConsentMissing
        household_id = self.referrals[asked.referral_id].household_id
        others = [
            each
            for each in self.proposals.values()
            if each is not asked
            and each.intake_id == asked.intake_id
            and each.state is ProposalState.PROPOSED
            and each.referral_id in self.agreeing
            and self.referrals[each.referral_id].household_id == household_id
        ]
        together = [asked, *others] if household_id is not None else [asked]
        return [(proposal, self.referrals[proposal.referral_id]) for proposal in together]


def _concerned(session: Session, proposal_ids: Sequence[UUID]) -> set[UUID]:
    """Give the referrals of some proposals, and those proposed to the same GPs who may be of their homes."""
    asked = (
        select(Referral.id, Referral.household_id, Proposal.intake_id)
        .join(Proposal, col(Proposal.referral_id) == col(Referral.id))
        .where(col(Proposal.id).in_(proposal_ids))
    )
    rows = session.exec(asked).all()
    homes = {household_id for _, household_id, _ in rows if household_id is not None}
    at_home = (
        select(Referral.id)
        .join(Proposal, col(Proposal.referral_id) == col(Referral.id))
        .where(
            col(Referral.household_id).in_(homes),
            col(Proposal.intake_id).in_({intake_id for _, _, intake_id in rows}),
            col(Proposal.state) == ProposalState.PROPOSED,
        )
    )
    return {referral_id for referral_id, _, _ in rows} | (set(session.exec(at_home)) if homes else set())


def _left_at(session: Session, intakes: Mapping[int, Intake]) -> dict[int, Left]:
    """Give what is left of intakes that are kept from changing, beside the proposals still undecided."""
    taken = taken_places(session, list(intakes.values()), proposed=False)
    return {intake_id: left_in(intake, taken[intake_id]) for intake_id, intake in intakes.items()}


def _placed(left: Left, intake: Intake, home: Sequence[Validated], on: date) -> Left:
    """Give what is left of an intake once a home is placed there; it goes as a whole, or not."""
    after: Left | None = left
    for proposal, _ in home:
        after = after.take(proposal.tier, proposal.units) if after else None
    if after is None or not takes_patients(intake, on):
        raise NoPlaceLeft
    return after


def _decide(session: Session, actor: Actor, proposal: Proposal, state: ProposalState, now: datetime) -> None:
    proposal.state = state
    proposal.decided_by = actor.account_id
    proposal.decided_at = now
    session.add(proposal)
