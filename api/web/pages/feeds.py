"""Calendars: how they do, what a new one would give, registering it, reading it again."""

from collections.abc import Iterable
from datetime import datetime
from http import HTTPStatus
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Path
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlmodel import Session

from api.reading import fetch_body, read_registered, try_body
from api.schemas.common import Id
from api.schemas.feeds import ReadAs
from api.web.calendars import (
    ZONES,
    NewFeed,
    pack,
    practices_of,
    read_new_feed,
    shown_feeds,
    unpack,
    zones_with,
)
from api.web.errors import PageRoute
from api.web.feed_trials import left_out
from api.web.forms import Form, Problems
from api.web.guests import CalendarKeeperHere, Guest
from api.web.notices import notice_of
from api.web.once import do_once
from api.web.sent import FromForm, Sent
from scheduler.agenda.alerts import trouble_of
from scheduler.agenda.feeds import FeedError, Preview
from scheduler.agenda.feeds.addresses import AddressPolicy
from scheduler.agenda.health import health_of
from scheduler.agenda.readings import OK, UNCHANGED, outcome_of
from scheduler.agenda.subscribe import find_feed, register_feed, resume_feed, suspend_feed
from scheduler.errors import AlreadyExists, InvalidInput, NotFound
from scheduler.store.tables import FeedReading, Practice

router = APIRouter(route_class=PageRoute, include_in_schema=False)

LARGE_BODIES = ("/agendas/apercu", "/agendas")
"""Paths whose forms carry a calendar file."""

_LABELS = {
    "practice_id": "Médecin et lieu",
    "name": "Nom de l’agenda",
    "address": "Adresse de l’agenda",
    "file": "Fichier .ics",
    "zone": "Fuseau horaire",
    "slot_minutes": "Durée d’un créneau",
}
_SHOWN_READINGS = 30
_KEPT = ("practice_id", "name", "address", "mode", "zone", "slot_minutes", "modality", "visibility")


@router.get("/agendas")
def show(guest: CalendarKeeperHere) -> HTMLResponse:
    """Show each calendar, how it does, what was ignored and why; and the form for another one."""
    return _feeds(guest, Form(values={"mode": "marked", "zone": guest.zone}))


@router.post("/agendas/apercu")
def try_out(guest: CalendarKeeperHere, sent: FromForm) -> HTMLResponse:
    """Show what a calendar would give; nothing is kept."""
    problems = Problems()
    asked = read_new_feed(sent.values, sent.files.get("file"), problems)
    if asked is None:
        return _refused(guest, sent, problems)
    try:
        with guest.here.readers.place():
            body = asked.body or _fetched(guest, asked)
            with guest.here.store.read() as session:
                whose = _practice(session, asked).practitioner_id
            tried = try_body(guest.here, guest.actor, body, _read_as(asked), whose, now=guest.now)
    except FeedError as refusal:
        problems.add("file" if asked.body else "address", str(refusal))
        return _refused(guest, sent, problems)
    return guest.page(
        "feed_preview.html",
        name=asked.name,
        opened=_opened(tried.preview),
        others=left_out(tried.preview),
        num_closed_elsewhere=tried.num_closed_elsewhere,
        warnings=tried.preview.warnings,
        clock_change=tried.preview.clock_change,
        zone_name=ZONES.get(asked.zone, asked.zone),
        kept=_to_keep(sent, asked),
    )


@router.post("/agendas")
def register(guest: CalendarKeeperHere, sent: FromForm) -> Response:
    """Register a calendar that was tried out, and read it at once."""
    problems = Problems()
    asked = read_new_feed(sent.values, None, problems, kept=unpack(sent.values.get("body", "")))
    if asked is None:
        return _refused(guest, sent, problems)
    try:
        with guest.here.store.write() as session:
            feed_id = _registered(session, guest, asked, key=sent.values.get("key", ""))
    except (InvalidInput, AlreadyExists) as refusal:
        problems.add(refusal.field, str(refusal))
        return _refused(guest, sent, problems)
    return _told(_read(guest, feed_id, asked.body), "relie")


@router.get("/agendas/{feed_id}")
def health(feed_id: Annotated[Id, Path()], guest: CalendarKeeperHere) -> HTMLResponse:
    """Show how one calendar does, reading by reading."""
    with guest.here.store.read() as session:
        told = health_of(session, guest.actor, feed_id, now=guest.now)
    return guest.page(
        "feed_health.html",
        feed=told.feed,
        trouble=told.trouble,
        alerted_at=told.alert.raised_at if told.alert else None,
        share=None if told.share_good is None else round(100 * told.share_good),
        hidden_at=told.hidden_at,
        readings=[(reading, _outcome(reading)) for reading in told.readings[:_SHOWN_READINGS]],
    )


@router.post("/agendas/{feed_id}/relire")
def read_again(feed_id: Annotated[Id, Path()], guest: CalendarKeeperHere, _sent: FromForm) -> Response:
    """Read a calendar now."""
    with guest.here.store.read() as session:
        find_feed(session, guest.actor, feed_id)
    return _told(_read(guest, feed_id, None), "relu")


@router.post("/agendas/{feed_id}/suspendre")
def suspend(feed_id: Annotated[Id, Path()], guest: CalendarKeeperHere, _sent: FromForm) -> Response:
    """Stop reading a calendar and hide its slots."""
    with guest.here.store.write() as session:
        suspend_feed(session, guest.actor, feed_id)
    return _to_feeds("suspendu")


@router.post("/agendas/{feed_id}/reprendre")
def resume(feed_id: Annotated[Id, Path()], guest: CalendarKeeperHere, _sent: FromForm) -> Response:
    """Read a suspended calendar again."""
    with guest.here.store.write() as session:
        has_address = resume_feed(session, guest.actor, feed_id, now=guest.now).address is not None
    return _told(_read(guest, feed_id, None), "relu") if has_address else _to_feeds("repris")


def _outcome(reading: FeedReading) -> str:
    outcome = outcome_of(reading)
    return "Lu" if outcome == OK else "Rien de nouveau" if outcome == UNCHANGED else trouble_of(outcome)


def _feeds(guest: Guest, form: Form, status: int = HTTPStatus.OK) -> HTMLResponse:
    with guest.here.store.read() as session:
        feeds = shown_feeds(session, guest.actor, now=guest.now)
        practices = practices_of(session, guest.actor)
    return guest.page(
        "feeds.html",
        status=status,
        feeds=feeds,
        practices=practices,
        zones=zones_with(form.values.get("zone", "")),
        form=form,
        notice=notice_of(guest.request),
    )


def _refused(guest: Guest, sent: Sent, problems: Problems) -> HTMLResponse:
    form = Form(values=sent.values, errors=problems.by_field, labels=_LABELS)
    return _feeds(guest, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)


def _fetched(guest: Guest, asked: NewFeed) -> bytes:
    return fetch_body(asked.address or "", allow_private=guest.here.settings.feed_allow_private)


def _practice(session: Session, asked: NewFeed) -> Practice:
    practice = session.get(Practice, asked.practice_id)
    if practice is None:
        raise NotFound("practice")
    return practice


def _read_as(asked: NewFeed) -> ReadAs:
    return ReadAs(mode=asked.mode, zone=asked.zone, slot_minutes=asked.slot_minutes)


def _opened(seen: Preview) -> list[tuple[datetime, datetime]]:
    rows = [(row["start"], row["end"]) for row in seen.rows if row["state"] == "open"]
    return [
        (datetime.fromisoformat(start), datetime.fromisoformat(end)) for start, end in rows if start and end
    ]


def _to_keep(sent: Sent, asked: NewFeed) -> Iterable[tuple[str, str]]:
    yield "key", uuid4().hex
    yield from ((name, sent.values.get(name, "")) for name in _KEPT)
    if asked.body:
        yield "body", pack(asked.body)


def _registered(session: Session, guest: Guest, asked: NewFeed, *, key: str) -> int:
    practice = _practice(session, asked)

    def registered() -> dict[str, str]:
        feed = register_feed(
            session,
            guest.actor,
            practitioner_id=practice.practitioner_id,
            practice_id=asked.practice_id,
            name=asked.name,
            address=asked.address,
            mode=asked.mode.value,
            zone=asked.zone,
            slot_minutes=asked.slot_minutes,
            modality=asked.modality,
            visibility=asked.visibility,
            now=guest.now,
            policy=_policy(guest),
        )
        return {"id": str(feed.id)}

    kept = do_once(session, guest, key=key, route="POST /agendas", what=asked, effect=registered)
    return int(kept["id"])


def _read(guest: Guest, feed_id: int, body: bytes | None) -> FeedReading:
    here = guest.here
    with here.readers.place():
        return read_registered(here.store, feed_id, settings=here.settings, now=here.clock(), body=body)


def _policy(guest: Guest) -> AddressPolicy:
    return AddressPolicy(allow_private=guest.here.settings.feed_allow_private)


def _told(reading: FeedReading, done: str) -> RedirectResponse:
    return _to_feeds(done if outcome_of(reading) in {"ok", "unchanged"} else "non-lu")


def _to_feeds(done: str) -> RedirectResponse:
    return RedirectResponse(f"/agendas?fait={done}", status_code=HTTPStatus.SEE_OTHER)
