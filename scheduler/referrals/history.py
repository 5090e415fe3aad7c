"""Taking a step: the referral changes, gets its next date, and keeps a line of history."""

from datetime import date, datetime
from typing import Any

from sqlmodel import Session, col, select

from scheduler.accounts.actor import Actor
from scheduler.clock import local_day
from scheduler.referrals.life import Step, next_action_on, step
from scheduler.store.tables import Referral, ReferralEvent, Territory

SIGNALLED = "signalled"
CORRECTED = "corrected"
CONSENT_GIVEN = "consent_given"

_ZONES = "relais_zones"  # where a session remembers the zone of each territory


def today_in(session: Session, territory_id: int, now: datetime) -> date:
    """Give the calendar day people of a territory see at ``now``."""
    zones = session.info.setdefault(_ZONES, {})  # asked at every step of a run of hundreds of patients
    if territory_id not in zones:
        zones[territory_id] = session.exec(
            select(Territory.zone).where(col(Territory.id) == territory_id)
        ).one()
    return local_day(now, zones[territory_id])


def advance(
    session: Session,
    actor: Actor,
    referral: Referral,
    taken: Step,
    *,
    now: datetime,
    detail: dict[str, Any] | None = None,
) -> None:
    """Take one step of the life of a referral and append it to the history.

    Parameters
    ----------
    detail
        Codes and internal ids only: the history outlives the identity.

    Raises
    ------
    WrongState
        When the step does not start from where the referral stands.
    """
    before = referral.state
    referral.state = step(before, taken)
    referral.next_action_on = next_action_on(referral.state, today_in(session, referral.territory_id, now))
    referral.updated_at = now
    session.add(referral)
    session.add(_event(actor, referral, taken.value, now, before, detail))


def note(
    session: Session, actor: Actor, referral: Referral, kind: str, *, now: datetime, **detail: Any
) -> None:
    """Append to the history something that does not change the state."""
    before = None if kind == SIGNALLED else referral.state
    session.add(_event(actor, referral, kind, now, before, detail))


def _event(
    actor: Actor, referral: Referral, kind: str, now: datetime, before: Any, detail: dict[str, Any] | None
) -> ReferralEvent:
    return ReferralEvent(
        referral_id=referral.id,
        at=now,
        actor=actor.key,
        kind=kind,
        from_state=before,
        to_state=referral.state,
        detail=detail or {},
    )
