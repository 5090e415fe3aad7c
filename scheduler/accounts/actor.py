"""Who acts: what every use case is told about the person or machine behind it."""

from dataclasses import dataclass
from uuid import UUID

from scheduler.store.tables import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A person, a machine or a job of Relais, in one role and one territory.

    Parameters
    ----------
    key
        ``account:<uuid>``, ``token:<uuid>`` or ``system:<name>``; never an identity.
    role
        What they act as now, one of the roles they hold.
    territory_id
        The territory they act in; nothing of another one is theirs to see.
    account_id
        The account of a person, or of the person a machine acts for; ``None`` for other machines and jobs.
    practitioner_id
        The practitioner this account is, or works for; ``None`` for others.
    request_id
        Ties the traces of one request together.
    """

    key: str
    role: Role
    territory_id: int
    account_id: UUID | None = None
    practitioner_id: int | None = None
    request_id: str | None = None


_PERSON = "account:"


def key_of_account(account_id: UUID) -> str:
    """Write the key of a person."""
    return f"{_PERSON}{account_id}"


def account_of_key(key: str) -> UUID | None:
    """Read whose account a key is of; None for machines, jobs and keys of another form."""
    try:
        return UUID(key.removeprefix(_PERSON)) if key.startswith(_PERSON) else None
    except ValueError:
        return None


def system_actor(name: str, territory_id: int) -> Actor:
    """Make the actor that stands for a job of Relais itself, such as reading calendars."""
    return Actor(key=f"system:{name}", role=Role.ADMIN, territory_id=territory_id)
