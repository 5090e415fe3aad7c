"""What became of the patients somebody signalled: each file's state, and what its sender hears of it.

The sender of a file that was joined to another sees where the other stands, and nothing else of it.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from uuid import UUID

from sqlalchemy import String, bindparam, cast, exists, or_
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import Select

from scheduler.accounts.actor import Actor, system_actor
from scheduler.clock import Clock
from scheduler.messages.letters_of_signals import signal_moved_on
from scheduler.messages.outbox import ToTell, enqueue_all
from scheduler.referrals.addresses import page_address
from scheduler.referrals.history import SIGNALLED, note, today_in
from scheduler.referrals.merging import followed_file
from scheduler.referrals.pathways import Pathway, pathways_in_force
from scheduler.referrals.scope import reachable
from scheduler.referrals.trace import trace
from scheduler.store.engine import Store
from scheduler.store.tables import (
    Account,
    CloseReason,
    Patient,
    Referral,
    ReferralEvent,
    ReferralState,
    Territory,
)

RETURNED = "returned"
"""Line of history: the sender was told that the file moved on (state)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MySignal:
    """One patient as whoever signalled them sees the file.

    Parameters
    ----------
    state : ReferralState
        Of the file in which it goes on, when it was joined to another.
    merged : bool
        The patient was being followed already.
    next_on : date or None
        By which day something should happen next.
    """

    referral_id: UUID
    family_name: str
    given_name: str
    birth_date: date | None
    pathway: str
    pathway_name: str
    state: ReferralState
    close_reason: CloseReason | None
    merged: bool
    signalled_at: datetime
    waiting_since: date
    since: date
    next_on: date | None
    late: bool


def my_signals(session: Session, actor: Actor, *, now: datetime, limit: int = 200) -> list[MySignal]:
    """List the patients this person signalled, those still waited for first, then the newest."""
    mine = exists().where(
        col(ReferralEvent.referral_id) == col(Referral.id),
        col(ReferralEvent.kind) == SIGNALLED,
        col(ReferralEvent.actor) == actor.key,
    )
    query = (
        select(Referral, Patient)
        .join(Patient, col(Patient.id) == col(Referral.patient_id))
        .where(reachable(actor), mine)
        .order_by(col(Referral.created_at).desc(), col(Referral.id))
        .limit(limit)
    )
    today, pathways = (
        today_in(session, actor.territory_id, now),
        pathways_in_force(session, actor.territory_id),
    )
    found = []
    for referral, patient in session.exec(query):
        trace(session, actor, "R", referral.id, patient.id, now=now)
        found.append(_line(session, referral, patient, pathways, today))
    over = {ReferralState.DECLARED, ReferralState.CLOSED}
    return sorted(found, key=lambda line: line.state in over)


def tell_senders(store: Store, *, clock: Clock) -> int:
    """Tell senders by mail that files of theirs moved on, as its pathway says; gives the number of files.

    One mail a sender, for all of theirs. Idempotent: the state told last is kept with the file.
    """
    now = clock()
    with store.read() as session:
        territory_ids = session.exec(select(Territory.id).order_by(col(Territory.id))).all()
    return sum(_tell_in(store, territory_id, now) for territory_id in territory_ids if territory_id)


def _tell_in(store: Store, territory_id: int, now: datetime) -> int:
    actor = system_actor("returns", territory_id)
    with store.write() as session:
        pathways = pathways_in_force(session, territory_id)
        told_of = tuple((code, tuple(pathway.returns.on)) for code, pathway in pathways.items())
        lately = {"territory_id": territory_id, "since": now - timedelta(days=30)}
        moved = session.exec(_moved(told_of), params=lately).all()
        enqueue_all(session, _news(session, moved), territory_id=territory_id, now=now)
        for referral, _ in moved:
            referral.returned_state = referral.state.value
            session.add(referral)
            note(session, actor, referral, RETURNED, now=now, state=referral.state.value)
        return len(moved)


@lru_cache(maxsize=64)
def _moved(told_of: tuple[tuple[str, tuple[ReferralState, ...]], ...]) -> Select[Referral, Account]:
    """Ask for the files that came lately to a state their sender is told of and was not, by pathway."""
    concerned = [(col(Referral.pathway) == code) & col(Referral.state).in_(on) for code, on in told_of]
    return (
        select(Referral, Account)
        .join(Account, col(Account.id) == col(Referral.signalled_by))
        .with_hint(Referral, "INDEXED BY referral_untold", "sqlite")  # a few, of all there ever were
        .where(
            col(Referral.territory_id) == bindparam("territory_id"),
            col(Referral.state).in_({state for _, on in told_of for state in on}),  # as the index wants it
            col(Account.active),
            col(Referral.updated_at) > bindparam("since"),
            or_(*concerned),
            col(Referral.returned_state).is_distinct_from(cast(col(Referral.state), String)),
        )
        .order_by(col(Referral.id))
        .with_for_update(of=Referral, key_share=True)
    )


def _news(session: Session, moved: Sequence[tuple[Referral, Account]]) -> list[ToTell]:
    """Write one mail to each sender, whatever the number of files that moved on."""
    link = page_address(session, "/mes-signalements")
    theirs: dict[UUID, tuple[str, list[Referral]]] = {}
    for referral, account in moved:
        theirs.setdefault(account.id, (account.email, []))[1].append(referral)
    return [
        ToTell(
            key=f"returned:{account_id}:{_moves(files)}",
            recipient=email,
            letter=signal_moved_on(short_ids=[str(each.id)[:8] for each in files], link=link),
        )
        for account_id, (email, files) in theirs.items()
    ]


def _moves(files: Sequence[Referral]) -> str:
    """Name in a few letters what files came to, all of it: a mail is held back by nothing less."""
    named = [f"{each.id}:{each.state.value}:{each.updated_at.isoformat()}" for each in files]
    return hashlib.sha256("\n".join(named).encode()).hexdigest()


def _line(
    session: Session, referral: Referral, patient: Patient, pathways: dict[str, Pathway], today: date
) -> MySignal:
    followed = followed_file(session, referral)
    pathway = pathways.get(referral.pathway)
    return MySignal(
        referral_id=referral.id,
        family_name=patient.family_name,
        given_name=patient.given_name,
        birth_date=patient.birth_date,
        pathway=referral.pathway,
        pathway_name=pathway.name if pathway else referral.pathway,
        state=followed.state,
        close_reason=followed.close_reason,
        merged=followed.id != referral.id,
        signalled_at=referral.created_at,
        waiting_since=followed.waiting_since,
        since=followed.updated_at.date(),
        next_on=followed.next_action_on,
        late=followed.next_action_on is not None and followed.next_action_on < today,
    )
