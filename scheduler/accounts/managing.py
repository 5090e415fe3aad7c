"""Managing the people and keys of one territory: inviting, roles, closing; each change leaves a trace.

Whoever administers a territory reaches the accounts that hold a role there, and changes the roles of that
territory only. An account that also works elsewhere is not theirs to close: they take its roles away.
"""

from datetime import datetime
from uuid import UUID

from sqlmodel import Session, col, select

from scheduler.accounts.actor import Actor
from scheduler.accounts.links import send_link
from scheduler.accounts.people import deactivate, grant_role, normal_email, reactivate, shown_name, take_role
from scheduler.accounts.tokens import IssuedToken, issue_token, revoke_token
from scheduler.audit import Action, record
from scheduler.errors import AlreadyExists, Conflict, InvalidInput, NotFound
from scheduler.store.tables import Account, Grant, Practitioner, Role

NO_PASSWORD = "à choisir"  # noqa: S105 — no hash: an account that cannot sign in before its link is used
_OWN_PRACTITIONER = frozenset({Role.GP, Role.SECRETARY})


class NotOnYourself(Conflict):
    """Nobody closes their own account, nor gives up their own administration: nobody could undo it."""

    code = "not_on_yourself"

    def __init__(self) -> None:
        super().__init__("Ce changement vous fermerait la porte. Demandez-le à une autre personne.")


class WorksElsewhere(Conflict):
    """The account has roles in other territories and cannot be closed from this one."""

    code = "works_elsewhere"

    def __init__(self) -> None:
        super().__init__("Cette personne travaille aussi ailleurs : retirez-lui ses rôles d'ici à la place.")


def invite(
    session: Session,
    actor: Actor,
    *,
    email: str,
    name: str,
    role: Role,
    practitioner_id: int | None = None,
    public_url: str,
    zone: str,
    now: datetime,
) -> Account:
    """Open an account without a password and mail its holder a link to choose one.

    Somebody who has an account already, here or elsewhere, is given the role instead, and no mail.

    Raises
    ------
    InvalidInput
        When the address or the name is not acceptable, or a GP's account names no practitioner.
    NotFound
        When the practitioner is not of the territory.
    AlreadyExists
        When the person holds this role here already.
    """
    address = normal_email(email)
    own = _practitioner(session, actor, role, practitioner_id)
    account = session.exec(select(Account).where(Account.email == address)).one_or_none()
    if account is None:
        account = Account(
            email=address,
            name=shown_name(name),
            password_hash=NO_PASSWORD,
            practitioner_id=own,
            created_at=now,
        )
        session.add(account)
        session.flush()
        send_link(session, actor, account, first=True, public_url=public_url, zone=zone, now=now)
    elif session.get(Grant, (account.id, actor.territory_id, role)):
        raise AlreadyExists("adresse électronique")
    elif own is not None:
        account.practitioner_id = account.practitioner_id or own
    grant_role(session, account.id, territory_id=actor.territory_id, role=role)
    _trace(session, actor, account.id, "C", "invite", now)
    return account


def renew_access(
    session: Session, actor: Actor, account_id: UUID, *, public_url: str, zone: str, now: datetime
) -> None:
    """Mail somebody a link to choose a new password; the old one works until it is used."""
    account = find_account(session, actor, account_id)
    if not account.active:
        raise NotFound("account")
    send_link(session, actor, account, first=False, public_url=public_url, zone=zone, now=now)
    _trace(session, actor, account_id, "U", "renew_access", now)


def change_roles(
    session: Session, actor: Actor, account_id: UUID, roles: frozenset[Role], *, now: datetime
) -> None:
    """Give somebody exactly these roles in the territory; no role at all ends their work here.

    Raises
    ------
    NotFound
        When the account holds no role in the territory.
    NotOnYourself
        When one would take one's own administration away.
    InvalidInput
        When a role of a surgery goes to an account without a practitioner.
    """
    account = find_account(session, actor, account_id)
    if account_id == actor.account_id and Role.ADMIN not in roles:
        raise NotOnYourself
    if roles & _OWN_PRACTITIONER and account.practitioner_id is None:
        raise InvalidInput("rôle", "un médecin choisi à l'invitation pour ce rôle")
    mine = select(Grant).where(
        col(Grant.account_id) == account_id, col(Grant.territory_id) == actor.territory_id
    )
    held = {grant.role for grant in session.exec(mine)}
    for given in roles - held:
        grant_role(session, account_id, territory_id=actor.territory_id, role=given)
    for taken in held - roles:
        take_role(session, account_id, territory_id=actor.territory_id, role=taken)
    _trace(session, actor, account_id, "U", "change_roles", now)


def close_account(session: Session, actor: Actor, account_id: UUID, *, now: datetime) -> None:
    """Close an account and sign it out; its traces stay.

    Raises
    ------
    NotFound, NotOnYourself, WorksElsewhere
        When it is not of the territory, one's own, or of other territories too.
    """
    find_account(session, actor, account_id)
    if account_id == actor.account_id:
        raise NotOnYourself
    elsewhere = select(Grant.role).where(
        col(Grant.account_id) == account_id, col(Grant.territory_id) != actor.territory_id
    )
    if session.exec(elsewhere).first() is not None:
        raise WorksElsewhere
    deactivate(session, account_id)
    _trace(session, actor, account_id, "U", "close_account", now)


def reopen_account(session: Session, actor: Actor, account_id: UUID, *, now: datetime) -> None:
    """Open a closed account again."""
    find_account(session, actor, account_id)
    reactivate(session, account_id)
    _trace(session, actor, account_id, "U", "reopen_account", now)


def issue_key(
    session: Session, actor: Actor, *, name: str, role: Role, expires_at: datetime | None, now: datetime
) -> IssuedToken:
    """Make a key for a program of the territory; refuses what ``issue_token`` does."""
    made = issue_token(
        session, name=name, role=role, territory_id=actor.territory_id, expires_at=expires_at, now=now
    )
    _trace(session, actor, made.token_id, "C", "issue_key", now, kind="token")
    return made


def revoke_key(session: Session, actor: Actor, token_id: UUID, *, now: datetime) -> None:
    """Make a key of the territory worthless from now on.

    Raises
    ------
    NotFound
        When the territory has no such key.
    """
    revoke_token(session, token_id, territory_id=actor.territory_id, now=now)
    _trace(session, actor, token_id, "U", "revoke_key", now, kind="token")


def find_account(session: Session, actor: Actor, account_id: UUID) -> Account:
    """Load an account that holds a role in the actor's territory.

    Raises
    ------
    NotFound
        Unknown, or of other territories only: the two look the same.
    """
    account = session.get(Account, account_id)
    here = select(Grant.role).where(
        col(Grant.account_id) == account_id, col(Grant.territory_id) == actor.territory_id
    )
    if account is None or session.exec(here).first() is None:
        raise NotFound("account")
    return account


def _practitioner(session: Session, actor: Actor, role: Role, practitioner_id: int | None) -> int | None:
    if role not in _OWN_PRACTITIONER:
        return None
    if practitioner_id is None:
        raise InvalidInput("médecin", "le médecin dont c'est le compte ou le secrétariat")
    row = session.get(Practitioner, practitioner_id)
    if row is None or row.territory_id != actor.territory_id:
        raise NotFound("practitioner")
    return practitioner_id


def _trace(
    session: Session,
    actor: Actor,
    object_id: UUID,
    action: Action,
    purpose: str,
    now: datetime,
    *,
    kind: str = "account",
) -> None:
    record(
        session,
        actor,
        action=action,
        object_kind=kind,
        object_id=object_id,
        purpose=purpose,
        now=now,
    )
