"""``relais fill``: requests and slots in two files, one round of filling out, no database."""

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from api.cli.files import refuse_overwriting
from api.cli.options import Seed, TimeLimit, WholeResult
from api.cli.screen import console, progress
from api.cli.values import table_file, zone_name

if TYPE_CHECKING:
    from matching.fill import FillInstance, FillSolution

HELP = (
    "Donne les créneaux libres aux demandes de soins non programmés, à partir de deux fichiers, sans base de "
    "données : le plus urgent d'abord, puis le moins d'attente et de trajet.\n\n"
    "Clés de --json : now, status (optimal ou feasible), objective, bound, num_requests, num_slots, "
    "num_placed, num_announced, warnings, placements (request_id, slot_id, practitioner_id, start, announce, "
    "delay_min, travel_min, reason)."
)
EXAMPLE = "Exemple : [b]relais fill demandes.csv creneaux.csv --now 2026-11-23T09:00:00+01:00[/b]"


def instant(word: str | datetime) -> datetime:
    """Read an instant of RFC 3339, with its offset."""
    try:
        at = word if isinstance(word, datetime) else datetime.fromisoformat(word)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None:
        raise typer.BadParameter("attendu un instant avec son décalage, comme 2026-11-23T09:00:00+01:00.")
    return at


def fill(
    requests: Annotated[Path, typer.Argument(metavar="REQUESTS", help="Fichier des demandes, CSV ou XLSX.")],
    slots: Annotated[Path, typer.Argument(metavar="SLOTS", help="Fichier des créneaux libres, CSV ou XLSX.")],
    now: Annotated[
        datetime | None,
        typer.Option(metavar="INSTANT", parser=instant, help="Moment du calcul ; sinon maintenant."),
    ] = None,
    zone: Annotated[
        str, typer.Option(metavar="ZONE", parser=zone_name, help="Fuseau des heures sans décalage.")
    ] = "Europe/Paris",
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", parser=table_file, help="Où écrire le résultat (.csv ou .xlsx)."),
    ] = None,
    as_json: WholeResult = False,
    time_limit: TimeLimit = None,
    seed: Seed = 0,
) -> None:
    """Run one round of filling on two files."""
    refuse_overwriting(out, requests, slots)
    with progress("Lecture des fichiers"):
        from matching.fill import FillPolicy  # noqa: PLC0415 — see api.cli.command
        from matching.fill import fill as solve  # noqa: PLC0415
        from scheduler.clock import utc_now  # noqa: PLC0415
        from scheduler.exchange import Source  # noqa: PLC0415
        from scheduler.exchange.care import import_round, write_placements  # noqa: PLC0415

        imported = import_round(
            Source.from_path(requests), Source.from_path(slots), now=now or utc_now(), zone=zone
        )
    policy = FillPolicy()
    with progress("Recherche des créneaux"):
        solution = solve(imported.instance, policy, time_limit_s=time_limit, seed=seed)
    if out is not None:
        write_placements(out, imported.instance, solution, imported.dialect)
    if as_json:
        json.dump(
            _document(imported.instance, solution, imported.warnings),
            sys.stdout,
            ensure_ascii=False,
            indent=1,
        )
        sys.stdout.write("\n")
        return
    _show(imported.instance, solution, imported.warnings)
    if out is not None:
        console().print(f"Résultat écrit dans {out}.")


def _document(
    instance: "FillInstance", solution: "FillSolution", warnings: tuple[str, ...]
) -> dict[str, Any]:
    slots = {slot.id: slot for slot in instance.slots}
    placements = []
    for placement in solution.placements:
        slot = slots.get(placement.slot_id or "")
        placements.append(
            {
                "request_id": placement.request_id,
                "slot_id": placement.slot_id,
                "practitioner_id": slot.practitioner_id if slot else None,
                "start": slot.start_at.isoformat() if slot else None,
                "announce": placement.announce,
                "delay_min": None if placement.delay is None else placement.delay.total_seconds() / 60,
                "travel_min": None if placement.duration_s is None else round(placement.duration_s / 60, 1),
                "reason": {"code": placement.reason.code, "sentence": placement.reason.sentence},
            }
        )
    return {
        "now": instance.now.isoformat(),
        "status": solution.status.value,
        "objective": solution.objective,
        "bound": solution.bound,
        "num_requests": len(instance.requests),
        "num_slots": len(instance.slots),
        "num_placed": sum(placement.slot_id is not None for placement in solution.placements),
        "num_announced": sum(placement.announce for placement in solution.placements),
        "warnings": list(warnings),
        "placements": placements,
    }


def _show(instance: "FillInstance", solution: "FillSolution", warnings: tuple[str, ...]) -> None:
    """Print a line per urgency, then one sentence per request without a slot."""
    from rich.table import Table  # noqa: PLC0415 — not loaded for --json

    table = Table(title="Créneaux donnés")
    table.add_column("Urgence")
    for heading in ("Demandes", "Avec créneau", "À annoncer"):
        table.add_column(heading, justify="right")
    pairs = list(zip(instance.requests, solution.placements, strict=True))
    for urgency, words in ((1, "4 heures"), (2, "dans la journée"), (3, "48 heures")):
        found = [placement for request, placement in pairs if request.urgency == urgency]
        placed = [placement for placement in found if placement.slot_id is not None]
        told = [placement for placement in placed if placement.announce]
        table.add_row(words, *(str(len(group)) for group in (found, placed, told)))
    screen = console()
    screen.print(table)
    for placement in solution.placements:
        if placement.slot_id is None:
            screen.print(f"{placement.request_id} : {placement.reason.sentence}")
    for warning in warnings:
        screen.print(f"Attention : {warning}")
