"""The monthly attestation of a GP: hours of unscheduled care opened to others, as the agenda counted them."""

import csv
import io
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from sqlmodel import Session

from scheduler.accounts.actor import Actor
from scheduler.agenda.counters import CountLine, count_slots
from scheduler.directory import find_practitioner
from scheduler.errors import NotFound
from scheduler.exchange.formulas import harmless
from scheduler.indicators.periods import Period
from scheduler.rows import id_of
from scheduler.store.tables import Practitioner, Role, Territory

if TYPE_CHECKING:
    from fpdf import FPDF

DEFINITION = (
    "Heures ouvertes aux patients des autres : durée de toutes les places des créneaux publiés (ouverts à "
    "leur début, ou pris), moins celles que le cabinet a prises pour ses propres patients."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attestation:
    """What one GP opened in a month, week by week."""

    territory_name: str
    practitioner_id: int
    name: str
    rpps: str
    period: Period
    lines: tuple[CountLine, ...]

    @property
    def hours(self) -> float:
        """Hours opened to patients of others, to the hundredth."""
        return round(sum(line.counts.minutes_to_others for line in self.lines) / 60, 2)


def attestations(session: Session, actor: Actor, period: Period) -> list[Attestation]:
    """Give the attestation of every GP who opened anything in a month; a GP's own side sees theirs only."""
    lines = count_slots(session, actor, from_on=period.from_on, to_on=period.to_on)
    by_gp: dict[int, list[CountLine]] = {}
    for line in lines:
        if _may_see(actor, line.practitioner_id):
            by_gp.setdefault(line.practitioner_id, []).append(line)
    made = [_made(session, actor, gp, period, found) for gp, found in by_gp.items()]
    return sorted(made, key=lambda one: one.name)


def attestation_of(session: Session, actor: Actor, practitioner_id: int, period: Period) -> Attestation:
    """Give the attestation of one GP.

    Raises
    ------
    NotFound
        When it is not one this person may see, or nothing was opened that month.
    """
    for one in attestations(session, actor, period):
        if one.practitioner_id == practitioner_id:
            return one
    raise NotFound("attestation")


def as_csv(found: Sequence[Attestation]) -> str:
    """Write attestations one week a line, cells that a spreadsheet could run made harmless."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";", lineterminator="\r\n")
    writer.writerow(("medecin", "rpps", "semaine", "creneaux_publies", "places_prises", "heures_ouvertes"))
    for one in found:
        for line in one.lines:
            hours = f"{line.counts.minutes_to_others / 60:.2f}".replace(".", ",")
            cells = (one.name, one.rpps, line.week_on.isoformat(), line.counts.num_published)
            writer.writerow([*(harmless(str(cell)) for cell in cells), line.counts.num_booked, hours])
    return out.getvalue()


def as_pdf(one: Attestation, *, made_on: date) -> bytes:
    """Print an attestation on one page."""
    from fpdf import FPDF  # noqa: PLC0415 — with its fonts it takes a tenth of what starting Relais takes

    page = FPDF(format="A4")
    page.set_title("Attestation")
    page.set_lang("fr")
    page.add_page()
    page.set_margins(25, 25)
    page.set_y(30)
    page.set_font("Helvetica", "B", 16)
    page.multi_cell(0, 9, _latin("Attestation de participation aux soins non programmés"), new_x="LMARGIN")
    page.ln(6)
    page.set_font("Helvetica", size=11)
    said = (
        f"{one.territory_name} atteste que {one.name} (RPPS {one.rpps}) a ouvert {_hours(one.hours)} heures "
        "de consultation aux patients des autres médecins, du "
        f"{one.period.from_on:%d/%m/%Y} au {one.period.to_on:%d/%m/%Y}."
    )
    for text in (said, DEFINITION):
        page.multi_cell(0, 6, _latin(text), new_x="LMARGIN")
        page.ln(4)
    _weeks(page, one)
    page.ln(6)
    text = f"Calculé le {made_on:%d/%m/%Y} par Relais d'après les créneaux et rendez-vous enregistrés."
    page.multi_cell(0, 6, _latin(text), new_x="LMARGIN")
    return bytes(page.output())


def _weeks(page: "FPDF", one: Attestation) -> None:
    with page.table(text_align="LEFT") as table:
        table.row(
            [_latin(head) for head in ("Semaine du", "Créneaux publiés", "Places prises", "Heures ouvertes")]
        )
        for line in one.lines:
            counts = line.counts
            table.row(
                (
                    f"{line.week_on:%d/%m/%Y}",
                    str(counts.num_published),
                    str(counts.num_booked),
                    _hours(counts.minutes_to_others / 60),
                )
            )


def _made(
    session: Session, actor: Actor, practitioner_id: int, period: Period, lines: Sequence[CountLine]
) -> Attestation:
    row: Practitioner = find_practitioner(session, actor, practitioner_id)
    return Attestation(
        territory_name=session.get_one(Territory, actor.territory_id).name,
        practitioner_id=id_of(row),
        name=f"Dr {row.given_name} {row.family_name}",
        rpps=row.rpps,
        period=period,
        lines=tuple(lines),
    )


def _may_see(actor: Actor, practitioner_id: int) -> bool:
    if actor.role in {Role.GP, Role.SECRETARY}:
        return actor.practitioner_id == practitioner_id
    return actor.role in {Role.COORDINATOR, Role.BUREAU}


def _hours(hours: float) -> str:
    return f"{hours:.2f}".replace(".", ",")


def _latin(text: str) -> str:
    """Write a text with the letters of the fonts every reader of PDF has; others lose their accents."""
    kept = text.replace("’", "'").replace("œ", "oe").replace("Œ", "Oe")
    return (
        "".join(
            sign if sign.encode("latin-1", "ignore") else unicodedata.normalize("NFKD", sign)[0]
            for sign in kept
        )
        .encode("latin-1", "replace")
        .decode("latin-1")
    )
