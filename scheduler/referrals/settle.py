"""Writing what a run decided: proposals kept, moved for a stated reason, withdrawn, made.

The solver works for seconds to minutes and no transaction stays open meanwhile. What people changed in
that time wins: a proposal whose patient or place is gone is dropped, and the run says how many were.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from statistics import median
from typing import Any

from sqlmodel import Session, col, select

from matching import Match, Solution
from scheduler.accounts.actor import Actor
from scheduler.referrals.history import advance, today_in
from scheduler.referrals.instance import Prepared, consented
from scheduler.referrals.life import Step, next_action_on
from scheduler.referrals.places import Left, left_in, taken_places, takes_patients
from scheduler.referrals.stale import withdraw
from scheduler.rows import id_of
from scheduler.store.appending import append
from scheduler.store.tables import (
    Intake,
    MatchingRun,
    Practitioner,
    Proposal,
    ProposalOrigin,
    ProposalState,
    Referral,
    ReferralState,
)

_LONGEST_REASON = 500
_NO_LONGER_POSSIBLE = "no_longer_possible"


@dataclass(slots=True, kw_only=True)
class Settled:
    """What became of the matches of a run.

    Parameters
    ----------
    touched : list of Referral
        Whose file was changed.
    standing : list of Match
        Proposed now: kept, moved or new.
    dropped : int
        Proposals that what people did meanwhile made impossible.
    reasons : Counter of str
        Codes of the changes of proposals that were pending.
    """

    touched: list[Referral] = field(default_factory=list)
    standing: list[Match] = field(default_factory=list)
    num_kept: int = 0
    num_moved: int = 0
    num_withdrawn: int = 0
    num_new: int = 0
    num_dropped: int = 0
    reasons: Counter[str] = field(default_factory=Counter)

    def count_undone(self, referral: Referral, code: str, *, for_nobody: bool) -> None:
        """Note that a pending proposal was withdrawn, and why."""
        self.touched.append(referral)
        self.reasons[code] += 1
        self.num_withdrawn += for_nobody

    def changes(self) -> dict[str, Any]:
        """Count what changed, for the record of the run."""
        return {
            "kept": self.num_kept,
            "moved": self.num_moved,
            "withdrawn": self.num_withdrawn,
            "new": self.num_new,
            "reasons": dict(sorted(self.reasons.items())),
        }


def settle(
    session: Session, actor: Actor, run: MatchingRun, prepared: Prepared, solution: Solution, *, now: datetime
) -> Settled:
    """Make the proposals of a territory those of a solution, as far as they still hold."""
    done = Settled()
    referrals = _open_referrals(session, run.territory_id)
    pending = _pending(session, referrals)
    because = {change.patient_id: change.reason.code for change in solution.changes}
    wanted: list[Match] = []
    for match in solution.matches:
        who, before = match.patient_id, prepared.proposed.get(match.patient_id)
        if who in prepared.offered:
            continue  # an open offer is the GP's to answer: a run never withdraws it
        if before is not None:
            proposal = pending.get(who)
            if proposal is None or proposal.intake_id != prepared.intake_of.get(before):
                continue  # somebody decided meanwhile, and a person's word stands
            if before == match.practitioner_id:
                done.num_kept += 1
                done.standing.append(match)
                continue
            code = because.get(who, _NO_LONGER_POSSIBLE)
            withdraw(session, actor, proposal, referrals[who], code, now=now)
            done.count_undone(referrals[who], code, for_nobody=match.practitioner_id is None)
        if match.practitioner_id is not None:
            wanted.append(match)
    session.flush()  # one pending proposal per referral: the old ones go first
    _propose(session, actor, run, prepared, wanted, referrals, done, now)
    _note_unplaced(session, solution.matches, referrals, today_in(session, run.territory_id, now))
    session.flush()
    return done


def tiers_of_matches(matches: Iterable[Match], standing: Sequence[Match]) -> list[dict[str, Any]]:
    """Sum up a run tier by tier: how many there were, how many are proposed, how far they go."""
    counted = Counter(match.tier for match in matches)
    tiers = []
    for tier in (1, 2, 3):
        placed = [match for match in standing if match.tier == tier]
        durations_s = [match.duration_s for match in placed if match.duration_s is not None]
        distances_m = [match.distance_m for match in placed if match.distance_m is not None]
        tiers.append(
            {
                "tier": tier,
                "num_patients": counted[tier],
                "num_placed": len(placed),
                "median_travel_s": median(durations_s) if durations_s else None,
                "farthest_m": max(distances_m, default=None),
            }
        )
    return tiers


def _propose(
    session: Session,
    actor: Actor,
    run: MatchingRun,
    prepared: Prepared,
    wanted: Sequence[Match],
    referrals: Mapping[str, Referral],
    done: Settled,
    now: datetime,
) -> None:
    """Turn each match that is still possible into a pending proposal; a home goes as a whole, or not."""
    left = _still_left(session, run.territory_id, today_in(session, run.territory_id, now))
    for group in _by_home(prepared, wanted):
        intake_id = prepared.intake_of[str(group[0].practitioner_id)]
        after: Left | None = left.get(intake_id)
        for match in group:
            referral = referrals.get(match.patient_id)
            waits = referral is not None and referral.state is ReferralState.WAITING
            after = after.take(match.tier, prepared.units_of[match.patient_id]) if after and waits else None
        if after is None:
            done.num_dropped += len(group)  # the run's warnings say how many
            continue
        left[intake_id] = after
        for match in group:
            referral = referrals[match.patient_id]
            proposed = _proposal(run, referral, intake_id, prepared.units_of[match.patient_id], match, now)
            append(session, Proposal, **proposed)
            detail = {
                "run": str(run.id),
                "tier": match.tier,
                "practitioner": int(str(match.practitioner_id)),
                "origin": ProposalOrigin.RUN.value,
            }
            advance(session, actor, referral, Step.PROPOSE, now=now, detail=detail)
            moved = match.patient_id in prepared.proposed
            done.num_moved += moved
            done.num_new += not moved
            done.touched += [] if moved else [referral]
            done.standing.append(match)


def _note_unplaced(
    session: Session, matches: Sequence[Match], referrals: Mapping[str, Referral], on: date
) -> None:
    """Keep with each patient who still waits why this run placed them nowhere; they are looked at again."""
    for match in matches:
        referral = referrals.get(match.patient_id)
        if match.practitioner_id is None and referral and referral.state is ReferralState.WAITING:
            referral.unplaced_because = match.reason.code
            referral.next_action_on = next_action_on(ReferralState.WAITING, on)
            session.add(referral)


def _by_home(prepared: Prepared, wanted: Sequence[Match]) -> list[list[Match]]:
    """Group the matches of one household at one practitioner, in the order of the first of each."""
    home_of = {each.id: each.household for each in prepared.instance.patients}
    groups: dict[tuple[str, str | None], list[Match]] = {}
    for match in wanted:
        home = home_of[match.patient_id] or match.patient_id
        groups.setdefault((home, match.practitioner_id), []).append(match)
    return list(groups.values())


def _proposal(
    run: MatchingRun, referral: Referral, intake_id: int, units: int, match: Match, now: datetime
) -> dict[str, Any]:
    if match.duration_s is None or match.distance_m is None:
        raise ValueError("a match with a practitioner carries its travel")
    return {
        "run_id": run.id,
        "referral_id": referral.id,
        "intake_id": intake_id,
        "state": ProposalState.PROPOSED,
        "tier": match.tier,
        "units": units,
        "travel_s": match.duration_s,
        "distance_m": match.distance_m,
        "reason": match.reason.sentence[:_LONGEST_REASON],
        "facts": {"rank": match.rank, "waited_days": match.waited_days, "code": match.reason.code},
        "created_at": now,
    }


def _open_referrals(session: Session, territory_id: int) -> dict[str, Referral]:
    """Load, and keep from changing, who waits or is proposed, with a consent, at this moment."""
    query = (
        select(Referral)
        .where(
            col(Referral.territory_id) == territory_id,
            col(Referral.state).in_((ReferralState.WAITING, ReferralState.PROPOSED)),
            consented(),
        )
        .order_by(col(Referral.id))
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return {str(referral.id): referral for referral in session.exec(query)}


def _pending(session: Session, referrals: Mapping[str, Referral]) -> dict[str, Proposal]:
    """Load the proposal that waits for a decision on each of these referrals."""
    ids = [referral.id for referral in referrals.values() if referral.state is ReferralState.PROPOSED]
    found: dict[str, Proposal] = {}
    for start in range(0, len(ids), 500):  # SQLite counts the parameters of a statement
        query = select(Proposal).where(
            col(Proposal.referral_id).in_(ids[start : start + 500]),
            col(Proposal.state) == ProposalState.PROPOSED,
        )
        found |= {str(proposal.referral_id): proposal for proposal in session.exec(query)}
    return found


def _still_left(session: Session, territory_id: int, on: date) -> dict[int, Left]:
    """Load, and keep from changing, the intakes that take patients, with what is left of each."""
    query = (
        select(Intake)
        .join(Practitioner, col(Practitioner.id) == col(Intake.practitioner_id))
        .where(col(Practitioner.territory_id) == territory_id, col(Intake.closed_at).is_(None))
        .order_by(col(Intake.id))
        .with_for_update(of=Intake, key_share=True)
    )
    intakes = [intake for intake in session.exec(query) if takes_patients(intake, on)]
    taken = taken_places(session, intakes)
    return {id_of(intake): left_in(intake, taken[id_of(intake)]) for intake in intakes}
