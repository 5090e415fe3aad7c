"""The files a matching command is given, read in the same way by all of them."""

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from matching import Policy
    from scheduler.exchange import Imported

_ZONE = "Europe/Paris"


def read_policy(path: Path | None) -> "Policy":
    """Read a policy of the CPTS; the default one without a file."""
    from matching import Policy  # noqa: PLC0415 — see api.cli.command

    if path is None:
        return Policy.default()
    from scheduler.exchange import Source, UnreadableFile  # noqa: PLC0415

    try:
        return Policy.from_toml(Source.from_path(path).body.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise UnreadableFile(str(path), "encodage inconnu ; enregistrez la politique en UTF-8") from None


def import_files(patients: Path, practitioners: Path, on: date | None, max_km: float) -> "Imported":
    """Read both tables and measure the travel between them."""
    from scheduler.clock import local_day, utc_now  # noqa: PLC0415
    from scheduler.exchange import Source, import_instance  # noqa: PLC0415

    return import_instance(
        Source.from_path(patients),
        Source.from_path(practitioners),
        on=on or local_day(utc_now(), _ZONE),
        max_km=max_km,
    )


def refuse_overwriting(out: Path | None, *inputs: Path | None) -> None:
    """Refuse to write over one of the files that are read."""
    if out is not None and any(path is not None and path.resolve() == out.resolve() for path in inputs):
        raise typer.BadParameter(
            "ce fichier est l'une des données ; donnez un autre nom.", param_hint="--out"
        )
