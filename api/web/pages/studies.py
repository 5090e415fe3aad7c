"""A question to the engine: how far it is, then its answer as sentences, tables, charts and maps."""

from typing import Literal
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response

from api.web import studied
from api.web.errors import PageRoute
from api.web.guests import Guest, RunReaderHere
from api.web.rendering import PAGE_HEADERS
from scheduler.errors import NotFound
from scheduler.exchange.formulas import harmless
from scheduler.exchange.writing import table_bytes
from scheduler.referrals.overview import practitioner_name
from scheduler.referrals.studies import get_study
from scheduler.referrals.study_answers import for_bureau
from scheduler.store.tables import Role, RunState, Study, StudyKind

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@router.get("/etudes/{study_id}")
def show(study_id: UUID, guest: RunReaderHere) -> HTMLResponse:
    """Show how far a study is, then what it found."""
    with guest.here.store.read() as session:
        study = get_study(session, guest.actor, study_id)
    if study.state is not RunState.DONE or study.answer is None:
        took_s = int(((study.ended_at or guest.here.clock()) - study.started_at).total_seconds())
        return guest.page("study.html", study=study, took_s=took_s, limit_s=guest.here.settings.solve_seconds)
    return _PAGES[study.kind](guest, study, _seen(guest, study))


@router.get("/etudes/{study_id}/resultat.{form}")
def export(study_id: UUID, form: Literal["csv", "xlsx"], guest: RunReaderHere) -> Response:
    """Give a rehearsal as a file for a spreadsheet, with the counts that this person may see."""
    with guest.here.store.read() as session:
        study = get_study(session, guest.actor, study_id)
    if study.kind is not StudyKind.REHEARSAL or study.answer is None:
        raise NotFound("study")
    rows = [
        [harmless(cell) if isinstance(cell, str) else cell for cell in row]
        for row in studied.rehearsal_rows(_seen(guest, study))
    ]
    return Response(
        table_bytes("Essai de règles", rows, workbook=form == "xlsx"),
        media_type=_TYPES[form],
        headers={**PAGE_HEADERS, "Content-Disposition": f'attachment; filename="essai-de-regles.{form}"'},
    )


def _seen(guest: Guest, study: Study) -> studied.Answer:
    answer = study.answer or {}
    return for_bureau(answer) if guest.actor.role is Role.BUREAU else answer


def _places(guest: Guest, study: Study, answer: studied.Answer) -> HTMLResponse:
    communes = studied.place_lines(answer, "communes", guest.insee)
    return guest.page(
        "study_places.html",
        study=study,
        more=answer["more"],
        communes=communes,
        practitioners=studied.place_lines(answer, "practitioners", guest.insee),
        drawing=studied.places_map(communes, guest.insee) if communes else None,
    )


def _demography(guest: Guest, study: Study, answer: studied.Answer) -> HTMLResponse:
    communes = studied.commune_lines(answer, guest.insee)
    with guest.here.store.read() as session:
        leaving = [
            (practitioner_name(session, int(one["practitioner_id"])), one["on"], one["panel"])
            for one in study.question.get("leaving", [])
        ]
    return guest.page(
        "study_future.html",
        study=study,
        months=studied.month_lines(answer),
        communes=communes,
        short=[line for line in communes if line.runs_short],
        scenarios=answer.get("scenarios"),
        leaving=leaving,
        arriving=study.question.get("arriving", []),
        drawing=studied.future_map(communes, guest.insee) if communes else None,
    )


def _rehearsal(guest: Guest, study: Study, answer: studied.Answer) -> HTMLResponse:
    return guest.page(
        "study_rehearsal.html",
        study=study,
        versions=[policy["version"] for policy in answer["policies"]],
        loads=[(policy["version"], policy["load"]) for policy in answer["policies"]],
        groups=studied.group_lines(answer),
        headings=studied.DIMENSIONS,
        proven=answer["proven"],
        hides=guest.actor.role is Role.BUREAU,
    )


_PAGES = {StudyKind.PLACES: _places, StudyKind.DEMOGRAPHY: _demography, StudyKind.REHEARSAL: _rehearsal}
