"""Whether a complete reading may be believed at once, or could be a calendar that lost its content.

A calendar that is suddenly empty, or nearly, is more often a broken share or a half-finished migration
than a GP who cancels two weeks. It is applied only when the same content comes a second time, ten minutes
later or more; until then what was known stays.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

CONFIRMED_AFTER = timedelta(minutes=10)
MOST_GONE = 0.8
FEWEST_FOR_SHARE = 5
"""Below this many, losing "more than 80 %" means losing all: an ordinary edit of a small calendar."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What was known of a feed, for the coming days.

    Parameters
    ----------
    keys : frozenset of str
        Slots it showed.
    num_busy : int
        Its busy hours.
    """

    keys: frozenset[str]
    num_busy: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicion:
    """A suspect reading that waits to be confirmed; ``fingerprint`` stays the same while the content does."""

    fingerprint: str
    at: datetime


def is_suspect(before: Before, keys: frozenset[str], num_busy: int) -> bool:
    """Tell whether a reading lost so much that it must be confirmed.

    Parameters
    ----------
    keys, num_busy
        What the reading shows for the same days.
    """
    if not keys and not num_busy:
        return bool(before.keys or before.num_busy)
    if before.keys and not keys:
        return True
    return _mostly_gone(len(before.keys), len(before.keys & keys)) or _mostly_gone(before.num_busy, num_busy)


def is_confirmed(fingerprint: str, suspicion: Suspicion | None, now: datetime) -> bool:
    """Tell whether the same suspect content came before, long enough ago."""
    return (
        suspicion is not None
        and suspicion.fingerprint == fingerprint
        and now - suspicion.at >= CONFIRMED_AFTER
    )


def _mostly_gone(num_before: int, num_kept: int) -> bool:
    return num_before >= FEWEST_FOR_SHARE and num_before - num_kept > MOST_GONE * num_before
