"""The answers of studies as numbers ready for JSON, and what of them the bureau is shown."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from matching import Instance
from matching.demography import Projection
from matching.rehearse import Rehearsal
from matching.rehearse.rehearsal import is_proven
from scheduler.referrals.more_places import Checked, Places
from scheduler.referrals.small_cells import hidden

_COUNTS = ("patients", "placed", "gained", "lost", "moved")
_TELLING = ("median_min", "farthest_min", "median_wait_days", "median_wait_left_days")


def of_places(found: Places, instance: Instance) -> dict[str, Any]:
    """Write the value of places down, per practitioner and per commune."""
    names = {each.id: each.name for each in instance.practitioners}
    return {
        "more": found.more,
        "practitioners": [_checked(one, names) for one in found.practitioners],
        "communes": [_checked(one, names) for one in found.communes],
    }


def of_rehearsal(found: Rehearsal) -> dict[str, Any]:
    """Write a rehearsal down, every group with its counts."""
    return {
        "proven": is_proven(found),
        "policies": [
            {
                "version": trial.policy.version,
                "status": trial.solution.status.value,
                "load": asdict(trial.load),
                "outcomes": [asdict(outcome) for outcome in trial.outcomes],
            }
            for trial in found.trials
        ],
    }


def of_projection(found: Projection) -> dict[str, Any]:
    """Write a projection down: per month, then per commune."""
    months = [asdict(month) | {"on": month.on.isoformat()} for month in found.by_month()]
    labels = [
        asdict(one) | {"longer_from": None if one.longer_from is None else one.longer_from.isoformat()}
        for one in found.by_label()
    ]
    scenarios = int(found.waiting.shape[0])
    return {"months": months, "communes": labels, "scenarios": scenarios, "text": found.text()}


def for_bureau(answer: dict[str, Any]) -> dict[str, Any]:
    """Give a rehearsal without the counts that could name somebody: None stands for 1 to 4 people."""
    return answer | {
        "policies": [
            trial | {"outcomes": _without_small_cells(trial["outcomes"])} for trial in answer["policies"]
        ]
    }


def _without_small_cells(outcomes: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    by_dimension: dict[str, list[dict[str, Any]]] = {}
    for outcome in outcomes:
        by_dimension.setdefault(outcome["dimension"], []).append(outcome)
    return [shown for rows in by_dimension.values() for shown in _dimension(rows)]


def _dimension(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Hide the small counts of one table, column by column; a small group is hidden whole."""
    hide = {name: hidden([row[name] for row in rows]) for name in _COUNTS}
    left = hidden([row["patients"] - row["placed"] for row in rows])
    shown = []
    for number, row in enumerate(rows):
        small_group = hide["patients"][number]
        blank = {name for name in _COUNTS if small_group or hide[name][number]}
        if small_group or left[number] or "placed" in blank:
            blank |= {"placed", *_TELLING}  # who is left out follows from who is placed
        shown.append({name: None if name in blank else value for name, value in row.items()})
    return shown


def _checked(one: Checked, names: dict[str, str]) -> dict[str, Any]:
    told: dict[str, Any] = {
        "practitioner_id": one.practitioner_id,
        "name": names[one.practitioner_id],
        "commune": one.commune,
        "rank": one.value.rank,
        "minutes": one.value.minutes,
        "basis": one.value.basis,
        "sentence": one.value.sentence,
        "checked": None,
    }
    if one.worth is not None:
        told["checked"] = {
            "placed": one.worth.placed,
            "by_tier": list(one.worth.by_tier),
            "ald": one.worth.effect.ald,
            "proven": one.worth.effect.is_proven,
            "sentence": one.worth.sentence,
        }
    return told
