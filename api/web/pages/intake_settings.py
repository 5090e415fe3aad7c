"""What a GP takes on: places and mix, a pause, who answers in their place, the end of their practice."""

from collections.abc import Callable, Mapping
from datetime import date
from http import HTTPStatus

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlmodel import Session

from api.web.errors import PageRoute
from api.web.forms import Form, Problems, read_count, read_day, read_km
from api.web.guests import Guest
from api.web.labels import commune_name
from api.web.life_notices import life_notice
from api.web.pages.my_intake import SurgeryHere
from api.web.sent import FromForm, Sent
from scheduler.directory import IntakeGiven
from scheduler.errors import Conflict, Forbidden, InvalidInput
from scheduler.exchange.errors import BadTable, UnreadableFile
from scheduler.exchange.panels import read_panel
from scheduler.exchange.tables import Source
from scheduler.referrals.departures import (
    announce_departure,
    cancel_departure,
    departure_of,
    import_panel,
    waves_of,
)
from scheduler.referrals.own_intake import (
    OwnIntake,
    delegate,
    delegates_of,
    end_delegation,
    own_intake,
    pause,
    set_intake,
)

router = APIRouter(route_class=PageRoute, include_in_schema=False)

LARGE_BODIES = (r"/mon-accueil/depart/patients",)
"""Paths that take a list of patients."""

_MOST_PLACES = 1000
_OLDEST = 130
_LABELS = {
    "places": "Nouveaux patients en tout",
    "max_tier1": "Dont priorité 1, au plus",
    "age_min": "À partir de",
    "age_max": "Jusqu’à",
    "max_km": "Distance",
    "practice": "Cabinet",
    "paused_until": "Pause jusqu’au",
    "email": "Adresse de la personne",
    "first_on": "À partir du",
    "last_on": "Jusqu’au",
    "leaving_on": "Dernier jour",
    "months_ahead": "Mois d’avance",
    "panel": "Liste des patients",
}


@router.get("/mon-accueil/reglages")
def show(guest: SurgeryHere) -> HTMLResponse:
    """Show what is set now."""
    return _page(guest)


@router.post("/mon-accueil/places")
def change_places(guest: SurgeryHere, sent: FromForm) -> Response:
    """Say how many patients, and which."""
    problems, typed = Problems(), sent.values
    given = IntakeGiven(
        practice_id=int(typed["practice"]) if typed.get("practice", "").isdecimal() else 0,
        places=_count(problems, typed, "places", _MOST_PLACES) or 0,
        max_tier1=_count(problems, typed, "max_tier1", _MOST_PLACES),
        age_min=_count(problems, typed, "age_min", _OLDEST),
        age_max=_count(problems, typed, "age_max", _OLDEST),
        home_visits=typed.get("home_visits") == "oui",
        max_km=problems.attempt("max_km", lambda: read_km(typed.get("max_km", "")), None),
        paused_until=problems.attempt("paused_until", lambda: read_day(typed.get("paused_until", "")), None),
    )
    if problems.by_field:
        return _refused(guest, sent, problems.by_field)
    return _try(
        guest,
        sent,
        lambda session: set_intake(session, guest.actor, _own(guest), given, now=guest.now),
        done="places",
    )


@router.post("/mon-accueil/pause")
def change_pause(guest: SurgeryHere, sent: FromForm) -> Response:
    """Stop proposals until a day, or take them up again."""
    problems = Problems()
    until = problems.attempt("paused_until", lambda: read_day(sent.values.get("paused_until", "")), None)
    if until is None and sent.values.get("reprendre") != "oui":
        problems.add("paused_until", "Attendu : une date comme 07/03/2027.")
    if problems.by_field:
        return _refused(guest, sent, problems.by_field)
    return _try(
        guest,
        sent,
        lambda session: pause(session, guest.actor, _own(guest), until=until, now=guest.now),
        done="pause" if until else "pause_levee",
    )


@router.post("/mon-accueil/relais")
def add_delegate(guest: SurgeryHere, sent: FromForm) -> Response:
    """Let somebody answer in the GP's place."""
    problems = Problems()
    first_on = problems.attempt("first_on", lambda: read_day(sent.values.get("first_on", "")), None)
    last_on = problems.attempt("last_on", lambda: read_day(sent.values.get("last_on", "")), None)
    if problems.by_field:
        return _refused(guest, sent, problems.by_field)
    return _try(
        guest,
        sent,
        lambda session: delegate(
            session,
            guest.actor,
            _own(guest),
            email=sent.values.get("email", ""),
            first_on=first_on or guest.today,
            last_on=last_on,
            now=guest.now,
        ),
        done="relais",
    )


@router.post("/mon-accueil/relais/{delegation_id}/fin")
def drop_delegate(delegation_id: int, guest: SurgeryHere, sent: FromForm) -> Response:
    """Take a delegation back."""
    return _try(
        guest,
        sent,
        lambda session: end_delegation(session, guest.actor, delegation_id, now=guest.now),
        done="relais-fin",
    )


@router.post("/mon-accueil/depart")
def announce(guest: SurgeryHere, sent: FromForm) -> Response:
    """Announce the end of the practice, or take the announcement back."""
    if sent.values.get("annuler") == "oui":
        return _try(
            guest,
            sent,
            lambda session: cancel_departure(session, guest.actor, _own(guest), now=guest.now),
            done="depart-annule",
        )
    problems = Problems()
    leaving_on = problems.attempt("leaving_on", lambda: read_day(sent.values.get("leaving_on", "")), None)
    months = _count(problems, sent.values, "months_ahead", 24)
    if leaving_on is None:
        problems.add("leaving_on", "Attendu : une date comme 30/06/2027.")
    if problems.by_field or leaving_on is None:
        return _refused(guest, sent, problems.by_field)
    return _try(
        guest,
        sent,
        lambda session: announce_departure(
            session,
            guest.actor,
            _own(guest),
            leaving_on=leaving_on,
            months_ahead=6 if months is None else months,
            now=guest.now,
        ),
        done="depart",
    )


@router.post("/mon-accueil/depart/patients")
def import_patients(guest: SurgeryHere, sent: FromForm) -> Response:
    """Import the patients of a GP who leaves; a wrong cell anywhere, and nothing is imported."""
    body = sent.files.get("panel", b"")
    try:
        lines = read_panel(Source(name="liste", body=body), guest.today)
    except BadTable as refusal:
        shown = [str(problem) for problem in refusal.problems[:20]]
        return _page(guest, Form(errors={"panel": str(refusal)}, labels=_LABELS), cells=shown, status=422)
    except UnreadableFile as refusal:
        return _refused(guest, sent, {"panel": str(refusal)})
    return _try(
        guest,
        sent,
        lambda session: import_panel(session, guest.actor, _own(guest), lines, now=guest.now),
        done="panel",
        field="panel",
    )


def _own(guest: Guest) -> int:
    if guest.actor.practitioner_id is None:
        raise Forbidden
    return guest.actor.practitioner_id


def _try(
    guest: Guest, sent: Sent, doing: Callable[[Session], object], *, done: str, field: str = ""
) -> Response:
    try:
        with guest.here.store.write() as session:
            doing(session)
    except InvalidInput as refusal:
        return _refused(guest, sent, {refusal.field: f"Attendu : {refusal.expected}."})
    except Conflict as refusal:
        return _refused(guest, sent, {field or "": str(refusal)})
    return RedirectResponse(f"/mon-accueil/reglages?fait={done}", status_code=HTTPStatus.SEE_OTHER)


def _count(problems: Problems, typed: Mapping[str, str], name: str, most: int) -> int | None:
    return problems.attempt(name, lambda: read_count(typed.get(name, ""), most=most), None)


def _refused(guest: Guest, sent: Sent, errors: dict[str, str]) -> HTMLResponse:
    form = Form(values=sent.values, errors=errors, labels=_LABELS)
    return _page(guest, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)


def _page(
    guest: Guest, form: Form | None = None, *, cells: list[str] | None = None, status: int = HTTPStatus.OK
) -> HTMLResponse:
    own = _own(guest)
    with guest.here.store.read() as session:
        mine = own_intake(session, guest.actor, own)
        delegates = delegates_of(session, own, on=guest.today)
        departure = departure_of(session, own)
        waves = waves_of(session, departure) if departure else ()
    return guest.page(
        "intake_settings.html",
        status=status,
        form=form or Form(values=_values(mine, departure.leaving_on if departure else None), labels=_LABELS),
        mine=mine,
        practices=[(str(row.id), row.address or commune_name(row.insee)) for row in mine.practices],
        delegates=delegates,
        departure=departure,
        waves=waves,
        cells=cells or [],
        notice=life_notice(guest.request),
    )


def _values(mine: OwnIntake, leaving_on: date | None) -> dict[str, str]:
    intake = mine.intake
    kept = {"leaving_on": leaving_on.isoformat() if leaving_on else "", "months_ahead": "6"}
    if intake is None:
        return kept
    numbers = {name: getattr(intake, name) for name in ("places", "max_tier1", "age_min", "age_max")}
    return kept | {
        **{name: "" if value is None else str(value) for name, value in numbers.items()},
        "max_km": "" if intake.max_km is None else f"{intake.max_km:g}".replace(".", ","),
        "home_visits": "oui" if intake.home_visits else "",
        "practice": str(intake.practice_id),
        "paused_until": intake.paused_until.isoformat() if intake.paused_until else "",
    }
