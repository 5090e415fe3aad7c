"""Which zone a name in a calendar means; decided anew for each calendar, nothing of one is kept for the next.

Order: IANA name; the same behind a vendor's prefix; Windows name (CLDR); the calendar's own VTIMEZONE;
a guess from what the name says ("(UTC+01:00) Brussels, …", "GMT+0100"); else the zone of the source. An
IANA name wins over a VTIMEZONE of that name, as RFC 7809 allows calendars to leave the latter out.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from functools import cache, lru_cache
from importlib import resources
from zoneinfo import ZoneInfo

from scheduler.agenda.feeds.errors import ComponentRefused, InvalidFeedSetting
from scheduler.agenda.feeds.expansion import Budget
from scheduler.agenda.feeds.file_zones import read_file_zone
from scheduler.agenda.feeds.local_zones import UTC_ZONE, LocalZone
from scheduler.agenda.feeds.moments import Moment, written
from scheduler.agenda.feeds.properties import Property, parameters, unescape
from scheduler.agenda.feeds.reasons import Warned
from scheduler.agenda.feeds.splitting import RawComponent
from scheduler.agenda.feeds.values import WarningLog, Window

_DISPLAY_NAME = re.compile(r"\((?:UTC|GMT)([+-][0-9]{2}):?([0-9]{2})\)\s*(.*)", re.IGNORECASE)
_FIXED_NAME = re.compile(r"(?:UTC|GMT)\s*([+-])([0-9]{1,2})(?::?([0-9]{2}))?", re.IGNORECASE)


class Zones:
    """The zones of one calendar.

    Parameters
    ----------
    definitions : mapping of str to RawComponent
        VTIMEZONE components by the name that ``zone_key`` gives.
    source_zone : LocalZone
        Zone of the source, for what has none.
    window : Window
        Stretch of time for which VTIMEZONE components are evaluated.
    budget : Budget
    log : WarningLog
    """

    def __init__(
        self,
        definitions: Mapping[str, RawComponent],
        source_zone: LocalZone,
        window: Window,
        budget: Budget,
        log: WarningLog,
    ) -> None:
        self.floating = source_zone
        self._definitions = definitions
        self._source_zone = source_zone
        self._window = window
        self._budget = budget
        self._log = log
        self._named: dict[str, LocalZone] = {}
        self._by_rules: dict[int, LocalZone] = {}
        self._by_params: dict[str, LocalZone | None] = {}

    def use_calendar_zone(self, name: str) -> None:
        """Read times without a zone in the calendar's own (``X-WR-TIMEZONE``), if it can be understood."""
        rules = self._resolve(zone_key(name)) if name else None
        if rules is not None:
            self.floating = self._local(rules)
        elif name:
            self._log.add(Warned.UNKNOWN_ZONE, zone_key(name))

    def named(self, name: str) -> LocalZone:
        """Give the zone of a TZID; an unknown one is the source's, with a warning."""
        key = zone_key(name)
        zone = self._named.get(key)
        if zone is None:
            rules = self._resolve(key)
            if rules is None:
                self._log.add(Warned.UNKNOWN_ZONE, key)
            zone = self._named[key] = self._source_zone if rules is None else self._local(rules)
        return zone

    def moment(self, line: Property) -> Moment:
        """Read a DATE or DATE-TIME property.

        Raises
        ------
        ComponentRefused
            When its value is malformed.
        """
        params, value = line.params, line.value
        if ":" in value and '"' not in params and "TZID" in params.upper():
            # Outlook leaves "(UTC+01:00) …" unquoted: the value is what follows the last colon
            params, _, value = f"{params}:{value}".rpartition(":")
        return self.moment_of(params, value)

    def moment_of(self, params: str, value: str) -> Moment:
        """Read one DATE or DATE-TIME value beside the parameters of its property."""
        if params in self._by_params:
            zone = self._by_params[params]
        else:
            name = parameters(params).get("TZID", "")
            zone = self._by_params[params] = self.named(name) if name else None
        digits = written(value)
        if digits.is_utc:
            if zone is not None and zone.rules is not UTC:
                self._log.add(Warned.UTC_WITH_ZONE)
            return Moment(digits.digits, UTC_ZONE)
        if digits.is_date:
            return Moment(digits.digits, zone or self.floating, is_date=True, floating=zone is None)
        if zone is None:
            return Moment(digits.digits, self.floating, floating=True)
        return Moment(digits.digits, zone)

    def _local(self, rules: tzinfo) -> LocalZone:
        """Give one and the same object for one zone, so that zones compare by identity."""
        if rules is UTC:
            return UTC_ZONE
        if isinstance(rules, ZoneInfo) and rules.key:
            return _shared(rules.key)
        return self._by_rules.setdefault(id(rules), LocalZone(rules))

    def _resolve(self, key: str) -> tzinfo | None:
        zone = standard_zone(key)
        return zone or self._from_file(key) or self._guessed(key)

    def _from_file(self, key: str) -> tzinfo | None:
        if key not in self._definitions:
            return None
        try:
            return read_file_zone(self._definitions[key], key, self._window, self._budget)
        except (ComponentRefused, OverflowError):
            self._log.add(Warned.BAD_ZONE_DEFINITION, key)
            return None

    def _guessed(self, key: str) -> tzinfo | None:
        zone = _from_display_name(key) or _from_fixed_name(key) or standard_zone(re.sub(r" [0-9]+$", "", key))
        if zone is not None:
            self._log.add(Warned.GUESSED_ZONE, str(zone))
        return zone


def zone_key(name: str) -> str:
    """Give a zone name without quotes, escapes and outer blanks."""
    return unescape(name.strip().strip('"')).strip()


def source_zone(name: str) -> LocalZone:
    """Give the zone of a source's setting.

    Raises
    ------
    InvalidFeedSetting
        When the name is not one of the IANA database.
    """
    zone = _iana(name)
    if zone is None:
        raise InvalidFeedSetting("zone", "un fuseau horaire tel que « Europe/Paris »")
    return UTC_ZONE if zone is UTC else _shared(str(zone))


def standard_zone(key: str) -> tzinfo | None:
    """Give the zone of an IANA name, bare or behind a vendor's prefix, or of a Windows name; else None."""
    zone = _iana(key)
    if zone is not None:
        return zone
    if "/" in key:
        parts = key.split("/")
        tails = ("/".join(parts[first:]) for first in range(1, min(len(parts), 8)))
        return next((zone for zone in map(_iana, tails) if zone is not None), None)
    windows = _windows_names().get(key.upper())
    return _iana(windows) if windows else None


def _iana(name: str) -> tzinfo | None:
    known = _iana_names().get(name.upper().replace(" ", "_"))
    if known is None:
        return None
    return UTC if known in {"UTC", "Etc/UTC"} else ZoneInfo(known)


@lru_cache(maxsize=64)
def _shared(name: str) -> LocalZone:
    """Give the one object for an IANA zone: its rules are public and the same for every calendar."""
    return LocalZone(ZoneInfo(name))


@cache
def _iana_names() -> dict[str, str]:
    """Give every IANA name by its upper-case form; a file name taken from a feed must never be opened."""
    names = resources.files("tzdata").joinpath("zones").read_text(encoding="ascii").split()
    return {name.upper(): name for name in names}


@cache
def _windows_names() -> dict[str, str]:
    # imported late: the package costs more than most calendars take to read, and few need it
    from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON  # noqa: PLC0415

    return {name.upper(): zone for name, zone in WINDOWS_TO_OLSON.items()}


def _from_display_name(key: str) -> tzinfo | None:
    """Understand "(UTC+01:00) Brussels, Copenhagen, …": the first city that has this winter offset."""
    match = _DISPLAY_NAME.fullmatch(key)
    if match is None:
        return None
    minutes = int(match[1]) * 60 + (int(match[2]) if match[1][0] == "+" else -int(match[2]))
    offset = timedelta(minutes=minutes)
    for city in match[3].split(","):
        tail = "/" + city.strip().upper().replace(" ", "_")
        for upper, name in _iana_names().items():
            if upper.endswith(tail) and _winter_offset(ZoneInfo(name)) == offset:
                return ZoneInfo(name)
    return None


def _winter_offset(zone: tzinfo) -> timedelta | None:
    days = (datetime(2026, month, 1, tzinfo=zone) for month in (1, 7))
    return min((day.utcoffset() or timedelta(0)) for day in days)


def _from_fixed_name(key: str) -> tzinfo | None:
    """Understand "GMT+0100" or "UTC+1", where plus is east."""
    match = _FIXED_NAME.fullmatch(key)
    if match is None or int(match[2]) > 14 or int(match[3] or 0) > 59:
        return None
    offset = timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
    return timezone(-offset if match[1] == "-" else offset)
