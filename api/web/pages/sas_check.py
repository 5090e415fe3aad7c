"""The interface of the SAS platform: its settings, what waits to be told, its checklist on demand."""

from http import HTTPStatus
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.fhir.checklist import Result, run_checklist
from api.fhir.checklist.inside import ground_inside
from api.web.errors import PageRoute
from api.web.guests import AdminHere, Guest
from api.web.notices import Notice
from api.web.sent import FromForm
from scheduler.sas.sample import professionals_to_ask_for
from scheduler.sas.sending import count_reports, list_reports, send_report_again
from scheduler.settings import Settings
from scheduler.store.tables import ReportState

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_VERDICTS = {"ok": ("Conforme", "ok"), "ko": ("Non conforme", "danger"), "none": ("Sans objet", "")}
_NOTHING = Notice(
    tone="warn",
    sentence="Aucun médecin n'a de créneau libre dans les 72 heures : ouvrez-en un, puis relancez.",
)
_AGAIN = Notice(tone="ok", sentence="Le compte rendu repartira dans la minute.")


@router.get("/sas/controle")
def show(guest: AdminHere, fait: str = "") -> HTMLResponse:
    """Show how the interface is set and what could not be told."""
    return _page(guest, notice=_AGAIN if fait == "renvoye" else None)


@router.post("/sas/controle")
def examine(guest: AdminHere, _sent: FromForm) -> HTMLResponse:
    """Run the checklist on this service, from inside, and show it; nothing is written."""
    here = guest.here
    with here.store.read() as session:
        rpps = professionals_to_ask_for(session, now=guest.now)
    if not rpps:
        return _page(guest, notice=_NOTHING)
    with ground_inside(guest.request.app, here.settings, rpps=rpps, now=guest.now) as ground:
        return _page(guest, results=tuple(run_checklist(ground)))


@router.post("/sas/comptes-rendus/{report_id}/renvoyer")
def send_again(report_id: UUID, guest: AdminHere, _sent: FromForm) -> Response:
    """Try a report that was given up once more."""
    with guest.here.store.write() as session:
        send_report_again(session, report_id, now=guest.now)
    return RedirectResponse("/sas/controle?fait=renvoye", status_code=HTTPStatus.SEE_OTHER)


def _page(guest: Guest, *, results: tuple[Result, ...] = (), notice: Notice | None = None) -> HTMLResponse:
    with guest.here.store.read() as session:
        counts = count_reports(session)
        dead = list_reports(session, ReportState.DEAD)
    sections: dict[str, list[tuple[Result, str, str]]] = {}
    for result in results:
        sections.setdefault(result.section, []).append((result, *_VERDICTS[result.verdict.value]))
    return guest.page(
        "sas_check.html",
        notice=notice,
        sections=sections,
        num_wrong=sum(result.verdict.value == "ko" for result in results),
        settings=_set(guest.here.settings),
        counts=counts,
        dead=dead,
    )


def _set(settings: Settings) -> list[tuple[str, bool, str]]:
    """Say of each setting whether it is made; never its value."""
    secret = bool(settings.fhir_proxy_secret.get_secret_value())
    opened = settings.fhir_open and not settings.in_production
    return [
        ("Secret partagé avec le proxy", secret, "RELAIS_FHIR_PROXY_SECRET"),
        ("Certificat attendu de la plateforme (CN)", bool(settings.fhir_client_cn), "RELAIS_FHIR_CLIENT_CN"),
        ("Certificat attendu de la plateforme (OU)", bool(settings.fhir_client_ou), "RELAIS_FHIR_CLIENT_OU"),
        ("Interface fermée sans proxy", not opened, "RELAIS_FHIR_OPEN"),
        ("Adresse de la plateforme, pour les comptes rendus", bool(settings.sas_url), "RELAIS_SAS_URL"),
        ("Notre certificat pour la plateforme", settings.sas_cert_file is not None, "RELAIS_SAS_CERT_FILE"),
    ]
