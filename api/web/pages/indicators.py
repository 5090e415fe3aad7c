"""The report of the CPTS: numbers with their definitions, trends, equity, exports, attestations."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import HTMLResponse, Response

from api.schemas.common import Id
from api.web import charts
from api.web.errors import PageRoute
from api.web.guests import Guest, guest
from api.web.labels import commune_name
from scheduler.clock import local_day
from scheduler.indicators import attestations, sheets
from scheduler.indicators.definitions import DEFINITIONS
from scheduler.indicators.figures import report, trends
from scheduler.indicators.periods import Period, months_before, period_named, quarters_before
from scheduler.store.tables import Role

router = APIRouter(route_class=PageRoute, include_in_schema=False)

ReportReaderHere = Annotated[Guest, Depends(guest(Role.COORDINATOR, Role.BUREAU))]
AttestedHere = Annotated[Guest, Depends(guest(Role.COORDINATOR, Role.BUREAU, Role.GP, Role.SECRETARY))]

DIMENSIONS = {
    "tier": "Palier",
    "commune": "Commune",
    "age": "Âge",
    "c2s": "C2S",
    "ame": "AME",
    "ald": "ALD",
    "disability": "Handicap",
    "gender": "Sexe",
}
KEYS = {
    "unknown": "Non renseigné",
    "others": "Autres, regroupés",
    "yes": "Oui",
    "no": "Non",
    "f": "Femmes",
    "m": "Hommes",
    "full": "Patientèle complète",
    "workload": "Charge trop lourde",
    "too_far": "Trop loin",
    "no_home_visits": "Pas de visites à domicile",
    "not_my_practice": "Hors de sa pratique",
    "away": "Absent",
    "other": "Autre motif",
}
STEPS = ("signalled", "qualified", "placed", "declared")
_TRENDS = ("signalled", "placed", "declared")


@router.get("/indicateurs")
def show(guest: ReportReaderHere, periode: Annotated[str, Query(max_length=10)] = "") -> HTMLResponse:
    """Show the report on a quarter that has ended, and how the quarters before it went."""
    quarters = quarters_before(guest.today, 8)
    period = period_named(periode) if periode else quarters[0]
    with guest.here.store.read() as session:
        found = report(session, guest.actor, period, now=guest.now)
        past = trends(session, guest.actor, now=guest.now)
    return guest.page(
        "indicators.html",
        period=period,
        quarters=quarters,
        report=found,
        definitions=DEFINITIONS,
        figures=list(found["figures"].items()),
        tables=[(name, _table(found["tables"], name)) for name in ("tier", "commune", "age")],
        declines=[(key_word("reason", key), number) for key, number in found["declines"].items()],
        equity=[(name, _equity(found["equity"][name], name)) for name in found["equity"]],
        dimensions=DIMENSIONS,
        steps=[DEFINITIONS[step].label for step in STEPS],
        waits=charts.bars("Répartition des délais, en jours", list(found["waits"]["bands"].items())),
        charts=[
            charts.bars(DEFINITIONS[name].label, [(line["period"][2:], line[name]) for line in past])
            for name in _TRENDS
        ],
    )


@router.get("/indicateurs/export.{kind}")
def export(guest: ReportReaderHere, kind: str, periode: Annotated[str, Query(max_length=10)]) -> Response:
    """Give the report that may leave as a file for a spreadsheet."""
    period = period_named(periode)
    with guest.here.store.read() as session:
        found = report(session, guest.actor, period, now=guest.now)
    name = f"indicateurs-{period.name}"
    if kind == "xlsx":
        return _file(sheets.as_xlsx(found), f"{name}.xlsx", _XLSX)
    return _file(sheets.as_csv(found).encode("utf-8-sig"), f"{name}.csv", "text/csv; charset=utf-8")


@router.get("/attestations")
def list_attestations(guest: AttestedHere, mois: Annotated[str, Query(max_length=10)] = "") -> HTMLResponse:
    """List the hours each GP opened to others in a month, to be printed for each."""
    months = list(reversed(months_before(guest.today, 12)))
    month = period_named(mois) if mois else months[0]
    with guest.here.store.read() as session:
        found = attestations.attestations(session, guest.actor, month)
    return guest.page("attestations.html", months=months, month=month, found=found)


@router.get("/attestations/export.csv")
def export_attestations(guest: AttestedHere, mois: Annotated[str, Query(max_length=10)]) -> Response:
    """Give the hours of a month as a file for a spreadsheet."""
    month = period_named(mois)
    with guest.here.store.read() as session:
        found = attestations.attestations(session, guest.actor, month)
    body = attestations.as_csv(found).encode("utf-8-sig")
    return _file(body, f"attestations-{month.name}.csv", "text/csv; charset=utf-8")


@router.get("/attestations/{practitioner_id}.pdf")
def print_attestation(
    guest: AttestedHere, practitioner_id: Annotated[Id, Path()], mois: Annotated[str, Query(max_length=10)]
) -> Response:
    """Print the attestation of one GP."""
    month = period_named(mois)
    with guest.here.store.read() as session:
        found = attestations.attestation_of(session, guest.actor, practitioner_id, month)
    body = attestations.as_pdf(found, made_on=local_day(guest.now, guest.zone))
    return _file(body, f"attestation-{practitioner_id}-{month.name}.pdf", "application/pdf")


def key_word(dimension: str, key: str) -> str:
    """Name a category of a table."""
    if key in KEYS:
        return KEYS[key]
    if dimension == "commune":
        return commune_name(key)
    if dimension == "age":
        return f"{key[:-1]} ans et plus" if key.endswith("+") else f"{key.replace('-', ' à ')} ans"
    return key


def quarter_word(period: Period) -> str:
    """Name a quarter as people do."""
    return f"{period.name[-1]}ᵉ trimestre {period.name[:4]}".replace("1ᵉ ", "1ᵉʳ ")


def _table(tables: dict[str, Any], dimension: str) -> list[tuple[str, list[int | None]]]:
    """Lay a table out: one line a category, one column a step; None where it may not be told."""
    found = [tables[step].get(dimension, {}) for step in STEPS]
    keys = sorted({key for table in found for key in table}, key=lambda key: (key in KEYS, key))
    return [(key_word(dimension, key), [table.get(key) for table in found]) for key in keys]


def _equity(tables: dict[str, Any], dimension: str) -> list[tuple[str, int | None, int | None, float | None]]:
    keys = sorted({*tables["signalled"], *tables["placed"]}, key=lambda key: (key in KEYS, key))
    return [
        (
            key_word(dimension, key),
            tables["signalled"].get(key),
            tables["placed"].get(key),
            tables["median_wait"].get(key),
        )
        for key in keys
    ]


def _file(body: bytes, name: str, kind: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return Response(body, media_type=kind, headers=headers)


_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
