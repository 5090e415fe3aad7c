"""How long a slot may be shown after its calendar was last read with success: the one place for that rule.

A slot that is no longer true costs a patient on the line more than a slot that is missing. A calendar
handed over as a file has no later reading to wait for: it stays as it was handed over.

The limits are the operator's (``RELAIS_SLOT_GREY_MINUTES``, ``RELAIS_SLOT_HIDE_MINUTES``). They travel with
the sessions of a store, so that no search, booking, feed or page can forget them.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, or_
from sqlmodel import Session, col

from scheduler.settings import Settings
from scheduler.store.engine import Store
from scheduler.store.tables import Feed, FeedState, Slot

TO_CONFIRM_AFTER = timedelta(hours=2)
"""Without a good reading for this long, the slot is shown as to be confirmed by telephone."""

HIDDEN_AFTER = timedelta(hours=24)
"""Without a good reading for this long, the slot is neither shown nor booked."""

_KEY = "relais_freshness"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The two limits; hiding never comes before greying, whatever was set.

    Parameters
    ----------
    grey_after, hidden_after : timedelta
        Since the last good reading of the slot's calendar.
    """

    grey_after: timedelta = TO_CONFIRM_AFTER
    hidden_after: timedelta = HIDDEN_AFTER

    @classmethod
    def of(cls, settings: Settings) -> "Limits":
        """Read them from the settings."""
        hidden_after = timedelta(minutes=settings.slot_hide_minutes)
        return cls(
            grey_after=min(timedelta(minutes=settings.slot_grey_minutes), hidden_after),
            hidden_after=hidden_after,
        )

    def is_grey(self, ok_at: datetime | None, now: datetime) -> bool:
        """Tell whether a polled calendar last answered too long ago to send somebody there unasked."""
        return ok_at is None or ok_at <= now - self.grey_after

    def is_gone(self, ok_at: datetime | None, now: datetime) -> bool:
        """Tell whether the slots of a polled calendar are neither shown nor booked any more."""
        return ok_at is None or ok_at <= now - self.hidden_after


def set_limits(store: Store, limits: Limits) -> None:
    """Give a store the limits that all its sessions follow."""
    store.info[_KEY] = limits


def limits_of(session: Session) -> Limits:
    """Give the limits a session follows: those set for its store, else the usual ones."""
    limits: Limits = session.info.get(_KEY, _USUAL)
    return limits


def trusted(session: Session, now: datetime) -> ColumnElement[bool]:
    """Give the SQL condition, on ``Slot`` joined to ``Feed`` by an outer join, that a slot may be offered."""
    return read_after(now - limits_of(session).hidden_after)


def sure(session: Session, now: datetime) -> ColumnElement[bool]:
    """Give the same for a slot that may be booked without anybody calling the surgery."""
    return read_after(now - limits_of(session).grey_after)


def read_after(instant: Any) -> ColumnElement[bool]:
    """Say in SQL, as ``trusted`` does, that the slot's calendar was read after an instant, or needs not be.

    Parameters
    ----------
    instant : datetime or BindParameter
        A parameter, where the statement is prepared once.
    """
    read_lately = or_(col(Feed.address).is_(None), col(Feed.ok_at) > instant)
    return or_(col(Slot.feed_id).is_(None), and_(col(Feed.state) == FeedState.ACTIVE, read_lately))


_USUAL = Limits()
