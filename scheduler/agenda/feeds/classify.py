"""What each component means for the shared agenda: the first rule that applies wins.

Anything not understood is busy, never open. The rules depend on the component and the mode of its
source only, so that a series is judged once, and each occurrence adds nothing but its times.
"""

import re
from datetime import timedelta

from scheduler.agenda.feeds.errors import ComponentRefused
from scheduler.agenda.feeds.events import Event
from scheduler.agenda.feeds.moments import DAY, ZERO, read_duration
from scheduler.agenda.feeds.properties import Properties, all_of, plain, split_list, text, word
from scheduler.agenda.feeds.reasons import Reason, Warned
from scheduler.agenda.feeds.values import FeedSettings, Mode, State, WarningLog
from scheduler.agenda.feeds.verdict import Verdict

_TITLE = re.compile(r"\W*(SNP|RELAIS|CRENEAU (SNP|LIBRE))\b")
_MARKS = frozenset({Reason.MARKED_BY_PROPERTY, Reason.MARKED_BY_CATEGORY, Reason.MARKED_BY_TITLE})
_MAX_CAPACITY = 50
_MAX_LABEL = 200


class Classifier:
    """Judges the components of one calendar.

    Parameters
    ----------
    settings : FeedSettings
    is_cancelled : bool
        Whether the whole calendar announces cancellations (``METHOD:CANCEL``).
    log : WarningLog
    """

    def __init__(self, settings: FeedSettings, *, is_cancelled: bool, log: WarningLog) -> None:
        self._settings = settings
        self._is_cancelled = is_cancelled
        self._own_suffix = f"@{settings.own_domain}".lower() if settings.own_domain else None
        self._log = log

    def verdict_of(self, event: Event) -> Verdict:
        """Give what a component means, judged once."""
        if event.verdict is None:
            event.verdict = self._judge(event)
        return event.verdict

    def _judge(self, event: Event) -> Verdict:
        """Apply the rules in their order: own, ignored, busy, open explicitly, by component, implicitly."""
        properties = event.properties
        if self._is_own(event):
            return Verdict(State.IGNORED, Reason.OWN_BOOKING)
        if self._is_cancelled or word(properties, "STATUS") == "CANCELLED":
            return Verdict(State.IGNORED, Reason.CANCELLED)
        closes = _is_shown_busy(properties)
        mark = self._mark(properties)
        forbidden = _forbidden(properties, mark)
        if forbidden is not None:
            return Verdict(State.BUSY, forbidden, closes)
        if self._settings.mode is Mode.BUSY:
            if event.available:
                return Verdict(State.IGNORED, Reason.AVAILABLE_IN_BUSY_CALENDAR)
            return Verdict(State.BUSY, Reason.BUSY_CALENDAR, closes)
        reason = mark or (Reason.AVAILABLE if event.available else self._implicit(properties))
        if reason is None:
            shown_free = _is_shown_free(properties)
            return Verdict(State.BUSY, Reason.FREE_NOT_MARKED if shown_free else Reason.NOT_MARKED, closes)
        return self._open(event, reason, closes, keep_label=mark is not None)

    def _is_own(self, event: Event) -> bool:
        """Recognise our bookings coming back through the calendar that subscribes to them."""
        if "X-RELAIS-BOOKING" in event.properties:
            return True
        return self._own_suffix is not None and event.uid.lower().endswith(self._own_suffix)

    def _mark(self, properties: Properties) -> Reason | None:
        """Give how the component says that it is a slot, None if it does not."""
        if word(properties, "X-RELAIS-SLOT") == "OPEN":
            return Reason.MARKED_BY_PROPERTY
        for line in all_of(properties, "CATEGORIES"):
            if any(plain(token) in self._settings.categories for token in split_list(line.value)):
                return Reason.MARKED_BY_CATEGORY
        if _TITLE.match(plain(text(properties, "SUMMARY"))):
            return Reason.MARKED_BY_TITLE
        return None

    def _implicit(self, properties: Properties) -> Reason | None:
        if self._settings.mode is Mode.DEDICATED_ALL:
            return Reason.DEDICATED_CALENDAR
        if self._settings.mode is Mode.DEDICATED and _is_shown_free(properties):
            return Reason.SHOWN_AS_FREE
        return None

    def _open(self, event: Event, reason: Reason, closes: bool, *, keep_label: bool) -> Verdict:
        properties = event.properties
        label = text(properties, "SUMMARY")[:_MAX_LABEL] if keep_label else ""
        return Verdict(
            State.OPEN,
            reason,
            closes,
            label=label or None,
            capacity=self._capacity(event),
            slot_minutes=self._slot_minutes(event),
        )

    def _capacity(self, event: Event) -> int:
        if "X-RELAIS-CAPACITY" not in event.properties:
            return 1
        value = word(event.properties, "X-RELAIS-CAPACITY")
        if value.isascii() and value.isdigit() and len(value) < 5 and 1 <= int(value) <= _MAX_CAPACITY:
            return int(value)
        self._log.add(Warned.BAD_SLOT_SETTING, uid=event.uid)
        return 1

    def _slot_minutes(self, event: Event) -> int | None:
        if "X-RELAIS-SLOT-DURATION" not in event.properties:
            return self._settings.slot_minutes
        try:
            length = read_duration(word(event.properties, "X-RELAIS-SLOT-DURATION")).nominal
        except ComponentRefused:
            length = ZERO
        if timedelta(minutes=5) <= length <= timedelta(minutes=480) and length % timedelta(minutes=1) == ZERO:
            return length // timedelta(minutes=1)
        self._log.add(Warned.BAD_SLOT_SETTING, uid=event.uid)
        return self._settings.slot_minutes


def judge_times(verdict: Verdict, event: Event, length: timedelta, is_positive: bool) -> tuple[State, Reason]:
    """Settle one occurrence by its times: whole days and more than 24 h are never open.

    What is expressly shown as busy closes what it covers, however long: a week of leave written from an
    hour to an hour must not leave the slots within it open.

    Parameters
    ----------
    verdict : Verdict
    event : Event
    length : timedelta
        Nominal length of this occurrence.
    is_positive : bool
        Whether its end is after its start, as instants.
    """
    if verdict.state is State.IGNORED:
        return verdict.state, verdict.reason
    if event.is_all_day:
        return (State.BUSY, Reason.BUSY_DAY) if verdict.closes else (State.IGNORED, Reason.ALL_DAY)
    if length == ZERO:
        return State.IGNORED, Reason.NO_DURATION
    if length < ZERO or not is_positive:
        return State.IGNORED, Reason.ENDS_BEFORE_START
    if length > DAY:
        closes = verdict.closes and verdict.reason not in _MARKS
        return (State.BUSY, Reason.LONG_BUSY) if closes else (State.IGNORED, Reason.LONGER_THAN_A_DAY)
    return verdict.state, verdict.reason


def _forbidden(properties: Properties, mark: Reason | None) -> Reason | None:
    """Give why a component can never be open, None if it can."""
    if "CLASS" in properties and word(properties, "CLASS") not in {"", "PUBLIC"}:
        return Reason.PRIVATE
    if word(properties, "X-RELAIS-SLOT") == "BUSY":
        return Reason.MARKED_BUSY
    if "ATTENDEE" in properties and _invites_someone(properties):
        return Reason.HAS_ATTENDEE
    if mark is None and word(properties, "STATUS") == "TENTATIVE":
        return Reason.TENTATIVE
    return None


def _invites_someone(properties: Properties) -> bool:
    """Tell whether there is an attendee other than the organizer."""
    organizers = {_address(line.value) for line in all_of(properties, "ORGANIZER")}
    return any(_address(line.value) not in organizers for line in all_of(properties, "ATTENDEE"))


def _address(value: str) -> str:
    return value.strip().lower().removeprefix("mailto:")


def _is_shown_free(properties: Properties) -> bool:
    """Tell whether it is shown as free; what Outlook says is finer and wins over TRANSP."""
    if "X-MICROSOFT-CDO-BUSYSTATUS" in properties:
        return word(properties, "X-MICROSOFT-CDO-BUSYSTATUS") == "FREE"
    return word(properties, "TRANSP") == "TRANSPARENT"


def _is_shown_busy(properties: Properties) -> bool:
    """Tell whether it is expressly shown as busy or away: the default does not count."""
    if "X-MICROSOFT-CDO-BUSYSTATUS" in properties:
        return word(properties, "X-MICROSOFT-CDO-BUSYSTATUS") in {"BUSY", "OOF"}
    return word(properties, "TRANSP") == "OPAQUE"
