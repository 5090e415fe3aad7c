"""What an option may hold: readers of the words of the command line, with French refusals."""

import math
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import typer

if TYPE_CHECKING:
    from scheduler.store.tables import Role

ROLES = ("signaller", "gp", "secretary", "coordinator", "regulator", "bureau", "admin")
"""The words of ``scheduler.store.tables.Role``, written here so that a help page loads no table."""
MODES = ("marked", "dedicated", "dedicated-all", "busy")
"""The words of ``scheduler.agenda.feeds.values.Mode``, the default first."""


def whole(low: int, high: int) -> Callable[[str], int]:
    """Read a whole number in the closed range."""

    def read(word: str | int) -> int:
        text = str(word)
        if not (text.lstrip("-").isascii() and text.lstrip("-").isdigit()) or not low <= int(text) <= high:
            raise typer.BadParameter(f"attendu un nombre entier entre {low} et {high}.")
        return int(text)

    return read


def seconds(word: str | float) -> float:
    """Read a duration in seconds, more than zero."""
    try:
        value = float(word)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise typer.BadParameter("attendu un nombre de secondes supérieur à 0.")
    return value


def day(word: str | date) -> date:
    """Read a day, ``AAAA-MM-JJ``."""
    try:
        return word if isinstance(word, date) else date.fromisoformat(word)
    except ValueError:
        raise typer.BadParameter("attendu une date AAAA-MM-JJ.") from None


def table_file(word: str | Path) -> Path:
    """Read the name of a table to write."""
    path = Path(word)
    if path.suffix.casefold() not in {".csv", ".xlsx"}:
        raise typer.BadParameter("attendu un nom qui finit par .csv ou .xlsx.")
    return path


def pair(word: str) -> str:
    """Read a patient and a practitioner, ``PATIENT:PRACTITIONER``; kept as it was typed."""
    patient, _, practitioner = str(word).rpartition(":")
    if not patient or not practitioner:
        raise typer.BadParameter("attendu PATIENT:PRACTITIONER, par exemple P01:10001234565.")
    return str(word)


def role(word: str) -> "Role":
    """Read what a person or a machine comes to do."""
    from scheduler.store.tables import Role  # noqa: PLC0415 — loads SQLModel, which --help does without

    try:
        return Role(word)
    except ValueError:
        raise typer.BadParameter(f"attendu un rôle parmi {', '.join(ROLES)}.", param_hint="--role") from None


def token_id(word: str | UUID) -> UUID:
    """Read the identifier of a key."""
    try:
        return UUID(str(word))
    except ValueError:
        raise typer.BadParameter("attendu un identifiant donné par « relais token list ».") from None


def mode(word: str) -> str:
    """Read how a calendar is to be understood."""
    if word not in MODES:
        raise typer.BadParameter(f"attendu un mode parmi {', '.join(MODES)}.")
    return word


def zone_name(word: str) -> str:
    """Read a time zone by its IANA name."""
    try:
        ZoneInfo(word)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # absent; not a name at all; the name of a folder
        raise typer.BadParameter("attendu un fuseau, comme Europe/Paris ou Indian/Reunion.") from None
    return word


def instant_or_day(word: str | date) -> date:
    """Read a day, ``AAAA-MM-JJ``, or an instant of RFC 3339 with its offset."""
    if isinstance(word, date):
        return word
    try:
        return date.fromisoformat(word) if len(word) <= len("2026-11-21") else _instant(word)
    except ValueError:
        expected = "attendu une date AAAA-MM-JJ, ou un instant comme 2026-11-21T08:00:00+01:00."
        raise typer.BadParameter(expected) from None


def _instant(word: str) -> datetime:
    at = datetime.fromisoformat(word)
    if at.tzinfo is None:
        raise ValueError("an instant must carry its offset")
    return at
