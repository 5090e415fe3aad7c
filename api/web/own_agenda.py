"""The forms by which slots are opened by hand, read into values; every refusal names its field."""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from api.web.dates import NARROW
from api.web.forms import read_count, read_day
from api.web.sent import Sent
from scheduler.agenda.by_hand import MOST_CAPACITY, Opening
from scheduler.agenda.weekly import Week
from scheduler.errors import InvalidInput
from scheduler.store.tables import Modality, Visibility

Value = TypeVar("Value")

_HOUR = re.compile(r"(?P<hour>\d{1,2})(?: ?[hH:] ?(?P<minute>\d\d)?)?")


def opening_of(typed: Mapping[str, str]) -> Opening:
    """Read what every slot opened by hand says."""
    practice_id = typed.get("practice_id", "")
    if not practice_id.isdecimal():
        raise InvalidInput("practice_id", "l'un de vos lieux")
    how, who = typed.get("modality", ""), typed.get("visibility", "")
    return Opening(
        practice_id=int(practice_id),
        modality=Modality(how) if how in set(Modality) else Modality.AMB,
        visibility=Visibility(who) if who in set(Visibility) else Visibility.SNP,
        capacity=_capacity(typed.get("capacity", "")),
    )


def range_of(typed: Mapping[str, str], zone: str) -> tuple[datetime, datetime]:
    """Read a day and two hours of the local clock as two instants."""
    on = _read("on", lambda: read_day(typed.get("on", "")))
    if on is None:
        raise InvalidInput("on", "une date comme 07/03/2027")
    minutes = [_minutes(name, typed.get(name, "")) for name in ("from", "to")]
    start_at, end_at = (_at(on, minute, zone) for minute in minutes)
    return start_at, end_at


def week_of(sent: Sent, today: date) -> Week:
    """Read a range of every week."""
    typed = sent.values
    first_on = _read("first_on", lambda: read_day(typed.get("first_on", ""))) or today
    slot_minutes = _read("slot_minutes", lambda: read_count(typed.get("slot_minutes", ""), most=480))
    return Week(
        weekdays=frozenset(int(day) for day in sent.all("weekday") if day in set("1234567")),
        start_minute=_minutes("from", typed.get("from", "")),
        end_minute=_minutes("to", typed.get("to", "")),
        slot_minutes=slot_minutes or 15,
        first_on=first_on,
        last_on=_read("last_on", lambda: read_day(typed.get("last_on", ""))),
        on_holidays=typed.get("on_holidays") == "oui",
    )


def clock_minutes(minute: int) -> str:
    """Write minutes after midnight as an hour: ``9 h 30``."""
    hours, rest = divmod(minute, 60)
    return f"{hours}{NARROW}h" + (f"{NARROW}{rest:02d}" if rest else "")


def _capacity(text: str) -> int:
    given = _read("capacity", lambda: read_count(text, most=MOST_CAPACITY))
    return 1 if given is None else given


def _read(name: str, read: Callable[[], Value]) -> Value:
    """Read a field; what is refused is said of it."""
    try:
        return read()
    except InvalidInput as refusal:
        raise InvalidInput(name, refusal.expected) from None


def _minutes(name: str, text: str) -> int:
    told = _HOUR.fullmatch(text.strip())
    if told is None:
        raise InvalidInput(name, "une heure comme 9 h 30")
    minutes = int(told["hour"]) * 60 + int(told["minute"] or 0)
    if minutes > 24 * 60 or int(told["minute"] or 0) > 59:
        raise InvalidInput(name, "une heure comme 9 h 30")
    return minutes


def _at(on: date, minute: int, zone: str) -> datetime:
    days, rest = divmod(minute, 24 * 60)
    return datetime.combine(on + timedelta(days=days), time(*divmod(rest, 60)), ZoneInfo(zone))
