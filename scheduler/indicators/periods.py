"""The periods a report may cover: calendar months, quarters and years of a territory."""

from dataclasses import dataclass
from datetime import date, timedelta

from scheduler.errors import InvalidInput


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """Some days, both included, under a name such as ``2026``, ``2026-T2`` or ``2026-05``."""

    name: str
    from_on: date
    to_on: date

    def has(self, on: date | None) -> bool:
        """Tell whether a day is one of them."""
        return on is not None and self.from_on <= on <= self.to_on


def period_named(name: str) -> Period:
    """Read a year, a quarter or a month.

    Raises
    ------
    InvalidInput
        For any other text.
    """
    year, _, part = name.partition("-")
    try:
        if not part:
            return _months(name, int(year), 1, 12)
        if part.startswith("T"):
            return _months(name, int(year), 3 * int(part[1:]) - 2, 3)
        return _months(name, int(year), int(part), 1)
    except ValueError:
        raise InvalidInput("période", "2026, 2026-T2 ou 2026-05") from None


def quarters_before(on: date, num: int) -> list[Period]:
    """List the last quarters that have ended, the newest first."""
    year, quarter = on.year, (on.month - 1) // 3
    found = []
    for back in range(num):
        index = 4 * year + quarter - 1 - back
        found.append(period_named(f"{index // 4}-T{index % 4 + 1}"))
    return found


def months_before(on: date, num: int) -> list[Period]:
    """List the last months that have ended, the oldest first."""
    last = 12 * on.year + on.month - 2
    return [period_named(f"{index // 12}-{index % 12 + 1:02d}") for index in range(last - num + 1, last + 1)]


def _months(name: str, year: int, first: int, num: int) -> Period:
    from_on = date(year, first, 1)
    after = date(year + (first + num - 1) // 12, (first + num - 1) % 12 + 1, 1)
    return Period(name, from_on, after - timedelta(days=1))
