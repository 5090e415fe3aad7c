"""Signing in and staying signed in: opaque sessions kept by the server, and slowed-down guessing.

Signing in takes two short transactions with the slow password check between them, so that a burst of
attempts never holds the single writer's place. ``attempts`` counts them.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, delete, select

from scheduler.accounts.actor import Actor, key_of_account
from scheduler.accounts.attempts import AttemptLimits, count_attempt, forget_attempt
from scheduler.accounts.passwords import check_password
from scheduler.accounts.secrets import hash_of, new_secret
from scheduler.errors import Forbidden, NotSignedIn, WrongPassword
from scheduler.sas.arrivals import territory_of_arrival
from scheduler.settings import Settings
from scheduler.store.engine import Store
from scheduler.store.tables import Account, Grant, Role, Territory, WebSession

# What somebody with several roles begins as: the daily work first, the dangerous powers last.
ROLE_ORDER = (
    Role.COORDINATOR,
    Role.GP,
    Role.SECRETARY,
    Role.REGULATOR,
    Role.SIGNALLER,
    Role.BUREAU,
    Role.ADMIN,
)

_TOUCH_EVERY = timedelta(minutes=1)  # a page view within the minute costs no write


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long a session lives, and how many wrong passwords close sign-in."""

    idle: timedelta = timedelta(minutes=60)
    absolute: timedelta = timedelta(hours=10)
    attempts: AttemptLimits = field(default_factory=AttemptLimits)

    @classmethod
    def of(cls, settings: Settings) -> "Limits":
        """Take the limits an operator has set."""
        return cls(
            idle=timedelta(minutes=settings.session_idle_minutes),
            absolute=timedelta(hours=settings.session_hours),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A new session: the secret for the cookie, shown once, and whose it is."""

    token: str
    account_id: UUID
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A request of a signed-in browser: who acts, and all the roles they could take."""

    actor: Actor
    name: str
    grants: tuple[tuple[int, Role], ...]
    to_touch: bool


def sign_in(
    store: Store, *, email: str, password: str, client: str, now: datetime, limits: Limits
) -> SignedIn:
    """Open a session for the right password.

    Takes the store, not a session: the attempt must stay counted although the answer is a refusal.

    Parameters
    ----------
    client
        Network address of who asks, as the server decided it; "" where there is none.

    Raises
    ------
    TooManyAttempts
        After too many wrong passwords for this e-mail, known or not, or from this network
        (``limits.attempts``); the password is not looked at.
    WrongPassword
        Unknown e-mail, closed account or wrong password: the same answer, after the same work.
    """
    address = email.strip().lower()
    with store.write() as session:
        attempt = count_attempt(session, email=address, client=client, now=now, limits=limits.attempts)
        kept = _password_of(session, address)
    checked = check_password(password, kept)
    if not checked.right:
        raise WrongPassword
    with store.write() as session:
        account = session.exec(select(Account).where(Account.email == address)).one_or_none()
        if account is None or not account.active or account.password_hash != kept:
            raise WrongPassword  # closed or changed while the password was being checked
        if checked.new_hash is not None:
            account.password_hash = checked.new_hash
        forget_attempt(session, attempt)
        return _open(session, account.id, now, limits)


def sign_out(session: Session, token: str) -> None:
    """Close a session; nothing happens when it is closed already."""
    session.exec(delete(WebSession).where(col(WebSession.token_hash) == hash_of(token)))


def visit_of_session(
    session: Session,
    token: str,
    *,
    now: datetime,
    limits: Limits,
    role: Role | None = None,
    territory_id: int | None = None,
    request_id: str | None = None,
) -> Visit:
    """Find who is behind a session, without writing anything.

    Parameters
    ----------
    role, territory_id
        What they wish to act as and where; by default what they have chosen for this session, while
        they hold it, else the first they hold in the order of ``ROLE_ORDER``, then of territories.

    Returns
    -------
    Visit
        When ``to_touch`` is true, call ``touch`` in a write session so that the session stays awake.

    Raises
    ------
    NotSignedIn
        When the session is unknown, too old or idle for too long, or its account closed.
    Forbidden
        When the account does not hold that role there.
    """
    row = session.get(WebSession, hash_of(token))
    if row is None or now >= row.expires_at or now - row.seen_at > limits.idle:
        raise NotSignedIn
    account = session.get_one(Account, row.account_id)
    if not account.active:
        raise NotSignedIn
    grants = _held(session, token, account.id)
    held_in, held = _acting(row, grants, role, territory_id)
    actor = Actor(
        key=key_of_account(account.id),
        role=held,
        territory_id=held_in,
        account_id=account.id,
        practitioner_id=account.practitioner_id,
        request_id=request_id,
    )
    return Visit(actor=actor, name=account.name, grants=grants, to_touch=now - row.seen_at >= _TOUCH_EVERY)


def touch(session: Session, token: str, *, now: datetime) -> None:
    """Note that a session is in use, so that it does not fall idle."""
    row = session.get(WebSession, hash_of(token))
    if row is not None and row.seen_at < now:
        row.seen_at = now


def act_as(session: Session, token: str, *, role: Role, territory_id: int) -> None:
    """Act in another role or territory from the next request of this browser on.

    Raises
    ------
    NotSignedIn, Forbidden
        When the session has ended; when the account does not hold that role there.
    """
    row = session.get(WebSession, hash_of(token))
    if row is None:
        raise NotSignedIn
    if (territory_id, role) not in _held(session, token, row.account_id):
        raise Forbidden
    row.role, row.territory_id = role, territory_id
    session.flush()


def names_of(session: Session, grants: tuple[tuple[int, Role], ...]) -> dict[int, str]:
    """Name the territories of somebody who has several; none need naming of one alone."""
    ids = {territory_id for territory_id, _ in grants}
    if len(ids) < 2:
        return {}
    rows = session.exec(select(Territory.id, Territory.name).where(col(Territory.id).in_(ids)))
    return {territory_id: name for territory_id, name in rows if territory_id is not None}


def _acting(
    row: WebSession, grants: tuple[tuple[int, Role], ...], role: Role | None, territory_id: int | None
) -> tuple[int, Role]:
    if role is None and territory_id is None and row.role is not None:
        chosen = [grant for grant in grants if grant == (row.territory_id, row.role)]
        grants = (*chosen, *grants)  # a role that was taken away since counts no more
    for held_in, held in grants:
        if role in {None, held} and territory_id in {None, held_in}:
            return held_in, held
    raise Forbidden


def _held(session: Session, token: str, account_id: UUID) -> tuple[tuple[int, Role], ...]:
    """Give what a session may be used as: what brought the person here first, each once."""
    return tuple(dict.fromkeys((*_from_platform(session, token), *_grants(session, account_id))))


def _grants(session: Session, account_id: UUID) -> tuple[tuple[int, Role], ...]:
    rows = session.exec(select(Grant).where(Grant.account_id == account_id)).all()
    return tuple(
        sorted(
            ((row.territory_id, row.role) for row in rows), key=lambda one: (ROLE_ORDER.index(one[1]), one[0])
        )
    )


def _from_platform(session: Session, token: str) -> tuple[tuple[int, Role], ...]:
    """Give what a session that came from the SAS platform may do, first: it is why the person is here."""
    territory_id = territory_of_arrival(session, token)
    return () if territory_id is None else ((territory_id, Role.REGULATOR),)


def _open(session: Session, account_id: UUID, now: datetime, limits: Limits) -> SignedIn:
    session.exec(
        delete(WebSession).where(col(WebSession.account_id) == account_id, col(WebSession.expires_at) <= now)
    )
    token = new_secret()
    row = WebSession(
        token_hash=hash_of(token),
        account_id=account_id,
        created_at=now,
        seen_at=now,
        expires_at=now + limits.absolute,
    )
    session.add(row)
    return SignedIn(token=token, account_id=account_id, expires_at=row.expires_at)


def _password_of(session: Session, address: str) -> str | None:
    account = session.exec(select(Account).where(Account.email == address)).one_or_none()
    return account.password_hash if account is not None and account.active else None
