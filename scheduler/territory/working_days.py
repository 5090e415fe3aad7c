"""Working days: Monday to Friday but public holidays, as a deadline "in working days" means them."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from scheduler.territory.public_holidays import is_public_holiday

_SATURDAY = 5


def is_working_day(on: date, insee: str | None) -> bool:
    """Tell whether people of a commune work on a day; without a commune, holidays are not known."""
    return on.weekday() < _SATURDAY and (insee is None or not is_public_holiday(insee, on))


def working_days_after(on: date, num: int, insee: str | None) -> date:
    """Give the ``num``-th working day after a day, which itself need not be one."""
    while num > 0:
        on += timedelta(days=1)
        num -= is_working_day(on, insee)
    return on


def same_hour_after(at: datetime, num: int, zone: str, insee: str | None) -> datetime:
    """Give the same local hour some working days later, whatever the clocks do in between."""
    local = at.astimezone(ZoneInfo(zone))
    day = working_days_after(local.date(), num, insee)
    return datetime.combine(day, local.time(), local.tzinfo).astimezone(at.tzinfo)
