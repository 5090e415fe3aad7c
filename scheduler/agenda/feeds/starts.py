"""The local starts of a series before its exceptions: DTSTART, RRULE and RDATE (RFC 5545 §3.8.5)."""

from datetime import datetime, timedelta

from scheduler.agenda.feeds.events import Event, length_between
from scheduler.agenda.feeds.expansion import Budget, Stretch, expand, produces_start
from scheduler.agenda.feeds.local_zones import UTC_ZONE
from scheduler.agenda.feeds.moments import Length, Moment, read_duration
from scheduler.agenda.feeds.properties import Property, all_of
from scheduler.agenda.feeds.reasons import Warned
from scheduler.agenda.feeds.rules import Rule
from scheduler.agenda.feeds.values import WarningLog
from scheduler.agenda.feeds.zones import Zones

_END_OF_DAY = timedelta(hours=23, minutes=59, seconds=59)


def starts_of(
    master: Event, stretch: Stretch, zones: Zones, budget: Budget, log: WarningLog
) -> dict[datetime, Length]:
    """Give each naive local start within the stretch with the length of that occurrence.

    Raises
    ------
    ComponentRefused
        When a rule is over its bounds or a date cannot be read.
    """
    start = master.start.local
    starts: dict[datetime, Length] = {}
    for rule in master.rules:
        until = until_of(rule, master)
        if until is not None and until < start:
            log.add(Warned.ENDS_BEFORE_FIRST, uid=master.uid)
            continue
        if not produces_start(rule, start):
            log.add(Warned.START_OFF_RULE, uid=master.uid)
        starts.update(dict.fromkeys(expand(rule, start, until, stretch, budget), master.length))
    if not master.rules:
        starts[start] = master.length
    for line in all_of(master.properties, "RDATE"):
        for value in filter(None, map(str.strip, line.value.split(","))):
            starts.update([_extra(value, line, master, zones, log)])
    return {start: length for start, length in starts.items() if stretch.first <= start <= stretch.last}


def until_of(rule: Rule, master: Event) -> datetime | None:
    """Give a rule's UNTIL in the local time of the series, inclusive.

    A day counts to its end; local digits are of the series' zone; for a floating series whose UNTIL
    ends with Z the later of the two readings counts, since tools put local digits there.
    """
    if rule.until is None:
        return None
    digits = rule.until.digits
    if rule.until.is_date:
        return digits + _END_OF_DAY
    if not rule.until.is_utc:
        return digits
    local = master.start.zone.to_local(UTC_ZONE.to_utc(digits))
    return max(local, digits) if master.start.floating else local


def local_times(moment: Moment, master: Event) -> list[datetime]:
    """Give the local times of a series that an exception date may mean, the likeliest first."""
    if moment.floating or moment.is_date or moment.zone is master.start.zone:
        return [moment.local]
    times = [master.start.zone.to_local(moment.at)]
    if master.start.floating and moment.zone is UTC_ZONE:
        times.append(moment.local)
    return times


def _extra(
    value: str, line: Property, master: Event, zones: Zones, log: WarningLog
) -> tuple[datetime, Length]:
    """Read one RDATE value: a date, a time, or a period with a length of its own."""
    first, slash, rest = value.partition("/")
    moment = zones.moment_of(line.params, first)
    local = local_times(moment, master)[0]
    if moment.is_date and not master.is_all_day:
        local = datetime.combine(local.date(), master.start.local.time())
    if not slash:
        return local, master.length
    if rest.strip().upper().startswith(("P", "+P", "-P")):
        return local, read_duration(rest)
    begin = Moment(local, master.start.zone, floating=master.start.floating)
    return local, length_between(begin, zones.moment_of(line.params, rest), log)
