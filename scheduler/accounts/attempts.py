"""Counting attempts to sign in, by account and by network, so that guessing is slow from either side.

An attempt is counted as a failure *before* the password is looked at and forgotten when it was right:
parallel guesses cannot all slip through the count. Rows hold hashes and live no longer than the window.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, IPv6Network, ip_address

from sqlalchemy import text
from sqlmodel import Session, col, delete, func, select

from scheduler.errors import TooManyAttempts
from scheduler.rows import id_of
from scheduler.store.tables import SignInFailure


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptLimits:
    """How many failures close sign-in to an account, or to a network, and for how long.

    A whole surgery or hospital may share one address: its limit is far above an account's.
    """

    per_account: int = 5
    per_network: int = 50
    window: timedelta = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One counted attempt, to be forgotten should it succeed."""

    email_hash: str
    network_row: int | None


def count_attempt(
    session: Session, *, email: str, client: str, now: datetime, limits: AttemptLimits
) -> Attempt:
    """Count one more attempt, unless there have been too many.

    Parameters
    ----------
    email
        As it was typed, in small letters; known or not.
    client
        Network address the request came from, as the server decided it; "" where there is none.

    Raises
    ------
    TooManyAttempts
        Nothing is counted then: waiting is enough.
    """
    session.exec(delete(SignInFailure).where(col(SignInFailure.at) <= now - limits.window))
    email_hash = _hash(email)
    network_hash = _hash(f"network {network_of(client)}") if client else ""
    # always the network first: two requests never wait for each other
    if network_hash:
        _refuse_too_many(session, network_hash, limits.per_network, now, limits, whole_network=True)
    _refuse_too_many(session, email_hash, limits.per_account, now, limits, whole_network=False)
    session.add(SignInFailure(email_hash=email_hash, at=now))
    if not network_hash:
        return Attempt(email_hash=email_hash, network_row=None)
    row = SignInFailure(email_hash=network_hash, at=now)
    session.add(row)
    session.flush()
    return Attempt(email_hash=email_hash, network_row=id_of(row))


def forget_attempt(session: Session, attempt: Attempt) -> None:
    """Forget what led to the right password: the failures of the account, this attempt of the network."""
    session.exec(delete(SignInFailure).where(col(SignInFailure.email_hash) == attempt.email_hash))
    session.exec(delete(SignInFailure).where(col(SignInFailure.id) == attempt.network_row))


def network_of(client: str) -> str:
    """Give the network that counts as one guesser: an IPv4 address, the /64 of an IPv6 one."""
    try:
        address = ip_address(client)
    except ValueError:
        return client
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(IPv6Network((address, 64), strict=False))
    return str(address)


def _refuse_too_many(
    session: Session, key: str, most: int, now: datetime, limits: AttemptLimits, *, whole_network: bool
) -> None:
    if session.get_bind().dialect.name == "postgresql":  # on SQLite there is one writer anyway
        session.connection().execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": f"sign-in {key}"}
        )
    failures = select(func.count(), func.min(SignInFailure.at)).where(SignInFailure.email_hash == key)
    number, first_at = session.exec(failures).one()
    if number >= most:
        retry_after_s = max(1, int((first_at + limits.window - now).total_seconds()))
        raise TooManyAttempts(retry_after_s=retry_after_s, whole_network=whole_network)


def _hash(text_: str) -> str:
    return hashlib.sha256(text_.encode()).hexdigest()
