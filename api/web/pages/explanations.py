"""Why a patient is, or is not, proposed to a GP; why not another one. Computed when asked, and traced."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from api.web.errors import PageRoute
from api.web.forms import Form
from api.web.guests import CoordinatorHere
from scheduler.referrals.overview import practitioners_here
from scheduler.referrals.reasons import explain_referral, why_not_this_one

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/patients/{referral_id}/pourquoi")
def show(
    referral_id: UUID,
    guest: CoordinatorHere,
    medecin: Annotated[str, Query(pattern="^[0-9]{0,9}$")] = "",
) -> HTMLResponse:
    """Say why this GP or nobody; with ``medecin``, why not that one instead."""
    store, actor, clock = guest.here.store, guest.actor, guest.here.clock
    with store.read() as session:
        names = practitioners_here(session, actor.territory_id)
    why_not = why_not_this_one(store, actor, referral_id, int(medecin), clock=clock) if medecin else None
    told = None if medecin else explain_referral(store, actor, referral_id, clock=clock)
    return guest.page(
        "explanation.html",
        referral_id=referral_id,
        told=told,
        why_not=why_not,
        asked_name=dict(names).get(int(medecin), "") if medecin else "",
        choices=names,
        form=Form(values={"medecin": medecin}),
    )
