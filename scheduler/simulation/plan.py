"""What is simulated, and what a simulation ends with."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from scheduler.simulation.tiers import TierOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is simulated.

    Parameters
    ----------
    signals_a_day : int
        On working days.
    places_a_month : int
        That each GP opens, and opens again each month.
    num_leaving : int
        GPs who announce in the course of the days that they leave three months later.
    """

    from_on: date = date(2026, 1, 1)
    days: int = 365
    seed: int = 1
    num_gps: int = 60
    signals_a_day: int = 40
    places_a_month: int = 16
    num_leaving: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a simulated year ends with.

    Parameters
    ----------
    report : dict
        The exact report on its days, from the history alone.
    acted : Counter
        What the simulation knows it did, counted as it went: to be compared with the report.
    tiers : tuple of TierOutcome
        What became of those who had 90 days, tier by tier.
    standing : mapping of str to int
        Where every request stands at the end, closed ones by their reason: together, all that were signalled.
    months : list of (month, bool)
        Each kept monthly report, and whether computing it again from the history gives the same.
    """

    report: dict[str, Any]
    acted: Counter[str]
    tiers: tuple[TierOutcome, ...]
    standing: Mapping[str, int]
    num_hours: int
    num_events: int
    num_messages: int
    num_letters: int
    num_refused: Counter[str]
    months: list[tuple[str, bool]]

    @property
    def differences(self) -> list[str]:
        """Name what the report, the history and what was done do not agree on; empty when they do."""
        figures = self.report["figures"]
        return [
            *(name for name in COMPARED if figures[name] != self.acted[name]),
            *(month for month, same in self.months if not same),
            *(["standing"] if sum(self.standing.values()) != figures["signalled"] else []),
        ]


COMPARED = ("signalled", "qualified", "placed", "declared", "declines")
"""Figures of the report that a simulation counts by itself as it acts."""
