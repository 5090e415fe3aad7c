"""One calendar in, all its entries out: the reading of a feed, from bytes to a plain value.

Nothing of the file outlives this call, and no calendar library object leaves it.
"""

from datetime import datetime

from scheduler.agenda.feeds.availability import add_availability, add_free_busy
from scheduler.agenda.feeds.classify import Classifier
from scheduler.agenda.feeds.clock_changes import ClockChange, french_day, next_clock_change, offset_at
from scheduler.agenda.feeds.decoding import decode
from scheduler.agenda.feeds.entries import EntryBook
from scheduler.agenda.feeds.errors import ComponentRefused
from scheduler.agenda.feeds.events import Event
from scheduler.agenda.feeds.expansion import Budget, Stretch, expand
from scheduler.agenda.feeds.groups import add_group, group_by_uid, read_events
from scheduler.agenda.feeds.moments import DAY, ZERO, read_duration
from scheduler.agenda.feeds.properties import Properties, first_of, read_properties, text, word
from scheduler.agenda.feeds.reasons import Warned
from scheduler.agenda.feeds.series import Reach
from scheduler.agenda.feeds.splitting import RawComponent, split
from scheduler.agenda.feeds.starts import until_of
from scheduler.agenda.feeds.values import FeedSettings, Limits, Reading, State, WarningLog, Window
from scheduler.agenda.feeds.zones import Zones, source_zone, zone_key

_DEFAULT_LIMITS = Limits()


def read_calendar(
    body: bytes, settings: FeedSettings, window: Window, limits: Limits = _DEFAULT_LIMITS
) -> Reading:
    """Read a calendar: what is open, busy, ignored or refused within a window, and why.

    The same bytes give the same reading, whatever the order of the components. A component that cannot
    be read is a refused entry and costs no other. For bytes from outside use ``read_in_child``, which
    runs this in a bounded process.

    Parameters
    ----------
    body : bytes
        As received; any encoding, line ending or compression that calendars come in.
    settings : FeedSettings
    window : Window
    limits : Limits

    Raises
    ------
    FeedRefused
        When the body is not one complete calendar within the limits; its subclass says why.
    InvalidFeedSetting
        When the zone of the settings is unknown.

    References
    ----------
    RFC 5545, RFC 5546, RFC 7953, RFC 7986.
    """
    log = WarningLog()
    zone = source_zone(settings.zone)
    book = EntryBook(limits.max_entries, log)
    budget = Budget(limits.max_steps_per_series, limits.max_steps)
    refresh_s = None
    for calendar in split(decode(body, limits.max_bytes, log), limits.max_components, log):
        zones = Zones(_definitions(calendar), zone, window, budget, log)
        properties = read_properties(calendar.lines)
        zones.use_calendar_zone(text(properties, "X-WR-TIMEZONE"))
        _read_one(calendar, properties, settings, Reach.of(window, zones, limits, budget, log), book)
        refresh_s = refresh_s or _refresh_s(properties)
    return Reading(
        entries=book.in_order(),
        warnings=log.collected(),
        window=window,
        source=settings.source,
        zone=settings.zone,
        refresh_s=refresh_s,
    )


def _read_one(
    calendar: RawComponent, properties: Properties, settings: FeedSettings, reach: Reach, book: EntryBook
) -> None:
    is_cancelled = word(properties, "METHOD") == "CANCEL"
    classifier = Classifier(settings, is_cancelled=is_cancelled, log=reach.log)
    events = read_events(_named(calendar, "VEVENT"), reach, settings.source, book)
    for group in group_by_uid(events):
        add_group(group, reach, classifier, book)
    foreign = [event for event in events if _is_foreign(event, reach)]
    changes = _next_changes(reach) if foreign else []
    for event in foreign:
        if classifier.verdict_of(event).state is not State.IGNORED:
            _warn_of_change(event, changes, reach)
    if not is_cancelled:
        add_availability(_named(calendar, "VAVAILABILITY"), settings, reach, classifier, book)
    add_free_busy(_named(calendar, "VFREEBUSY"), settings, reach, is_cancelled=is_cancelled, book=book)


def _named(calendar: RawComponent, name: str) -> list[RawComponent]:
    return [component for component in calendar.children if component.name == name]


def _definitions(calendar: RawComponent) -> dict[str, RawComponent]:
    """Give the VTIMEZONE components by name; of two with one name the same, whatever their order."""
    definitions: dict[str, RawComponent] = {}
    for component in sorted(_named(calendar, "VTIMEZONE"), key=repr):
        name = zone_key(text(read_properties(component.lines), "TZID"))
        definitions.setdefault(name, component)
    return definitions


def _refresh_s(properties: Properties) -> int | None:
    """Give the producer's refresh interval; RFC 7986 §5.7 wins over Microsoft's."""
    for name in ("REFRESH-INTERVAL", "X-PUBLISHED-TTL"):
        if name in properties:
            try:
                length = read_duration(first_of(properties, name).value).nominal
            except ComponentRefused:
                continue
            if length > ZERO:
                return int(length.total_seconds())
    return None


def _is_foreign(event: Event, reach: Reach) -> bool:
    """Tell whether a series is written in another zone than the calendar's, UTC first of all."""
    return bool(event.rules) and event.start.zone is not reach.zones.floating and not event.is_all_day


def _next_changes(reach: Reach) -> list[ClockChange]:
    """Give the next two clock changes, spring and autumn, from the start of the window on."""
    changes: list[ClockChange] = []
    from_at = reach.first_at
    for _ in range(2):
        change = next_clock_change(reach.zones.floating.rules, from_at)
        if change is None:
            break
        changes.append(change)
        from_at = change.at
    return changes


def _warn_of_change(event: Event, changes: list[ClockChange], reach: Reach) -> None:
    """Say from what hour to what hour a series moves at the next change that its own zone does not know."""
    for change in changes:
        offset = offset_at(event.start.zone.rules, change.at - DAY)
        first = change.at.replace(tzinfo=None) + offset
        moves = offset_at(event.start.zone.rules, change.at + DAY) == offset
        if moves and event.start.local < first and _runs_after(event, first, reach):
            at = event.start.local - offset
            before, after = (f"{at + shift:%H:%M}" for shift in (change.before, change.after))
            day = french_day(change.at.astimezone(reach.zones.floating.rules))
            reach.log.add(Warned.HOUR_WILL_CHANGE, f"{before} deviendra {after} le {day}", event.uid)
            return


def _runs_after(event: Event, first: datetime, reach: Reach) -> bool:
    stretch = Stretch(first=first, last=first + 62 * DAY, max_starts=reach.limits.max_occurrences_per_series)
    try:
        rules = event.rules
        return any(
            expand(rule, event.start.local, until_of(rule, event), stretch, reach.budget) for rule in rules
        )
    except ComponentRefused:
        return False  # its own expansion has said so already
