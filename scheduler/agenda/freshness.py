"""How long a slot may be shown after its calendar was last read with success.

A slot that is no longer true costs a patient on the line more than a slot that is missing. A calendar
handed over as a file has no later reading to wait for: it stays as it was handed over.
"""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import col

from scheduler.store.tables import Feed, FeedState, Slot

TO_CONFIRM_AFTER = timedelta(hours=2)
"""Without a good reading for this long, the slot is shown as to be confirmed by telephone."""

HIDDEN_AFTER = timedelta(hours=24)
"""Without a good reading for this long, the slot is neither shown nor booked."""


def trusted(now: datetime, hidden_after: timedelta = HIDDEN_AFTER) -> ColumnElement[bool]:
    """Give the SQL condition, on ``Slot`` joined to ``Feed`` by an outer join, that a slot may be offered."""
    read_lately = or_(col(Feed.address).is_(None), col(Feed.ok_at) > now - hidden_after)
    return or_(col(Slot.feed_id).is_(None), and_(col(Feed.state) == FeedState.ACTIVE, read_lately))


def to_confirm(
    feed_polled: bool, seen_at: datetime, now: datetime, grey_after: timedelta = TO_CONFIRM_AFTER
) -> bool:
    """Tell whether somebody should call the surgery before sending a patient."""
    return feed_polled and seen_at <= now - grey_after
