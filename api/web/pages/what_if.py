"""What would change: a place more here or there, a GP who leaves or comes. Nothing is proposed."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from http import HTTPStatus

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.solving import begin_study
from api.web.errors import PageRoute
from api.web.forms import Form, Problems, read_count, read_day
from api.web.guests import CoordinatorHere, Guest
from api.web.sent import FromForm, Sent
from scheduler.errors import InvalidInput
from scheduler.referrals.announced import announced_departures, neighbours_of
from scheduler.referrals.errors import StudyInProgress
from scheduler.referrals.future import MOST_MONTHS, Arriving, Future, Leaving
from scheduler.referrals.overview import practitioners_here
from scheduler.referrals.studies import StudyOrder, list_studies
from scheduler.store.tables import StudyKind

router = APIRouter(route_class=PageRoute, include_in_schema=False)

LINES = 3
"""Departures and arrivals a form has room for, beside those that are announced."""
_MOST_PLACES = 50
_SIGNALLED_PERCENT = 30


@router.get("/places")
def ask_places(guest: CoordinatorHere) -> HTMLResponse:
    """Ask what more places would change."""
    return _places(guest, Form(values={"more": "2"}))


@router.post("/places")
def start_places(guest: CoordinatorHere, sent: FromForm) -> Response:
    """Start to find out, and show how far it is."""
    problems = Problems()
    more = problems.attempt("more", lambda: read_count(sent.values.get("more", ""), most=_MOST_PLACES), None)
    if not more:
        problems.add("more", f"Attendu : un nombre de 1 à {_MOST_PLACES}.")
        form = Form(values=sent.values, errors=problems.by_field, labels={"more": "Places de plus"})
        return _places(guest, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    order = StudyOrder(kind=StudyKind.PLACES, more=more, time_limit_s=guest.here.settings.solve_seconds)
    return started(guest, order)


@router.get("/departs")
def ask_future(guest: CoordinatorHere) -> HTMLResponse:
    """Ask who leaves and who comes; those who announced it stand in the form."""
    values = {"months": "12", "share": str(_SIGNALLED_PERCENT)}
    with guest.here.store.read() as session:
        announced = announced_departures(session, guest.actor, on=guest.today)
    for number, one in enumerate(announced):
        values |= {
            f"gp-{number}": str(one.practitioner_id),
            f"on-{number}": one.on.isoformat(),
            f"panel-{number}": str(one.panel),
        }
    return _future(guest, Form(values=values))


@router.post("/departs")
def start_future(guest: CoordinatorHere, sent: FromForm) -> Response:
    """Start the projection, and show how far it is."""
    problems = Problems()
    future = _read_future(sent, guest.today, problems)
    if problems.by_field:
        form = Form(values=sent.values, errors=problems.by_field, labels=_labels(sent))
        return _future(guest, form, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    future = replace(future, leaving=_with_neighbours(guest, future.leaving))
    order = StudyOrder(
        kind=StudyKind.DEMOGRAPHY, future=future, time_limit_s=guest.here.settings.solve_seconds
    )
    return started(guest, order)


def _with_neighbours(guest: Guest, leaving: tuple[Leaving, ...]) -> tuple[Leaving, ...]:
    """Say who practises around those who leave: most of them take nobody any more."""
    with guest.here.store.read() as session:
        return tuple(
            replace(
                one,
                neighbours=tuple(map(str, neighbours_of(session, guest.actor, int(one.practitioner_id)))),
            )
            for one in leaving
        )


def started(guest: Guest, order: StudyOrder) -> Response:
    """Begin a study and lead to it; where one of its kind is under way, lead to that one."""
    try:
        study_id = begin_study(guest.here, guest.actor, order).id
    except StudyInProgress:
        with guest.here.store.read() as session:
            study_id = list_studies(session, guest.actor, order.kind, limit=1)[0].id
    return RedirectResponse(f"/etudes/{study_id}", status_code=HTTPStatus.SEE_OTHER)


def _places(guest: Guest, form: Form, status: int = HTTPStatus.OK) -> HTMLResponse:
    with guest.here.store.read() as session:
        studies = list_studies(session, guest.actor, StudyKind.PLACES)
    return guest.page("places.html", status=status, form=form, studies=studies)


def _future(guest: Guest, form: Form, status: int = HTTPStatus.OK) -> HTMLResponse:
    with guest.here.store.read() as session:
        studies = list_studies(session, guest.actor, StudyKind.DEMOGRAPHY)
        gps = practitioners_here(session, guest.actor.territory_id)
    return guest.page(
        "departures.html",
        status=status,
        form=form,
        studies=studies,
        gps=gps,
        num_leaving=_num_lines(form.values),
        num_arriving=LINES,
    )


def _num_lines(values: Mapping[str, str]) -> int:
    taken = [int(name[3:]) for name in values if name.startswith("gp-") and name[3:].isdigit()]
    return min(50, max(LINES, max(taken, default=0) + 2))


def _read_future(sent: Sent, today: date, problems: Problems) -> Future:
    values = sent.values
    months = problems.attempt("months", lambda: _number(values.get("months", ""), MOST_MONTHS), None) or 0
    if not months:
        problems.add("months", f"Attendu : un nombre de 1 à {MOST_MONTHS}.")
    percent = problems.attempt("share", lambda: _number(values.get("share", ""), 100), None) or 0
    leaving = tuple(
        one for n in range(50) if (one := _leaving(values, n, percent / 100, today, problems)) is not None
    )
    arriving = tuple(new for n in range(LINES) if (new := _arriving(values, n, today, problems)) is not None)
    monthly = problems.attempt("monthly", lambda: read_count(values.get("monthly", ""), most=500), None) or 0
    places = {key: monthly for key in values.get("gps", "").split() if key.isdigit()} if monthly else {}
    return Future(months=max(1, months), leaving=leaving, arriving=arriving, places_per_month=places)


def _leaving(
    given: Mapping[str, str], number: int, share: float, today: date, problems: Problems
) -> Leaving | None:
    if not given.get(f"gp-{number}"):
        return None
    on = _day(given, f"on-{number}", today, problems)
    panel = problems.attempt(f"panel-{number}", lambda: _number(given.get(f"panel-{number}", ""), 10_000), 0)
    if not (given[f"gp-{number}"].isdecimal() and len(given[f"gp-{number}"]) < 10):
        raise InvalidInput("practitioner_id", "un médecin de la liste")
    return Leaving(practitioner_id=given[f"gp-{number}"], on=on, panel=panel or 0, share_signalled=share)


def _arriving(given: Mapping[str, str], number: int, today: date, problems: Problems) -> Arriving | None:
    if not given.get(f"like-{number}"):
        return None
    on = _day(given, f"opens-{number}", today, problems)
    places = problems.attempt(f"first-{number}", lambda: _number(given.get(f"first-{number}", ""), 2000), 0)
    return Arriving(like=given[f"like-{number}"], on=on, places=places or 0)


def _day(values: Mapping[str, str], name: str, today: date, problems: Problems) -> date:
    on = problems.attempt(name, lambda: read_day(values.get(name, "")), None)
    if on is None or on <= today:
        problems.add(name, "Attendu : un jour à venir.")
    return on or today


def _number(text: str, most: int) -> int:
    number = read_count(text, most=most)
    if number is None:
        raise InvalidInput("number", f"un nombre de 0 à {most}")
    return number


def _labels(sent: Sent) -> dict[str, str]:
    words = {
        "on": "Dernier jour", "panel": "Patients", "opens": "Premier jour", "first": "Places à l’ouverture"
    }  # fmt: skip
    labels = {"months": "Mois à projeter", "share": "Part des patients qui se signalent"}
    labels |= {name: words.get(name.partition("-")[0], "") for name in sent.values if "-" in name}
    return labels | {"monthly": "Nouvelles places par mois"}
