"""A booking as the platform is told of it: a FHIR Appointment without anything of the patient (INT_R03).

The one FHIR resource that leaves from here rather than from ``api.fhir``: it is kept in the outbox as it is
sent, and a job sends it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from scheduler.sas.codes import IDENTIFIER_TYPES, PRACTITIONER_SYSTEM, TYPE_OF_SYSTEM
from scheduler.sas.regulators import Identifier
from scheduler.store.tables import BookingState

Json = dict[str, Any]

PROFILE = "http://sas.fr/fhir/StructureDefinition/FrAppointmentSAS"
OPERATOR = "http://interopsante.org/fhir/StructureDefinition/FrAppointmentOperator"

STATUS = {
    BookingState.BOOKED: "booked",
    BookingState.HONOURED: "fulfilled",
    BookingState.NO_SHOW: "noshow",
    BookingState.CANCELLED: "cancelled",
}
"""How the platform calls the states it is told of; it knows neither holds nor moves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is told of one booking.

    Parameters
    ----------
    state : BookingState
        One of ``STATUS``.
    rpps : str
        Of the practitioner, 11 digits.
    zone : str
        IANA zone in which the hours are written.
    """

    state: BookingState
    operator: Identifier
    rpps: str
    start_at: datetime
    end_at: datetime
    created_at: datetime
    zone: str


def appointment(told: Told) -> Json:
    """Write it as a resource; its own identifier is added when it leaves, by ``identified``."""
    return {
        "resourceType": "Appointment",
        "meta": {"profile": [PROFILE]},
        "extension": [{"url": OPERATOR, "valueReference": {"identifier": _person(told.operator)}}],
        "status": STATUS[told.state],
        "start": instant(told.start_at, told.zone),
        "end": instant(told.end_at, told.zone),
        "created": instant(told.created_at, told.zone),
        "participant": [
            {
                "actor": {
                    "identifier": _person(Identifier(system=PRACTITIONER_SYSTEM, value=f"8{told.rpps}"))
                },
                "status": "accepted",
            }
        ],
    }


def identified(resource: Json, system: str, booking_id: UUID) -> Json:
    """Add our own identifier, which stays the same through every change."""
    return {**resource, "identifier": [{"system": system, "value": str(booking_id)}]}


def instant(at: datetime, zone: str) -> str:
    """Write an instant with milliseconds and a numeric offset; the platform refuses "Z"."""
    return at.astimezone(ZoneInfo(zone)).isoformat(timespec="milliseconds")


def _person(known: Identifier) -> Json:
    return {
        "type": {"coding": [{"system": IDENTIFIER_TYPES, "code": TYPE_OF_SYSTEM[known.system]}]},
        "system": known.system,
        "value": known.value,
    }
