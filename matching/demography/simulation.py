"""Month by month: GPs leave and open, patients come, a run places some, who leave the list."""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from matching.demography.events import Departure, Inflow, Opening
from matching.demography.outlook import Projection
from matching.demography.people import Templates, Waiting
from matching.demography.practices import Practices
from matching.errors import InvalidInstance
from matching.model import Instance
from matching.policy import Policy
from matching.what_if import solved

Int64 = npt.NDArray[np.int64]


def project(
    instance: Instance,
    policy: Policy,
    *,
    labels: Sequence[str],
    months: int,
    inflow: Inflow,
    departures: Sequence[Departure] = (),
    openings: Sequence[Opening] = (),
    places_per_month: Mapping[str, int] | None = None,
    scenarios: int = 5,
    seed: int = 0,
    time_limit_s: float | None = 1.0,
) -> Projection:
    """Return the waiting list of the coming months, in several seeded scenarios.

    Each month the GPs' new places are added to those left, the problem of ``attach`` is solved, and
    those who are placed leave the list. Who comes resembles who waits: an arrival copies a household of
    the list with the same label and tier, a patient who loses a GP copies somebody of the list who lives
    within reach of that GP. Workload and tier-1 limits of a GP follow their places in proportion. Every
    proposal is taken to be accepted.

    Parameters
    ----------
    labels : sequence of str
        One per patient of the instance (a commune, say).
    months : int
        Number of runs, ≥ 1; the first is on the day of the instance, with its list as it is.
    places_per_month : mapping of str to int, optional
        New places per month of a GP of the instance, from the second run on.
    time_limit_s : float or None
        Of each run; it cannot matter where loads are all one.

    Raises
    ------
    InvalidInstance
        When an event names somebody unknown, or nobody on the list resembles who is expected.
    """
    _refuse_nonsense(instance, labels, months, scenarios)
    practices = Practices(instance, departures, openings, places_per_month or {})
    templates = Templates(instance, policy, labels, practices)
    days = tuple(_months_later(instance.on, number) for number in range(months))
    plan = _Plan(
        instance=instance,
        policy=policy,
        templates=templates,
        practices=practices,
        inflow=inflow,
        departures=tuple(departures),
        time_limit_s=time_limit_s,
    )
    counted = [_play(plan, days, np.random.default_rng([seed, number])) for number in range(scenarios)]
    return Projection(
        months=days,
        labels=templates.labels,
        arrived=np.stack([c.arrived for c in counted]),
        placed=np.stack([c.placed for c in counted]),
        waiting=np.stack([c.waiting for c in counted]),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Plan:
    """What all scenarios share."""

    instance: Instance
    policy: Policy
    templates: Templates
    practices: Practices
    inflow: Inflow
    departures: tuple[Departure, ...]
    time_limit_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Counts:
    """Patients by month, label and tier; the arrays grow full as the scenario is played."""

    arrived: Int64
    placed: Int64
    waiting: Int64


def _play(plan: _Plan, days: Sequence[date], random: np.random.Generator) -> _Counts:
    """Play one scenario."""
    templates, practices = plan.templates, plan.practices
    shape = (len(days), len(templates.labels), 3)
    counts = _Counts(
        arrived=np.zeros(shape, np.int64), placed=np.zeros(shape, np.int64), waiting=np.zeros(shape, np.int64)
    )
    waiting, came = Waiting(templates), np.arange(len(templates.patients))
    places = practices.first_places(days[0])
    for month, on in enumerate(days):
        if month:
            places = practices.next_places(places, days[month - 1], on)
            came = waiting.add(_newcomers(plan, days[month - 1], on, random), on)
        placed, used = _run(plan, waiting, places, on, is_first=not month)
        places = places - used
        _count(templates, counts.arrived[month], came)
        _count(templates, counts.placed[month], waiting.template[placed])
        waiting.remove(placed)
        _count(templates, counts.waiting[month], waiting.template)
    return counts


def _newcomers(plan: _Plan, before: date, on: date, random: np.random.Generator) -> list[list[int]]:
    """Draw those who come in a month: from everywhere, and from the GPs who stopped since the last run."""
    drawn = plan.templates.of_inflow(plan.inflow, random)
    for departure in plan.departures:
        if before < departure.on <= on:
            row = plan.practices.row(departure.practitioner_id)
            drawn += plan.templates.of_panel(departure, row, random)
    return drawn


def _run(
    plan: _Plan, waiting: Waiting, places: Int64, on: date, *, is_first: bool
) -> tuple[npt.NDArray[np.bool_], Int64]:
    """Attach those who wait; return who is placed, and the places used by row of the practices."""
    offering = np.flatnonzero(places)
    column = np.full(places.size, -1, np.int64)
    column[offering] = np.arange(offering.size)
    month = Instance(
        patients=tuple(waiting.patients),
        practitioners=tuple(plan.practices.offering(places)),
        travel=plan.templates.travel(waiting.template, column),
        on=on,
        commitments=plan.instance.commitments if is_first else (),
    )
    journeys = solved(month, plan.policy, plan.time_limit_s).journey.values()
    row = {gp.id: int(place) for gp, place in zip(month.practitioners, offering, strict=True)}
    used = np.zeros(places.size, np.int64)
    for journey in journeys:
        if journey is not None:
            used[row[journey[0]]] += 1
    return np.array([journey is not None for journey in journeys], bool), used


def _count(templates: Templates, into: Int64, people: Int64) -> None:
    np.add.at(into, (templates.label[people], templates.tier[people]), 1)


def _months_later(on: date, months: int) -> date:
    """Return the same day some months later, the last day of the month where it has no such day."""
    year, month = divmod(on.year * 12 + on.month - 1 + months, 12)
    return date(year, month + 1, min(on.day, monthrange(year, month + 1)[1]))


def _refuse_nonsense(instance: Instance, labels: Sequence[str], months: int, scenarios: int) -> None:
    problems = []
    if len(labels) != len(instance.patients):
        problems.append("projection : une étiquette par patient est attendue")
    if months < 1 or scenarios < 1:
        problems.append("projection : au moins un mois et un scénario sont attendus")
    if problems:
        raise InvalidInstance(problems)
