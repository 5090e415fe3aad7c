"""A consultation for a patient who waits: free slots near their home; rank and wait do not change."""

from datetime import timedelta
from http import HTTPStatus
from uuid import UUID, uuid4

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.web.errors import PageRoute
from api.web.guests import CoordinatorHere
from api.web.labels import commune_name, full_name, phone
from api.web.once import do_once
from api.web.sent import FromForm
from scheduler.agenda.search import search
from scheduler.agenda.slot_query import SlotQuery
from scheduler.errors import InvalidInput, SlotNotOpen, SlotTaken
from scheduler.referrals.bridge import give_consultation
from scheduler.referrals.instance import age_on
from scheduler.referrals.read import get_referral

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_AHEAD = timedelta(days=7)
_MOST = 15


@router.get("/patients/{referral_id}/consultation")
def show(referral_id: UUID, guest: CoordinatorHere) -> HTMLResponse:
    """Show the free slots of the week to come, the earliest first; the reading of the file is traced."""
    return _page(guest, referral_id)


@router.post("/patients/{referral_id}/consultation")
def give(referral_id: UUID, guest: CoordinatorHere, sent: FromForm) -> Response:
    """Book one; the same button pressed twice books once."""
    slot = sent.values.get("slot", "")
    if not slot.isdecimal():
        raise InvalidInput("créneau", "un créneau de la page")
    try:
        with guest.here.store.write() as session:
            do_once(
                session,
                guest,
                key=sent.values.get("key", ""),
                route=f"POST /patients/{referral_id}/consultation",
                what=slot,
                effect=lambda: {
                    "id": str(
                        give_consultation(
                            session, guest.actor, referral_id, slot_id=int(slot), now=guest.now
                        ).id
                    )
                },
            )
    except (SlotTaken, SlotNotOpen) as refusal:
        return _page(guest, referral_id, refusal=str(refusal), status=HTTPStatus.CONFLICT)
    return RedirectResponse(f"/patients/{referral_id}?fait=consultation", status_code=HTTPStatus.SEE_OTHER)


def _page(
    guest: CoordinatorHere, referral_id: UUID, *, refusal: str = "", status: int = HTTPStatus.OK
) -> HTMLResponse:
    with guest.here.store.write() as session:
        file = get_referral(session, guest.actor, referral_id, now=guest.now)
        born = file.identity.birth_date
        wanted = SlotQuery(
            insee=file.identity.insee,
            from_at=guest.now,
            to_at=guest.now + _AHEAD,
            limit=_MOST,
            age=None if born is None else age_on(born, guest.today),
        )
        found = search(session, guest.actor, wanted, now=guest.now)
    return guest.page(
        "bridging.html",
        status=status,
        referral_id=referral_id,
        name=full_name(file.line.family_name, file.line.given_name),
        commune=commune_name(file.line.insee),
        phone=phone(file.identity.phone),
        slots=found.rows,
        key=uuid4().hex,
        refusal=refusal,
    )
