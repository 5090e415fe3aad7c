"""A GP's own agenda, for them and their secretary: the week, slots by hand, leave, limits, addresses."""

from collections.abc import Callable
from datetime import date, timedelta
from http import HTTPStatus
from typing import Annotated
from uuid import uuid4

from fastapi import APIRouter, Path
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlmodel import Session

from api.schemas.common import Id
from api.web.arrival import whole_id
from api.web.errors import PageRoute
from api.web.forms import Form, read_count, read_day
from api.web.guests import CalendarKeeperHere, Guest
from api.web.notices import notice_of
from api.web.once import do_once
from api.web.own_agenda import clock_minutes, opening_of, range_of, week_of
from api.web.sent import FromForm, Sent
from matching.errors import RelaisError
from scheduler.agenda.booking import book_extra
from scheduler.agenda.by_hand import (
    close_slot,
    end_leave,
    end_series,
    list_series,
    open_series,
    open_slot,
    skip_day,
    take_leave,
)
from scheduler.agenda.kept import kept_practices
from scheduler.agenda.leaves import list_leaves
from scheduler.agenda.own_week import managed_practitioners, own_week
from scheduler.agenda.publish import issue_address, list_addresses, revoke_address
from scheduler.agenda.rules import Wishes, get_rules, set_rules
from scheduler.errors import Conflict, InvalidInput
from scheduler.rows import id_of
from scheduler.store.tables import PublishedKind

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_LABELS = {
    "on": "Jour",
    "from": "De",
    "to": "À",
    "capacity": "Patients par créneau",
    "slot_minutes": "Durée d’un créneau",
    "first_on": "Premier jour",
    "last_on": "Dernier jour",
    "age_min": "Âge minimal",
    "age_max": "Âge maximal",
}


@router.get("/mes-creneaux")
def week(guest: CalendarKeeperHere) -> HTMLResponse:
    """Show one week: what is open, booked and by whom; and open slots by hand."""
    return _week(guest, Form())


@router.post("/mes-creneaux/ouvrir")
def open_one(guest: CalendarKeeperHere, sent: FromForm) -> Response:
    """Open one slot."""

    def act(session: Session, who: int) -> object:
        start_at, end_at = range_of(sent.values, guest.zone)
        given = opening_of(sent.values)
        return open_slot(session, guest.actor, who, given, start_at=start_at, end_at=end_at, now=guest.now).id

    return _done(guest, sent, "ouvert", act)


@router.post("/mes-creneaux/chaque-semaine")
def open_weekly(guest: CalendarKeeperHere, sent: FromForm) -> Response:
    """Open a range of every week."""

    def act(session: Session, who: int) -> object:
        given, wanted = opening_of(sent.values), week_of(sent, guest.today)
        return open_series(session, guest.actor, who, given, wanted, now=guest.now).id

    return _done(guest, sent, "serie", act)


@router.post("/mes-creneaux/{slot_id}/fermer")
def close_one(slot_id: Annotated[Id, Path()], guest: CalendarKeeperHere, sent: FromForm) -> Response:
    """Close a slot that was opened by hand."""
    return _done(guest, sent, "ferme", lambda s, _: close_slot(s, guest.actor, slot_id, now=guest.now).id)


@router.post("/mes-creneaux/{slot_id}/en-sus")
def one_more(slot_id: Annotated[Id, Path()], guest: CalendarKeeperHere, sent: FromForm) -> Response:
    """Grant one place en sus of a full slot, and take it."""
    return _done(
        guest, sent, "en-sus", lambda s, _: book_extra(s, guest.actor, slot_id=slot_id, now=guest.now).id
    )


@router.get("/mes-creneaux/reglages")
def settings(guest: CalendarKeeperHere) -> HTMLResponse:
    """Show the weekly series, the leaves, the limits and the addresses to subscribe to."""
    return _settings(guest, Form())


@router.post("/mes-creneaux/series/{series_id}/{how}")
def change_series(
    series_id: Annotated[Id, Path()],
    how: Annotated[str, Path(pattern="^(sauter|finir)$")],
    guest: CalendarKeeperHere,
    sent: FromForm,
) -> Response:
    """Open nothing of a series on one day, or end it after a day."""
    change = skip_day if how == "sauter" else end_series

    def act(session: Session, _who: int) -> object:
        return change(session, guest.actor, series_id, _day(sent, "on"), now=guest.now).id

    return _done(guest, sent, "serie-changee", act, show=_settings)


@router.post("/mes-creneaux/absences")
def go_away(guest: CalendarKeeperHere, sent: FromForm) -> Response:
    """Close every slot of some days; what is booked in them becomes conflicts."""

    def act(session: Session, who: int) -> object:
        first_on = _day(sent, "first_on")
        last_on = read_day(sent.values.get("last_on", "")) or first_on
        leave, _ = take_leave(session, guest.actor, who, first_on=first_on, last_on=last_on, now=guest.now)
        return leave.id

    return _done(guest, sent, "absence", act, show=_settings)


@router.post("/mes-creneaux/absences/{leave_id}/retirer")
def come_back(leave_id: Annotated[Id, Path()], guest: CalendarKeeperHere, sent: FromForm) -> Response:
    """Take a leave back."""

    def act(session: Session, _who: int) -> object:
        end_leave(session, guest.actor, leave_id, now=guest.now)
        return leave_id

    return _done(guest, sent, "retour", act, show=_settings)


@router.post("/mes-creneaux/limites")
def change_limits(guest: CalendarKeeperHere, sent: FromForm) -> Response:
    """Say until when a booking may be cancelled, and which ages are seen."""

    def act(session: Session, who: int) -> object:
        values = sent.values
        wishes = Wishes(
            cancel_hours=read_count(values.get("cancel_hours", ""), most=72) or 0,
            age_min=read_count(values.get("age_min", ""), most=130),
            age_max=read_count(values.get("age_max", ""), most=130),
        )
        set_rules(session, guest.actor, who, wishes, now=guest.now)
        return who

    return _done(guest, sent, "limites", act, show=_settings)


@router.post("/mes-creneaux/adresses")
def publish(guest: CalendarKeeperHere, sent: FromForm) -> HTMLResponse:
    """Make an address to subscribe to; it is on this page and nowhere else, so twice shown is twice made."""
    tokens: list[str] = []
    with guest.here.store.write() as session:
        who = _who(guest, session, sent.values.get("medecin", ""))

        def issued() -> dict[str, str]:
            made = issue_address(
                session,
                guest.actor,
                kind=PublishedKind.BOOKINGS,
                practitioner_id=who,
                now=guest.now,
            )
            tokens.append(made.token)
            return {"id": str(made.feed.id)}

        key = f"adresse-{sent.values.get('key', '')}"
        do_once(session, guest, key=key, route="POST /mes-creneaux/adresses", what=who, effect=issued)
    form = Form(values=sent.values)
    if not tokens:
        form = form.refused("", "L'adresse est déjà créée, et montrée une fois. Révoquez-la s'il le faut.")
        return _settings(guest, form, status=HTTPStatus.CONFLICT)
    base = guest.here.settings.public_url.rstrip("/")
    return _settings(guest, form, address=f"{base}/ical/{tokens[0]}.ics")


@router.post("/mes-creneaux/adresses/{published_id}/revoquer")
def revoke(published_id: Annotated[Id, Path()], guest: CalendarKeeperHere, sent: FromForm) -> Response:
    """Make an address worthless at once."""
    return _done(
        guest,
        sent,
        "revoquee",
        lambda s, _: revoke_address(s, guest.actor, published_id, now=guest.now).id,
        show=_settings,
    )


def _done(
    guest: Guest,
    sent: Sent,
    done: str,
    act: Callable[[Session, int], object],
    *,
    show: Callable[..., HTMLResponse] | None = None,
) -> Response:
    """Do something once for one page shown; what is refused is said above what was typed."""
    path = guest.request.url.path
    try:
        with guest.here.store.write() as session:
            who = _who(guest, session, sent.values.get("medecin", ""))
            do_once(
                session,
                guest,
                key=f"{done}-{sent.values.get('key', '')}",
                route=f"POST {path}"[:200],
                what=sent.pairs,
                effect=lambda: {"id": str(act(session, who))},
            )
    except (InvalidInput, Conflict) as refusal:
        return (show or _week)(guest, _refused(sent, refusal), status=HTTPStatus.UNPROCESSABLE_ENTITY)
    back = "/mes-creneaux/reglages" if show is not None else "/mes-creneaux"
    kept = "&".join(f"{name}={sent.values[name]}" for name in ("medecin", "semaine") if _plain(sent, name))
    return RedirectResponse(f"{back}?fait={done}&{kept}".rstrip("&"), status_code=HTTPStatus.SEE_OTHER)


def _plain(sent: Sent, name: str) -> bool:
    given = sent.values.get(name, "")
    return bool(given) and given.isascii() and given.replace("-", "").isdecimal()


def _refused(sent: Sent, refusal: RelaisError) -> Form:
    form = Form(values=sent.values, labels=_LABELS)
    if isinstance(refusal, InvalidInput) and refusal.field in _LABELS:
        return form.refused(refusal.field, f"Attendu : {refusal.expected}.")
    return form.refused("", str(refusal))


def _week(guest: Guest, form: Form, *, status: int = HTTPStatus.OK) -> HTMLResponse:
    asked = {**dict(guest.request.query_params), **form.values}
    first_on = _first_day(asked.get("semaine", ""), guest.today)
    with guest.here.store.write() as session:
        managed = managed_practitioners(session, guest.actor)
        who = _chosen(guest, managed, asked.get("medecin", ""))
        shown = None if who is None else own_week(session, guest.actor, who, first_on=first_on, now=guest.now)
        practices = _practices(session, guest, who)
    return guest.page(
        "own_week.html",
        status=status,
        week=shown,
        managed=managed,
        who=who,
        first_on=first_on,
        last_on=first_on + timedelta(days=6),
        before=first_on - timedelta(days=7),
        after=first_on + timedelta(days=7),
        practices=practices,
        form=form,
        key=uuid4().hex,
        notice=notice_of(guest.request),
    )


def _settings(guest: Guest, form: Form, *, status: int = HTTPStatus.OK, address: str = "") -> HTMLResponse:
    asked = {**dict(guest.request.query_params), **form.values}
    with guest.here.store.read() as session:
        managed = managed_practitioners(session, guest.actor)
        who = _chosen(guest, managed, asked.get("medecin", ""))
        wishes = Wishes() if who is None else get_rules(session, guest.actor, who)
        series = () if who is None else list_series(session, guest.actor, who)
        leaves = () if who is None else list_leaves(session, guest.actor, who, now=guest.now)
        addresses = [row for row in list_addresses(session, guest.actor) if row.practitioner_id == who]
    typed = {
        "cancel_hours": str(wishes.cancel_hours),
        "age_min": "" if wishes.age_min is None else str(wishes.age_min),
        "age_max": "" if wishes.age_max is None else str(wishes.age_max),
    }
    return guest.page(
        "own_settings.html",
        status=status,
        managed=managed,
        who=who,
        name=dict(managed).get(who or 0, ""),
        form=Form(values=typed | dict(form.values), errors=form.errors, labels=form.labels),
        series=[row for row in series if row.last_on is None or row.last_on >= guest.today],
        leaves=leaves,
        addresses=addresses,
        address=address,
        clock=clock_minutes,
        key=uuid4().hex,
        notice=notice_of(guest.request),
    )


def _practices(session: Session, guest: Guest, who: int | None) -> list[tuple[int, str]]:
    found = [practice for practice, owner in kept_practices(session, guest.actor) if owner.id == who]
    return [(id_of(row), row.address or row.insee) for row in found]


def _chosen(guest: Guest, managed: list[tuple[int, str]], text: str) -> int | None:
    ids = [key for key, _ in managed]
    asked = whole_id(text)
    if asked in ids:
        return asked
    return guest.actor.practitioner_id if guest.actor.practitioner_id in ids else None


def _who(guest: Guest, session: Session, text: str) -> int:
    who = _chosen(guest, managed_practitioners(session, guest.actor), text)
    if who is None:
        raise InvalidInput("medecin", "un médecin de la liste")
    return who


def _day(sent: Sent, name: str) -> date:
    on = read_day(sent.values.get(name, ""))
    if on is None:
        raise InvalidInput(name, "une date comme 07/03/2027")
    return on


def _first_day(text: str, today: date) -> date:
    try:
        on = date.fromisoformat(text)
    except ValueError:
        on = today
    return on if abs((on - today).days) <= 366 else today
