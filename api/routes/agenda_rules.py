"""What a practitioner wants of those who book with them."""

from typing import Annotated

from fastapi import APIRouter, Path

from api.dependencies import CalendarKeeper
from api.schemas.agenda import AgendaRulesBody
from api.schemas.common import Id
from api.services import Here
from scheduler.agenda.rules import get_rules, set_rules

router = APIRouter(prefix="/api/v1/practitioners/{practitioner_id}/agenda-rules", tags=["agenda partagé"])

PractitionerId = Annotated[Id, Path()]


@router.get("")
def show(practitioner_id: PractitionerId, actor: CalendarKeeper, here: Here) -> AgendaRulesBody:
    """Tell until how many hours before its start a booking may be cancelled without a reason."""
    with here.store.read() as session:
        return AgendaRulesBody(cancel_hours=get_rules(session, actor, practitioner_id))


@router.put("")
def change(
    practitioner_id: PractitionerId, given: AgendaRulesBody, actor: CalendarKeeper, here: Here
) -> AgendaRulesBody:
    """Change it; it holds for the bookings made already too."""
    with here.store.write() as session:
        rules = set_rules(session, actor, practitioner_id, cancel_hours=given.cancel_hours, now=here.clock())
        return AgendaRulesBody(cancel_hours=rules.cancel_hours)
