"""What a practitioner wants of those who book with them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import ColumnElement, or_, true
from sqlmodel import Session, col, select

from scheduler.accounts.actor import Actor
from scheduler.directory import find_practitioner
from scheduler.errors import InvalidInput
from scheduler.store.tables import AgendaRules, Modality, Slot

USUAL_CANCEL_HOURS = 0
"""Without a rule of their own, a booking may be given back until its hour."""

MOST_CANCEL_HOURS = 72
OLDEST = 130


def cancel_hours_of(session: Session, practitioner_id: int) -> int:
    """Give how many hours before its start a booking may last be cancelled without a reason."""
    rules = session.get(AgendaRules, practitioner_id)
    return USUAL_CANCEL_HOURS if rules is None else rules.cancel_hours


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What a practitioner wants.

    Parameters
    ----------
    cancel_hours : int
        Until how many hours before its start a booking may be given back without a reason, 0 to 72.
    age_min, age_max : int or None
        Ages seen in person, in whole years, both included; None = no limit.

    Raises
    ------
    InvalidInput
        Naming the first value out of its range.
    """

    cancel_hours: int = USUAL_CANCEL_HOURS
    age_min: int | None = None
    age_max: int | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.cancel_hours <= MOST_CANCEL_HOURS:
            raise InvalidInput("cancel_hours", f"un nombre d'heures de 0 à {MOST_CANCEL_HOURS}")
        for name in ("age_min", "age_max"):
            age = getattr(self, name)
            if age is not None and not 0 <= age <= OLDEST:
                raise InvalidInput(name, f"un âge de 0 à {OLDEST} ans, ou rien")
        if self.age_min is not None and self.age_max is not None and self.age_min > self.age_max:
            raise InvalidInput("age_max", "un âge qui n'est pas inférieur au premier")


def get_rules(session: Session, actor: Actor, practitioner_id: int) -> Wishes:
    """Read what a practitioner of the territory wants, for those who manage their agenda.

    Raises
    ------
    NotFound
        When the practitioner is not one this person may manage.
    """
    find_practitioner(session, actor, practitioner_id)
    rules = session.get(AgendaRules, practitioner_id)
    if rules is None:
        return Wishes()
    return Wishes(cancel_hours=rules.cancel_hours, age_min=rules.age_min, age_max=rules.age_max)


def set_rules(
    session: Session, actor: Actor, practitioner_id: int, wishes: Wishes, *, now: datetime
) -> AgendaRules:
    """Change what a practitioner wants; the limit holds for bookings made already too.

    Raises
    ------
    NotFound
        When the practitioner is not one this person may manage.
    """
    find_practitioner(session, actor, practitioner_id)
    rules = session.get(AgendaRules, practitioner_id, with_for_update=True)
    rules = rules or AgendaRules(practitioner_id=practitioner_id, updated_at=now)
    for one in fields(wishes):
        setattr(rules, one.name, getattr(wishes, one.name))
    rules.updated_at = now
    session.add(rules)
    session.flush()
    return rules


def sees_age(age: int | None) -> ColumnElement[bool]:
    """Say in SQL, on ``Slot``, that its practitioner sees this age that way; an unknown age is no obstacle.

    By video nobody examines an infant: the limits concern visits in person.
    """
    if age is None:
        return true()
    refuses = (
        select(AgendaRules.practitioner_id)
        .where(
            col(AgendaRules.practitioner_id) == col(Slot.practitioner_id),
            or_(col(AgendaRules.age_min) > age, col(AgendaRules.age_max) < age),
        )
        .correlate(Slot)
        .exists()
    )
    return or_(col(Slot.modality) == Modality.VR, ~refuses)


def age_limits(session: Session, practitioner_ids: Collection[int]) -> Mapping[int, tuple[int, int]]:
    """Give the first and last age that each of some practitioners sees in person, where any is refused."""
    query = select(AgendaRules).where(
        col(AgendaRules.practitioner_id).in_(practitioner_ids),
        or_(col(AgendaRules.age_min).is_not(None), col(AgendaRules.age_max).is_not(None)),
    )
    return {
        rules.practitioner_id: (rules.age_min or 0, OLDEST if rules.age_max is None else rules.age_max)
        for rules in session.exec(query)
    }
