"""Who is written to, and who may answer, for a practitioner: their delegates, else their own side."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, bindparam, exists, or_
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from scheduler.accounts.actor import Actor
from scheduler.store.tables import Account, Delegation, Grant, Role

SURGERY = (Role.GP, Role.SECRETARY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Somebody with an account who answers for a practitioner."""

    account_id: UUID
    email: str


def recipients(session: Session, practitioner_id: int, *, on: date) -> list[Recipient]:
    """List whom to write to on a day: the delegates while a delegation holds, else the surgery.

    Empty when nobody of the surgery has an account: the coordination then has to telephone.
    """
    return recipients_of(session, [practitioner_id], on=on)[practitioner_id]


def recipients_of(
    session: Session, practitioner_ids: Collection[int], *, on: date
) -> Mapping[int, list[Recipient]]:
    """List whom to write to for each of some practitioners, as ``recipients`` does for one."""
    delegated = (
        select(Delegation.practitioner_id, Account.id, Account.email)
        .join(Account, col(Account.id) == col(Delegation.account_id))
        .where(col(Account.active), col(Delegation.practitioner_id).in_(practitioner_ids), _holds(on))
        .distinct()
    )
    own = select(col(Account.practitioner_id), Account.id, Account.email).where(
        col(Account.active),
        col(Account.practitioner_id).in_(practitioner_ids),
        exists().where(col(Grant.account_id) == col(Account.id), col(Grant.role).in_(SURGERY)),
    )
    found = _by_practitioner(session.exec(delegated.order_by(col(Account.email))))
    surgery = _by_practitioner(session.exec(own.order_by(col(Account.email))))
    return {each: found.get(each) or surgery.get(each, []) for each in practitioner_ids}


def answers_for(session: Session, actor: Actor, *, on: date) -> frozenset[int]:
    """Give the practitioners a person answers for on a day: their own, and those who delegated to them."""
    if actor.role not in SURGERY:
        return frozenset()
    own = frozenset() if actor.practitioner_id is None else frozenset({actor.practitioner_id})
    if actor.account_id is None:
        return own
    return own | frozenset(session.exec(_LENT, params={"account_id": actor.account_id, "on": on}))


def delegating(on: date) -> SelectOfScalar[int]:
    """Select the practitioners for whom somebody else answers on a day."""
    return select(Delegation.practitioner_id).where(_holds(on))


def _by_practitioner(rows: Iterable[tuple[int | None, UUID, str]]) -> dict[int, list[Recipient]]:
    found: dict[int, list[Recipient]] = {}
    for practitioner_id, account_id, email in rows:
        if practitioner_id is not None:
            found.setdefault(practitioner_id, []).append(Recipient(account_id=account_id, email=email))
    return found


def _holds(on: date | BindParameter[date]) -> ColumnElement[bool]:
    return (
        col(Delegation.ended_at).is_(None)
        & (col(Delegation.first_on) <= on)
        & or_(col(Delegation.last_on).is_(None), col(Delegation.last_on) >= on)
    )


_LENT = select(Delegation.practitioner_id).where(
    col(Delegation.account_id) == bindparam("account_id"), _holds(bindparam("on"))
)
