"""Two files that may be of one patient, side by side, for whoever decides; each one shown is traced."""

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import or_
from sqlmodel import Session, col, func, select

from scheduler.accounts.actor import Actor
from scheduler.errors import NotFound
from scheduler.referrals.duplicates import undecided_pairs
from scheduler.referrals.scope import find_referral, reachable
from scheduler.referrals.trace import trace
from scheduler.store.tables import DuplicateDecision, DuplicatePair, Patient, Referral, ReferralState

_S = ReferralState
_PROGRESS = (
    _S.RECEIVED,
    _S.QUALIFIED,
    _S.SUSPENDED,
    _S.WAITING,
    _S.PROPOSED,
    _S.OFFERED,
    _S.ACCEPTED,
    _S.SEEN,
    _S.DECLARED,
)
_SIDES = (col(DuplicatePair.referral_id), col(DuplicatePair.other_id))


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of two files side by side, as the coordination compares them."""

    referral_id: UUID
    family_name: str
    given_name: str
    birth_date: date | None
    phone: str
    insee: str
    state: ReferralState
    waiting_since: date
    created_at: datetime
    stays: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two files that may be of one patient; ``because`` holds codes of ``likeness.Because``."""

    id: UUID
    because: tuple[str, ...]
    decision: DuplicateDecision
    found_at: datetime
    decided_at: datetime | None
    sides: tuple[Side, Side]


def open_pairs(session: Session, actor: Actor, *, now: datetime, limit: int = 100) -> list[Pair]:
    """List the pairs nobody has decided, the oldest first; each file shown is traced."""
    query = undecided_pairs(actor.territory_id).limit(limit)
    return [_shown(session, actor, pair, now) for pair in session.exec(query)]


def recent_decisions(session: Session, actor: Actor, *, now: datetime, limit: int = 20) -> list[Pair]:
    """List the last decisions, the newest first, so that a wrong one can be undone."""
    query = (
        select(DuplicatePair)
        .join(Referral, or_(*(col(Referral.id) == side for side in _SIDES)))
        .where(
            reachable(actor),
            col(DuplicatePair.decision).in_([DuplicateDecision.MERGED, DuplicateDecision.DISTINCT]),
        )
        .group_by(col(DuplicatePair.id))
        .having(func.count() == len(_SIDES))  # neither is hidden
        .order_by(col(DuplicatePair.decided_at).desc(), col(DuplicatePair.id))
        .limit(limit)
    )
    return [_shown(session, actor, pair, now) for pair in session.exec(query)]


def get_pair(session: Session, actor: Actor, pair_id: UUID, *, now: datetime) -> Pair:
    """Read two files side by side.

    Raises
    ------
    NotFound
        When this person may not reach them.
    """
    return _shown(session, actor, find_pair(session, actor, pair_id), now)


def find_pair(session: Session, actor: Actor, pair_id: UUID) -> DuplicatePair:
    """Load a pair whose two files this person may reach, as it is now.

    Raises
    ------
    NotFound
        Unknown, of another territory, or with a file that is not theirs.
    """
    query = (
        select(DuplicatePair)
        .where(col(DuplicatePair.id) == pair_id, col(DuplicatePair.territory_id) == actor.territory_id)
        .execution_options(populate_existing=True)
    )
    pair = session.exec(query).first()
    if pair is None:
        raise NotFound("duplicate_pair")
    find_referral(session, actor, pair.referral_id)
    find_referral(session, actor, pair.other_id)
    return pair


def stays_first(referral: Referral) -> tuple[int, date, datetime, str]:
    """Sort the file that stays first: the one further on, then the longer wait, then the older."""
    progress = _PROGRESS.index(referral.state) if referral.state in _PROGRESS else -1
    return -progress, referral.waiting_since, referral.created_at, str(referral.id)


def _shown(session: Session, actor: Actor, pair: DuplicatePair, now: datetime) -> Pair:
    query = (
        select(Referral, Patient)
        .join(Patient, col(Patient.id) == col(Referral.patient_id))
        .where(or_(col(Referral.id) == pair.referral_id, col(Referral.id) == pair.other_id))
    )
    rows = {referral.id: (referral, patient) for referral, patient in session.exec(query)}
    stays = min((referral for referral, _ in rows.values()), key=stays_first).id
    for referral, patient in rows.values():
        trace(session, actor, "R", referral.id, patient.id, now=now)
    first, second = (_side(*rows[each], stays=each == stays) for each in (pair.other_id, pair.referral_id))
    return Pair(
        id=pair.id,
        because=tuple(pair.because),
        decision=pair.decision,
        found_at=pair.found_at,
        decided_at=pair.decided_at,
        sides=(first, second),
    )


def _side(referral: Referral, patient: Patient, *, stays: bool) -> Side:
    return Side(
        referral_id=referral.id,
        family_name=patient.family_name,
        given_name=patient.given_name,
        birth_date=patient.birth_date,
        phone=patient.phone,
        insee=patient.insee,
        state=referral.state,
        waiting_since=referral.waiting_since,
        created_at=referral.created_at,
        stays=stays,
    )
