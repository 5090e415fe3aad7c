"""The booking page of one practitioner's agenda."""

from http import HTTPStatus
from uuid import uuid4

from fastapi.responses import HTMLResponse

from api.counting import keep_count
from api.web.guests import Guest
from api.web.notices import Notice
from scheduler.sas.agenda import open_agenda


def show_agenda(
    guest: Guest, practitioner_id: int, *, notice: Notice | None = None, status: int = HTTPStatus.OK
) -> HTMLResponse:
    """Show what this person may book with one practitioner in the coming week."""
    with guest.here.store.read() as session:
        agenda = open_agenda(session, guest.actor, practitioner_id, now=guest.now)
    keep_count(guest.here, agenda.slots)
    return guest.page("agenda.html", status=status, agenda=agenda, notice=notice, key=uuid4().hex)
