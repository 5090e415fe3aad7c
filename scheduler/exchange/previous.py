"""The ``proposals`` table of an earlier matching, read back: what stands, and what is announced."""

from collections.abc import Collection
from dataclasses import dataclass

from matching.model import Commitment
from scheduler.exchange.cells import text, yes_no
from scheduler.exchange.columns import Column, Layout, read_sheet, refuse_if_wrong, refuse_repeated
from scheduler.exchange.tables import Source

LAYOUT = Layout(
    columns=(
        Column(name="patient_id", read=text(100), aliases=("patient", "id patient"), required=True),
        Column(name="practitioner_id", read=text(100), aliases=("médecin", "id médecin", "RPPS")),
        Column(name="firm", read=yes_no, aliases=("ferme", "annoncé", "annoncée"), empty=False, absent=False),
        # written by an earlier matching, of no use here: understood so that nobody is warned about them
        *(
            Column(name=name, read=text(20_000))
            for name in ("tier", "travel_min", "distance_km", "reason", "change", "explanation")
        ),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Previous:
    """Earlier proposals of the patients of a file, and what the reader should know."""

    commitments: tuple[Commitment, ...]
    warnings: tuple[str, ...]


def read_previous(source: Source, patient_ids: Collection[str]) -> Previous:
    """Read who was proposed to whom; lines without a practitioner, or of a patient who left, do not count.

    Raises
    ------
    UnreadableFile
        When the file is absent or of an unknown kind.
    BadTable
        With every bad cell.
    """
    sheet = read_sheet(source, LAYOUT)
    refuse_repeated(sheet, "patient_id")
    refuse_if_wrong(sheet)
    known = frozenset(patient_ids)
    proposed = [row.values for row in sheet.rows if row.values["practitioner_id"] is not None]
    left = sum(values["patient_id"] not in known for values in proposed)
    if left:
        many = "s" if left > 1 else ""
        sheet.warn(f"{left} patient{many} absent{many} du fichier des patients, ignoré{many}.")
    return Previous(
        commitments=tuple(
            Commitment(
                patient_id=values["patient_id"],
                practitioner_id=values["practitioner_id"],
                firm=values["firm"],
            )
            for values in proposed
            if values["patient_id"] in known
        ),
        warnings=tuple(sheet.warnings),
    )
