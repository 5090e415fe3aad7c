"""What became of the patients of each tier: who found a GP within 30 and 90 days, who left before."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from scheduler.indicators.paths import Path

SOON, LATER = 30, 90
"""Days from the signal, those of the goals of a CPTS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TierOutcome:
    """What became of the patients of a tier who had ``LATER`` days before the end.

    Parameters
    ----------
    num_soon, num_later : int
        How many were accepted by a GP within 30 days, within 90.
    num_gone : int
        How many were closed before that: moved, died, found a GP alone, withdrew, signalled twice.
    """

    tier: int
    num_signalled: int
    num_soon: int
    num_later: int
    num_gone: int


def outcomes_by_tier(paths: Iterable[Path], *, end_on: date) -> tuple[TierOutcome, ...]:
    """Follow each request for as many days as all of them had."""
    known = [
        path
        for path in paths
        if path.signalled_on is not None and path.signalled_on <= end_on - timedelta(days=LATER)
    ]
    return tuple(_outcome(tier, [path for path in known if path.tier == tier]) for tier in (1, 2, 3))


def _outcome(tier: int, paths: list[Path]) -> TierOutcome:
    waits = [path.waited_days for path in paths]
    return TierOutcome(
        tier=tier,
        num_signalled=len(paths),
        num_soon=sum(days is not None and days <= SOON for days in waits),
        num_later=sum(days is not None and days <= LATER for days in waits),
        num_gone=sum(path.waited_days is None and path.closed_on is not None for path in paths),
    )
