"""From the acceptance to the declaration: the first visit agreed, held or missed, then the declaration."""

from datetime import date, datetime, timedelta
from uuid import UUID

from sqlmodel import Session

from scheduler.accounts.actor import Actor
from scheduler.errors import InvalidInput, WrongState
from scheduler.referrals.follow_up import FOLLOW_UP_MONTHS, months_after
from scheduler.referrals.history import VISIT_MISSED, VISIT_PLANNED, advance, note, today_in
from scheduler.referrals.life import Step
from scheduler.referrals.relation import TakenOn, taken_on, who_tells
from scheduler.referrals.scope import find_referral
from scheduler.referrals.trace import trace
from scheduler.store.tables import Referral, ReferralState

LONGEST_AHEAD_DAYS = 366
MISSED_AGAIN_DAYS = 7
"""After a missed visit, by when a new date should be agreed."""


def plan_visit(session: Session, actor: Actor, referral_id: UUID, *, on: date, now: datetime) -> Referral:
    """Write down the day agreed for the first visit; the GP is asked about it the day after.

    Raises
    ------
    NotFound
        When this person may not reach the referral.
    WrongState
        When no GP has accepted the patient, or the visit was held already.
    InvalidInput
        When the day is past, or more than a year ahead.
    """
    referral = _accepted(session, actor, referral_id, "plan_visit", now)
    today = today_in(session, referral.territory_id, now)
    if not 0 <= (on - today).days <= LONGEST_AHEAD_DAYS:
        raise InvalidInput("on", "une date à partir d'aujourd'hui, dans l'année")
    referral.first_visit_on = on
    referral.next_action_on = on + timedelta(days=1)
    referral.asked_at = None
    note(session, actor, referral, VISIT_PLANNED, now=now, on=on.isoformat())
    return _written(session, referral, now)


def visit_held(session: Session, actor: Actor, referral_id: UUID, *, on: date, now: datetime) -> Referral:
    """Write down that the first visit took place.

    Raises
    ------
    NotFound, WrongState
        As ``plan_visit``.
    InvalidInput
        When the day is yet to come, or before the acceptance.
    """
    referral = _accepted(session, actor, referral_id, Step.SEE.value, now)
    taken = taken_on(session, referral)
    _check_past(session, referral, taken, on, now)
    referral.first_visit_on = on
    advance(session, actor, referral, Step.SEE, now=now, detail=_told(actor, taken, on))
    return _written(session, referral, now)


def visit_missed(session: Session, actor: Actor, referral_id: UUID, *, on: date, now: datetime) -> Referral:
    """Write down that the patient did not come; a new date is to be agreed within a week.

    Raises
    ------
    NotFound, WrongState, InvalidInput
        As ``visit_held``.
    """
    referral = _accepted(session, actor, referral_id, VISIT_MISSED, now)
    taken = taken_on(session, referral)
    _check_past(session, referral, taken, on, now)
    referral.first_visit_on = None
    referral.next_action_on = today_in(session, referral.territory_id, now) + timedelta(
        days=MISSED_AGAIN_DAYS
    )
    referral.asked_at = None
    note(session, actor, referral, VISIT_MISSED, now=now, **_told(actor, taken, on))
    return _written(session, referral, now)


def declare(session: Session, actor: Actor, referral_id: UUID, *, on: date, now: datetime) -> Referral:
    """Write down that the GP is officially declared: the goal; follow-up begins.

    Raises
    ------
    NotFound
        When this person may not reach the referral.
    WrongState
        When no GP has accepted the patient, or the declaration is known.
    InvalidInput
        When the day is yet to come, or before the acceptance.
    """
    referral = find_referral(session, actor, referral_id, lock=True)
    if referral.state not in {ReferralState.ACCEPTED, ReferralState.SEEN}:
        raise WrongState("referral", referral.state.value, Step.DECLARE.value)
    taken = taken_on(session, referral)
    _check_past(session, referral, taken, on, now)
    detail = _told(actor, taken, on)
    follow_on = months_after(on, FOLLOW_UP_MONTHS[0])
    advance(session, actor, referral, Step.DECLARE, now=now, detail=detail, next_on=follow_on)
    referral.declared_on, referral.next_follow_up = on, FOLLOW_UP_MONTHS[0]
    trace(session, actor, "U", referral.id, referral.patient_id, now=now)
    return _written(session, referral, now)


def _accepted(session: Session, actor: Actor, referral_id: UUID, step: str, now: datetime) -> Referral:
    referral = find_referral(session, actor, referral_id, lock=True)
    if referral.state is not ReferralState.ACCEPTED:
        raise WrongState("referral", referral.state.value, step)
    trace(session, actor, "U", referral.id, referral.patient_id, now=now)
    return referral


def _check_past(session: Session, referral: Referral, taken: TakenOn | None, on: date, now: datetime) -> None:
    today = today_in(session, referral.territory_id, now)
    accepted_at = None if taken is None else taken.at
    first = today if accepted_at is None else today_in(session, referral.territory_id, accepted_at)
    if not first <= on <= today:
        raise InvalidInput("on", "une date passée, depuis l'accord du médecin")


def _told(actor: Actor, taken: TakenOn | None, on: date) -> dict[str, object]:
    practitioner_id = None if taken is None else taken.practitioner_id
    return {"on": on.isoformat(), "by": who_tells(actor).value, "practitioner": practitioner_id}


def _written(session: Session, referral: Referral, now: datetime) -> Referral:
    referral.updated_at = now
    session.add(referral)
    session.flush()
    return referral
