"""Calendars as GPs keep them, read into slots: fetch, decode, expand, judge, cut, preview.

``read_calendar`` gives a ``Reading`` of some bytes, ``read_in_child`` and ``FeedReader`` do the same in
a bounded process, ``cut_slots`` makes slots of the readings of one practitioner, ``preview`` says what
would be shown. ``feeds.fetch`` gets the bytes from an address; it is imported on its own, because the
reader process must not load an HTTP client. No calendar object and no event text leave this package, save
the title of an event that its owner marked as a public slot.
"""

from scheduler.agenda.feeds.child import FeedReader, ProcessLimits, read_in_child
from scheduler.agenda.feeds.decoding import fingerprint
from scheduler.agenda.feeds.errors import (
    FeedError,
    FeedRefused,
    InvalidFeedSetting,
    PlatformUnsupported,
    SourceUnreachable,
)
from scheduler.agenda.feeds.preview import Preview, PreviewRow, preview
from scheduler.agenda.feeds.reading import read_calendar
from scheduler.agenda.feeds.slots import DraftState, SlotDraft, cut_slots
from scheduler.agenda.feeds.values import (
    Entry,
    FeedSettings,
    Limits,
    Mode,
    Reading,
    ReadWarning,
    State,
    Window,
)

__all__ = [
    "DraftState",
    "Entry",
    "FeedError",
    "FeedReader",
    "FeedRefused",
    "FeedSettings",
    "InvalidFeedSetting",
    "Limits",
    "Mode",
    "PlatformUnsupported",
    "Preview",
    "PreviewRow",
    "ProcessLimits",
    "ReadWarning",
    "Reading",
    "SlotDraft",
    "SourceUnreachable",
    "State",
    "Window",
    "cut_slots",
    "fingerprint",
    "preview",
    "read_calendar",
    "read_in_child",
]
