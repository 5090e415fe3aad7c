"""The accounts of regulators, as the platform opens, changes and closes them (INT_R02).

An account that the platform made belongs to it: it sets its name and address and closes it. Somebody who has
a role here already keeps their account as it is; the platform only adds, and takes away, the right to come
from it. No role is written: a regulator of the platform has rights while they come from it (``arrivals``).
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, delete, select

from scheduler.accounts.people import deactivate, normal_email
from scheduler.errors import InvalidInput
from scheduler.store.tables import Account, Grant, SasRegulator, SasVisit, WebSession
from scheduler.store.violations import broken_invariant

NO_PASSWORD = "!"  # noqa: S105 - opens nothing until a password is set
"""What is kept of the password of a new account: none opens it before one is set for it."""


class RegulatorRefused(InvalidInput):
    """What the platform asks would give one identifier, or one address, to two people."""

    code = "sas_regulator_refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identifier:
    """By what the platform knows somebody: a national number, or one of its own until there is one."""

    system: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Regulator:
    """A regulator as the platform describes them."""

    identifier: Identifier
    family_name: str
    given_name: str
    email: str
    active: bool


def open_regulator(session: Session, given: Regulator, *, now: datetime) -> SasRegulator:
    """Open an account; a regulator who had left and comes back finds theirs again.

    Raises
    ------
    RegulatorRefused
        When the identifier or the address is that of an active regulator, or of an account that the CPTS
        has closed.
    InvalidInput
        When the address cannot be one.
    """
    if _active(session, given.identifier) is not None:
        raise RegulatorRefused("identifier", "un identifiant qu'aucun compte actif ne porte")
    account = _account_for(session, normal_email(given.email), given, now)
    return _write(session, account, given, now)


def put_regulator(
    session: Session, target: Identifier, given: Regulator, *, now: datetime
) -> tuple[SasRegulator, bool]:
    """Bring an account to what the platform says of it, however often it says so.

    Parameters
    ----------
    target
        By what the account was known so far; ``given`` may bear another identifier.

    Returns
    -------
    The account, and whether it was opened by this.

    Raises
    ------
    RegulatorRefused, InvalidInput
        As ``open_regulator``.
    """
    row = _known(session, target, given.identifier)
    if row is None:
        return open_regulator(session, given, now=now), True
    holder = _active(session, given.identifier)
    if given.active and holder is not None and holder.account_id != row.account_id:
        raise RegulatorRefused("identifier", "un identifiant qu'aucun autre compte actif ne porte")
    return _write(session, session.get_one(Account, row.account_id), given, now), False


def is_managed(session: Session, account: Account) -> bool:
    """Tell whether an account is the platform's own: nobody here has given it a role."""
    return session.exec(select(Grant.role).where(Grant.account_id == account.id)).first() is None


def _active(session: Session, identifier: Identifier) -> SasRegulator | None:
    query = select(SasRegulator).where(
        col(SasRegulator.system) == identifier.system,
        col(SasRegulator.value) == identifier.value,
        col(SasRegulator.active),
    )
    return session.exec(query).first()


def _known(session: Session, target: Identifier, renamed: Identifier) -> SasRegulator | None:
    """Find who is meant: by the identifier asked for, or, when this is a repetition, by the new one."""
    left = (
        select(SasRegulator)
        .where(col(SasRegulator.system) == target.system, col(SasRegulator.value) == target.value)
        .order_by(col(SasRegulator.updated_at).desc())
    )
    return _active(session, target) or _active(session, renamed) or session.exec(left).first()


def _account_for(session: Session, email: str, given: Regulator, now: datetime) -> Account:
    account = session.exec(select(Account).where(Account.email == email)).one_or_none()
    if account is None:
        account = Account(email=email, name=_name(given), password_hash=NO_PASSWORD, created_at=now)
        _add(session, account)
        return account
    known = session.get(SasRegulator, account.id)
    if known.active if known is not None else not account.active:
        raise RegulatorRefused("telecom", "une adresse qu'aucun autre compte ne porte")
    return account


def _write(session: Session, account: Account, given: Regulator, now: datetime) -> SasRegulator:
    managed = is_managed(session, account)
    values: dict[str, Any] = {
        "system": given.identifier.system,
        "value": given.identifier.value,
        "family_name": given.family_name,
        "given_name": given.given_name,
        "email": normal_email(given.email),
        "active": given.active,
        "updated_at": now,
    }
    row = session.get(SasRegulator, account.id)
    if row is None:
        row = SasRegulator(account_id=account.id, created_at=now, **values)
    row.sqlmodel_update(values)
    if managed:
        account.name, account.email, account.active = _name(given), row.email, True
    _add(session, account, row)
    if not given.active:
        _leave(session, account, managed=managed)
    return row


def _leave(session: Session, account: Account, *, managed: bool) -> None:
    """Close an account of the platform; somebody of the CPTS only loses what came from the platform."""
    if managed:
        deactivate(session, account.id)
        return
    theirs = select(WebSession.token_hash).where(col(WebSession.account_id) == account.id)
    session.exec(delete(SasVisit).where(col(SasVisit.token_hash).in_(theirs)))


def _add(session: Session, *rows: Account | SasRegulator) -> None:
    try:
        with session.begin_nested():
            session.add_all(rows)
    except IntegrityError as error:
        broken = broken_invariant(error)
        if broken == "account_email_key":
            raise RegulatorRefused("telecom", "une adresse qu'aucun autre compte ne porte") from None
        if broken == "sas_regulator_identifier":
            raise RegulatorRefused("identifier", "un identifiant qu'aucun autre compte ne porte") from None
        raise


def _name(given: Regulator) -> str:
    return f"{given.given_name} {given.family_name}"[:200]
