"""Why a slot is not shown: every reason that holds, for whoever keeps an agenda and wonders."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from scheduler.accounts.actor import Actor
from scheduler.agenda.audience import visible_to
from scheduler.agenda.find import MOST_PER_DELAY, Findings, find
from scheduler.agenda.freshness import Limits, limits_of
from scheduler.agenda.life import TAKEN_FOR_GOOD
from scheduler.agenda.places import num_taken
from scheduler.agenda.reach import is_staff
from scheduler.agenda.rules import sees_age
from scheduler.agenda.slot_query import FARTHEST_KM, SlotQuery
from scheduler.agenda.surgeries import trip_to
from scheduler.errors import NotFound
from scheduler.store.tables import (
    Booking,
    BookingState,
    Feed,
    FeedState,
    Modality,
    Practice,
    Practitioner,
    Role,
    Slot,
    SlotState,
)


class Why(StrEnum):
    """A reason for which a search does not list a slot; a stable word."""

    WITHDRAWN = "withdrawn"
    CLOSED = "closed"
    PAST = "past"
    WINDOW = "window"
    FULL = "full"
    HELD = "held_until"
    STALE = "stale"
    HIDDEN_FEED = "hidden_feed"
    VISIBILITY = "visibility"
    MODALITY = "modality"
    AGE = "age"
    TOO_FAR = "too_far"
    CUT = "cut"


SENTENCES = {
    Why.WITHDRAWN: "L'agenda du médecin ne montre plus ce créneau.",
    Why.CLOSED: "Le créneau est fermé : une absence, un autre créneau, ou une fermeture à la main.",
    Why.PAST: "Le créneau a commencé.",
    Why.WINDOW: "Le créneau est en dehors des heures cherchées.",
    Why.FULL: "Toutes les places sont prises.",
    Why.HELD: "Une place est retenue par quelqu'un, quelques minutes au plus.",
    Why.STALE: "L'agenda du médecin n'a pas été lu depuis trop longtemps.",
    Why.HIDDEN_FEED: "L'agenda du médecin est suspendu, ou pas encore activé.",
    Why.VISIBILITY: "Ce type de créneau n'est pas montré à ce rôle.",
    Why.MODALITY: "Une autre façon de consulter est cherchée.",
    Why.AGE: "Ce médecin ne voit pas cet âge en consultation.",
    Why.TOO_FAR: "Le lieu est plus loin que la recherche n'a dû aller.",
    Why.CUT: f"D'autres passent avant : {MOST_PER_DELAY} par délai sont listés. Précisez la recherche.",
}


_BEYOND = timedelta(hours=24)
_MOST_EXPLAINED = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """Why a slot is not shown.

    Parameters
    ----------
    reasons : tuple of Why
        All that hold, in the order of ``Why``; empty when the search lists the slot.
    held_until : datetime or None
        When the first hold that keeps a place ends.
    """

    reasons: tuple[Why, ...]
    held_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedSlot:
    """A slot of somebody's, with every reason for which a search does not list it."""

    slot_id: int
    start_at: datetime
    end_at: datetime
    modality: Modality
    reasons: tuple[Why, ...]
    held_until: datetime | None


def why_of_practitioner(
    session: Session,
    actor: Actor,
    practitioner_id: int,
    wanted: SlotQuery,
    *,
    viewer: Role = Role.REGULATOR,
    usual_practitioner_id: int | None = None,
    now: datetime,
) -> tuple[ExplainedSlot, ...]:
    """Explain every slot of a practitioner from now on to a day after the hours that are searched.

    Raises
    ------
    NotFound
        When the practitioner is not of the territory, or the actor does not answer for their agenda.
    """
    practitioner = session.get(Practitioner, practitioner_id)
    if (
        practitioner is None
        or practitioner.territory_id != actor.territory_id
        or not is_staff(actor, practitioner_id)
    ):
        raise NotFound("practitioner")
    rows = _rows(actor, wanted.age, now).where(
        col(Slot.practitioner_id) == practitioner_id,
        col(Slot.end_at) > min(now, wanted.from_at),
        col(Slot.start_at) < wanted.to_at + _BEYOND,
    )
    found = find(
        session, replace(actor, role=viewer), wanted, usual_practitioner_id=usual_practitioner_id, now=now
    )
    asked = _Asked(wanted, viewer, found, usual_practitioner_id, limits_of(session), now)
    read: Any = session.exec(rows.order_by(col(Slot.start_at), col(Slot.id)).limit(_MOST_EXPLAINED))
    return tuple(
        ExplainedSlot(
            slot_id=row.Slot.id,
            start_at=row.Slot.start_at,
            end_at=row.Slot.end_at,
            modality=row.Slot.modality,
            reasons=asked.reasons(row),
            held_until=row.held_until if Why.HELD in asked.reasons(row) else None,
        )
        for row in read
    )


def why_not_shown(
    session: Session,
    actor: Actor,
    slot_id: int,
    wanted: SlotQuery,
    *,
    viewer: Role = Role.REGULATOR,
    usual_practitioner_id: int | None = None,
    now: datetime,
) -> Explained:
    """Tell why a search by somebody of some role does not list a slot.

    Raises
    ------
    NotFound
        When the slot is not of the territory, or of an agenda the actor does not answer for.
    """
    row = session.exec(_rows(actor, wanted.age, now).where(col(Slot.id) == slot_id)).first()
    if row is None or not is_staff(actor, row.Slot.practitioner_id):
        raise NotFound("slot")
    seen_by = replace(actor, role=viewer)
    found = find(session, seen_by, wanted, usual_practitioner_id=usual_practitioner_id, now=now)
    asked = _Asked(wanted, viewer, found, usual_practitioner_id, limits_of(session), now)
    reasons = asked.reasons(row)
    return Explained(reasons=reasons, held_until=row.held_until if Why.HELD in reasons else None)


def _rows(actor: Actor, age: int | None, now: datetime) -> Any:
    of_slot = (col(Booking.slot_id) == col(Slot.id)) & (col(Booking.place) <= col(Slot.capacity))
    for_good = select(func.count()).where(of_slot, col(Booking.state).in_(TAKEN_FOR_GOOD))
    held = select(func.min(Booking.held_until)).where(
        of_slot, col(Booking.state) == BookingState.HELD, col(Booking.held_until) > now
    )
    return (
        select(  # type: ignore[call-overload]
            Slot,
            Feed,
            Practice,
            num_taken(now).label("num_taken"),
            for_good.correlate(Slot).scalar_subquery().label("num_for_good"),
            held.correlate(Slot).scalar_subquery().label("held_until"),
            sees_age(age).label("sees_age"),
        )
        .join(Practitioner, col(Practitioner.id) == col(Slot.practitioner_id))
        .join(Practice, col(Practice.id) == col(Slot.practice_id))
        .join(Feed, col(Feed.id) == col(Slot.feed_id), isouter=True)
        .where(col(Practitioner.territory_id) == actor.territory_id)
    )


@dataclass(frozen=True, slots=True)
class _Asked:
    """One search, by whom, and what it found: what every reason depends on besides the slot."""

    wanted: SlotQuery
    viewer: Role
    found: Findings
    usual_id: int | None
    limits: Limits
    now: datetime

    def reasons(self, row: Any) -> tuple[Why, ...]:
        """Give all that hold of one slot; none when the search lists it."""
        if row.Slot.id in {slot.slot_id for slot in self.found.slots}:
            return ()
        return tuple(why for why, holds in self._checks(row).items() if holds) or (Why.CUT,)

    def _checks(self, row: Any) -> dict[Why, bool]:
        slot, feed, wanted = row.Slot, row.Feed, self.wanted
        is_full = row.num_taken >= slot.capacity
        is_polled = feed is not None and feed.address is not None
        is_usual = slot.practitioner_id == self.usual_id
        return {
            Why.WITHDRAWN: slot.state is SlotState.WITHDRAWN,
            Why.CLOSED: slot.state is SlotState.CLOSED,
            Why.PAST: slot.start_at <= self.now,
            Why.WINDOW: not wanted.from_at <= slot.start_at < wanted.to_at,
            Why.FULL: is_full and row.num_for_good >= slot.capacity,
            Why.HELD: is_full and row.num_for_good < slot.capacity,
            Why.STALE: is_polled and self.limits.is_gone(feed.ok_at, self.now),
            Why.HIDDEN_FEED: feed is not None and feed.state is not FeedState.ACTIVE,
            Why.VISIBILITY: slot.visibility not in visible_to(self.viewer),
            Why.MODALITY: wanted.modality is not None and slot.modality is not wanted.modality,
            Why.AGE: not row.sees_age,
            Why.TOO_FAR: _is_too_far(row, wanted, self.found, is_usual),
        }


def _is_too_far(row: Any, wanted: SlotQuery, found: Findings, is_usual: bool) -> bool:
    if row.Slot.modality is Modality.VR:
        return False
    trip = trip_to(wanted.position(), (row.Practice.latitude, row.Practice.longitude))
    farthest_km = FARTHEST_KM if is_usual else found.max_km
    return trip is None or trip[0] > farthest_km * 1000
