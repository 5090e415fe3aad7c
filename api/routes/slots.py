"""Slots that can be booked now: searched while the patient is on the line, then booked once."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, status
from fastapi.responses import JSONResponse

from api.counting import keep_count
from api.dependencies import AgendaWatcher, Booker, Once, Surgery
from api.paging import Paged, instant, page, whole
from api.reading import read_once_more
from api.schemas.bookings import BookIn, BookingRef
from api.schemas.common import Id, Insee, Instant, Page
from api.schemas.slots import DelayOut, FindOut, ReasonOut, SlotOut, WhyOut
from api.services import Here
from scheduler.agenda.booking import book, book_extra, hold
from scheduler.agenda.find import find
from scheduler.agenda.full import refuse_if_full
from scheduler.agenda.rules import OLDEST
from scheduler.agenda.search import FoundSlot, search
from scheduler.agenda.slot_query import FARTHEST_KM, SlotQuery
from scheduler.agenda.why import SENTENCES, why_not_shown
from scheduler.store.tables import Modality, Role

router = APIRouter(prefix="/api/v1/slots", tags=["agenda partagé"])

USUAL_WINDOW = timedelta(hours=48)


class Around:
    """Where and when somebody can be seen: a commune or a position, within 48 hours unless said."""

    def __init__(
        self,
        insee: Annotated[Insee | None, Query(description="Commune de départ, code INSEE")] = None,
        lat: Annotated[float | None, Query(ge=-90, le=90, description="Degrés, WGS 84")] = None,
        lon: Annotated[float | None, Query(ge=-180, le=180, description="Degrés, WGS 84")] = None,
        from_at: Annotated[Instant | None, Query(alias="from", description="Par défaut : maintenant")] = None,
        to_at: Annotated[Instant | None, Query(alias="to", description="Par défaut : 48 h plus tard")] = None,
        max_km: Annotated[float, Query(gt=0, le=FARTHEST_KM, description="Par la route, en km")] = 15.0,
        modality: Annotated[Modality | None, Query(description="AMB cabinet, HH domicile, VR vidéo")] = None,
        age: Annotated[int | None, Query(ge=0, le=OLDEST, description="Du patient, en années")] = None,
    ) -> None:
        self.insee, self.latitude, self.longitude = insee, lat, lon
        self.from_at, self.to_at = from_at, to_at
        self.max_km, self.modality, self.age = max_km, modality, age


@router.get("")
def search_slots(
    actor: Booker, here: Here, around: Annotated[Around, Depends()], paging: Paged
) -> Page[SlotOut]:
    """Find the slots this role may book, by start, then by travel."""
    now = here.clock()
    query = replace(
        _wanted(around, now),
        limit=paging.limit,
        after=paging.after_as(instant, whole, whole),
    )
    with here.store.read() as session:
        listed = search(session, actor, query, now=now)
    keep_count(here, listed.rows)
    return page(listed, key=_key, show=_shown)


@router.get("/find")
def find_slots(
    actor: Booker,
    here: Here,
    around: Annotated[Around, Depends()],
    usual: Annotated[Id | None, Query(description="Médecin habituel : ses créneaux d'abord")] = None,
) -> FindOut:
    """Find a slot for somebody: wider and wider until five practitioners, by delay, each in turn."""
    now = here.clock()
    with here.store.read() as session:
        found = find(session, actor, _wanted(around, now), usual_practitioner_id=usual, now=now)
    keep_count(here, found.slots)
    return FindOut(
        radius_km=found.max_km,
        is_cut=found.is_cut,
        usual=[_shown(slot) for slot in found.usual],
        groups=[
            DelayOut(
                from_h=group.from_h,
                to_h=group.to_h,
                slots=[_shown(slot) for slot in group.slots],
                num_more=group.num_more,
            )
            for group in found.groups
        ],
    )


@router.get("/{slot_id}/why-not-shown")
def why_not(
    slot_id: Annotated[Id, Path()],
    actor: AgendaWatcher,
    here: Here,
    around: Annotated[Around, Depends()],
    viewer: Annotated[Role, Query(description="Pour qui le créneau n'apparaît pas")] = Role.REGULATOR,
    usual: Annotated[Id | None, Query(description="Médecin habituel du patient")] = None,
) -> WhyOut:
    """Say why a search does not list a slot: every reason that holds; none when it does list it."""
    now = here.clock()
    with here.store.read() as session:
        told = why_not_shown(
            session,
            actor,
            slot_id,
            _wanted(around, now),
            viewer=viewer,
            usual_practitioner_id=usual,
            now=now,
        )
    reasons = [ReasonOut(code=why, sentence=SENTENCES[why]) for why in told.reasons]
    return WhyOut(is_shown=not reasons, reasons=reasons, held_until=told.held_until)


@router.post("/{slot_id}/bookings", status_code=status.HTTP_201_CREATED, response_model=BookingRef)
def book_slot(
    slot_id: Annotated[Id, Path()], given: BookIn, actor: Booker, once: Once, here: Here
) -> JSONResponse:
    """Take one place of a slot: exactly one of those who try gets it, the others a 409 with the reason."""
    now = here.clock()

    def booked() -> BookingRef:
        booking = book(
            session,
            actor,
            slot_id=slot_id,
            patient_id=given.patient_id,
            by_phone=given.by_phone,
            now=now,
        )
        return BookingRef.of(booking)

    read_once_more(here, actor, slot_id, key=once.key, takes=True, by_phone=given.by_phone)
    with here.store.write() as session:
        refuse_if_full(session, actor, slot_id, key=once.key, now=now)
        return once.answer(session, actor, now=now, effect=booked)


@router.post("/{slot_id}/holds", status_code=status.HTTP_201_CREATED, response_model=BookingRef)
def hold_slot(
    slot_id: Annotated[Id, Path()], given: BookIn, actor: Booker, once: Once, here: Here
) -> JSONResponse:
    """Keep one place for five minutes, to agree with the patient; then confirm it, or let it go."""
    now = here.clock()

    def held() -> BookingRef:
        booking = hold(
            session,
            actor,
            slot_id=slot_id,
            patient_id=given.patient_id,
            by_phone=given.by_phone,
            now=now,
        )
        return BookingRef.of(booking)

    read_once_more(here, actor, slot_id, key=once.key, takes=True, by_phone=given.by_phone)
    with here.store.write() as session:
        refuse_if_full(session, actor, slot_id, key=once.key, now=now)
        return once.answer(session, actor, now=now, effect=held)


@router.post("/{slot_id}/extra-bookings", status_code=status.HTTP_201_CREATED, response_model=BookingRef)
def book_en_sus(
    slot_id: Annotated[Id, Path()], given: BookIn, actor: Surgery, once: Once, here: Here
) -> JSONResponse:
    """Grant one more place of a full slot of one's own and take it: it is never open to others."""
    now = here.clock()

    def granted() -> BookingRef:
        booking = book_extra(session, actor, slot_id=slot_id, patient_id=given.patient_id, now=now)
        return BookingRef.of(booking)

    with here.store.write() as session:
        return once.answer(session, actor, now=now, effect=granted)


def _wanted(around: Around, now: datetime) -> SlotQuery:
    from_at = around.from_at or now
    return SlotQuery(
        insee=around.insee,
        latitude=around.latitude,
        longitude=around.longitude,
        from_at=from_at,
        to_at=around.to_at or from_at + USUAL_WINDOW,
        modality=around.modality,
        max_km=around.max_km,
        age=around.age,
    )


def _key(slot: FoundSlot) -> tuple[str, str, str]:
    start_at, travel_s, slot_id = slot.key
    return start_at.isoformat(), str(travel_s), str(slot_id)


def _shown(slot: FoundSlot) -> SlotOut:
    return SlotOut(
        id=slot.slot_id, **{name: getattr(slot, name) for name in SlotOut.model_fields if name != "id"}
    )
