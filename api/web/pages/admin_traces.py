"""Who read or changed what: search in the trace, and its lines to take away."""

import csv
from collections.abc import Iterable
from io import StringIO
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, Response

from api.web import admin_words
from api.web.errors import PageRoute
from api.web.forms import Form, Problems, read_day
from api.web.guests import AdminHere
from api.web.sent import FromForm
from scheduler.audit_search import MOST_EXPORTED, AuditFilter, AuditLine, search_audit
from scheduler.errors import InvalidInput
from scheduler.exchange.formulas import harmless

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_PATH = "/administration/traces"
_PER_PAGE = 50
_NAMES = ("du", "au", "email", "action", "objet", "dossier", "issue")
_COLUMNS = [
    "numero",
    "instant",
    "qui",
    "cle",
    "role",
    "action",
    "objet",
    "identifiant",
    "patient",
    "but",
    "issue",
]
_LABELS = {"du": "Du", "au": "Au", "email": "Adresse de la personne", "dossier": "Identifiant du patient"}


@router.get(_PATH)
def show(guest: AdminHere, avant: Annotated[int | None, Query(ge=1)] = None) -> HTMLResponse:
    """Show the lines that fit, newest first."""
    typed = {name: guest.request.query_params.get(name, "")[:200].strip() for name in _NAMES}
    form, wanted = _asked(typed)
    lines: tuple[AuditLine, ...] = ()
    following = ""
    if not form.errors:
        try:
            with guest.here.store.write() as session:
                listed = search_audit(
                    session,
                    guest.actor,
                    wanted,
                    zone=guest.zone,
                    limit=_PER_PAGE,
                    before=avant,
                    now=guest.now,
                )
        except InvalidInput as refusal:
            form = form.refused("email", f"Attendu : {refusal.expected}.")
        else:
            lines = listed.rows
            last = str(lines[-1].entry.id) if listed.more else ""
            following = f"{_PATH}?{urlencode(_given(typed) | {'avant': last})}" if last else ""
    return guest.page(
        "admin_traces.html",
        status=422 if form.errors else 200,
        form=form,
        lines=lines,
        next_href=following,
        begun=avant is not None,
        said=admin_words,
        kept=list(_given(typed).items()),
        actions=list(admin_words.AUDIT_ACTIONS.items()),
        objects=list(admin_words.AUDIT_OBJECTS.items()),
        outcomes=list(admin_words.AUDIT_OUTCOMES.items()),
    )


@router.post(_PATH + "/export")
def export(guest: AdminHere, sent: FromForm) -> Response:
    """Give the lines that fit as a CSV file; taking them away is noted too."""
    form, wanted = _asked({name: sent.values.get(name, "")[:200].strip() for name in _NAMES})
    if form.errors:
        raise InvalidInput(*next(iter(form.errors.items())))
    with guest.here.store.write() as session:
        listed = search_audit(
            session,
            guest.actor,
            wanted,
            zone=guest.zone,
            limit=MOST_EXPORTED,
            now=guest.now,
            purpose="audit_export",
        )
    name = f"traces-{guest.today.isoformat()}.csv"
    return Response(
        _csv(listed.rows),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"},
    )


def _asked(typed: dict[str, str]) -> tuple[Form, AuditFilter]:
    problems = Problems()
    first = problems.attempt("du", lambda: read_day(typed["du"]), None)
    last = problems.attempt("au", lambda: read_day(typed["au"]), None)
    patient = problems.attempt("dossier", lambda: _patient(typed["dossier"]), None)
    wanted = AuditFilter(
        first_on=first,
        last_on=last,
        email=typed["email"],
        action=typed["action"] if typed["action"] in admin_words.AUDIT_ACTIONS else "",
        object_kind=typed["objet"] if typed["objet"] in admin_words.AUDIT_OBJECTS else "",
        patient_id=patient,
        outcome=typed["issue"] if typed["issue"] in admin_words.AUDIT_OUTCOMES else "",
    )
    return Form(values=typed, errors=problems.by_field, labels=_LABELS), wanted


def _patient(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        raise InvalidInput("dossier", "l'identifiant d'un patient, tel que les traces l'écrivent") from None


def _given(typed: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in typed.items() if value}


def _csv(lines: Iterable[AuditLine]) -> str:
    written = StringIO()
    table = csv.writer(written, delimiter=";")
    table.writerow(_COLUMNS)
    for line in lines:
        entry = line.entry
        row = (
            entry.id, entry.at.isoformat(), line.who, entry.actor, entry.role, entry.action,
            entry.object_kind, entry.object_id, entry.patient_id or "", entry.purpose, entry.outcome,
        )  # fmt: skip
        table.writerow([harmless(str(value)) for value in row])
    return "\ufeff" + written.getvalue()
