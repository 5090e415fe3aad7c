"""Keys of machines: one role in one territory, shown once, kept as a hash, revocable."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from scheduler.accounts.actor import Actor
from scheduler.accounts.secrets import hash_of, new_secret
from scheduler.errors import InvalidInput, NotFound, NotSignedIn
from scheduler.store.tables import Account, ApiToken, Grant, Role

PREFIX = "relais_"
"""Begins every key, so that tools that look for leaked secrets recognise it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuedToken:
    """A new key: its id, to revoke it, and the secret itself, shown this once."""

    token_id: UUID
    token: str


def issue_token(
    session: Session,
    *,
    name: str,
    role: Role,
    territory_id: int,
    account_id: UUID | None = None,
    expires_at: datetime | None = None,
    now: datetime,
) -> IssuedToken:
    """Make a key for a machine.

    Parameters
    ----------
    account_id
        The person it acts for: a GP's own software opens slots in their name.

    Raises
    ------
    InvalidInput
        When the name is empty or over 100 characters, the end is not in the future, or the person does not
        hold the role in the territory.
    """
    shown = " ".join(name.split())
    if not 1 <= len(shown) <= 100:
        raise InvalidInput("nom", "1 à 100 caractères")
    if expires_at is not None and expires_at <= now:
        raise InvalidInput("expiration", "une date à venir")
    if account_id is not None and not _holds(session, account_id, role, territory_id):
        raise InvalidInput("compte", "un compte actif qui a ce rôle sur ce territoire")
    token = new_secret(PREFIX)
    row = ApiToken(
        token_hash=hash_of(token),
        name=shown,
        role=role,
        territory_id=territory_id,
        account_id=account_id,
        created_at=now,
        expires_at=expires_at,
    )
    session.add(row)
    session.flush()
    return IssuedToken(token_id=row.id, token=token)


def actor_of_token(session: Session, token: str, *, now: datetime, request_id: str | None = None) -> Actor:
    """Find which machine a key stands for, without writing anything.

    Raises
    ------
    NotSignedIn
        When the key is unknown, expired or revoked, or acts for somebody who no longer holds its role.
    """
    row = session.exec(select(ApiToken).where(ApiToken.token_hash == hash_of(token))).one_or_none()
    if row is None or row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= now):
        raise NotSignedIn
    person = None if row.account_id is None else session.get(Account, row.account_id)
    if person is not None and not _holds(session, person.id, row.role, row.territory_id):
        raise NotSignedIn
    return Actor(
        key=f"token:{row.id}",
        role=row.role,
        territory_id=row.territory_id,
        account_id=None if person is None else person.id,
        practitioner_id=None if person is None else person.practitioner_id,
        request_id=request_id,
    )


def _holds(session: Session, account_id: UUID, role: Role, territory_id: int) -> bool:
    held = (
        select(Grant.account_id)
        .join(Account, col(Account.id) == col(Grant.account_id))
        .where(
            col(Grant.account_id) == account_id,
            col(Grant.role) == role,
            col(Grant.territory_id) == territory_id,
            col(Account.active).is_(True),
        )
    )
    return session.exec(held).first() is not None


def revoke_token(session: Session, token_id: UUID, *, territory_id: int | None = None, now: datetime) -> None:
    """Make a key worthless from now on; a second time changes nothing.

    Parameters
    ----------
    territory_id
        The territory it must be of; None = any.

    Raises
    ------
    NotFound
        When there is no such key.
    """
    row = session.get(ApiToken, token_id)
    if row is None or territory_id not in {None, row.territory_id}:
        raise NotFound("token")
    if row.revoked_at is None:
        row.revoked_at = now
        session.flush()


def list_tokens(session: Session, territory_id: int | None = None) -> tuple[ApiToken, ...]:
    """List the keys, newest first: all of them, or those of one territory."""
    query = select(ApiToken).order_by(col(ApiToken.created_at).desc(), col(ApiToken.id))
    if territory_id is not None:
        query = query.where(ApiToken.territory_id == territory_id)
    return tuple(session.exec(query).all())
