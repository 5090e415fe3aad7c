"""Feeds given out: addresses made and revoked by people, calendars fetched by agendas."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response, status

from api.dependencies import CalendarKeeper
from api.published import PublishedCache, calendar_answer, published
from api.schemas.common import Id, Page
from api.schemas.published import PublishedAddressOut, PublishedIn, PublishedOut, published_out
from api.security import PUBLIC
from api.services import Here
from scheduler.agenda.publish import issue_address, list_addresses, revoke_address

router = APIRouter(prefix="/api/v1/published-feeds", tags=["agenda partagé"])
calendars = APIRouter(tags=["agenda partagé"])


@router.get("")
def list_all(actor: CalendarKeeper, here: Here) -> Page[PublishedOut]:
    """List the addresses in use that this person may revoke, on one page."""
    with here.store.read() as session:
        return Page(items=[published_out(feed) for feed in list_addresses(session, actor)])


@router.post("", status_code=status.HTTP_201_CREATED)
def issue(given: PublishedIn, actor: CalendarKeeper, here: Here) -> PublishedAddressOut:
    """Make an address to subscribe to; its secret part is in this answer and nowhere else."""
    with here.store.write() as session:
        issued = issue_address(
            session,
            actor,
            kind=given.kind,
            practitioner_id=given.practitioner_id,
            now=here.clock(),
        )
        return PublishedAddressOut.issued(issued, here.settings.public_url)


@router.post("/{published_id}/revoke")
def revoke(published_id: Annotated[Id, Path()], actor: CalendarKeeper, here: Here) -> PublishedOut:
    """Make an address worthless at once."""
    with here.store.write() as session:
        return published_out(revoke_address(session, actor, published_id, now=here.clock()))


@calendars.get("/ical/{token}.ics", dependencies=[PUBLIC], response_class=Response)
def fetch_calendar(token: Annotated[str, Path(max_length=80)], request: Request, here: Here) -> Response:
    """Give the calendar behind an address, or 304 when nothing changed."""
    body = published(here, cache_of(request), token)
    return calendar_answer(body, request.headers)


def cache_of(request: Request) -> PublishedCache:
    """Give the calendars this application has written lately."""
    state = request.app.state
    if not hasattr(state, "published"):
        state.published = PublishedCache()
    cache: PublishedCache = state.published
    return cache
