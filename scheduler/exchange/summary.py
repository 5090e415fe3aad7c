"""What a matching did for each tier, in the numbers that a coordinator reads first."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from matching.model import Match


@dataclass(frozen=True, slots=True, kw_only=True)
class TierLine:
    """One line of the matched table.

    Parameters
    ----------
    tier : int or None
        1, 2 or 3; None for all patients together.
    median_travel_min : float or None
        Over the placed patients, in minutes; None when nobody is placed.
    farthest_km : float or None
        The longest proposed way, in km; None when nobody is placed.
    """

    tier: int | None
    num_patients: int
    num_placed: int
    median_travel_min: float | None
    farthest_km: float | None


def summarise(matches: Sequence[Match]) -> tuple[TierLine, ...]:
    """Count by tier: always the three tiers, then all together."""
    tiers = [_line(tier, (match for match in matches if match.tier == tier)) for tier in (1, 2, 3)]
    return (*tiers, _line(None, matches))


def _line(tier: int | None, matches: Iterable[Match]) -> TierLine:
    of_tier = list(matches)
    placed = [match for match in of_tier if match.practitioner_id is not None]
    durations_s = [match.duration_s for match in placed if match.duration_s is not None]
    distances_m = [match.distance_m for match in placed if match.distance_m is not None]
    return TierLine(
        tier=tier,
        num_patients=len(of_tier),
        num_placed=len(placed),
        median_travel_min=round(median(durations_s) / 60, 1) if durations_s else None,
        farthest_km=round(max(distances_m) / 1000, 1) if distances_m else None,
    )
