"""What a practitioner wants of those who book with them."""

from datetime import datetime

from sqlmodel import Session

from scheduler.accounts.actor import Actor
from scheduler.directory import find_practitioner
from scheduler.errors import InvalidInput
from scheduler.store.tables import AgendaRules

USUAL_CANCEL_HOURS = 0
"""Without a rule of their own, a booking may be given back until its hour."""

MOST_CANCEL_HOURS = 72


def cancel_hours_of(session: Session, practitioner_id: int) -> int:
    """Give how many hours before its start a booking may last be cancelled without a reason."""
    rules = session.get(AgendaRules, practitioner_id)
    return USUAL_CANCEL_HOURS if rules is None else rules.cancel_hours


def get_rules(session: Session, actor: Actor, practitioner_id: int) -> int:
    """Read the limit of a practitioner of the territory, for those who manage their agenda.

    Raises
    ------
    NotFound
        When the practitioner is not one this person may manage.
    """
    find_practitioner(session, actor, practitioner_id)
    return cancel_hours_of(session, practitioner_id)


def set_rules(
    session: Session, actor: Actor, practitioner_id: int, *, cancel_hours: int, now: datetime
) -> AgendaRules:
    """Say how many hours before its start a booking may last be cancelled; holds for those made already.

    Raises
    ------
    NotFound
        When the practitioner is not one this person may manage.
    InvalidInput
        When it is not between 0 and 72 hours.
    """
    find_practitioner(session, actor, practitioner_id)
    if not 0 <= cancel_hours <= MOST_CANCEL_HOURS:
        raise InvalidInput("cancel_hours", f"un nombre d'heures de 0 à {MOST_CANCEL_HOURS}")
    rules = session.get(AgendaRules, practitioner_id, with_for_update=True)
    rules = rules or AgendaRules(practitioner_id=practitioner_id, updated_at=now)
    rules.cancel_hours, rules.updated_at = cancel_hours, now
    session.add(rules)
    session.flush()
    return rules
