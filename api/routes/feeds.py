"""Calendars that open slots: tried before anyone relies on them, registered, read again."""

from typing import Annotated

from fastapi import APIRouter, Depends, File, Form, Path, UploadFile, status

from api.dependencies import CalendarKeeper
from api.reading import fetch_body, read_registered, try_body
from api.schemas.common import Id, Instant, Page
from api.schemas.feeds import (
    FeedIn,
    FeedOut,
    PreviewAddressIn,
    PreviewOut,
    ReadAs,
    ReadingOut,
    SlotMinutes,
    Zone,
    feed_out,
    preview_out,
    reading_out,
)
from api.services import Here, Services
from scheduler.accounts.actor import Actor
from scheduler.agenda.feeds import Mode
from scheduler.agenda.feeds.addresses import AddressPolicy
from scheduler.agenda.readings import last_readings
from scheduler.agenda.subscribe import find_feed, list_feeds, register_feed, resume_feed, suspend_feed
from scheduler.rows import id_of

router = APIRouter(prefix="/api/v1/feeds", tags=["agenda partagé"])

FeedId = Annotated[Id, Path()]


async def _read_as(
    mode: Annotated[Mode, Form()] = Mode.MARKED,
    zone: Annotated[Zone, Form()] = "Europe/Paris",
    slot_minutes: Annotated[SlotMinutes, Form()] = None,
    from_at: Annotated[Instant | None, Form(alias="from")] = None,
    to_at: Annotated[Instant | None, Form(alias="to")] = None,
    practitioner_id: Annotated[Id | None, Form()] = None,
) -> ReadAs:
    return ReadAs(
        mode=mode,
        zone=zone,
        slot_minutes=slot_minutes,
        from_at=from_at,
        to_at=to_at,
        practitioner_id=practitioner_id,
    )


@router.post("/preview/address")
def preview_address(given: PreviewAddressIn, actor: CalendarKeeper, here: Here) -> PreviewOut:
    """Say what the calendar behind an address would give; nothing is kept."""
    with here.readers.place():
        body = fetch_body(given.address, allow_private=here.settings.feed_allow_private)
        return preview_out(try_body(here, actor, body, given, given.practitioner_id, now=here.clock()))


@router.post("/preview/file")
def preview_file(
    file: Annotated[UploadFile, File(description="Fichier .ics")],
    read_as: Annotated[ReadAs, Depends(_read_as)],
    actor: CalendarKeeper,
    here: Here,
) -> PreviewOut:
    """Say what a calendar file would give; nothing is kept."""
    body = file.file.read()
    with here.readers.place():
        return preview_out(try_body(here, actor, body, read_as, read_as.practitioner_id, now=here.clock()))


@router.post("", status_code=status.HTTP_201_CREATED)
def register(given: FeedIn, actor: CalendarKeeper, here: Here) -> FeedOut:
    """Register a calendar; one with an address is read by itself from now on."""
    policy = AddressPolicy(allow_private=here.settings.feed_allow_private)
    with here.store.write() as session:
        feed = register_feed(session, actor, **given.model_dump(), now=here.clock(), policy=policy)
        return feed_out(feed, None)


@router.get("")
def list_all(actor: CalendarKeeper, here: Here) -> Page[FeedOut]:
    """List the calendars this person may manage and how their readings go; all of them, on one page."""
    with here.store.read() as session:
        feeds = list_feeds(session, actor)
        last = last_readings(session, [id_of(feed) for feed in feeds])
    return Page(items=[feed_out(feed, last.get(id_of(feed))) for feed in feeds])


@router.post("/{feed_id}/read")
def read_now(feed_id: FeedId, actor: CalendarKeeper, here: Here) -> ReadingOut:
    """Read a calendar from its address now, and make the slots agree with it."""
    return _read(here, actor, feed_id, None)


@router.post("/{feed_id}/file")
def read_given_file(
    feed_id: FeedId,
    file: Annotated[UploadFile, File(description="Fichier .ics")],
    actor: CalendarKeeper,
    here: Here,
) -> ReadingOut:
    """Read a calendar handed over as a file, and make the slots agree with it."""
    return _read(here, actor, feed_id, file.file.read())


@router.post("/{feed_id}/suspend")
def suspend(feed_id: FeedId, actor: CalendarKeeper, here: Here) -> FeedOut:
    """Stop reading a calendar and hide its slots; what is booked stays booked."""
    with here.store.write() as session:
        return feed_out(suspend_feed(session, actor, feed_id), None)


@router.post("/{feed_id}/resume")
def resume(feed_id: FeedId, actor: CalendarKeeper, here: Here) -> FeedOut:
    """Read a suspended calendar again."""
    with here.store.write() as session:
        return feed_out(resume_feed(session, actor, feed_id, now=here.clock()), None)


def _read(here: Services, actor: Actor, feed_id: int, body: bytes | None) -> ReadingOut:
    with here.store.read() as session:
        find_feed(session, actor, feed_id)
    with here.readers.place():
        reading = read_registered(here.store, feed_id, settings=here.settings, now=here.clock(), body=body)
    return reading_out(reading)
