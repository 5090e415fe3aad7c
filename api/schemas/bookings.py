"""Bookings, and what a practitioner and their calendar say about them."""

from datetime import date
from typing import Any, Self
from uuid import UUID

from pydantic import BaseModel, Field

from api.schemas.common import Id, Moment, Wire
from scheduler.agenda.bookings import BookingLine
from scheduler.agenda.ending import CancelReason
from scheduler.agenda.rules import MOST_CANCEL_HOURS, OLDEST
from scheduler.agenda.settling import ConflictLine, Settle
from scheduler.store.tables import Booking, BookingState, ConflictKind, Modality, Resolution, SlotState

_BY_PHONE = "Le cabinet, appelé, a dit que le créneau est libre ; noté dans l'historique"


class BookIn(Wire):
    """For whom a slot is booked; without a patient the place is simply taken."""

    patient_id: UUID | None = None
    by_phone: bool = Field(default=False, description=_BY_PHONE)


class CancelIn(Wire):
    """Why a booking is given back; needed once the practitioner's limit has passed."""

    reason: CancelReason | None = None


class MoveIn(CancelIn):
    """Where a booking goes."""

    slot_id: Id
    by_phone: bool = Field(default=False, description=_BY_PHONE)


class BookingRef(Wire):
    """A booking by its id, and where it stands."""

    id: UUID
    slot_id: int
    place: int
    state: BookingState
    expires_at: Moment | None = Field(description="Fin de la retenue ; null : ce n'en est pas une")

    @classmethod
    def of(cls, row: BaseModel, **more: Any) -> Self:
        """Take what a booking shows; the end of a hold under the name that says what happens then."""
        assert isinstance(row, Booking)  # noqa: S101 — no other row has these columns
        return cls(**cls.columns(row) | {"expires_at": row.held_until} | more)


class BookingOut(BookingRef):
    """A booking with the slot it takes; the patient by id only, each reading traced."""

    practitioner_id: int
    practitioner_name: str
    start_at: Moment
    end_at: Moment
    modality: Modality
    slot_state: SlotState
    conflict: str | None = Field(description="L'agenda du médecin ne montre plus ce créneau tel que réservé")
    booked_by: str
    patient_id: UUID | None
    created_at: Moment


def booking_out(line: BookingLine) -> BookingOut:
    """Write a booking to the wire."""
    return BookingOut(
        **BookingRef.of(line.booking).model_dump()
        | {
            "state": line.state,
            "expires_at": line.booking.held_until if line.state is BookingState.HELD else None,
        },
        practitioner_id=line.slot.practitioner_id,
        practitioner_name=f"Dr {line.practitioner.given_name} {line.practitioner.family_name}",
        start_at=line.slot.start_at,
        end_at=line.slot.end_at,
        modality=line.slot.modality,
        slot_state=line.slot.state,
        conflict=line.slot.conflict,
        booked_by=line.booking.booked_by,
        patient_id=line.booking.patient_id,
        created_at=line.booking.created_at,
    )


class AgendaRulesBody(Wire):
    """What a practitioner wants of those who book with them."""

    cancel_hours: int = Field(
        ge=0,
        le=MOST_CANCEL_HOURS,
        description="Une annulation se fait librement jusqu'à tant d'heures avant le rendez-vous",
    )
    age_min: int | None = Field(default=None, ge=0, le=OLDEST, description="Âges vus en consultation")
    age_max: int | None = Field(default=None, ge=0, le=OLDEST, description="Compris ; null : sans limite")


class ConflictOut(Wire):
    """A promised time that the practitioner's calendar no longer shows; settled by a person, by a day."""

    id: int
    slot_id: int
    kind: ConflictKind = Field(description="deleted, moved : l'agenda ; busy, overlap : autre chose alors")
    practitioner_id: int
    practitioner_name: str
    start_at: Moment
    end_at: Moment
    raised_at: Moment
    owner_id: UUID | None = Field(description="Compte chargé de régler ; null : la coordination")
    next_action_on: date
    resolved_at: Moment | None
    resolution: Resolution | None


class SettleIn(Wire):
    """What becomes of a conflict."""

    how: Settle = Field(description="keep : l'heure tient ; move : vers slot_id ; cancel : annuler")
    slot_id: Id | None = None


def conflict_out(line: ConflictLine) -> ConflictOut:
    """Write a conflict to the wire."""
    return ConflictOut(
        **ConflictOut.columns(line.conflict),
        practitioner_id=line.slot.practitioner_id,
        practitioner_name=f"Dr {line.practitioner.given_name} {line.practitioner.family_name}",
        start_at=line.slot.start_at,
        end_at=line.slot.end_at,
    )
