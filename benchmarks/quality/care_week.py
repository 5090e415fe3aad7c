"""An invented week of unscheduled care: who asks when, which slots GPs open, how far everybody is.

Sixty GPs and as many communes stand at random on a square of 40 km, the larger communes in the middle. The
lines of a week depend on its seed and the numbers asked for, and on nothing else.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt

from scheduler.territory.travel import driving_s

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
DEADLINES_MIN = (4 * 60, 12 * 60, 48 * 60)
SHARES = (0.25, 0.35, 0.40)
"""Of requests for 4 hours, the same day, 48 hours; the mix of a real CPTS is not known to us."""

_SIDE_KM = 40.0
_DETOUR = 1.3
_MAX_TRAVEL_MIN = 30
_OPENS_MIN, _CLOSES_MIN = 8 * 60, 19 * 60
_SLOT_MIN = 15
# Share of the day's requests by hour, from 7 to 20: a morning peak, a smaller one after school
_BY_HOUR = np.array([3, 9, 12, 11, 9, 6, 6, 7, 8, 9, 9, 6, 5], np.float64)
_BY_DAY = np.array([1.25, 1.05, 1.0, 1.0, 1.05, 0.65], np.float64)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Week:
    """One week; all times in minutes from Monday 0 h, requests in the order they come.

    Parameters
    ----------
    travel_min : ndarray of float64, shape (num_requests, num_gps)
        Minutes by car; beyond 30 nobody goes.
    """

    received: Ints
    deadline: Ints
    urgency: Ints
    travel_min: Floats
    slot_start: Ints
    slot_gp: Ints

    @property
    def num_requests(self) -> int:
        """How many ask during the week."""
        return self.received.size

    def at(self, minute: int) -> datetime:
        """Give the instant of a minute of the week."""
        return MONDAY + timedelta(minutes=int(minute))


def week(
    seed: int, *, num_requests: int = 4000, num_gps: int = 60, supply: float = 0.95, weeks_ago: int = 0
) -> Week:
    """Invent one week.

    Parameters
    ----------
    supply
        Slots per request.
    weeks_ago
        Above 0: a week before that one, of the same GPs at the same places, otherwise drawn anew.
    """
    draws = [seed, num_requests, num_gps, round(1000 * supply)]
    rng = np.random.default_rng(draws)
    places = rng.normal(_SIDE_KM / 2, _SIDE_KM / 5, (num_gps, 2)).clip(0, _SIDE_KM)
    if weeks_ago:
        rng = np.random.default_rng([*draws, weeks_ago])
    homes = places[rng.integers(num_gps, size=num_requests)] + rng.normal(0, 4.0, (num_requests, 2))
    received = np.sort(_arrivals(rng, num_requests))
    urgency = rng.choice(3, size=num_requests, p=SHARES) + 1
    slot_gp, slot_start = _slots(rng, round(supply * num_requests), num_gps)
    km = np.hypot(*(homes[:, None, :] - places[None, :, :]).transpose(2, 0, 1)) * _DETOUR
    travel_min = driving_s(np.maximum(km, 1.0)) / 60.0
    travel_min[travel_min > _MAX_TRAVEL_MIN] = np.inf
    return Week(
        received=received,
        deadline=received + np.array(DEADLINES_MIN)[urgency - 1],
        urgency=urgency,
        travel_min=travel_min,
        slot_start=slot_start,
        slot_gp=slot_gp,
    )


def _arrivals(rng: np.random.Generator, num: int) -> Ints:
    day = rng.choice(_BY_DAY.size, size=num, p=_BY_DAY / _BY_DAY.sum())
    hour = rng.choice(_BY_HOUR.size, size=num, p=_BY_HOUR / _BY_HOUR.sum()) + 7
    minutes: Ints = day * 1440 + hour * 60 + rng.integers(60, size=num)
    return minutes


def _slots(rng: np.random.Generator, num: int, num_gps: int) -> tuple[Ints, Ints]:
    """Draw slots on the grid of each GP's hours, Monday to Saturday, none twice."""
    per_day = (_CLOSES_MIN - _OPENS_MIN) // _SLOT_MIN
    grid = np.arange(num_gps * 6 * per_day)
    weight = np.tile(np.repeat(_BY_DAY, per_day), num_gps)
    chosen = rng.choice(grid, size=num, replace=False, p=weight / weight.sum())
    gp, rest = np.divmod(chosen, 6 * per_day)
    day, place = np.divmod(rest, per_day)
    start = day * 1440 + _OPENS_MIN + place * _SLOT_MIN
    order = np.lexsort((gp, start))
    return gp[order], start[order]
