"""Why a slot is not shown: every reason that holds, for whoever keeps an agenda and wonders."""

from dataclasses import dataclass, replace
from datetime import datetime
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
from scheduler.agenda.search import FARTHEST_KM, SlotQuery, trip_to
from scheduler.errors import NotFound
from scheduler.store.tables import (
    Booking,
    BookingState,
    Feed,
    FeedState,
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
    row = _load(session, actor, slot_id, wanted.age, now)
    seen_by = replace(actor, role=viewer)
    found = find(session, seen_by, wanted, usual_practitioner_id=usual_practitioner_id, now=now)
    if slot_id in {slot.slot_id for slot in found.slots}:
        return Explained(reasons=())
    is_usual = row.Slot.practitioner_id == usual_practitioner_id
    checks = _checks(row, wanted, viewer, found, is_usual, limits_of(session), now)
    reasons = [why for why, holds in checks.items() if holds]
    if not reasons:
        reasons = [Why.CUT]
    held_until = row.held_until if Why.HELD in reasons else None
    return Explained(reasons=tuple(reasons), held_until=held_until)


def _load(session: Session, actor: Actor, slot_id: int, age: int | None, now: datetime) -> Any:
    of_slot = (col(Booking.slot_id) == col(Slot.id)) & (col(Booking.place) <= col(Slot.capacity))
    for_good = select(func.count()).where(of_slot, col(Booking.state).in_(TAKEN_FOR_GOOD))
    held = select(func.min(Booking.held_until)).where(
        of_slot, col(Booking.state) == BookingState.HELD, col(Booking.held_until) > now
    )
    query = (
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
        .where(col(Slot.id) == slot_id, col(Practitioner.territory_id) == actor.territory_id)
    )
    row = session.exec(query).first()
    if row is None or not is_staff(actor, row.Slot.practitioner_id):
        raise NotFound("slot")
    return row


def _checks(
    row: Any,
    wanted: SlotQuery,
    viewer: Role,
    found: Findings,
    is_usual: bool,
    limits: Limits,
    now: datetime,
) -> dict[Why, bool]:
    slot, feed = row.Slot, row.Feed
    is_full = row.num_taken >= slot.capacity
    return {
        Why.WITHDRAWN: slot.state is SlotState.WITHDRAWN,
        Why.CLOSED: slot.state is SlotState.CLOSED,
        Why.PAST: slot.start_at <= now,
        Why.WINDOW: not wanted.from_at <= slot.start_at < wanted.to_at,
        Why.FULL: is_full and row.num_for_good >= slot.capacity,
        Why.HELD: is_full and row.num_for_good < slot.capacity,
        Why.STALE: feed is not None and feed.address is not None and limits.is_gone(feed.ok_at, now),
        Why.HIDDEN_FEED: feed is not None and feed.state is not FeedState.ACTIVE,
        Why.VISIBILITY: slot.visibility not in visible_to(viewer),
        Why.MODALITY: wanted.modality is not None and slot.modality is not wanted.modality,
        Why.AGE: not row.sees_age,
        Why.TOO_FAR: _is_too_far(row, wanted, found, is_usual),
    }


def _is_too_far(row: Any, wanted: SlotQuery, found: Findings, is_usual: bool) -> bool:
    trip = trip_to(wanted.position(), (row.Practice.latitude, row.Practice.longitude))
    farthest_km = FARTHEST_KM if is_usual else found.max_km
    return trip is None or trip[0] > farthest_km * 1000
