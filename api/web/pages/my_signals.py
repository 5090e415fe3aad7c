"""What became of the patients one signalled, the drafts to finish, and lists taken over."""

from http import HTTPStatus
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.web.errors import PageRoute
from api.web.forms import Form
from api.web.guests import Guest, RequesterHere, SignallerHere
from api.web.labels import commune_name, full_name
from api.web.notices import notice_of
from api.web.sent import FromForm, Sent
from api.web.signal_words import progress_of, words_for
from api.web.words import SOURCES
from scheduler.errors import InvalidInput
from scheduler.exchange import BadTable, UnreadableFile
from scheduler.exchange.signal_columns import template_rows
from scheduler.exchange.writing import table_bytes
from scheduler.referrals.drafts import own_drafts
from scheduler.referrals.my_signals import my_signals
from scheduler.referrals.pathways import pathway_in_force, pathways_in_force
from scheduler.referrals.pathways.kept import GP
from scheduler.referrals.signal_import import confirm_import, preview_import
from scheduler.store.tables import Role, SignalSource

router = APIRouter(route_class=PageRoute, include_in_schema=False)

LARGE_BODIES: tuple[str, ...] = ("/signaler/liste",)
"""Paths whose forms carry a list of patients."""

_MOST_PROBLEMS = 200


@router.get("/mes-signalements")
def show(guest: RequesterHere) -> HTMLResponse:
    """Show each patient's state in words and what comes next; drafts first."""
    with guest.here.store.write() as session:
        lines = my_signals(session, guest.actor, now=guest.now)
        drafts = own_drafts(session, guest.actor)
        pathways = pathways_in_force(session, guest.actor.territory_id)
    return guest.page(
        "my_signals.html",
        lines=[
            (line, full_name(line.family_name, line.given_name), words_for(line), progress_of(line.state))
            for line in lines
        ],
        drafts=[
            (draft.id, _title(draft.typed), pathways[draft.pathway].name, draft.updated_at)
            for draft in drafts
            if draft.pathway in pathways
        ],
        may_import=guest.actor.role not in {Role.GP, Role.SECRETARY},
        several_pathways=len({line.pathway for line in lines}) > 1,
        notice=notice_of(guest.request),
    )


@router.get("/signaler/liste")
def show_list(guest: SignallerHere, filiere: Annotated[str, Query(max_length=40)] = GP) -> HTMLResponse:
    """Show what a list must look like, and the form that sends one."""
    return _list_form(guest, Form(values={"filiere": filiere, "source": SignalSource.PROFESSIONAL.value}))


@router.get("/signaler/liste/modele.csv")
def template(guest: SignallerHere, filiere: Annotated[str, Query(max_length=40)] = GP) -> Response:
    """Give an empty list to fill in."""
    with guest.here.store.read() as session:
        pathway = pathway_in_force(session, guest.actor.territory_id, filiere)
    return Response(
        table_bytes("Signalements", template_rows(pathway, guest.today), workbook=False),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="signalements.csv"'},
    )


@router.post("/signaler/liste")
def preview(guest: SignallerHere, sent: FromForm) -> HTMLResponse:
    """Read a list and show what it would give; with a bad cell, all bad cells and nothing kept."""
    form = Form(values=sent.values, labels={"file": "Fichier"})
    body = sent.files.get("file")
    if not body:
        refused = form.refused("file", "Choisissez un fichier CSV ou XLSX.")
        return _list_form(guest, refused, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    try:
        with guest.here.store.write() as session:
            seen = preview_import(
                session,
                guest.actor,
                file_name="liste",
                body=body,
                pathway=sent.values.get("filiere") or GP,
                source=_source(sent),
                now=guest.now,
            )
    except BadTable as refusal:
        problems = [(each.line, each.column, each.expected) for each in refusal.problems]
        return _list_form(guest, form, problems=problems, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    except (UnreadableFile, InvalidInput) as refusal:
        refused = form.refused("file", f"Attendu : {refusal.expected}.")
        return _list_form(guest, refused, status=HTTPStatus.UNPROCESSABLE_ENTITY)
    return guest.page(
        "signal_list_preview.html",
        seen=seen,
        lines=[
            (line, full_name(line.family_name, line.given_name), commune_name(line.insee))
            for line in seen.lines
        ],
    )


@router.post("/signaler/liste/{import_id}")
def confirm(import_id: UUID, guest: SignallerHere, _sent: FromForm) -> Response:
    """Receive the patients of a list that was previewed."""
    with guest.here.store.write() as session:
        confirm_import(session, guest.actor, import_id, now=guest.now)
    where = urlencode({"fait": "importe"})
    return RedirectResponse(f"/mes-signalements?{where}", status_code=HTTPStatus.SEE_OTHER)


def _list_form(
    guest: Guest,
    form: Form,
    *,
    problems: list[tuple[int | None, str | None, str]] | None = None,
    status: int = HTTPStatus.OK,
) -> HTMLResponse:
    with guest.here.store.read() as session:
        pathways = pathways_in_force(session, guest.actor.territory_id)
        pathway = pathway_in_force(session, guest.actor.territory_id, form.values.get("filiere") or GP)
    return guest.page(
        "signal_list.html",
        status=status,
        form=form,
        pathway=pathway,
        pathways=[(each.code, each.name) for each in pathways.values()],
        sources=[
            (source.value, SOURCES[source]) for source in pathway.requesters if source is not SignalSource.GP
        ],
        headings=template_rows(pathway, guest.today)[0],
        problems=(problems or [])[:_MOST_PROBLEMS],
        num_problems=len(problems or []),
    )


def _source(sent: Sent) -> SignalSource:
    given = sent.values.get("source", "")
    return SignalSource(given) if given in set(SignalSource) else SignalSource.IMPORT


def _title(typed: dict[str, str]) -> str:
    name = full_name(typed.get("family_name", ""), typed.get("given_name", "")).strip()
    return name or "Patient sans nom encore"
