"""``relais calendar``: what Relais reads in a calendar, before anyone relies on it."""

import json
import sys
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated
from zoneinfo import ZoneInfo

import typer

from api.cli.french import FrenchCommand, FrenchGroup
from api.cli.screen import console, progress
from api.cli.values import MODES, instant_or_day, mode, whole, zone_name

if TYPE_CHECKING:
    from scheduler.agenda.feeds.preview import Preview, PreviewRow
    from scheduler.agenda.feeds.values import Window

_DEFAULT_HOURS = 72
_STATES = {"open": "ouvert", "busy": "occupé", "ignored": "ignoré", "refused": "refusé"}
_EXAMPLE = "Exemple : [b]relais calendar preview agenda.ics --from 2026-11-23 --to 2026-11-30[/b]"

app = typer.Typer(cls=FrenchGroup, no_args_is_help=True, help="Agendas des médecins.", epilog=_EXAMPLE)

_HELP = (
    "Montre ce que Relais lit dans un agenda, fichier ou adresse : créneaux ouverts, heures occupées, ce qui "
    "est ignoré ou refusé, et pourquoi. Rien n'est enregistré.\n\n"
    "Une date vaut minuit dans le fuseau ; la fin est exclue. Avec --json, une ligne par heure lue : state, "
    "start, end, uid, recurrence_id, reason, sentence."
)


@app.callback()
def _group() -> None:
    """Keep ``preview`` a command of its own although it is the only one."""


@app.command("preview", cls=FrenchCommand, help=_HELP, epilog=_EXAMPLE)
def preview(
    source: Annotated[
        str,
        typer.Argument(metavar="SOURCE", help="Fichier .ics, adresse https:// ou webcal://, ou - (entrée)."),
    ],
    from_: Annotated[
        datetime | None,
        typer.Option("--from", metavar="D", parser=instant_or_day, help="Début ; sinon maintenant."),
    ] = None,
    to: Annotated[
        datetime | None,
        typer.Option(
            "--to", metavar="D", parser=instant_or_day, help=f"Fin ; sinon {_DEFAULT_HOURS} h après."
        ),
    ] = None,
    how: Annotated[
        str, typer.Option("--mode", metavar="MODE", parser=mode, help=f"Un mode parmi : {', '.join(MODES)}.")
    ] = MODES[0],
    zone: Annotated[
        str, typer.Option(metavar="ZONE", parser=zone_name, help="Fuseau des heures écrites sans fuseau.")
    ] = "Europe/Paris",
    slot_minutes: Annotated[
        int | None,
        typer.Option(
            metavar="N", parser=whole(5, 480), help="Durée d'un créneau ; une plage plus longue est découpée."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="JSON Lines, pour un programme.")] = False,
) -> None:
    """Show what is read in one calendar."""
    with progress("Lecture de l'agenda"):
        from scheduler.agenda.feeds.child import read_in_child  # noqa: PLC0415 — see api.cli.command
        from scheduler.agenda.feeds.preview import preview as preview_of  # noqa: PLC0415
        from scheduler.agenda.feeds.values import FeedSettings, Mode  # noqa: PLC0415

        settings = FeedSettings(mode=Mode(how), zone=zone, slot_minutes=slot_minutes)
        window = _window(from_, to, zone)
        told = preview_of(read_in_child(_body(source), settings, window))
    if as_json:
        _print_lines(told.rows)
    else:
        _print_table(told, zone)


def _body(source: str) -> bytes:
    from scheduler.agenda.feeds.addresses import AddressPolicy  # noqa: PLC0415
    from scheduler.agenda.feeds.fetch import FetchSettings, read_source  # noqa: PLC0415
    from scheduler.settings import load_settings  # noqa: PLC0415

    policy = AddressPolicy(allow_private=load_settings().feed_allow_private)
    return read_source(source, settings=FetchSettings(policy=policy))


def _window(from_: datetime | date | None, to: datetime | date | None, zone: str) -> "Window":
    from scheduler.agenda.feeds.errors import InvalidFeedSetting  # noqa: PLC0415
    from scheduler.agenda.feeds.values import Window  # noqa: PLC0415
    from scheduler.clock import utc_now  # noqa: PLC0415

    start_at = utc_now() if from_ is None else _instant(from_, zone)
    end_at = start_at + timedelta(hours=_DEFAULT_HOURS) if to is None else _instant(to, zone)
    try:
        return Window(from_at=start_at, to_at=end_at)
    except InvalidFeedSetting as error:
        raise typer.BadParameter(f"attendu {error.expected}.", param_hint="--from, --to") from error


def _instant(word: datetime | date, zone: str) -> datetime:
    """Give an instant in UTC; a day begins at midnight of the zone."""
    if isinstance(word, datetime):
        return word.astimezone(UTC)
    return datetime.combine(word, time(), tzinfo=ZoneInfo(zone)).astimezone(UTC)


def _print_lines(rows: Iterable["PreviewRow"]) -> None:
    for row in rows:
        sys.stdout.write(f"{json.dumps(row, ensure_ascii=False)}\n")


def _print_table(told: "Preview", zone: str) -> None:
    from rich.table import Table  # noqa: PLC0415 — not loaded for --json

    table = Table(title=told.sentence)
    for heading in ("État", "Jour", "De – à"):
        table.add_column(heading, no_wrap=True)
    table.add_column("Pourquoi")
    for row in told.rows:
        day, hours = _when(row, ZoneInfo(zone))
        why = row["sentence"].partition(" : ")[2]  # what stands before is the state, in its own column
        table.add_row(_STATES[row["state"]], day, hours, why[:1].upper() + why[1:])
    screen = console()
    screen.print(table)
    for warning in told.warnings:
        screen.print(f"Attention : {warning}")
    if told.clock_change is not None:
        screen.print(told.clock_change)


def _when(row: "PreviewRow", zone: ZoneInfo) -> tuple[str, str]:
    """Write the times of a row as people of the zone read them; the day of the end where it differs."""
    if row["start"] is None or row["end"] is None:
        return "–", "–"
    start, end = (datetime.fromisoformat(at).astimezone(zone) for at in (row["start"], row["end"]))
    days = 0 if start.date() == end.date() else (end.date() - start.date()).days
    later = f" (+{days} j)" if days else ""
    return f"{start:%d/%m/%Y}", f"{start:%H:%M} – {end:%H:%M}{later}"
