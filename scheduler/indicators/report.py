"""The report on a period: every number of the dialogue de gestion, from the paths of the requests.

The numbers of a period are flows: what happened on its days, whenever the request began. ``exact`` is for
the people who may open the files anyway; what leaves goes through ``public``.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median, quantiles
from typing import Any

from scheduler.indicators.groups import publish, shown
from scheduler.indicators.paths import Path
from scheduler.indicators.periods import Period

MONTHS = (3, 6, 12)
WAITS = ((0, 14), (15, 30), (31, 60), (61, 120), (121, None))
"""Bands of days, both included, in which waits are distributed."""

AGES = ((0, 15), (16, 29), (30, 44), (45, 59), (60, 69), (70, 79), (80, None))
"""Bands of years at the signal; all that is left of a birth date once a file is erased."""

UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Agenda:
    """What the shared agenda did in the period; see ``scheduler.agenda.counters``."""

    num_published: int = 0
    num_booked: int = 0
    num_professionals: int = 0
    num_volunteers: int = 0


def in_band(number: int, bands: Iterable[tuple[int, int | None]]) -> str:
    """Name the band a number falls in: ``16-29``, ``80+``."""
    for low, high in bands:
        if high is None or number <= high:
            return f"{low}+" if high is None else f"{low}-{high}"
    raise ValueError("the last band has no end")


def _yes_no(flag: bool | None) -> str:
    return UNKNOWN if flag is None else ("yes" if flag else "no")


DIMENSIONS: Mapping[str, Callable[[Path], str]] = {
    "tier": lambda path: str(path.tier or UNKNOWN),
    "commune": lambda path: path.about.insee,
    "age": lambda path: UNKNOWN if path.about.age is None else in_band(path.about.age, AGES),
}
EQUITY: Mapping[str, Callable[[Path], str]] = {
    "c2s": lambda path: _yes_no(path.about.c2s),
    "ame": lambda path: _yes_no(path.about.ame),
    "ald": lambda path: _yes_no(path.about.ald),
    "disability": lambda path: _yes_no(path.about.disability),
    "gender": lambda path: path.about.gender or UNKNOWN,
    "age": DIMENSIONS["age"],
    "commune": DIMENSIONS["commune"],
}
STEPS: Mapping[str, str] = {
    "signalled": "signalled_on",
    "qualified": "qualified_on",
    "placed": "accepted_on",
    "declared": "declared_on",
}
"""What is counted, and the day of a path that says when."""


def cases(paths: Iterable[Path], step: str, period: Period) -> list[Path]:
    """Give the requests to which a step happened in a period."""
    return [path for path in paths if period.has(getattr(path, STEPS[step]))]


def exact(paths: Sequence[Path], period: Period, agenda: Agenda) -> dict[str, Any]:
    """Give every number as it is: for those who may open the files."""
    steps = {step: cases(paths, step, period) for step in STEPS}
    return {
        "period": period.name,
        "from": period.from_on.isoformat(),
        "to": period.to_on.isoformat(),
        "figures": {
            **{step: len(found) for step, found in steps.items()},
            **_followed(paths, period),
            **_closed(paths, period),
            "declines": sum(_declines(paths, period).values()),
            "slots_published": agenda.num_published,
            "slots_used": agenda.num_booked,
            "volunteers": agenda.num_volunteers,
            "professionals": agenda.num_professionals,
        },
        "waits": _waits(steps["placed"]),
        "declines": dict(sorted(_declines(paths, period).items())),
        "tables": {
            step: {name: dict(sorted(Counter(map(read, found)).items())) for name, read in DIMENSIONS.items()}
            for step, found in steps.items()
        },
        "equity": {name: _equity(paths, steps["placed"], period, read) for name, read in EQUITY.items()},
    }


def public(paths: Sequence[Path], period: Period, agenda: Agenda) -> dict[str, Any]:
    """Give the numbers that may leave: no count of people under eleven, none to be found by subtraction."""
    whole = exact(paths, period, agenda)
    steps = {step: cases(paths, step, period) for step in STEPS}
    figures = whole["figures"]
    for months in MONTHS:
        still, asked = figures[f"still_{months}"], figures[f"asked_{months}"]
        if shown(still) is None or shown(asked - still) is None:
            figures[f"still_{months}"] = None  # beside the number asked it would tell who no longer is
    about_people = {*STEPS, *(name for name in figures if name.startswith(("asked_", "still_", "closed")))}
    declined = [(reason,) for reason, number in whole["declines"].items() for _ in range(number)]
    waits = whole["waits"]
    bands = [in_band(path.waited_days or 0, WAITS) for path in steps["placed"]]
    return whole | {
        "figures": {
            name: (
                shown(value) if value is not None and (name in about_people or name == "declines") else value
            )
            for name, value in figures.items()
        },
        "waits": {
            "median": waits["median"] if shown(waits["count"]) else None,
            "ninth_decile": None,
            "count": shown(waits["count"]),
            "bands": publish(bands, {"wait": str})[0].get("wait", {}),
        },
        "declines": publish(declined, {"reason": lambda one: one[0]})[0].get("reason", {}),
        "tables": {step: publish(found, DIMENSIONS)[0] for step, found in steps.items()},
        "equity": _public_equity(steps["signalled"], steps["placed"]),
    }


def _waits(placed: Sequence[Path]) -> dict[str, Any]:
    days = sorted(path.waited_days for path in placed if path.waited_days is not None)
    bands = Counter(in_band(number, WAITS) for number in days)
    return {
        "count": len(days),
        "median": median(days) if days else None,
        "ninth_decile": quantiles(days, n=10)[-1] if len(days) > 1 else None,
        "bands": {in_band(low, WAITS): bands[in_band(low, WAITS)] for low, _ in WAITS},
    }


def _declines(paths: Iterable[Path], period: Period) -> Counter[str]:
    return Counter(reason for path in paths for on, reason in path.declines if period.has(on))


def _closed(paths: Iterable[Path], period: Period) -> dict[str, int]:
    return {"closed": sum(period.has(path.closed_on) for path in paths)}


def _followed(paths: Iterable[Path], period: Period) -> dict[str, int]:
    answers = [(months, still) for path in paths for on, months, still in path.followed if period.has(on)]
    told = {}
    for at in MONTHS:
        told[f"asked_{at}"] = sum(months == at for months, _ in answers)
        told[f"still_{at}"] = sum(months == at and still for months, still in answers)
    return told


def _equity(
    paths: Sequence[Path], placed: Sequence[Path], period: Period, read: Callable[[Path], str]
) -> dict[str, Any]:
    """Compare groups: how many came, were placed, in how many days, after how many refusals."""
    signalled = Counter(read(path) for path in cases(paths, "signalled", period))
    waits: dict[str, list[int]] = {}
    for path in placed:
        waits.setdefault(read(path), []).append(path.waited_days or 0)
    declines = Counter(read(path) for path in paths for on, _ in path.declines if period.has(on))
    return {
        key: {
            "signalled": signalled[key],
            "placed": len(waits.get(key, ())),
            "median_wait": median(waits[key]) if key in waits else None,
            "declines": declines[key],
        }
        for key in sorted({*signalled, *waits, *declines})
    }


def _public_equity(signalled: Sequence[Path], placed: Sequence[Path]) -> dict[str, Any]:
    came, found = publish(signalled, EQUITY)[0], publish(placed, EQUITY)[0]
    return {
        name: {
            "signalled": came.get(name, {}),
            "placed": found.get(name, {}),
            "median_wait": {
                key: median(path.waited_days or 0 for path in placed if EQUITY[name](path) == key)
                for key in found.get(name, {})
                if key != "others"
            },
        }
        for name in EQUITY
    }
