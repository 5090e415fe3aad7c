"""Links of one use by which people choose a password: nobody else ever knows it, nor sends it.

A link is mailed to the address of its account, opens once, within some days, and dies when another one is
made, when the password is changed, or when the account is closed. Asking for it tells nothing about who
has an account.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, delete, select

from matching.errors import RelaisError
from scheduler.accounts.actor import Actor
from scheduler.accounts.people import set_password
from scheduler.accounts.secrets import hash_of, new_secret
from scheduler.messages.outbox import enqueue
from scheduler.messages.templates import FOOT, Letter, moment
from scheduler.store.engine import READ_ONLY
from scheduler.store.tables import AccessLink, Account

OPEN_FOR = timedelta(days=3)
"""For how long a link opens: over a weekend."""


class LinkUnusable(RelaisError):
    """The link has been used, is too old, was replaced by another, or is none of ours."""

    code = "link_unusable"

    def __init__(self) -> None:
        super().__init__(
            "Ce lien a déjà servi ou n'est plus valable. Demandez-en un autre à votre coordination."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkHolder:
    """Whose password a link chooses."""

    account_id: UUID
    email: str
    name: str


def send_link(
    session: Session,
    actor: Actor,
    account: Account,
    *,
    first: bool,
    public_url: str,
    zone: str,
    now: datetime,
) -> datetime:
    """Mail a new link to an account; those made before open no more.

    Parameters
    ----------
    first
        Whether the account is new; else the person has forgotten their password.
    public_url
        Where the service answers.

    Returns
    -------
    Until when it opens.
    """
    _drop_open(session, account.id)
    secret, until = new_secret(), now + OPEN_FOR
    session.add(
        AccessLink(
            token_hash=hash_of(secret),
            account_id=account.id,
            made_by=actor.key,
            made_at=now,
            expires_at=until,
        )
    )
    link = f"{public_url.rstrip('/')}/acces/{secret}"
    enqueue(
        session,
        territory_id=actor.territory_id,
        key=f"access:{account.id}:{now.isoformat()}",
        recipient=account.email,
        letter=_letter(first=first, link=link, until=moment(until, zone)),
        now=now,
    )
    return until


def holder_of(session: Session, secret: str, *, now: datetime) -> LinkHolder:
    """Find whose link this is, without using it.

    Raises
    ------
    LinkUnusable
        When it does not open: used, too old, replaced, or unknown; the four look the same.
    """
    account = _opened(session, secret, now)[1]
    return LinkHolder(account_id=account.id, email=account.email, name=account.name)


def choose_password(session: Session, secret: str, password: str, *, now: datetime) -> LinkHolder:
    """Use a link: the account gets this password and is signed out everywhere.

    Raises
    ------
    LinkUnusable
        When it does not open.
    InvalidInput
        When the password is weak; the link still opens.
    """
    link, account = _opened(session, secret, now)
    set_password(session, account.id, password)
    link.used_at = now
    session.flush()
    return LinkHolder(account_id=account.id, email=account.email, name=account.name)


def _opened(session: Session, secret: str, now: datetime) -> tuple[AccessLink, Account]:
    query = select(AccessLink).where(AccessLink.token_hash == hash_of(secret))
    if not session.info.get(READ_ONLY):
        query = query.with_for_update()  # a link pressed twice at once is used once
    link = session.exec(query).one_or_none()
    if link is None or link.used_at is not None or now >= link.expires_at:
        raise LinkUnusable
    account = session.get_one(Account, link.account_id)
    if not account.active:
        raise LinkUnusable
    return link, account


def _drop_open(session: Session, account_id: UUID) -> None:
    session.exec(
        delete(AccessLink).where(col(AccessLink.account_id) == account_id, col(AccessLink.used_at).is_(None))
    )


def _letter(*, first: bool, link: str, until: str) -> Letter:
    why = (
        "Un compte vous est ouvert dans Relais, l'outil de votre CPTS."
        if first
        else "Un nouveau mot de passe a été demandé pour votre compte Relais."
    )
    ignore = "" if first else "Si vous n'avez rien demandé, prévenez la coordination de votre CPTS.\n\n"
    return Letter(
        kind="account_opened" if first else "password_link",
        subject="Relais : votre accès" if first else "Relais : choisir un nouveau mot de passe",
        body=(
            f"Bonjour,\n\n{why}\n\nChoisissez votre mot de passe avant {until} :\n{link}\n\n"
            f"Ce lien ne sert qu'une fois.\n\n{ignore}{FOOT}"
        ),
    )
