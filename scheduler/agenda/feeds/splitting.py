"""One calendar into its components, so that a bad one never costs the others.

Nothing is interpreted here but ``BEGIN`` and ``END``; the lines of each component stay as they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from scheduler.agenda.feeds.errors import FeedTooManyEvents, FeedTruncated
from scheduler.agenda.feeds.reasons import Warned
from scheduler.agenda.feeds.values import WarningLog

TOP_LEVEL = frozenset(
    {"VEVENT", "VTODO", "VJOURNAL", "VFREEBUSY", "VTIMEZONE", "VAVAILABILITY", "VPOLL", "VCALENDAR"}
)
"""Components that never stand inside an event: one that begins there shows that an END is missing."""

NESTED = frozenset({"VALARM", "AVAILABLE", "STANDARD", "DAYLIGHT", "PARTICIPANT", "VLOCATION", "VRESOURCE"})
"""Components that stand inside another; any other BEGIN there is a line of some raw text."""

_MAX_DEPTH = 8


@dataclass(slots=True)
class RawComponent:
    """Name, unfolded lines and inner components of one component; ``closed`` if its END was found."""

    name: str
    lines: list[str] = field(default_factory=list)
    children: Sequence["RawComponent"] = ()
    closed: bool = False


class _Splitter:
    """A stack of open components; tolerant of a missing END inside, strict about the calendar's own."""

    def __init__(self, max_components: int) -> None:
        self.calendars: list[RawComponent] = []
        self.stack: list[RawComponent] = []
        self.num_left = max_components

    def begin(self, name: str) -> None:
        if name == "VCALENDAR":
            if self.stack:
                raise FeedTruncated
            self.calendars.append(self._opened(name))
        elif self.stack and self._may_begin(name):
            if name in TOP_LEVEL:
                del self.stack[1:]
            parent = self.stack[-1]
            if isinstance(parent.children, list):
                parent.children.append(self._opened(name))
            else:
                parent.children = [self._opened(name)]

    def _may_begin(self, name: str) -> bool:
        if name in TOP_LEVEL or len(self.stack) == 1:
            return True
        return (name in NESTED or name.startswith("X-")) and len(self.stack) < _MAX_DEPTH

    def _opened(self, name: str) -> RawComponent:
        self.num_left -= 1
        if self.num_left < 0:
            raise FeedTooManyEvents
        component = RawComponent(name)
        self.stack.append(component)
        return component

    def end(self, name: str) -> None:
        for depth in range(len(self.stack) - 1, -1, -1):
            if self.stack[depth].name == name:
                self.stack[depth].closed = True
                del self.stack[depth:]
                return


def split(text: str, max_components: int, log: WarningLog) -> list[RawComponent]:
    """Give the calendars of a feed (most have one), each with its components.

    Raises
    ------
    FeedTruncated
        When a calendar has no END: what is missing might be what closes a slot.
    FeedTooManyEvents
        Over ``max_components``, nested ones included.
    """
    splitter = _Splitter(max_components)
    outside: list[str] = []
    lines = outside
    for line in text.split("\n"):
        if line[:1] in "BbEe":
            word, colon, name = line.partition(":")
            word = word.rstrip().upper()
            if colon and word in {"BEGIN", "END"}:
                action = splitter.begin if word == "BEGIN" else splitter.end
                action(name.strip().upper())
                lines = splitter.stack[-1].lines if splitter.stack else outside
                continue
        lines.append(line)
    if splitter.stack:
        raise FeedTruncated
    if any(line.strip("\x00\x1a \t\ufeff") for line in outside):
        log.add(Warned.TEXT_AFTER_END)
    return splitter.calendars
