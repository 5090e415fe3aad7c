"""A signal half typed, kept for the person who types it, so that a lost line or a call loses nothing.

A draft is not a signal: nobody else sees it, nothing is decided on it, and it is erased when the signal is
sent, when its author drops it, and after ``KEPT_FOR`` in any case.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from scheduler.accounts.actor import Actor
from scheduler.clock import Clock
from scheduler.errors import InvalidInput, NotFound
from scheduler.store.engine import Store
from scheduler.store.tables import SignalDraft

KEPT_FOR = timedelta(days=7)
"""After the last change: what nobody sends within a week is health data without a purpose."""

MOST_DRAFTS = 20
_MOST_FIELDS = 120
_LONGEST = 2000


def save_draft(
    session: Session,
    actor: Actor,
    typed: Mapping[str, str],
    *,
    pathway: str,
    draft_id: UUID | None = None,
    now: datetime,
) -> SignalDraft:
    """Keep what was typed so far, in a new draft or in one's own of this id.

    Raises
    ------
    NotFound
        When there is no such draft of this person; a machine has none.
    InvalidInput
        When there are too many drafts, or too much in one.
    """
    if actor.account_id is None:
        raise NotFound("draft")
    values = {name: value for name, value in typed.items() if value.strip()}
    if len(values) > _MOST_FIELDS or any(len(value) > _LONGEST for value in values.values()):
        raise InvalidInput("draft", "un brouillon plus court")
    if draft_id is None:
        row = _new(session, actor, actor.account_id, pathway, now)
    else:
        row = find_draft(session, actor, draft_id)
    row.typed, row.updated_at = values, now
    session.add(row)
    session.flush()
    return row


def find_draft(session: Session, actor: Actor, draft_id: UUID) -> SignalDraft:
    """Load one's own draft.

    Raises
    ------
    NotFound
        When there is none, or it is another's.
    """
    row = session.exec(_own(actor).where(col(SignalDraft.id) == draft_id)).first()
    if row is None:
        raise NotFound("draft")
    return row


def own_drafts(session: Session, actor: Actor) -> list[SignalDraft]:
    """List one's own drafts, the newest first."""
    return list(session.exec(_own(actor).order_by(col(SignalDraft.updated_at).desc())))


def drop_draft(session: Session, actor: Actor, draft_id: UUID) -> None:
    """Erase one's own draft; one that is gone already is no error."""
    row = session.exec(_own(actor).where(col(SignalDraft.id) == draft_id)).first()
    if row is not None:
        session.delete(row)
        session.flush()


def forget_old_drafts(store: Store, *, clock: Clock) -> int:
    """Erase the drafts nobody came back to; gives how many."""
    with store.write() as session:
        old = session.exec(select(SignalDraft).where(col(SignalDraft.updated_at) < clock() - KEPT_FOR)).all()
        for row in old:
            session.delete(row)
        return len(old)


def _new(session: Session, actor: Actor, account_id: UUID, pathway: str, now: datetime) -> SignalDraft:
    if len(own_drafts(session, actor)) >= MOST_DRAFTS:
        raise InvalidInput("draft", f"{MOST_DRAFTS} brouillons au plus : envoyez ou supprimez les anciens")
    return SignalDraft(
        account_id=account_id,
        territory_id=actor.territory_id,
        pathway=pathway,
        created_at=now,
        updated_at=now,
    )


def _own(actor: Actor) -> SelectOfScalar[SignalDraft]:
    return select(SignalDraft).where(
        col(SignalDraft.account_id) == actor.account_id, col(SignalDraft.territory_id) == actor.territory_id
    )
