"""GPs who are known to leave, as a projection starts from them."""

from dataclasses import dataclass
from datetime import date
from math import cos, radians

from sqlmodel import Session, col, func, select

from scheduler.accounts.actor import Actor
from scheduler.rows import id_of
from scheduler.store.tables import DepartingPatient, Departure, Intake, Practice, Practitioner

USUAL_PANEL = 900
"""Patients of a GP whose panel nobody has counted, an order of size for France."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncedDeparture:
    """A GP of the territory who stops.

    Parameters
    ----------
    panel : int
        Patients who lose their GP: those imported, or the usual number.
    """

    practitioner_id: int
    name: str
    on: date
    panel: int


def announced_departures(session: Session, actor: Actor, *, on: date) -> tuple[AnnouncedDeparture, ...]:
    """List who is known to leave after a day, the first to leave first."""
    here = col(Practitioner.territory_id) == actor.territory_id
    announced = (
        select(Practitioner, Departure)
        .join(Departure, col(Departure.practitioner_id) == col(Practitioner.id))
        .where(here, col(Departure.leaving_on) > on, col(Departure.cancelled_at).is_(None))
    )
    panels = _panels(session)
    found = {
        id_of(gp): _departure(gp, departure.leaving_on, panels.get(id_of(departure)))
        for gp, departure in session.exec(announced)
    }
    stated = (
        select(Practitioner, Intake)
        .join(Intake, col(Intake.practitioner_id) == col(Practitioner.id))
        .where(here, col(Intake.closed_at).is_(None), col(Intake.leaving_on) > on)
    )
    for gp, intake in session.exec(stated):
        if intake.leaving_on is not None:
            found.setdefault(id_of(gp), _departure(gp, intake.leaving_on, None))
    return tuple(sorted(found.values(), key=lambda one: (one.on, one.name)))


def neighbours_of(session: Session, actor: Actor, practitioner_id: int) -> tuple[int, ...]:
    """List the GPs of the territory who have opened an intake, the nearest to a GP's practice first."""
    own = select(Practice).where(col(Practice.practitioner_id) == practitioner_id).order_by(col(Practice.id))
    if (home := session.exec(own).first()) is None:
        return ()
    query = (
        select(Practitioner.id, Practice.latitude, Practice.longitude)
        .join(Intake, col(Intake.practitioner_id) == col(Practitioner.id))
        .join(Practice, col(Practice.id) == col(Intake.practice_id))
        .where(col(Practitioner.territory_id) == actor.territory_id, col(Intake.closed_at).is_(None))
    )
    shrink = cos(radians(home.latitude))
    apart = {
        key: (latitude - home.latitude) ** 2 + ((longitude - home.longitude) * shrink) ** 2
        for key, latitude, longitude in session.exec(query)
        if key is not None and key != practitioner_id
    }
    return tuple(sorted(apart, key=lambda key: (apart[key], key)))


def _panels(session: Session) -> dict[int, int]:
    query = select(DepartingPatient.departure_id, func.count()).group_by(col(DepartingPatient.departure_id))
    return dict(session.exec(query).all())


def _departure(gp: Practitioner, on: date, number: int | None) -> AnnouncedDeparture:
    return AnnouncedDeparture(
        practitioner_id=id_of(gp),
        name=f"Dr {gp.given_name} {gp.family_name}",
        on=on,
        panel=number or USUAL_PANEL,
    )
