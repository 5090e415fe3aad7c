"""The coordination's day: how many cases each worklist holds, whom they are about, and what a person did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select as columns
from sqlmodel import Session, col

from scheduler.accounts.actor import Actor
from scheduler.errors import Conflict, InvalidInput, NotFound
from scheduler.listing import Listed
from scheduler.referrals.cases import Case, all_cases
from scheduler.referrals.history import REVIEWED, TAKEN_CHARGE, note, today_in
from scheduler.referrals.scope import BY_ID, find_referral, reachable
from scheduler.referrals.trace import trace
from scheduler.referrals.worklists import Worklist
from scheduler.store.tables import Account, Grant, Patient, Referral, Role

LONGEST_SNOOZE_DAYS = 90

Worklists = Mapping[Worklist, Sequence[Case]]
"""The cases that need a person, by list."""


class NotInAList(Conflict):
    """Nobody is needed for the case any more."""

    code = "not_in_a_list"

    def __init__(self) -> None:
        super().__init__("Ce dossier n'est plus à traiter : quelqu'un l'a fait entre-temps.")


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseLine:
    """A case of a list, with whom it is about: shown to the coordination only, each line audited."""

    case: Case
    family_name: str
    given_name: str
    birth_date: date | None
    insee: str
    phone: str
    owner_name: str


def read_worklists(session: Session, actor: Actor, *, now: datetime) -> Worklists:
    """Put the cases of the actor's territory into their lists; no file is opened."""
    lists: dict[Worklist, list[Case]] = {worklist: [] for worklist in Worklist}
    for case in all_cases(session, actor.territory_id, now=now):
        if case.worklist is not None:
            lists[case.worklist].append(case)
    return lists


def count_worklists(session: Session, actor: Actor, *, now: datetime) -> Mapping[Worklist, int]:
    """Count the cases of each list of the actor's territory; no file is opened."""
    lists = read_worklists(session, actor, now=now)
    return {worklist: len(cases) for worklist, cases in lists.items()}


def list_worklist(
    session: Session,
    actor: Actor,
    worklist: Worklist,
    *,
    limit: int = 50,
    skip: int = 0,
    lists: Worklists | None = None,
    now: datetime,
) -> Listed[CaseLine]:
    """List the cases of one list with the patients they are about; takes a write session, one audit row each.

    The first in order are those whose date passed first, then the most pressing tier.

    Parameters
    ----------
    lists
        What ``read_worklists`` has just given, when it is at hand: thousands of cases are read once.
    """
    cases = sorted(
        (lists or read_worklists(session, actor, now=now))[worklist],
        key=lambda case: (case.facts.next_on or date.max, case.tier, case.waiting_since, case.referral_id),
    )
    listed = Listed.cut(cases[skip : skip + limit + 1], limit)
    who = _identities(session, actor, [case.referral_id for case in listed.rows])
    lines = []
    for case in listed.rows:
        patient, owner = who[case.referral_id]
        trace(session, actor, "R", case.referral_id, case.patient_id, now=now)
        lines.append(
            CaseLine(
                case=case,
                family_name=patient.family_name,
                given_name=patient.given_name,
                birth_date=patient.birth_date,
                insee=patient.insee,
                phone=patient.phone,
                owner_name=owner or "",
            )
        )
    return Listed(tuple(lines), listed.more)


def find_case(session: Session, actor: Actor, referral_id: UUID, *, now: datetime) -> Case | None:
    """Give the case of one referral, None when nothing is awaited; who may reach it was checked before."""
    return next(iter(all_cases(session, actor.territory_id, only=referral_id, now=now)), None)


def review(session: Session, actor: Actor, referral_id: UUID, *, until: date, now: datetime) -> Referral:
    """Write down that a person has looked at a case, and by which day it must be looked at again.

    It leaves its list until that day; for three declines, the count begins anew.

    Raises
    ------
    NotFound
        When this person may not reach the referral.
    NotInAList
        When nobody is needed for it: somebody was faster.
    InvalidInput
        When the day is not one of the three months to come.
    """
    referral = find_referral(session, actor, referral_id, lock=True)
    today = today_in(session, referral.territory_id, now)
    if not 0 < (until - today).days <= LONGEST_SNOOZE_DAYS:
        raise InvalidInput("until", "un jour à venir, dans les trois mois")
    case = find_case(session, actor, referral_id, now=now)
    if case is None or case.worklist is None:
        raise NotInAList
    referral.snoozed_until = referral.next_action_on = until
    referral.owner_id = actor.account_id or referral.owner_id
    referral.updated_at = now
    session.add(referral)
    note(session, actor, referral, REVIEWED, now=now, worklist=case.worklist.value, until=until.isoformat())
    session.flush()
    trace(session, actor, "U", referral.id, referral.patient_id, now=now)
    return referral


def take_charge(
    session: Session, actor: Actor, referral_id: UUID, *, account_id: UUID, now: datetime
) -> Referral:
    """Say who of the coordination follows a case.

    Raises
    ------
    NotFound
        When this person may not reach the referral, or the account is not one of the coordination.
    """
    referral = find_referral(session, actor, referral_id, lock=True)
    grant = session.get(Grant, (account_id, referral.territory_id, Role.COORDINATOR))
    if grant is None:
        raise NotFound("account")
    referral.owner_id, referral.updated_at = account_id, now
    session.add(referral)
    note(session, actor, referral, TAKEN_CHARGE, now=now, owner=str(account_id))
    session.flush()
    trace(session, actor, "U", referral.id, referral.patient_id, now=now)
    return referral


def _identities(
    session: Session, actor: Actor, referral_ids: list[UUID]
) -> dict[UUID, tuple[Patient, str | None]]:
    asked: list[Any] = [Referral.id, Patient, Account.name]
    query = (
        columns(*asked)
        .join(Patient, col(Patient.id) == col(Referral.patient_id))
        .join(Account, col(Account.id) == col(Referral.owner_id), isouter=True)
        .with_hint(Referral, BY_ID, "sqlite")
        .where(reachable(actor), col(Referral.id).in_(referral_ids))
    )
    return {row[0]: (row[1], row[2]) for row in session.execute(query)}
