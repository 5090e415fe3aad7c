"""Who is written to, and who may answer, for a practitioner: their delegates, else their own side."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, exists, or_
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
    delegated = select(Account.id, Account.email).where(
        col(Account.active), col(Account.id).in_(_delegates(practitioner_id, on))
    )
    own = select(Account.id, Account.email).where(
        col(Account.active),
        col(Account.practitioner_id) == practitioner_id,
        exists().where(col(Grant.account_id) == col(Account.id), col(Grant.role).in_(SURGERY)),
    )
    rows = session.exec(delegated.order_by(col(Account.email))).all()
    rows = rows or session.exec(own.order_by(col(Account.email))).all()
    return [Recipient(account_id=account_id, email=email) for account_id, email in rows]


def answers_for(session: Session, actor: Actor, *, on: date) -> frozenset[int]:
    """Give the practitioners a person answers for on a day: their own, and those who delegated to them."""
    if actor.role not in SURGERY:
        return frozenset()
    own = frozenset() if actor.practitioner_id is None else frozenset({actor.practitioner_id})
    if actor.account_id is None:
        return own
    lent = select(Delegation.practitioner_id).where(
        col(Delegation.account_id) == actor.account_id, _holds(on)
    )
    return own | frozenset(session.exec(lent))


def delegating(on: date) -> SelectOfScalar[int]:
    """Select the practitioners for whom somebody else answers on a day."""
    return select(Delegation.practitioner_id).where(_holds(on))


def _delegates(practitioner_id: int, on: date) -> SelectOfScalar[UUID]:
    return select(Delegation.account_id).where(col(Delegation.practitioner_id) == practitioner_id, _holds(on))


def _holds(on: date) -> ColumnElement[bool]:
    return (
        col(Delegation.ended_at).is_(None)
        & (col(Delegation.first_on) <= on)
        & or_(col(Delegation.last_on).is_(None), col(Delegation.last_on) >= on)
    )
