"""The ``requests`` and ``slots`` tables: two files become one round of filling, and its outcome a file."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from matching.fill import CareRequest, FillInstance, FillSolution, FreeSlot
from scheduler.exchange.cells import Read, Unexpected, day, fold, text, whole
from scheduler.exchange.columns import (
    Column,
    Layout,
    Row,
    Sheet,
    read_sheet,
    refuse_if_wrong,
    refuse_repeated,
)
from scheduler.exchange.formulas import harmless
from scheduler.exchange.places import PLACE_ALTERNATIVES, PLACE_COLUMNS, Locator
from scheduler.exchange.tables import Dialect, Source
from scheduler.exchange.writing import Cell, write_rows
from scheduler.territory.communes import CommuneDirectory, communes
from scheduler.territory.travel import GreatCircleTravel, TravelTimes

PLACEMENT_COLUMNS = (
    "request_id",
    "slot_id",
    "practitioner_id",
    "start",
    "announce",
    "delay_min",
    "travel_min",
    "reason",
)

_ANY_DAY = day(date(2000, 1, 1), date(2100, 1, 1))
_CLOCK = re.compile(
    r"(?P<day>\S+)[ T](?P<hour>\d{1,2})[:hH](?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.\d+)?)?"
)
_MODALITIES = {
    "amb": "AMB",
    "cabinet": "AMB",
    "hh": "HH",
    "domicile": "HH",
    "visite": "HH",
    "vr": "VR",
    "video": "VR",
    "teleconsultation": "VR",
}
_VISIBILITIES = frozenset({"PUBLIC", "PRO", "SNP", "CPTS"})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ImportedRound:
    """What two files gave: the round, French sentences on what was ignored, how the first file is written."""

    instance: FillInstance
    warnings: tuple[str, ...]
    dialect: Dialect


def request_layout(zone: str) -> Layout:
    """Describe the columns of ``requests``; instants without an offset are of this zone."""
    columns = (
        Column(name="id", read=text(100), aliases=("identifiant", "numéro", "n°", "demande"), required=True),
        *PLACE_COLUMNS,
        Column(
            name="received_at",
            read=instant(zone),
            aliases=("reçue le", "reçu le", "réception", "demandée le"),
            required=True,
        ),
        Column(
            name="deadline_at",
            read=instant(zone),
            aliases=("échéance", "avant le", "à voir avant"),
            required=True,
        ),
        Column(name="urgency", read=whole(1, 3), aliases=("urgence",), required=True),
        Column(
            name="modalities",
            read=modalities,
            aliases=("modalités", "modalité"),
            empty=frozenset({"AMB"}),
            absent=frozenset({"AMB"}),
        ),
        Column(name="usual_practitioner", read=text(100), aliases=("médecin habituel", "médecin traitant")),
        Column(name="age", read=whole(0, 130), aliases=("âge",)),
    )
    return Layout(columns=columns, alternatives=(PLACE_ALTERNATIVES,))


def slot_layout(zone: str) -> Layout:
    """Describe the columns of ``slots``; instants without an offset are of this zone."""
    columns = (
        Column(name="id", read=text(100), aliases=("identifiant", "numéro", "n°", "créneau"), required=True),
        Column(
            name="practitioner_id",
            read=text(100),
            aliases=("médecin", "RPPS", "identifiant du médecin"),
            required=True,
        ),
        *PLACE_COLUMNS,
        Column(name="start", read=instant(zone), aliases=("début", "commence"), required=True),
        Column(name="end", read=instant(zone), aliases=("fin", "finit"), required=True),
        Column(name="modality", read=_one_modality, aliases=("modalité",), empty="AMB", absent="AMB"),
        Column(name="visibility", read=_visibility, aliases=("visibilité",), empty="SNP", absent="SNP"),
        Column(name="capacity", read=whole(1, 50), aliases=("capacité", "places"), empty=1, absent=1),
    )
    return Layout(columns=columns, alternatives=(PLACE_ALTERNATIVES,))


def import_round(
    requests: Source,
    slots: Source,
    *,
    now: datetime,
    zone: str = "Europe/Paris",
    max_km: float = 150.0,
    directory: CommuneDirectory | None = None,
    travel: TravelTimes | None = None,
) -> ImportedRound:
    """Read both files and measure the travel between them.

    Parameters
    ----------
    now : datetime
        The moment of the round, aware.
    zone : str
        Of instants without an offset.

    Raises
    ------
    UnreadableFile
        When a file is absent or of an unknown kind.
    BadTable
        With every bad cell of both files; nothing is then imported.
    """
    directory = directory or communes()
    request_sheet = read_sheet(requests, request_layout(zone))
    slot_sheet = read_sheet(slots, slot_layout(zone))
    for sheet, first, last in ((request_sheet, "received_at", "deadline_at"), (slot_sheet, "start", "end")):
        refuse_repeated(sheet, "id")
        _check_order(sheet, first, last)
    origins = Locator(request_sheet, directory).positions()
    positions = Locator(slot_sheet, directory).positions()
    refuse_if_wrong(request_sheet, slot_sheet)
    places, place_of = np.unique(positions, axis=0, return_inverse=True)
    instance = FillInstance(
        requests=tuple(_request(row) for row in request_sheet.rows),
        slots=tuple(
            _slot(row, int(place)) for row, place in zip(slot_sheet.rows, place_of.ravel(), strict=True)
        ),
        travel=(travel or GreatCircleTravel()).between(origins, places.reshape(-1, 2), max_km),
        num_places=len(places),
        now=now,
    )
    return ImportedRound(
        instance=instance,
        warnings=(*request_sheet.warnings, *slot_sheet.warnings),
        dialect=request_sheet.table.dialect,
    )


def write_placements(
    path: Path, instance: FillInstance, solution: FillSolution, dialect: Dialect | None = None
) -> None:
    """Write one line per request: which slot is kept for it, whether to announce it now, or why not.

    Raises
    ------
    OSError
        When the folder is absent, full or closed to us.
    """
    slots = {slot.id: slot for slot in instance.slots}
    rows: list[tuple[Cell, ...]] = [PLACEMENT_COLUMNS]
    for placement in solution.placements:
        slot = slots.get(placement.slot_id or "")
        rows.append(
            (
                harmless(placement.request_id),
                harmless(slot.id if slot else ""),
                harmless(slot.practitioner_id if slot else ""),
                slot.start_at.isoformat() if slot else "",
                "oui" if placement.announce else "non",
                "" if placement.delay is None else round(placement.delay.total_seconds() / 60),
                "" if placement.duration_s is None else round(placement.duration_s / 60, 1),
                harmless(placement.reason.sentence),
            )
        )
    write_rows(path, "placements", rows, dialect)


def instant(zone: str) -> Read:
    """Read an instant: RFC 3339, or ``AAAA-MM-JJ HH:MM`` or ``JJ/MM/AAAA HH:MM`` by the clock of a zone."""
    local = ZoneInfo(zone)
    expected = "un instant : AAAA-MM-JJTHH:MM avec ou sans décalage, ou JJ/MM/AAAA HH:MM"

    def read(cell: str) -> datetime:
        try:
            at = _clock(cell) or datetime.fromisoformat(cell)
            return (at.replace(tzinfo=local) if at.tzinfo is None else at).astimezone(UTC)
        except (ValueError, OverflowError):
            raise Unexpected(expected) from None

    return read


def modalities(cell: str) -> frozenset[str]:
    """Read the modalities that would do, separated by spaces or commas."""
    found = frozenset(_MODALITIES.get(fold(word), "") for word in re.split(r"[\s,;/+]+", cell.strip()))
    if not found or "" in found:
        raise Unexpected("AMB (cabinet), HH (domicile) ou VR (vidéo), séparés par une espace")
    return found


def _clock(cell: str) -> datetime | None:
    """Read a day and a time without an offset; None when it is written otherwise."""
    if (parts := _CLOCK.fullmatch(cell)) is None:
        return None
    on = _ANY_DAY(parts["day"])
    assert isinstance(on, date)  # noqa: S101 — that is what this reader gives
    return datetime.combine(on, time(int(parts["hour"]), int(parts["minute"]), int(parts["second"] or 0)))


def _one_modality(cell: str) -> str:
    found = modalities(cell)
    if len(found) > 1:
        raise Unexpected("une seule modalité : AMB, HH ou VR")
    return next(iter(found))


def _visibility(cell: str) -> str:
    if cell.upper() not in _VISIBILITIES:
        raise Unexpected("PUBLIC, PRO, SNP ou CPTS")
    return cell.upper()


def _check_order(sheet: Sheet, first: str, last: str) -> None:
    for row in sheet.rows:
        begins, ends = row.values[first], row.values[last]
        if begins is not None and ends is not None and ends <= begins:
            sheet.refuse(row.line, last, f"un instant après {first}")


def _request(row: Row) -> CareRequest:
    values = row.values
    return CareRequest(
        id=values["id"],
        received_at=values["received_at"],
        deadline_at=values["deadline_at"],
        urgency=values["urgency"],
        modalities=values["modalities"],
        usual_practitioner=values["usual_practitioner"],
    )


def _slot(row: Row, place: int) -> FreeSlot:
    values = row.values
    return FreeSlot(
        id=values["id"],
        practitioner_id=values["practitioner_id"],
        place=place,
        start_at=values["start"],
        end_at=values["end"],
        modality=values["modality"],
        capacity=values["capacity"],
    )
