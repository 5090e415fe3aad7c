"""A VEVENT or AVAILABLE component as one value with typed times, and nothing else of it (RFC 5545 §3.6.1)."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta

from scheduler.agenda.feeds.errors import ComponentRefused
from scheduler.agenda.feeds.local_zones import UTC_ZONE
from scheduler.agenda.feeds.moments import DAY, ZERO, Length, Moment, read_duration
from scheduler.agenda.feeds.properties import (
    Properties,
    all_of,
    first_of,
    parameters,
    read_properties,
    text,
    word,
)
from scheduler.agenda.feeds.reasons import Reason, Warned
from scheduler.agenda.feeds.rules import Rule, read_rule
from scheduler.agenda.feeds.splitting import RawComponent
from scheduler.agenda.feeds.values import WarningLog
from scheduler.agenda.feeds.verdict import Verdict
from scheduler.agenda.feeds.zones import Zones

MAX_UID = 255


@dataclass(slots=True)
class Event:
    """One component.

    Parameters
    ----------
    uid : str
    sequence : int
        Revision number, 0 if absent or unreadable.
    stamp : str
        DTSTAMP as written; a later revision has a later one.
    start : Moment
    length : Length
    rules : tuple of Rule
    recurrence : Moment or None
        RECURRENCE-ID: this component replaces that occurrence of its series.
    and_future : bool
        It replaces the later occurrences too (``RANGE=THISANDFUTURE``).
    properties : Properties
        For classification and for RDATE and EXDATE.
    available : bool
        Whether it is an AVAILABLE of a VAVAILABILITY.
    verdict : Verdict or None
        What it means, once judged.
    """

    uid: str
    sequence: int
    stamp: str
    start: Moment
    length: Length
    rules: tuple[Rule, ...]
    recurrence: Moment | None
    and_future: bool
    properties: Properties
    available: bool = False
    verdict: Verdict | None = None

    @property
    def is_all_day(self) -> bool:
        """Tell whether it occupies whole days."""
        return self.start.is_date

    @property
    def repeats(self) -> bool:
        """Tell whether it is a series."""
        return bool(self.rules) or "RDATE" in self.properties


def uid_of(properties: Properties) -> str:
    """Give the UID, shortened to a digest when it is absurdly long; empty when there is none."""
    uid = text(properties, "UID")
    if len(uid) > MAX_UID:
        return "long-uid-" + hashlib.sha256(uid.encode("utf-8", "replace")).hexdigest()[:32]
    return uid


def stand_in_uid(source: str, properties: Properties) -> str:
    """Give a UID to a component without one: the same at each reading, whatever its place in the file.

    The title takes part in the digest only, so that it is not kept.
    """
    names = ("DTSTART", "DTEND", "DURATION", "RECURRENCE-ID", "SUMMARY")
    content = [source, *(line.value for name in names for line in all_of(properties, name))]
    return "sans-uid-" + hashlib.sha256("|".join(content).encode("utf-8", "replace")).hexdigest()[:32]


def read_event(raw: RawComponent, zones: Zones, source: str, log: WarningLog) -> Event:
    """Read one component.

    Raises
    ------
    ComponentRefused
        When it has no start or something of it cannot be read; ``identify`` still names it.
    """
    if not raw.closed:
        raise ComponentRefused(Reason.UNCLOSED)
    properties = read_properties(raw.lines)
    uid = uid_of(properties)
    if not uid:
        uid = stand_in_uid(source, properties)
        log.add(Warned.NO_UID, uid=uid)
    recurrence, and_future = _recurrence(properties, zones)
    start = _start(properties, zones, recurrence)
    length = _length(properties, start, zones, log)
    if "EXRULE" in properties:
        raise ComponentRefused(Reason.EXCLUSION_RULE)
    # an override that repeats the series' rule (Outlook) still is one occurrence
    rules = () if recurrence else tuple(read_rule(line.value) for line in all_of(properties, "RRULE"))
    event = Event(
        uid=uid,
        sequence=_sequence(properties),
        stamp=text(properties, "DTSTAMP") if "DTSTAMP" in properties else "",
        start=start,
        length=length,
        rules=rules,
        recurrence=recurrence,
        and_future=and_future,
        properties=properties,
        available=raw.name == "AVAILABLE",
    )
    if word(properties, "X-MICROSOFT-CDO-ALLDAYEVENT") == "TRUE":
        _make_all_day(event)
    return event


def identify(raw: RawComponent, source: str) -> str:
    """Name a component that could not be read."""
    properties = read_properties(raw.lines)
    return uid_of(properties) or stand_in_uid(source, properties)


def _sequence(properties: Properties) -> int:
    value = word(properties, "SEQUENCE") if "SEQUENCE" in properties else ""
    return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else 0


def _recurrence(properties: Properties, zones: Zones) -> tuple[Moment | None, bool]:
    if "RECURRENCE-ID" not in properties:
        return None, False
    line = first_of(properties, "RECURRENCE-ID")
    reach = parameters(line.params).get("RANGE", "")
    return zones.moment(line), reach.upper() == "THISANDFUTURE"


def _start(properties: Properties, zones: Zones, recurrence: Moment | None) -> Moment:
    if "DTSTART" in properties:
        return zones.moment(first_of(properties, "DTSTART"))
    if recurrence is not None and word(properties, "STATUS") == "CANCELLED":
        return recurrence  # Google leaves only the RECURRENCE-ID of a cancelled occurrence
    raise ComponentRefused(Reason.NO_START)


def _length(properties: Properties, start: Moment, zones: Zones, log: WarningLog) -> Length:
    """Give the length; DTEND wins over DURATION, a whole day is the length of a date without either."""
    if "DTEND" in properties:
        return length_between(start, zones.moment(first_of(properties, "DTEND")), log)
    if "DURATION" in properties:
        length = read_duration(first_of(properties, "DURATION").value)
    else:
        length = Length(num_days=1 if start.is_date else 0)
    return Length(num_days=max(1, length.nominal // DAY)) if start.is_date else length


def length_between(start: Moment, end: Moment, log: WarningLog) -> Length:
    """Give the length from one moment to another, and settle zones that only one of them has.

    A floating start takes the named zone of its end, and a floating end that of its start.
    """
    if start.is_date:
        whole = (end.local - start.local + (ZERO if end.is_date else DAY - timedelta(seconds=1))) // DAY
        return Length(num_days=max(1, whole))
    if start.floating != end.floating or end.is_date:
        if start.floating and not end.is_date and end.zone is not UTC_ZONE:
            start.zone, start.floating = end.zone, False
            log.add(Warned.MIXED_ZONES)
        elif end.floating or end.is_date:
            end.zone = start.zone
            log.add(Warned.MIXED_ZONES)
    if start.zone is end.zone:
        return Length(wall=end.local - start.local)
    return Length(exact=end.at - start.at)


def _make_all_day(event: Event) -> None:
    """Turn midnight to midnight into whole days where Outlook says so."""
    midnight = event.start.local.hour == event.start.local.minute == 0
    days, rest = divmod(event.length.nominal, DAY)
    if midnight and days >= 1 and rest == ZERO and not event.start.is_date:
        event.start.is_date = True
        event.length = Length(num_days=days)
