"""What the reading of a calendar takes and gives: plain frozen values, instants aware in UTC."""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from scheduler.agenda.feeds.errors import InvalidFeedSetting
from scheduler.agenda.feeds.reasons import SENTENCES, WARNINGS

SLOT_CATEGORIES = frozenset({"SNP", "SAS", "CPTS", "RELAIS", "APPOINTMENT", "SOINS NON PROGRAMMES"})
"""Categories that open a slot, upper case without accents; PUBLIC and PRO are reserved."""


class Mode(StrEnum):
    """How a source is to be understood, chosen when it is registered."""

    MARKED = "marked"
    """Mixed agenda: only marked events are open (default)."""
    DEDICATED = "dedicated"
    """Calendar made for Relais: events shown as free are open too."""
    DEDICATED_ALL = "dedicated-all"
    """Every timed event that is not excluded is open, for tools that cannot mark anything."""
    BUSY = "busy"
    """The feed only closes slots."""


class State(StrEnum):
    """What became of one occurrence."""

    OPEN = "open"
    BUSY = "busy"
    IGNORED = "ignored"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedSettings:
    """How one source is read.

    Parameters
    ----------
    mode : Mode
        How unmarked events are understood.
    zone : str
        IANA name, for times without one and for whole days; the overseas departments have their own.
    slot_minutes : int or None
        Ranges longer than this are cut, 5 to 480; None = one slot per range.
    source : str
        Identifier of the source, part of slot keys and of the identifiers made for events without UID.
    own_domain : str or None
        Events whose UID ends with ``@own_domain`` are our bookings coming back.
    categories : frozenset of str
        Categories that open a slot, upper case without accents.

    Raises
    ------
    InvalidFeedSetting
        When ``mode`` is unknown or ``slot_minutes`` out of range; an unknown ``zone`` is refused later, by
        the reading.
    """

    mode: Mode = Mode.MARKED
    zone: str = "Europe/Paris"
    slot_minutes: int | None = None
    source: str = ""
    own_domain: str | None = None
    categories: frozenset[str] = SLOT_CATEGORIES

    def __post_init__(self) -> None:
        if self.mode not in list(Mode):
            raise InvalidFeedSetting("mode", "marked, dedicated, dedicated-all ou busy")
        object.__setattr__(self, "mode", Mode(self.mode))  # a column or an option gives plain text
        if self.slot_minutes is not None and not 5 <= self.slot_minutes <= 480:
            raise InvalidFeedSetting("slot_minutes", "une durée de créneau de 5 à 480 minutes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The half-open stretch of time that is read, ``from_at`` ≤ t < ``to_at``, at most 400 days.

    Raises
    ------
    InvalidFeedSetting
        When an instant is not aware, the end not after the start, or the stretch too long.
    """

    from_at: datetime
    to_at: datetime

    def __post_init__(self) -> None:
        if self.from_at.tzinfo is None or self.to_at.tzinfo is None:
            raise InvalidFeedSetting("window", "des instants avec leur fuseau")
        object.__setattr__(self, "from_at", self.from_at.astimezone(UTC))
        object.__setattr__(self, "to_at", self.to_at.astimezone(UTC))
        if not timedelta(0) < self.to_at - self.from_at <= timedelta(days=400):
            raise InvalidFeedSetting("window", "une fin après le début, à 400 jours au plus")
        if not 1900 <= self.from_at.year <= self.to_at.year <= 2200:
            raise InvalidFeedSetting("window", "des dates entre 1900 et 2200")


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one feed may ask for; beyond, one series or the whole feed is refused, never cut silently."""

    max_bytes: int = 20_000_000
    max_components: int = 15_000
    max_entries: int = 30_000
    max_occurrences_per_series: int = 2_000
    max_steps_per_series: int = 100_000
    max_steps: int = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One occurrence of the calendar and what Relais makes of it.

    Parameters
    ----------
    state : State
    reason : str
        Stable code (``reasons.Reason``).
    start_at, end_at : datetime or None
        Aware UTC; None for a refused component, whose times are not known.
    uid : str
        UID of the component, or a stable stand-in that begins with ``sans-uid-``.
    recurrence_id : datetime or None
        Original start of this occurrence within its series, aware UTC; None for a single event.
    label : str or None
        Title, kept only for a public event marked as a slot. No other text is ever kept.
    capacity : int
        Places, ≥ 1 (``X-RELAIS-CAPACITY``).
    slot_minutes : int or None
        Length to cut this range into (``X-RELAIS-SLOT-DURATION``, else the setting); None = one slot.
    """

    state: State
    reason: str
    start_at: datetime | None
    end_at: datetime | None
    uid: str
    recurrence_id: datetime | None = None
    label: str | None = None
    capacity: int = 1
    slot_minutes: int | None = None

    @property
    def sentence(self) -> str:
        """Say in plain French why, without any word of the event."""
        return SENTENCES[self.reason]


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class ReadWarning:
    """Something the reading is unsure of, told once however many events show it.

    Parameters
    ----------
    code : str
        Stable code (``reasons.Warned``).
    detail : str
        Zone name, encoding or hours that the sentence quotes; may be empty.
    num : int
        How many times it was met.
    uid : str or None
        One event that shows it (the first in alphabetical order).
    """

    code: str
    detail: str = ""
    num: int = 1
    uid: str | None = None

    @property
    def sentence(self) -> str:
        """Say it in plain French."""
        return WARNINGS[self.code].replace("{detail}", self.detail)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """All that Relais reads in one calendar for one window.

    Parameters
    ----------
    entries : tuple of Entry
        Sorted by start, end, uid; those without times last.
    warnings : tuple of ReadWarning
        Sorted by code.
    window : Window
        What was asked.
    source : str
        ``FeedSettings.source``.
    zone : str
        ``FeedSettings.zone``.
    refresh_s : int or None
        Interval the producer suggests between two readings (RFC 7986 §5.7), seconds.
    """

    entries: tuple[Entry, ...]
    warnings: tuple[ReadWarning, ...]
    window: Window
    source: str = ""
    zone: str = "Europe/Paris"
    refresh_s: int | None = None


@dataclass(slots=True)
class WarningLog:
    """Collects warnings during one reading; the result does not depend on the order of the events."""

    _met: dict[tuple[str, str], tuple[int, str]] = field(default_factory=dict)

    def add(self, code: str, detail: str = "", uid: str = "") -> None:
        """Note one; details are cut at 80 characters and stripped of control characters."""
        key = (code, re.sub(r"[\x00-\x1f\x7f{}]", " ", detail)[:80])
        num, first = self._met.get(key, (0, uid))
        self._met[key] = (num + 1, min(first or uid, uid or first))

    def collected(self) -> tuple[ReadWarning, ...]:
        """Give them all, sorted by code and detail."""
        return tuple(
            ReadWarning(code=code, detail=detail, num=num, uid=uid or None)
            for (code, detail), (num, uid) in sorted(self._met.items())
        )
