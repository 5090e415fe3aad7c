"""The accounts of people: creating, granting roles, changing the password, closing."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, delete, select

from scheduler.accounts.passwords import hash_password, require_strong
from scheduler.errors import AlreadyExists, InvalidInput, NotFound
from scheduler.store.tables import Account, Grant, Role, WebSession
from scheduler.store.violations import broken_invariant


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """An account as lists show it, with its grants ``(territory_id, role)`` in order."""

    account_id: UUID
    email: str
    name: str
    active: bool
    practitioner_id: int | None
    grants: tuple[tuple[int, Role], ...]


def create_account(
    session: Session,
    *,
    email: str,
    name: str,
    password: str,
    grants: Iterable[tuple[int, Role]] = (),
    practitioner_id: int | None = None,
    now: datetime,
) -> Account:
    """Open an account that can sign in at once.

    Parameters
    ----------
    grants
        Pairs of territory and role; an account may have none and then sees nothing.
    practitioner_id
        The practitioner this person is (role ``gp``) or works for (``secretary``).

    Raises
    ------
    InvalidInput
        When the e-mail or name is empty or too long, or the password weak.
    AlreadyExists
        When the e-mail has an account, even a closed one.
    """
    address = normal_email(email)
    require_strong(password, address)
    account = Account(
        email=address,
        name=shown_name(name),
        password_hash=hash_password(password),
        practitioner_id=practitioner_id,
        created_at=now,
    )
    try:
        with session.begin_nested():
            session.add(account)
    except IntegrityError as error:
        if broken_invariant(error) == "account_email_key":
            raise AlreadyExists("adresse électronique") from None
        raise
    for territory_id, role in dict.fromkeys(grants):
        grant_role(session, account.id, territory_id=territory_id, role=role)
    return account


def grant_role(session: Session, account_id: UUID, *, territory_id: int, role: Role) -> None:
    """Give a role in a territory; nothing changes when the account has it already."""
    session.merge(Grant(account_id=account_id, territory_id=territory_id, role=role))
    session.flush()


def take_role(session: Session, account_id: UUID, *, territory_id: int, role: Role) -> None:
    """Take a role away; it stops counting with the next request."""
    session.exec(
        delete(Grant).where(
            col(Grant.account_id) == account_id,
            col(Grant.territory_id) == territory_id,
            col(Grant.role) == role,
        )
    )


def set_password(session: Session, account_id: UUID, password: str) -> None:
    """Change a password and sign the account out everywhere.

    Raises
    ------
    NotFound, InvalidInput
        When there is no such account; when the password is weak.
    """
    account = _account(session, account_id)
    require_strong(password, account.email)
    account.password_hash = hash_password(password)
    _sign_out_everywhere(session, account_id)


def deactivate(session: Session, account_id: UUID) -> None:
    """Close an account and sign it out everywhere; its traces stay."""
    _account(session, account_id).active = False
    _sign_out_everywhere(session, account_id)


def reactivate(session: Session, account_id: UUID) -> None:
    """Open a closed account again, with the password it had."""
    _account(session, account_id).active = True
    session.flush()


def list_people(session: Session, territory_id: int | None = None) -> tuple[Person, ...]:
    """List the accounts by e-mail: all of them, or those with a role in one territory."""
    query = select(Account).order_by(col(Account.email))
    if territory_id is not None:
        holders = select(Grant.account_id).where(col(Grant.territory_id) == territory_id)
        query = query.where(col(Account.id).in_(holders))
    held: dict[UUID, list[tuple[int, Role]]] = {}
    for one in session.exec(select(Grant).order_by(col(Grant.territory_id), col(Grant.role))):
        held.setdefault(one.account_id, []).append((one.territory_id, one.role))
    return tuple(
        Person(
            account_id=account.id,
            email=account.email,
            name=account.name,
            active=account.active,
            practitioner_id=account.practitioner_id,
            grants=tuple(held.get(account.id, ())),
        )
        for account in session.exec(query)
    )


def normal_email(email: str) -> str:
    """Write an e-mail address as it is kept: without spaces around, in lower case.

    Raises
    ------
    InvalidInput
        When it cannot be one: no ``@`` between two parts, a space, or over 200 characters.
    """
    address = email.strip().lower()
    before, at, after = address.rpartition("@")
    if not (before and at and after) or len(address) > 200 or any(sign.isspace() for sign in address):
        raise InvalidInput("adresse électronique", "une adresse comme prenom.nom@exemple.fr")
    return address


def shown_name(name: str) -> str:
    """Write a name as it is kept: single spaces, 1 to 200 characters."""
    shown = " ".join(name.split())
    if not 1 <= len(shown) <= 200:
        raise InvalidInput("nom", "1 à 200 caractères")
    return shown


def _account(session: Session, account_id: UUID) -> Account:
    account = session.get(Account, account_id)
    if account is None:
        raise NotFound("account")
    return account


def _sign_out_everywhere(session: Session, account_id: UUID) -> None:
    session.exec(delete(WebSession).where(col(WebSession.account_id) == account_id))
    session.flush()
