"""What a practitioner wants of those who book with them."""

from typing import Annotated

from fastapi import APIRouter, Path

from api.dependencies import CalendarKeeper
from api.schemas.bookings import AgendaRulesBody
from api.schemas.common import Id
from api.services import Here
from scheduler.agenda.rules import Wishes, get_rules, set_rules

router = APIRouter(prefix="/api/v1/practitioners/{practitioner_id}/agenda-rules", tags=["agenda partagé"])

PractitionerId = Annotated[Id, Path()]


@router.get("")
def show(practitioner_id: PractitionerId, actor: CalendarKeeper, here: Here) -> AgendaRulesBody:
    """Tell until when a booking may be cancelled without a reason, and which ages are seen in person."""
    with here.store.read() as session:
        return _body(get_rules(session, actor, practitioner_id))


@router.put("")
def change(
    practitioner_id: PractitionerId, given: AgendaRulesBody, actor: CalendarKeeper, here: Here
) -> AgendaRulesBody:
    """Change all of it; the limit holds for the bookings made already too."""
    with here.store.write() as session:
        wishes = Wishes(**given.model_dump())
        set_rules(session, actor, practitioner_id, wishes, now=here.clock())
    return _body(wishes)


def _body(wishes: Wishes) -> AgendaRulesBody:
    return AgendaRulesBody(cancel_hours=wishes.cancel_hours, age_min=wishes.age_min, age_max=wishes.age_max)
