"""Taking a step: the referral changes, gets its next date, and keeps a line of history.

The history alone is enough to recompute every indicator. What its lines hold, beside the two states: codes,
internal ids and days (ISO 8601), never an identity, a need or a free text. ``practitioner`` is the id of the
GP concerned, ``tier`` the tier at that moment (1 to 3).

================== ==================================================================================
kind               detail
================== ==================================================================================
signalled          (see ``signal``)
corrected          fields
consent_given      how
consent_withdrawn  (none)
qualify, enlist    (see ``qualify``)
propose            tier, practitioner, origin (run, override, hand, visit); run; because (override)
reject             proposal, reason: ``RejectReason``
supersede          because: ``Undone``, a change of the engine, or the step that undid it
offer              offer, practitioner, tier, expires_at, group (offers answered together)
reminded           offer
decline            offer, practitioner, reason: ``DeclineReason``
expire             offer, practitioner
withdraw           offer, practitioner, because: ``WithdrawReason``
accept             offer, practitioner, tier, waited_days (since ``waiting_since``)
visit_planned      on
visit_missed       on, by: ``WhoTells``
see                on, by: ``WhoTells``, practitioner: the first visit was held
declare            on, by: ``WhoTells``, practitioner: the GP is officially declared
follow_up_asked    months: 3, 6 or 12
followed           months, still_followed: true or false, practitioner, by: ``WhoTells``
lose               reason: ``LossReason``, practitioner, offer, waited_days (credited)
bridged            booking, practitioner: a consultation while waiting, rank unchanged
bridge_asked       booking, practitioner: "would you follow this patient?"
suspend            reason: ``SuspendReason``, until
resume…            (none); ``resume_accepted`` and ``resume_seen`` go back to the GP who had accepted
close              reason: ``CloseReason``
reviewed           worklist: the list it was looked at in, until
taken_charge       owner: account id of the person of the coordination who follows the case
set_aside          (none): the file is over and hidden, see ``scheduler.retention``
erased             because: time_over, consent_withdrawn
================== ==================================================================================

Lines of hygiene, duplicates and pathways are described where they are written.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import Session, col, func, select

from scheduler.accounts.actor import Actor
from scheduler.clock import local_day
from scheduler.referrals.life import Step, next_action_on, step
from scheduler.store.appending import append
from scheduler.store.tables import Referral, ReferralEvent, ReferralState, Territory, TerritoryCommune

SIGNALLED = "signalled"
CORRECTED = "corrected"
CONSENT_GIVEN = "consent_given"
CONSENT_WITHDRAWN = "consent_withdrawn"
REMINDED = "reminded"
VISIT_PLANNED = "visit_planned"
VISIT_MISSED = "visit_missed"
FOLLOW_UP_ASKED = "follow_up_asked"
FOLLOWED = "followed"
BRIDGED = "bridged"
BRIDGE_ASKED = "bridge_asked"
REVIEWED = "reviewed"
TAKEN_CHARGE = "taken_charge"

_ZONE = select(Territory.zone).where(col(Territory.id) == bindparam("territory_id"))
_HOME = select(func.min(TerritoryCommune.insee)).where(
    col(TerritoryCommune.territory_id) == bindparam("territory_id")
)
ZONES = "relais_zones"
"""Where a session remembers the zone of each territory."""
HOMES = "relais_homes"
"""Where it remembers a commune of each."""


def today_in(session: Session, territory_id: int, now: datetime) -> date:
    """Give the calendar day people of a territory see at ``now``."""
    zones = session.info.setdefault(ZONES, {})  # asked at every step of a run of hundreds of patients
    if territory_id not in zones:
        zones[territory_id] = session.exec(_ZONE, params={"territory_id": territory_id}).one()
    return local_day(now, zones[territory_id])


def home_of(session: Session, territory_id: int) -> str | None:
    """Give a commune of a territory, whose public holidays are those of all; None for one without any."""
    homes = session.info.setdefault(HOMES, {})
    if territory_id not in homes:
        homes[territory_id] = session.exec(_HOME, params={"territory_id": territory_id}).one()
    found: str | None = homes[territory_id]
    return found


def due_on(session: Session, territory_id: int, state: ReferralState, today: date) -> date | None:
    """Give the day by which somebody must act on a referral that enters a state today."""
    return next_action_on(state, today, insee=home_of(session, territory_id))


def advance(
    session: Session,
    actor: Actor,
    referral: Referral,
    taken: Step,
    *,
    now: datetime,
    detail: dict[str, Any] | None = None,
    next_on: date | None = None,
) -> None:
    """Take one step of the life of a referral and append it to the history.

    Parameters
    ----------
    detail
        Codes and internal ids only: the history outlives the identity.
    next_on
        By which day somebody must act next; None = as usual for the state it leads to.

    Raises
    ------
    WrongState
        When the step does not start from where the referral stands.
    """
    before = referral.state
    referral.state = step(before, taken)
    today = today_in(session, referral.territory_id, now)
    referral.next_action_on = next_on or due_on(session, referral.territory_id, referral.state, today)
    # what was said of the state before no longer holds
    referral.snoozed_until = referral.asked_at = referral.unplaced_because = None
    referral.set_aside_at = None
    referral.updated_at = now
    session.add(referral)
    _append(session, actor, referral, taken.value, now, before, detail)


def note(
    session: Session, actor: Actor, referral: Referral, kind: str, *, now: datetime, **detail: Any
) -> None:
    """Append to the history something that does not change the state."""
    before = None if kind == SIGNALLED else referral.state
    _append(session, actor, referral, kind, now, before, detail)


def _append(
    session: Session,
    actor: Actor,
    referral: Referral,
    kind: str,
    now: datetime,
    before: ReferralState | None,
    detail: dict[str, Any] | None,
) -> None:
    append(
        session,
        ReferralEvent,
        referral_id=referral.id,
        at=now,
        actor=actor.key,
        kind=kind,
        from_state=before,
        to_state=referral.state,
        detail=detail or {},
    )
