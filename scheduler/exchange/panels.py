"""The ``panel`` table: the patients of a practitioner who leaves."""

from datetime import date

from matching.model import Needs
from scheduler.exchange.cells import day, text, whole, yes_no
from scheduler.exchange.columns import Column, Layout, Row, read_sheet, refuse_if_wrong
from scheduler.exchange.patients import NEED_ALIASES
from scheduler.exchange.tables import Source
from scheduler.referrals.departures import PanelLine
from scheduler.referrals.values import Identity
from scheduler.territory.communes import communes
from scheduler.territory.errors import UnknownCommune

_OLDEST_YEARS = 120
_NOT_A_COMMUNE = "le code INSEE d'une commune (5 caractères, qui n'est pas le code postal)"


def panel_layout(on: date) -> Layout:
    """Describe the columns of ``panel`` for a list made on a given day."""
    return Layout(
        columns=(
            Column(name="family_name", read=text(100), aliases=("nom", "nom de famille"), required=True),
            Column(name="given_name", read=text(100), aliases=("prénom", "prénoms"), required=True),
            Column(
                name="birth_date",
                read=day(date(on.year - _OLDEST_YEARS, 1, 1), on),
                aliases=("date de naissance", "naissance", "né le", "née le", "né(e) le"),
                required=True,
            ),
            Column(name="insee", read=text(10), aliases=("code INSEE", "code commune"), required=True),
            Column(
                name="phone", read=text(20), aliases=("téléphone", "tél", "portable"), empty="", absent=""
            ),
            Column(name="email", read=text(200), aliases=("courriel", "e-mail", "mail"), empty="", absent=""),
            Column(name="address", read=text(200), aliases=("adresse",), empty="", absent=""),
            *(Column(name=name, read=yes_no, aliases=aliases) for name, aliases in NEED_ALIASES.items()),
            Column(
                name="chronic_needs",
                read=whole(0, 50),
                aliases=("besoins chroniques", "maladies chroniques"),
            ),
        )
    )


def read_panel(source: Source, on: date) -> tuple[PanelLine, ...]:
    """Read and check a whole panel.

    Raises
    ------
    UnreadableFile
        When there is no table to speak of.
    BadTable
        With every cell to correct; none of them is quoted.
    """
    sheet = read_sheet(source, panel_layout(on))
    for row in sheet.rows:
        if row.values["insee"] is not None and not _is_commune(row.values["insee"]):
            sheet.refuse(row.line, "insee", _NOT_A_COMMUNE)
    refuse_if_wrong(sheet)
    return tuple(_line(row) for row in sheet.rows)


def _is_commune(insee: str) -> bool:
    try:
        communes().by_insee(insee)
    except UnknownCommune:
        return False
    return True


def _line(row: Row) -> PanelLine:
    values = row.values
    names = ("family_name", "given_name", "birth_date", "insee", "phone", "email", "address")
    return PanelLine(
        identity=Identity(**{name: values[name] for name in names}),
        needs=Needs(chronic_needs=values["chronic_needs"], **{name: values[name] for name in NEED_ALIASES}),
    )
