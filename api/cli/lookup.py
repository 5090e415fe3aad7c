"""What a command names in words, found in the database."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uuid import UUID

    from sqlmodel import Session


def territory_id(session: "Session", slug: str | None) -> int:
    """Find a territory by its short name; without a name, the only one there is.

    Raises
    ------
    InvalidInput
        When there is none of that name, or a name is needed to choose.
    """
    from scheduler.errors import InvalidInput  # noqa: PLC0415 — see api.cli.command

    slugs = territory_slugs(session)
    found = [key for key, name in slugs.items() if slug in {None, name}]
    if len(found) == 1:
        return found[0]
    known = ", ".join(sorted(slugs.values())) or "aucun pour l'instant"
    raise InvalidInput("--territory", f"l'un des territoires de cette base ({known})")


def territory_slugs(session: "Session") -> dict[int, str]:
    """Give the short name of every territory by its id."""
    from sqlmodel import select  # noqa: PLC0415

    from scheduler.store.tables import Territory  # noqa: PLC0415

    return {row.id: row.slug for row in session.exec(select(Territory)) if row.id is not None}


def practitioner_id(session: "Session", rpps: str | None) -> int | None:
    """Find a practitioner by RPPS number; None when none is named.

    Raises
    ------
    InvalidInput
        When nobody has this number.
    """
    if rpps is None:
        return None
    from sqlmodel import select  # noqa: PLC0415

    from scheduler.errors import InvalidInput  # noqa: PLC0415
    from scheduler.store.tables import Practitioner  # noqa: PLC0415

    found = session.exec(select(Practitioner.id).where(Practitioner.rpps == rpps)).one_or_none()
    if found is None:
        raise InvalidInput("--practitioner", "le numéro RPPS d'un médecin de cette base")
    return found


def account_id(session: "Session", email: str) -> "UUID":
    """Find a person by e-mail address.

    Raises
    ------
    InvalidInput
        When nobody has this address.
    """
    from sqlmodel import select  # noqa: PLC0415

    from scheduler.errors import InvalidInput  # noqa: PLC0415
    from scheduler.store.tables import Account  # noqa: PLC0415

    found = session.exec(select(Account.id).where(Account.email == email.strip().lower())).one_or_none()
    if found is None:
        raise InvalidInput("--for", "l'adresse électronique d'un compte (voir « relais user list »)")
    return found
