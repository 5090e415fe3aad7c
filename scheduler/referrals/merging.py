"""Two files of one patient become one, by a person's decision; nothing is lost, and it can be undone.

The file further on its way stays; the other is closed as a duplicate and points to it, with its history,
its consents and whoever signalled it. The one that stays takes the longer wait, every "yes", and what it
lacked; what it held before is kept in a ``ReferralCorrection``, from which ``undo_merge`` gives it back.
Lines of history: ``merged`` (pair, into or other, fields), ``set_apart`` (pair), ``unmerged`` (pair).
"""

from dataclasses import asdict, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from matching.model import Needs
from scheduler.accounts.actor import Actor
from scheduler.errors import Conflict, WrongState
from scheduler.referrals.corrections import keep_correction, values_of
from scheduler.referrals.duplicates import one_at_a_time
from scheduler.referrals.ending import end
from scheduler.referrals.filing import has_consent
from scheduler.referrals.history import SIGNALLED, due_on, note, today_in
from scheduler.referrals.instance import NEEDS
from scheduler.referrals.life import OPEN
from scheduler.referrals.pairs import find_pair, stays_first
from scheduler.referrals.pathways import pathway_in_force
from scheduler.referrals.qualify import enlist_if_ready
from scheduler.referrals.ranking import RankBecause, record_place, rules_for
from scheduler.referrals.scope import find_referral
from scheduler.referrals.trace import trace
from scheduler.store.tables import (
    CloseReason,
    Consent,
    DuplicateDecision,
    DuplicatePair,
    Patient,
    Referral,
    ReferralCorrection,
    ReferralEvent,
    ReferralState,
    SeenPractitioner,
)

MERGED = "merged"
SET_APART = "set_apart"
UNMERGED = "unmerged"

_S = ReferralState
_WITH_A_GP = frozenset({_S.OFFERED, _S.ACCEPTED, _S.SEEN, _S.DECLARED})
_FILLED = ("birth_date", "gender", "phone", "email", "address", "contact_preference", "contact_name")


class TwoOffers(Conflict):
    """Both files are with a GP: one of the two must be taken back first."""

    code = "two_offers"

    def __init__(self) -> None:
        super().__init__(
            "Les deux dossiers sont déjà chez un médecin. Retirez d'abord l'une des deux demandes, "
            "puis réunissez les dossiers."
        )


def merge(session: Session, actor: Actor, pair_id: UUID, *, now: datetime) -> Referral:
    """Make one file of two.

    Returns
    -------
    The file that stays.

    Raises
    ------
    NotFound
        When this person may not reach the files.
    WrongState
        When the pair was decided, or one of the files is closed.
    TwoOffers
        When both are with a GP.
    """
    one_at_a_time(session, actor.territory_id)
    pair, kept, other = _locked(session, actor, pair_id)
    before = values_of(session, kept)
    _take_over(session, kept, other)
    patient = session.get_one(Patient, kept.patient_id)
    row = keep_correction(session, actor, kept, patient, before, MERGED, now)
    _copy_consents(session, kept, other)
    _copy_seen(session, kept, other)
    note(
        session,
        actor,
        kept,
        MERGED,
        now=now,
        pair=str(pair.id),
        fields=sorted(row.after),
        **{"with": str(other.id)},
    )
    end(session, actor, other, CloseReason.DUPLICATE, now=now)
    other.merged_into = kept.id
    note(session, actor, other, MERGED, now=now, pair=str(pair.id), into=str(kept.id))
    _decide(session, actor, pair, DuplicateDecision.MERGED, now)
    _rank(session, actor, kept, now)
    enlist_if_ready(session, actor, kept, now=now)
    for each in (kept, other):
        trace(session, actor, "U", each.id, each.patient_id, now=now)
    return kept


def set_apart(session: Session, actor: Actor, pair_id: UUID, *, now: datetime) -> None:
    """Say that two files are of two people; both go on, and the pair is not asked about again.

    Raises
    ------
    NotFound
        When this person may not reach the files.
    WrongState
        When the pair was decided.
    """
    pair = find_pair(session, actor, pair_id)
    if pair.decision is not DuplicateDecision.OPEN:
        raise WrongState("duplicate_pair", pair.decision.value, SET_APART)
    _decide(session, actor, pair, DuplicateDecision.DISTINCT, now)
    for referral_id in (pair.referral_id, pair.other_id):
        referral = find_referral(session, actor, referral_id, lock=True)
        note(session, actor, referral, SET_APART, now=now, pair=str(pair.id))
        if referral.state is ReferralState.QUALIFIED:
            enlist_if_ready(session, actor, referral, now=now)
        trace(session, actor, "U", referral.id, referral.patient_id, now=now)


def undo_merge(session: Session, actor: Actor, pair_id: UUID, *, now: datetime) -> Referral:
    """Take a merge back: the file that stayed gets back what it held, the other person a file of their own.

    What was corrected since the merge stays. The closed file stays in the history; its patient gets a new
    one, received with the seniority, the answers and the consents of the old.

    Returns
    -------
    The new file.

    Raises
    ------
    NotFound
        When this person may not reach the files.
    WrongState
        When the two were not merged.
    """
    one_at_a_time(session, actor.territory_id)
    pair = find_pair(session, actor, pair_id)
    if pair.decision is not DuplicateDecision.MERGED:
        raise WrongState("duplicate_pair", pair.decision.value, UNMERGED)
    closed = _closed_of(session, actor, pair)
    kept = find_referral(session, actor, closed.merged_into or closed.id, lock=True)
    _give_back(session, actor, kept, now)
    fresh = _again(session, actor, closed, now)
    note(session, actor, kept, UNMERGED, now=now, pair=str(pair.id))
    _decide(session, actor, pair, DuplicateDecision.UNDONE, now)
    _rank(session, actor, kept, now)
    for each in (kept, fresh):
        trace(session, actor, "U", each.id, each.patient_id, now=now)
    return fresh


def followed_file(session: Session, referral: Referral) -> Referral:
    """Give the file in which a merged one goes on, itself when it was never merged."""
    seen = {referral.id}
    while referral.merged_into is not None and referral.merged_into not in seen:
        seen.add(referral.merged_into)
        referral = session.get_one(Referral, referral.merged_into)
    return referral


def _locked(session: Session, actor: Actor, pair_id: UUID) -> tuple[DuplicatePair, Referral, Referral]:
    """Load a pair and its files, locked in one order: the one that stays, and the other."""
    pair = find_pair(session, actor, pair_id)
    if pair.decision is not DuplicateDecision.OPEN:
        raise WrongState("duplicate_pair", pair.decision.value, MERGED)
    both = [
        find_referral(session, actor, each, lock=True) for each in sorted([pair.referral_id, pair.other_id])
    ]
    for each in both:
        if each.state is ReferralState.CLOSED:
            raise WrongState("referral", each.state.value, MERGED)
    if all(each.state in _WITH_A_GP for each in both):
        raise TwoOffers
    kept, other = sorted(both, key=stays_first)
    return pair, kept, other


def _take_over(session: Session, kept: Referral, other: Referral) -> None:
    """Give the file that stays what it lacks: never a need less, never a day of waiting less."""
    kept.waiting_since = min(kept.waiting_since, other.waiting_since)
    needs = _joined(kept, other)
    for name, value in asdict(needs).items():
        setattr(kept, name, value)
    kept.answers = {
        code: _either(kept.answers.get(code), other.answers.get(code))
        for code in {**kept.answers, **other.answers}
    }
    kept.languages = kept.languages or other.languages
    for name in ("household_id", "known_practitioner_id", "prefers_gender", "max_km"):
        if getattr(kept, name) is None:
            setattr(kept, name, getattr(other, name))
    mine = session.get_one(Patient, kept.patient_id)
    theirs = session.get_one(Patient, other.patient_id)
    for name in _FILLED:
        if not getattr(mine, name):
            setattr(mine, name, getattr(theirs, name))
    session.add_all([kept, mine])


def _joined(kept: Referral, other: Referral) -> Needs:
    needs: dict[str, Any] = {
        name: _either(getattr(kept, name), getattr(other, name)) for name in NEEDS if name != "chronic_needs"
    }
    numbers = [each.chronic_needs for each in (kept, other) if each.chronic_needs is not None]
    return Needs(**needs, chronic_needs=max(numbers, default=None))


def _either(one: bool | None, other: bool | None) -> bool | None:
    """Join two answers: a yes wins over a no, which wins over silence."""
    if one or other:
        return True
    return None if one is None and other is None else False


def _copy_consents(session: Session, kept: Referral, other: Referral) -> None:
    """Let a consent given in the other file count, when the one that stays has none."""
    if has_consent(session, kept.id):
        return
    query = select(Consent).where(col(Consent.referral_id) == other.id, col(Consent.withdrawn_at).is_(None))
    for row in session.exec(query):
        session.add(Consent(**row.model_dump(exclude={"id", "referral_id"}), referral_id=kept.id))
    session.flush()


def _copy_seen(session: Session, kept: Referral, other: Referral) -> None:
    """Add the practitioners only the other file knew of."""
    rows = session.exec(
        select(SeenPractitioner).where(col(SeenPractitioner.referral_id).in_([kept.id, other.id]))
    ).all()
    known = {(row.practitioner_id, row.name) for row in rows if row.referral_id == kept.id}
    for row in rows:
        if row.referral_id == other.id and (row.practitioner_id, row.name) not in known:
            values = row.model_dump(exclude={"id", "referral_id"})
            session.add(SeenPractitioner(**values, referral_id=kept.id))


def _give_back(session: Session, actor: Actor, kept: Referral, now: datetime) -> None:
    query = (
        select(ReferralCorrection)
        .where(col(ReferralCorrection.referral_id) == kept.id, col(ReferralCorrection.reason) == MERGED)
        .order_by(col(ReferralCorrection.id).desc())
    )
    row = session.exec(query).first()
    if row is None:
        return
    patient, current = session.get_one(Patient, kept.patient_id), values_of(session, kept)
    for name, value in row.before.items():
        if current.get(name) == row.after.get(name):
            _put_back(kept, patient, name, value)
    keep_correction(session, actor, kept, patient, current, UNMERGED, now)


def _put_back(kept: Referral, patient: Patient, name: str, value: Any) -> None:
    if name.startswith("answers."):
        kept.answers = {**kept.answers, name.removeprefix("answers."): value}
        return
    row = kept if name in Referral.model_fields and name not in Patient.model_fields else patient
    if name in {"birth_date", "waiting_since"} and value is not None:
        value = date.fromisoformat(value)
    if name == "household_id" and value is not None:
        value = UUID(value)
    setattr(row, name, value)


def _again(session: Session, actor: Actor, closed: Referral, now: datetime) -> Referral:
    """Open the other person's file anew, as it was signalled, by whoever signalled it."""
    values = closed.model_dump(include={*NEEDS, "territory_id", "patient_id", "household_id", "pathway"})
    values |= closed.model_dump(include={"languages", "prefers_gender", "known_practitioner_id", "max_km"})
    values |= closed.model_dump(include={"together", "waiting_since", "source", "answers", "signalled_by"})
    values |= closed.model_dump(include={"synthesis", "synthesis_by", "synthesis_at", "import_id"})
    today = today_in(session, closed.territory_id, now)
    fresh = Referral(
        **values,
        state=ReferralState.RECEIVED,
        next_action_on=due_on(session, closed.territory_id, ReferralState.RECEIVED, today),
        created_at=now,
        updated_at=now,
    )
    session.add(fresh)
    session.flush()
    closed.merged_into = fresh.id  # whoever signalled it follows their own patient again
    session.add(closed)
    sender = session.exec(
        select(ReferralEvent.actor).where(
            col(ReferralEvent.referral_id) == closed.id, col(ReferralEvent.kind) == SIGNALLED
        )
    ).first()
    _rank(session, actor, fresh, now)
    told = {"pathway": fresh.pathway, "source": fresh.source.value, "tier": fresh.tier}
    note(session, replace(actor, key=sender or actor.key), fresh, SIGNALLED, now=now, **told)
    note(session, actor, fresh, UNMERGED, now=now, closed=str(closed.id))
    consents = select(Consent).where(
        col(Consent.referral_id) == closed.id, col(Consent.withdrawn_at).is_(None)
    )
    for row in session.exec(consents):
        session.add(Consent(**row.model_dump(exclude={"id", "referral_id"}), referral_id=fresh.id))
    _copy_seen(session, fresh, closed)
    session.flush()
    return fresh


def _closed_of(session: Session, actor: Actor, pair: DuplicatePair) -> Referral:
    for referral_id in (pair.referral_id, pair.other_id):
        referral = find_referral(session, actor, referral_id)
        if referral.merged_into in {pair.referral_id, pair.other_id}:
            return referral
    raise WrongState("duplicate_pair", pair.decision.value, UNMERGED)


def _rank(session: Session, actor: Actor, referral: Referral, now: datetime) -> None:
    if referral.state not in OPEN:
        return
    pathway = pathway_in_force(session, referral.territory_id, referral.pathway)
    patient = session.get_one(Patient, referral.patient_id)
    rules = rules_for(session, referral.territory_id, pathway)
    record_place(session, actor, referral, patient, rules, because=RankBecause.CORRECTION, now=now)


def _decide(
    session: Session, actor: Actor, pair: DuplicatePair, decision: DuplicateDecision, now: datetime
) -> None:
    pair.decision, pair.decided_by, pair.decided_at = decision, actor.account_id, now
    session.add(pair)
    session.flush()
