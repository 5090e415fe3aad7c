"""The same person signalled twice: found before the second file exists, never merged in silence.

A person who may reach the first file is sent to it. Anybody else is told nothing of it: their signal is
received, and the coordination finds the two side by side, and decides.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, bindparam, literal_column, or_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import Select, SelectOfScalar

from scheduler.accounts.actor import Actor
from scheduler.errors import Conflict
from scheduler.referrals.errors import AlreadySignalled
from scheduler.referrals.life import OPEN
from scheduler.referrals.likeness import Because, Person, likeness, near_dates
from scheduler.referrals.scope import reachable
from scheduler.referrals.sounds import name_key
from scheduler.referrals.values import Identity
from scheduler.store.tables import DuplicateDecision, DuplicatePair, Patient, Referral, Territory

__all__ = [
    "PossibleDuplicate",
    "Suspect",
    "name_key",
    "note_suspects",
    "one_at_a_time",
    "refuse_twin",
    "refuse_while_undecided",
    "suspects",
    "undecided",
    "undecided_of",
    "undecided_pairs",
]

_TERRITORY = (
    select(Territory.id).where(col(Territory.id) == bindparam("territory_id")).with_for_update(key_share=True)
)
_OVER: tuple[Any, ...] = (literal_column("'declared'"), literal_column("'closed'"))
"""In the words of the index ``referral_one_open``, which holds the others."""
_TWIN = frozenset({Because.SAME_BIRTH_DATE, Because.BIRTH_DATE_UNKNOWN})


class PossibleDuplicate(Conflict):
    """Two files may be of one patient: a person decides before either goes on.

    Attributes
    ----------
    pair_id : UUID
        The decision to take.
    """

    code = "possible_duplicate"

    def __init__(self, pair_id: UUID) -> None:
        self.pair_id = pair_id
        super().__init__("Ce dossier ressemble à un autre. Dites d'abord s'il s'agit de la même personne.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """An open file that may be of the same person, and why; codes only."""

    referral_id: UUID
    because: tuple[Because, ...]
    is_twin: bool
    may_reach: bool


def one_at_a_time(session: Session, territory_id: int) -> None:
    """Keep the other transactions that call this for the same territory waiting until this one ends.

    Territories are locked first, then referrals, then intakes: one order, so that no two transactions
    wait for each other.
    """
    session.exec(_TERRITORY, params={"territory_id": territory_id}).one()


def suspects(
    session: Session, actor: Actor, identity: Identity, *, pathway: str = "gp", but: UUID | None = None
) -> tuple[Suspect, ...]:
    """Find the open files of the territory that may be of this person, the oldest first.

    Two unknown birth dates count as the same: the signaller who knows them apart gives one.

    Parameters
    ----------
    but
        The referral being corrected, which is not its own twin.
    """
    who = _person(identity)
    near = None if identity.birth_date is None else near_dates(identity.birth_date)
    query = _alike(replace(actor, request_id=None), by_date=near is not None, by_phone=bool(identity.phone))
    params: dict[str, Any] = {"pathway": pathway}
    params |= {} if near is None else {"near": list(near)}
    params |= {"phone": identity.phone} if near is not None and identity.phone else {}
    found = []
    for referral_id, patient, may_reach in session.exec(query, params=params):
        other = _person_of(patient)
        if referral_id != but and (because := likeness(who, other)):
            found.append(
                Suspect(
                    referral_id=referral_id,
                    because=because,
                    is_twin=_is_twin(who, other, because),
                    may_reach=bool(may_reach),
                )
            )
    return tuple(found)


def refuse_twin(
    session: Session, actor: Actor, identity: Identity, *, pathway: str = "gp", but: UUID | None = None
) -> tuple[Suspect, ...]:
    """Refuse an identity whose open file this person may reach; give the others that resemble it.

    Raises
    ------
    AlreadySignalled
        With the id of the open referral, and nothing about the person.
    """
    # Signals of one territory pass here one after the other, or two at the same instant would both pass.
    one_at_a_time(session, actor.territory_id)
    found = suspects(session, actor, identity, pathway=pathway, but=but)
    for each in found:
        if each.is_twin and each.may_reach:
            raise AlreadySignalled(each.referral_id)
    return found


def note_suspects(session: Session, referral: Referral, found: Sequence[Suspect], *, now: datetime) -> None:
    """Keep for the coordination the files that resemble a referral; a pair decided before stays decided."""
    known = set(session.exec(_pairs_of(referral.id))) if found else set()
    for each in found:
        if (each.referral_id, referral.id) in known or (referral.id, each.referral_id) in known:
            continue
        session.add(
            DuplicatePair(
                territory_id=referral.territory_id,
                referral_id=referral.id,
                other_id=each.referral_id,
                because=[reason.value for reason in each.because],
                found_at=now,
            )
        )
    session.flush()


def refuse_while_undecided(session: Session, referral_id: UUID) -> None:
    """Refuse a step of a file as long as it may be somebody's second one; the first one goes on.

    Raises
    ------
    PossibleDuplicate
        With the decision to take.
    """
    if (pair_id := undecided(session, referral_id)) is not None:
        raise PossibleDuplicate(pair_id)


def undecided(session: Session, referral_id: UUID) -> UUID | None:
    """Give the pair in which a file may be somebody's second one, as long as nobody has decided."""
    return session.exec(_UNDECIDED, params={"referral_id": referral_id}).first()


def undecided_of(referral_id: BindParameter[UUID]) -> SelectOfScalar[UUID]:
    """Select the pairs in which a file may be the second one of somebody whose first is open."""
    return (
        select(DuplicatePair.id)
        .join(Referral, col(Referral.id) == col(DuplicatePair.other_id))
        .where(
            col(DuplicatePair.referral_id) == referral_id,
            col(DuplicatePair.decision) == DuplicateDecision.OPEN,
            col(Referral.state).in_(OPEN),
        )
        .order_by(col(DuplicatePair.found_at), col(DuplicatePair.id))
    )


_UNDECIDED = undecided_of(bindparam("referral_id"))


def undecided_pairs(territory_id: int) -> SelectOfScalar[DuplicatePair]:
    """Ask for the pairs a person must decide on, the oldest first: both files are open still."""
    other = aliased(Referral)
    return (
        select(DuplicatePair)
        .join(Referral, col(Referral.id) == col(DuplicatePair.referral_id))
        .join(other, col(other.id) == col(DuplicatePair.other_id))
        .where(
            col(DuplicatePair.territory_id) == territory_id,
            col(DuplicatePair.decision) == DuplicateDecision.OPEN,
            col(Referral.state).in_(OPEN),
            col(other.state).in_(OPEN),
        )
        .order_by(col(DuplicatePair.found_at), col(DuplicatePair.id))
    )


@lru_cache(maxsize=512)
def _alike(actor: Actor, *, by_date: bool, by_phone: bool) -> Select[UUID, Patient, bool]:
    """Write the question for the open files of whoever could be the same person, names apart."""
    born = or_(
        col(Patient.birth_date).is_(None), col(Patient.birth_date).in_(bindparam("near", expanding=True))
    )
    may_be = or_(born, col(Patient.phone) == bindparam("phone")) if by_phone else born
    return (
        select(Referral.id, Patient, reachable(actor))
        .join(Patient, col(Patient.id) == col(Referral.patient_id))
        # People first, then their files: SQLite would read every open file instead, 5 ms in a year's.
        .with_hint(Referral, "INDEXED BY referral_one_open" if by_date else "", "sqlite")
        .where(
            col(Referral.territory_id) == actor.territory_id,
            col(Referral.pathway) == bindparam("pathway"),
            col(Referral.state).not_in(_OVER),
            *((may_be,) if by_date else ()),
        )
        .order_by(col(Referral.created_at), col(Referral.id))
    )


def _is_twin(one: Person, other: Person, because: tuple[Because, ...]) -> bool:
    """Tell the same names and the same birth date, or both unknown."""
    return because[0] is Because.SAME_NAMES and one.birth_date == other.birth_date and because[1] in _TWIN


def _person(identity: Identity) -> Person:
    return Person(
        family_name=identity.family_name,
        given_name=identity.given_name,
        birth_date=identity.birth_date,
        phone=identity.phone,
    )


def _person_of(patient: Patient) -> Person:
    return Person(
        family_name=patient.family_name,
        given_name=patient.given_name,
        birth_date=patient.birth_date,
        phone=patient.phone,
    )


def _pairs_of(referral_id: UUID) -> Select[UUID, UUID]:
    return select(DuplicatePair.referral_id, DuplicatePair.other_id).where(
        or_(col(DuplicatePair.referral_id) == referral_id, col(DuplicatePair.other_id) == referral_id)
    )
