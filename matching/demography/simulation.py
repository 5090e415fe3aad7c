"""Month by month: GPs leave and open, patients come, a run places some, who leave the list."""

from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from time import monotonic

import numpy as np
import numpy.typing as npt

from matching.demography.effort import enough
from matching.demography.events import Departure, Inflow, Opening
from matching.demography.outlook import Projection
from matching.demography.people import Templates, Waiting
from matching.demography.practices import Practices
from matching.errors import InvalidInstance
from matching.model import Instance
from matching.outcome import solved
from matching.policy import Policy
from matching.progress import Watch

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
    time_limit_s: float | None = None,
    watch: Watch | None = None,
) -> Projection:
    """Return the waiting list of the coming months, in several seeded scenarios.

    Each month the GPs' new places are added to those left, ``attach`` decides, and
    those who are placed leave the list. Who comes resembles who waits: an arrival copies a household of
    the list with the same label and tier, a patient who loses a GP copies somebody of the list who lives
    within reach of that GP. Workload and tier-1 limits of a GP follow their places in proportion. Every
    proposal is taken to be accepted.

    Where loads are general, a month is decided as well as some rounds of improvement allow (``effort``):
    the clock decides nothing, so the same seed gives the same future.

    Parameters
    ----------
    labels : sequence of str
        One per patient of the instance (a commune, say).
    months : int
        Number of runs, ≥ 1; the first is on the day of the instance, with its list as it is.
    places_per_month : mapping of str to int, optional
        New places per month of a GP of the instance, from the second run on.
    scenarios : int
        Futures drawn at most, ≥ 1; the first ones are the same however many are asked.
    time_limit_s : float or None
        Once it has passed, or is too short for one more, no further scenario is begun; the first always is.
    watch : callable, optional
        Shown the progress of each run; once it answers False, what follows is worthless.

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
        watch=watch,
    )
    counted = _played(plan, days, scenarios, seed, time_limit_s)
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
    watch: Watch | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Counts:
    """Patients by month, label and tier; the arrays grow full as the scenario is played."""

    arrived: Int64
    placed: Int64
    waiting: Int64

    def copy(self) -> "_Counts":
        """Return counts that another scenario may fill."""
        return _Counts(arrived=self.arrived.copy(), placed=self.placed.copy(), waiting=self.waiting.copy())


def _played(
    plan: _Plan, days: Sequence[date], scenarios: int, seed: int, time_limit_s: float | None
) -> list[_Counts]:
    """Play scenarios as long as there is time for one more; they share the first month."""
    began_s = monotonic()
    first = _first_month(plan, days)
    counted: list[_Counts] = []
    while len(counted) < scenarios:
        counted.append(_play(plan, days, first, np.random.default_rng([seed, len(counted)])))
        spent_s = monotonic() - began_s
        if time_limit_s is not None and spent_s + spent_s / len(counted) > time_limit_s:
            break
    return counted


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _FirstMonth:
    """The run of today's list, in which nothing is drawn: counts, places left, who still waits."""

    counts: _Counts
    places: Int64
    waiting: Waiting


def _first_month(plan: _Plan, days: Sequence[date]) -> _FirstMonth:
    templates = plan.templates
    shape = (len(days), len(templates.labels), 3)
    counts = _Counts(
        arrived=np.zeros(shape, np.int64), placed=np.zeros(shape, np.int64), waiting=np.zeros(shape, np.int64)
    )
    waiting, came = Waiting(templates), np.arange(len(templates.patients))
    places = _month(plan, waiting, plan.practices.first_places(days[0]), came, counts, 0, days[0])
    return _FirstMonth(counts=counts, places=places, waiting=waiting)


def _play(plan: _Plan, days: Sequence[date], first: _FirstMonth, random: np.random.Generator) -> _Counts:
    """Play one scenario from the second month on."""
    counts, waiting, places = first.counts.copy(), first.waiting.copy(), first.places
    for month, (before, on) in enumerate(pairwise(days), 1):
        places = plan.practices.next_places(places, before, on)
        came = waiting.add(_newcomers(plan, before, on, random), on)
        places = _month(plan, waiting, places, came, counts, month, on)
    return counts


def _month(
    plan: _Plan, waiting: Waiting, places: Int64, came: Int64, counts: _Counts, month: int, on: date
) -> Int64:
    """Attach those who wait, count, take those who are placed off the list; return the places left."""
    placed, used = _run(plan, waiting, places, on, is_first=not month)
    _count(plan.templates, counts.arrived[month], came)
    _count(plan.templates, counts.placed[month], waiting.template[placed])
    waiting.remove(placed)
    _count(plan.templates, counts.waiting[month], waiting.template)
    return places - used


def _newcomers(plan: _Plan, before: date, on: date, random: np.random.Generator) -> list[list[int]]:
    """Draw those who come in a month: from everywhere, and from the GPs who stopped since the last run."""
    drawn = plan.templates.of_inflow(plan.inflow, random)
    for departure in plan.departures:
        if before < departure.on <= on:
            row = plan.practices.row(departure.near)
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
    journeys = solved(month, plan.policy, watch=enough(plan.watch)).journey.values()
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
