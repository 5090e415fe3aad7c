"""Whose referrals somebody may reach: the one place where that is decided.

Which *actions* a role has is declared by the routes; here stands which *files* it applies to.
"""

from dataclasses import replace
from functools import lru_cache
from uuid import UUID

from sqlalchemy import ColumnElement, and_, bindparam, exists, false, or_
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from scheduler.accounts.actor import Actor
from scheduler.errors import NotFound
from scheduler.referrals.history import SIGNALLED
from scheduler.store.tables import (
    CloseReason,
    Intake,
    Offer,
    OfferState,
    Referral,
    ReferralEvent,
    Role,
)

BY_ID = "INDEXED BY sqlite_autoindex_referral_1"
"""Hint for SQLite: find files by their ids, not all those of a territory, thousands after a year."""


def reachable(actor: Actor) -> ColumnElement[bool]:
    """Give the SQL condition on ``Referral`` that keeps what an actor may reach.

    The coordination, and Relais itself, reach every file of the territory; a signaller the files they
    opened; a GP and their secretary those they accepted (before that, a profile without identity is
    enough) and those they opened for their own patients; the regulator and the bureau none. A file whose
    consent was withdrawn, or that is over and was set aside, is hidden from all of them: the administrator
    alone, who answers patients about their rights, reaches it, and no other, until it is erased.
    """
    return and_(col(Referral.territory_id) == actor.territory_id, _of_role(actor))


def find_referral(session: Session, actor: Actor, referral_id: UUID, *, lock: bool = False) -> Referral:
    """Load a referral the actor may reach.

    Parameters
    ----------
    lock
        Keep other transactions from changing it until the end of this one, and read its newest state.

    Raises
    ------
    NotFound
        Unknown, of another territory, or not theirs: the three look the same.
    """
    query = _one_of(replace(actor, request_id=None), lock=lock)
    if (referral := session.exec(query, params={"referral_id": referral_id}).first()) is None:
        raise NotFound("referral")
    return referral


@lru_cache(maxsize=512)
def _one_of(actor: Actor, *, lock: bool) -> SelectOfScalar[Referral]:
    """Write the question for one file; kept, because writing it takes longer than asking it."""
    query = select(Referral).where(col(Referral.id) == bindparam("referral_id"), reachable(actor))
    if lock:
        query = query.with_for_update(key_share=True).execution_options(populate_existing=True)
    return query


def _of_role(actor: Actor) -> ColumnElement[bool]:
    if actor.key.startswith("system:"):
        return col(Referral.territory_id).is_not(None)
    withdrawn = col(Referral.close_reason).is_not_distinct_from(CloseReason.CONSENT_WITHDRAWN)
    hidden = or_(withdrawn, col(Referral.set_aside_at).is_not(None))
    if actor.role is Role.ADMIN:
        return and_(hidden, col(Referral.erased_at).is_(None))
    return and_(~hidden, _shared_with(actor))


def _shared_with(actor: Actor) -> ColumnElement[bool]:
    if actor.role is Role.COORDINATOR:
        return col(Referral.territory_id).is_not(None)
    if actor.role is Role.SIGNALLER:
        return _signalled_by(actor)
    if actor.role in {Role.GP, Role.SECRETARY} and actor.practitioner_id is not None:
        return or_(_accepted_by(actor.practitioner_id), _signalled_by(actor))
    return false()


def _signalled_by(actor: Actor) -> ColumnElement[bool]:
    """Read the history, not ``signalled_by``: a machine token has no account."""
    return exists().where(
        col(ReferralEvent.referral_id) == col(Referral.id),
        col(ReferralEvent.kind) == SIGNALLED,
        col(ReferralEvent.actor) == actor.key,
    )


def _accepted_by(practitioner_id: int) -> ColumnElement[bool]:
    return exists().where(
        col(Offer.referral_id) == col(Referral.id),
        col(Offer.state) == OfferState.ACCEPTED,
        col(Offer.intake_id) == col(Intake.id),
        col(Intake.practitioner_id) == practitioner_id,
    )
