"""Regulators who come from the platform: what they may do here holds for that browser session only."""

from datetime import datetime

from sqlmodel import Session, col, select

from scheduler.accounts.secrets import hash_of
from scheduler.store.tables import Practitioner, SasRegulator, SasVisit, WebSession


def arrive(session: Session, token: str, *, practitioner_id: int, now: datetime) -> bool:
    """Let a signed-in regulator of the platform act as one, in the territory of a practitioner.

    Parameters
    ----------
    token
        The secret of their browser session.

    Returns
    -------
    Whether they may: False for anybody who is no active regulator of the platform, who keeps the rights they
    have, and for a practitioner nobody knows.
    """
    token_hash = hash_of(token)
    regulators = (
        select(WebSession)
        .join(SasRegulator, col(SasRegulator.account_id) == col(WebSession.account_id))
        .where(col(WebSession.token_hash) == token_hash, col(SasRegulator.active))
    )
    practitioner = session.get(Practitioner, practitioner_id)
    row = session.exec(regulators).first()
    if practitioner is None or row is None:
        return False
    territory_id = practitioner.territory_id
    session.merge(SasVisit(token_hash=token_hash, territory_id=territory_id, arrived_at=now))
    row.role = row.territory_id = None  # whatever they chose to act as before, they are here for this
    session.add(row)
    session.flush()
    return True


def territory_of_arrival(session: Session, token: str) -> int | None:
    """Give the territory in which a session that came from the platform acts; None for any other session."""
    query = (
        select(SasVisit.territory_id)
        .join(WebSession, col(WebSession.token_hash) == col(SasVisit.token_hash))
        .join(SasRegulator, col(SasRegulator.account_id) == col(WebSession.account_id))
        .where(col(SasVisit.token_hash) == hash_of(token), col(SasRegulator.active))
    )
    return session.exec(query).first()
