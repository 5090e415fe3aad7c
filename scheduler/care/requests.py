"""Care requests: taken in, promised, extended, taken over, given up. One transaction each."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from sqlmodel import Session, col, select

from scheduler.accounts.actor import Actor
from scheduler.agenda.booking import book
from scheduler.agenda.rules import OLDEST
from scheduler.agenda.usual import usual_doctor
from scheduler.audit import Action, record
from scheduler.care.circles import MINUTE, circle_at
from scheduler.care.life import Kind, step
from scheduler.care.rules import Rules, rules_of
from scheduler.errors import InvalidInput, NotFound, WrongState
from scheduler.inputs import checked_commune
from scheduler.store.tables import (
    CareRequest,
    CareState,
    Modality,
    Practitioner,
    Referral,
    Role,
    Territory,
)
from scheduler.territory.communes import communes

PURPOSE = "unscheduled_care"
SEES_ALL = frozenset({Role.REGULATOR, Role.COORDINATOR})
DEADLINES = (timedelta(hours=4), timedelta(hours=12), timedelta(hours=48))
"""By urgency: 4 hours, the same day, 48 hours."""
LONGEST = timedelta(days=7)


class CancelledBecause(StrEnum):
    """Why a request was given up: a word of a list, never a text about a patient."""

    SEEN_ELSEWHERE = "seen_elsewhere"
    BETTER = "better"
    UNREACHABLE = "unreachable"
    EMERGENCY = "emergency"
    MISTAKE = "mistake"


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What is said of a request.

    Parameters
    ----------
    insee : str
        Commune where the patient is; ``latitude`` and ``longitude`` say it better.
    urgency : int
        1: 4 hours, 2: the same day, 3: 48 hours.
    deadline_at : datetime or None
        Aware; by the urgency when not given.
    promised : bool
        The patient was told that a slot will be found.
    usual_practitioner_id : int or None
        Asked first; without one, what the territory knows of the patient tells (``agenda.usual``).
    age : int or None
        Of the patient, in whole years: not every GP sees every age.
    """

    insee: str
    latitude: float | None = None
    longitude: float | None = None
    urgency: int
    deadline_at: datetime | None = None
    modalities: Iterable[Modality] = (Modality.AMB,)
    usual_practitioner_id: int | None = None
    patient_id: UUID | None = None
    promised: bool = False
    age: int | None = None


def create_request(session: Session, actor: Actor, given: Given, *, now: datetime) -> CareRequest:
    """Take in a request that finds no slot at once; the next round looks for one.

    Raises
    ------
    InvalidInput
        Naming the first value that is not acceptable.
    NotFound
        When the patient, or the usual doctor, is not one of the territory.
    """
    if given.urgency not in {1, 2, 3}:
        raise InvalidInput("urgency", "1 (4 heures), 2 (dans la journée) ou 3 (48 heures)")
    deadline_at = given.deadline_at or now + DEADLINES[given.urgency - 1]
    if not timedelta(0) < deadline_at - now <= LONGEST:
        raise InvalidInput("deadline_at", "un instant à venir, dans les 7 jours")
    modalities = sorted({modality.value for modality in given.modalities})
    if not modalities:
        raise InvalidInput("modalities", "au moins une modalité : AMB, HH ou VR")
    if given.age is not None and not 0 <= given.age <= OLDEST:
        raise InvalidInput("age", f"un âge de 0 à {OLDEST} ans, ou rien")
    insee, latitude, longitude = _place(given)
    _check_usual(session, actor, given.usual_practitioner_id)
    _check_patient(session, actor, given.patient_id)
    usual_id = given.usual_practitioner_id
    if usual_id is None and given.patient_id is not None:
        usual_id = usual_doctor(session, actor.territory_id, given.patient_id, now=now)
    request = CareRequest(
        territory_id=actor.territory_id,
        patient_id=given.patient_id,
        insee=insee,
        latitude=latitude,
        longitude=longitude,
        urgency=given.urgency,
        modalities=modalities,
        usual_practitioner_id=usual_id,
        received_at=now,
        deadline_at=deadline_at,
        state=CareState.WAITING,
        promised=given.promised,
        age=given.age,
        owner_id=actor.account_id,
        created_by=actor.key,
        updated_at=now,
    )
    request.next_action_at = next_action_at(request, rules_of(session, actor.territory_id), now)
    session.add(request)
    session.flush()
    step(session, request, Kind.RECEIVED, actor=actor.key, now=now, detail={"urgency": given.urgency})
    _trace(session, actor, request, now, "C")
    return request


def cancel_request(
    session: Session, actor: Actor, request_id: UUID, *, reason: CancelledBecause, now: datetime
) -> CareRequest:
    """Give a request up.

    Raises
    ------
    NotFound
        When it is not theirs.
    WrongState
        When it was given up already, or has a booking: that one is cancelled first.
    """
    request = lock_request(session, actor, request_id)
    if request.state is CareState.BOOKED:
        raise WrongState("care_request", request.state.value, "cancel")
    step(
        session,
        request,
        Kind.CANCELLED,
        actor=actor.key,
        now=now,
        detail={"reason": reason.value},
        next_action_at=None,
    )
    _trace(session, actor, request, now, "U")
    return request


def promise(session: Session, actor: Actor, request_id: UUID, *, now: datetime) -> CareRequest:
    """Note that the patient was told a slot will be found: it is served before all others from now on.

    Raises
    ------
    NotFound, WrongState
        When it is not theirs; when it does not wait.
    """
    request = lock_request(session, actor, request_id)
    if request.state is not CareState.WAITING:
        raise WrongState("care_request", request.state.value, "promise")
    if not request.promised:
        step(session, request, Kind.PROMISED, actor=actor.key, now=now, promised=True)
        _trace(session, actor, request, now, "U")
    return request


def extend(
    session: Session, actor: Actor, request_id: UUID, *, deadline_at: datetime, now: datetime
) -> CareRequest:
    """Give a request a later deadline, agreed with the patient; one that was missed waits again.

    Raises
    ------
    NotFound, WrongState, InvalidInput
        When it is not theirs; is over; or the deadline is not later, or too far away.
    """
    request = lock_request(session, actor, request_id)
    if not max(now, request.deadline_at) < deadline_at <= now + LONGEST:
        raise InvalidInput("deadline_at", "un instant après l'échéance actuelle, dans les 7 jours")
    step(session, request, Kind.EXTENDED, actor=actor.key, now=now, deadline_at=deadline_at, reason=None)
    request.next_action_at = next_action_at(request, rules_of(session, actor.territory_id), now)
    _trace(session, actor, request, now, "U")
    return request


def take_over(session: Session, actor: Actor, request_id: UUID, *, now: datetime) -> CareRequest:
    """Become the owner of a request: who is expected to see to it.

    Raises
    ------
    NotFound
        When it is not theirs to see, or a machine asks.
    """
    request = lock_request(session, actor, request_id)
    if actor.account_id is None:
        raise NotFound("care_request")
    if request.owner_id != actor.account_id:
        step(session, request, Kind.TAKEN_OVER, actor=actor.key, now=now, owner_id=actor.account_id)
    return request


def book_for(
    session: Session,
    actor: Actor,
    request_id: UUID,
    *,
    slot_id: int,
    by_phone: bool = False,
    now: datetime,
) -> CareRequest:
    """Book a slot that a person found for a request; ``by_phone`` is as for ``booking.book``.

    Raises
    ------
    NotFound, WrongState
        When the request is not theirs; when it has a booking or is over.
    SlotNotOpen, SlotTaken
        As ``booking.book``.
    """
    request = lock_request(session, actor, request_id)
    if request.state not in {CareState.WAITING, CareState.MISSED}:
        raise WrongState("care_request", request.state.value, "book")
    booked(session, actor, request, Kind.BOOKED, slot_id=slot_id, by=actor.key, by_phone=by_phone, now=now)
    return request


def booked(
    session: Session,
    actor: Actor,
    request: CareRequest,
    kind: Kind,
    *,
    slot_id: int,
    by: str,
    by_phone: bool = False,
    now: datetime,
) -> None:
    """Book a place for a locked request; the booking is then its requester's, to see and to cancel.

    Parameters
    ----------
    actor
        In whose eyes the slot must be visible.
    by
        Who did it, for the history.
    """
    booking = book(session, actor, slot_id=slot_id, patient_id=request.patient_id, by_phone=by_phone, now=now)
    booking.booked_by = request.created_by
    session.add(booking)
    step(
        session,
        request,
        kind,
        actor=by,
        now=now,
        slot_id=slot_id,
        booking_id=booking.id,
        reason=None,
        next_action_at=None,
    )


def lock_care(session: Session, territory_id: int) -> None:
    """Let those who change care requests of a territory pass one by one, until the transaction ends.

    Requests, their offers and the slots they lead to are locked in all orders otherwise. Always the first
    lock that is taken; those who only book never wait for it.
    """
    one = select(Territory.id).where(col(Territory.id) == territory_id)
    session.exec(one.with_for_update(key_share=True)).first()


def lock_request(session: Session, actor: Actor, request_id: UUID) -> CareRequest:
    """Load a request that the actor may see to, and keep it from changing.

    Raises
    ------
    NotFound
        Unknown, of another territory, or another's: they look the same.
    """
    lock_care(session, actor.territory_id)
    request = session.get(CareRequest, request_id, populate_existing=True)
    if request is None or not may_see(actor, request):
        raise NotFound("care_request")
    return request


def may_see(actor: Actor, request: CareRequest) -> bool:
    """Tell whether a request is the actor's: made or owned by them, or of the territory they watch over."""
    if request.territory_id != actor.territory_id:
        return False
    owns = actor.account_id is not None and request.owner_id == actor.account_id
    return actor.role in SEES_ALL or request.created_by == actor.key or owns


def answer_by(request: CareRequest, rules: Rules) -> datetime:
    """Tell when who was promised nothing has an answer at the latest: a slot, or that there is none."""
    return request.deadline_at - rules.notice_min * MINUTE


def next_action_at(request: CareRequest, rules: Rules, now: datetime) -> datetime:
    """Tell when somebody should look again: the circle widens, or the last call before the deadline."""
    circle = circle_at(
        rules,
        urgency=request.urgency,
        has_usual=request.usual_practitioner_id is not None,
        received_at=request.received_at,
        deadline_at=request.deadline_at,
        now=now,
    )
    last_call = request.deadline_at - (rules.notice_min + rules.announce_lead_min) * MINUTE
    return max(now, min(circle.until or last_call, last_call))


def _place(given: Given) -> tuple[str, float, float]:
    insee = checked_commune(given.insee)
    if given.latitude is None and given.longitude is None:
        commune = communes().by_insee(insee)
        return insee, commune.latitude, commune.longitude
    if given.latitude is None or given.longitude is None:
        raise InvalidInput("latitude", "latitude et longitude ensemble, ou aucune des deux")
    if not (-90 <= given.latitude <= 90 and -180 <= given.longitude <= 180):
        raise InvalidInput("latitude", "une position en degrés (WGS 84)")
    return insee, given.latitude, given.longitude


def _check_usual(session: Session, actor: Actor, practitioner_id: int | None) -> None:
    if practitioner_id is None:
        return
    practitioner = session.get(Practitioner, practitioner_id)
    if practitioner is None or practitioner.territory_id != actor.territory_id:
        raise NotFound("practitioner")


def _check_patient(session: Session, actor: Actor, patient_id: UUID | None) -> None:
    """Refuse a patient who is unknown in this territory; both cases look the same."""
    if patient_id is None:
        return
    known = select(Referral.id).where(
        col(Referral.patient_id) == patient_id, col(Referral.territory_id) == actor.territory_id
    )
    if session.exec(known).first() is None:
        raise NotFound("patient")


def _trace(session: Session, actor: Actor, request: CareRequest, now: datetime, action: Action) -> None:
    """Note the access to the patient's file; a request without a patient touches nobody's."""
    if request.patient_id is not None:
        record(
            session,
            actor,
            action=action,
            object_kind="care_request",
            object_id=request.id,
            patient_id=request.patient_id,
            purpose=PURPOSE,
            now=now,
        )
