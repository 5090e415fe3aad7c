"""Local times into instants and back, by the rules for hours that clocks skip or repeat (RFC 5545 §3.3.5)."""

from datetime import UTC, datetime, timedelta, tzinfo

_LOCAL_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 — the digits, to count from
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SAFE_YEARS = range(3, 9998)  # offsets are not applied outside: the result could leave datetime's range
_DAY = timedelta(days=1)
_MAX_DAYS = 4000


class LocalZone:
    """A zone that remembers the offset of the days on which its clocks do not change.

    Parameters
    ----------
    rules : tzinfo
        An IANA zone, one that the calendar defines, or a fixed offset.
    """

    __slots__ = ("_offsets", "rules")

    def __init__(self, rules: tzinfo) -> None:
        self.rules = rules
        self._offsets: dict[int, timedelta] = {}

    def to_utc(self, local: datetime) -> datetime:
        """Give the instant, aware in UTC, of naive local digits.

        A time skipped in spring takes the offset before the change (02:30 becomes 03:30); a time that
        occurs twice in autumn is the first of the two.
        """
        since = local - _LOCAL_EPOCH
        if self.rules is UTC:
            return _EPOCH + since
        offset = self._offsets.get(since.days)
        if offset is None:
            offset = self._offset(local, since.days)
        return _EPOCH + (since - offset)

    def to_local(self, at: datetime) -> datetime:
        """Give the naive local digits of an aware instant."""
        if self.rules is UTC or at.year not in _SAFE_YEARS:
            return at.replace(tzinfo=None)
        return at.astimezone(self.rules).replace(tzinfo=None, fold=0)

    def is_irregular(self, local: datetime) -> bool:
        """Tell whether a local time is skipped or occurs twice."""
        aware = local.replace(tzinfo=self.rules)
        return aware.utcoffset() != aware.replace(fold=1).utcoffset()

    def _offset(self, local: datetime, day: int) -> timedelta:
        """Ask the rules; remember the answer if it holds from this midnight to the next."""
        if local.year not in _SAFE_YEARS:
            return timedelta(0)
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        bounds = midnight, midnight + _DAY
        first, last = (at.replace(tzinfo=self.rules).utcoffset() or timedelta(0) for at in bounds)
        if first == last and not self.is_irregular(midnight):
            if len(self._offsets) >= _MAX_DAYS:
                self._offsets.clear()
            self._offsets[day] = first
            return first
        return local.replace(tzinfo=self.rules).utcoffset() or timedelta(0)


UTC_ZONE = LocalZone(UTC)
"""Universal time, for values that end with Z; it remembers nothing."""
