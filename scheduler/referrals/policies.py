"""The policy of a territory: a TOML document per version, kept for ever, the last one holds."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import BindParameter, bindparam
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from matching import Policy
from scheduler.accounts.actor import Actor
from scheduler.audit import record
from scheduler.errors import AlreadyExists, InvalidInput, NotFound
from scheduler.rows import id_of
from scheduler.store.tables import Account, PolicyDocument

LONGEST_DOCUMENT = 20_000
_LONGEST_VERSION = 40
_LONGEST_NOTE = 200
_PURPOSE = "policy"
POLICIES = "relais_policies"
"""Where a session remembers the policy of each territory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """The policy that holds; ``id`` is None for the one Relais comes with."""

    id: int | None
    policy: Policy


def in_force(session: Session, territory_id: int) -> InForce:
    """Give the policy that holds in a territory: the last one kept, else the default."""
    known: dict[int, InForce] = session.info.setdefault(POLICIES, {})  # asked for each patient of a list
    if territory_id not in known:
        known[territory_id] = _read(session, territory_id)
    return known[territory_id]


def _read(session: Session, territory_id: int) -> InForce:
    last = session.exec(_LAST, params={"territory_id": territory_id}).first()
    if last is None:
        return InForce(id=None, policy=Policy.default())
    return InForce(id=last.id, policy=Policy.from_toml(last.document))


def list_policies(session: Session, actor: Actor) -> list[PolicyDocument]:
    """List every version that was kept, the one that holds first."""
    return list(session.exec(_kept(actor.territory_id)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version that was kept: who adopted it, when, and why.

    Parameters
    ----------
    by : str
        Name of the account; "" where a program did, or the account is gone.
    """

    id: int
    version: str
    note: str
    by: str
    created_at: datetime


def list_versions(session: Session, actor: Actor) -> list[Version]:
    """List every version with who kept it, the one that holds first."""
    rows = list_policies(session, actor)
    ids = {row.created_by for row in rows if row.created_by is not None}
    named = select(Account.id, Account.name).where(col(Account.id).in_(ids))
    names: dict[UUID | None, str] = dict(session.exec(named).all())
    return [
        Version(
            id=id_of(row),
            version=row.version,
            note=row.note,
            by=names.get(row.created_by, ""),
            created_at=row.created_at,
        )
        for row in rows
    ]


def get_policy(session: Session, actor: Actor, policy_id: int) -> PolicyDocument:
    """Read one version.

    Raises
    ------
    NotFound
        Unknown, or of another territory.
    """
    row = session.get(PolicyDocument, policy_id)
    if row is None or row.territory_id != actor.territory_id:
        raise NotFound("policy")
    return row


def adopt(session: Session, actor: Actor, document: str, *, note: str = "", now: datetime) -> PolicyDocument:
    """Keep a new version, which holds from now on; runs already made keep theirs.

    Raises
    ------
    InvalidPolicy
        With every problem of the document.
    InvalidInput
        When the document is too long, or its version has too long a name.
    AlreadyExists
        When a version of this name was kept: what was voted is never rewritten.
    """
    if len(document) > LONGEST_DOCUMENT:
        raise InvalidInput("document", f"{LONGEST_DOCUMENT} caractères au plus")
    policy = Policy.from_toml(document)
    if len(policy.version) > _LONGEST_VERSION:
        raise InvalidInput("version", f"{_LONGEST_VERSION} caractères au plus")
    versions = select(PolicyDocument.id).where(
        col(PolicyDocument.territory_id) == actor.territory_id, col(PolicyDocument.version) == policy.version
    )
    if session.exec(versions).first() is not None or policy.version == Policy.default().version:
        raise AlreadyExists("version")
    row = PolicyDocument(
        territory_id=actor.territory_id,
        version=policy.version,
        document=document,
        note=note[:_LONGEST_NOTE],
        created_by=actor.account_id,
        created_at=now,
    )
    session.add(row)
    session.flush()
    session.info.pop(POLICIES, None)
    record(
        session,
        actor,
        action="C",
        object_kind="policy",
        object_id=str(id_of(row)),
        purpose=_PURPOSE,
        now=now,
    )
    return row


def _kept(territory_id: int | BindParameter[int]) -> SelectOfScalar[PolicyDocument]:
    return (
        select(PolicyDocument)
        .where(col(PolicyDocument.territory_id) == territory_id)
        .order_by(col(PolicyDocument.id).desc())
    )


_LAST = _kept(bindparam("territory_id")).limit(1)
