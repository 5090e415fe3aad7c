"""What a run may tell to whom: the bureau opens no file, so counts that could name somebody are hidden."""

from collections.abc import Sequence
from typing import Any

from scheduler.accounts.actor import Actor
from scheduler.referrals.small_cells import LEAST, hidden
from scheduler.store.tables import MatchingRun, Role

_TELLING = ("num_placed", "median_travel_s", "farthest_m")


def outcome_for(actor: Actor, run: MatchingRun) -> dict[str, Any]:
    """Give the outcome of a run as this person may see it.

    For the bureau None stands for 1 to 4 people, and what changed for single patients is left out.
    """
    if actor.role is not Role.BUREAU:
        return dict(run.outcome)
    price = run.outcome.get("price_of_together")
    return {
        "kept_best": run.outcome.get("kept_best"),
        "tiers": _tiers(run.outcome.get("tiers", [])),
        "price_of_together": None if price is None or any(0 < abs(n) < LEAST for n in price) else price,
    }


def warnings_for(actor: Actor, run: MatchingRun) -> list[str]:
    """Give what the coordination must know; most of it counts a few people."""
    return [] if actor.role is Role.BUREAU else list(run.warnings)


def totals_for(actor: Actor, run: MatchingRun) -> tuple[int | None, int | None]:
    """Give how many were proposed, and of how many; None where that could name somebody."""
    placed, patients = run.num_placed, run.num_patients
    if actor.role is Role.BUREAU and any(hidden([placed, patients - placed])):
        return None, patients if patients >= LEAST else None
    return placed, patients


def _tiers(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    patients = hidden([row["num_patients"] for row in rows])
    placed = hidden([row["num_placed"] for row in rows])
    left = hidden([row["num_patients"] - row["num_placed"] for row in rows])
    shown = []
    for number, row in enumerate(rows):
        blank = {"num_patients"} if patients[number] else set()
        if patients[number] or placed[number] or left[number]:
            blank |= set(_TELLING)  # who is left out follows from who is placed
        shown.append({name: None if name in blank else value for name, value in row.items()})
    return shown
