"""``relais simulate``: a CPTS over a simulated year, on a store that is thrown away."""

import gc
import shutil
import tempfile
import time
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.database import log_to_stderr
from api.cli.screen import progress
from api.cli.values import whole

if TYPE_CHECKING:
    from scheduler.simulation.plan import Outcome, Plan

HELP = """Fait vivre une CPTS inventée pendant un an, heure par heure, et imprime son rapport.

Signalements, offres, réponses, visites, départs et messages passent par les vrais traitements, sur une base
jetée ensuite ; ce qui ne doit jamais arriver est contrôlé à chaque heure. Même graine, même rapport.
"""
_OBJECTS_BETWEEN_COLLECTIONS = 50_000
_MEMORY, _ROOM_BYTES = Path("/dev/shm"), 2 << 30  # noqa: S108 — a private folder is made in it
EXAMPLE = "Exemple : [b]relais simulate --days 31 --seed 2[/b]"


def simulate(
    days: Annotated[
        int,
        typer.Option(metavar="N", parser=whole(1, 366), help="Nombre de jours, depuis le 1er janvier 2026."),
    ] = 365,
    seed: Annotated[int, typer.Option(metavar="N", parser=whole(0, 10**9), help="Graine du hasard.")] = 1,
    signals: Annotated[
        int, typer.Option(metavar="N", parser=whole(1, 200), help="Signalements par jour ouvré.")
    ] = 40,
    gps: Annotated[int, typer.Option(metavar="N", parser=whole(1, 200), help="Nombre de médecins.")] = 60,
) -> None:
    """Simulate some days and print the report."""
    from scheduler.simulation.plan import Plan  # noqa: PLC0415 — see api.cli.command
    from scheduler.simulation.year import simulate  # noqa: PLC0415
    from scheduler.store.engine import Store  # noqa: PLC0415
    from scheduler.store.migrate import migrate  # noqa: PLC0415

    log_to_stderr()
    plan = Plan(from_on=date(2026, 1, 1), days=days, seed=seed, signals_a_day=signals, num_gps=gps)
    began, began_cpu = time.monotonic(), time.process_time()
    with tempfile.TemporaryDirectory(prefix="relais-simulation-", dir=_folder()) as folder:
        store = Store.open(f"sqlite:///{Path(folder) / 'relais.db'}")
        try:
            with progress("Simulation"):
                migrate(store)
                gc.freeze()  # else each full collection looks at what was loaded once as well
                gc.set_threshold(_OBJECTS_BETWEEN_COLLECTIONS)
                outcome = simulate(store, plan)
        finally:
            store.close()
    _print(outcome, plan)
    elapsed_s, cpu_s = time.monotonic() - began, time.process_time() - began_cpu
    typer.echo(f"\nDurée : {elapsed_s:.0f} s, dont {cpu_s:.0f} s de calcul.", err=True)
    if outcome.differences:
        raise typer.Exit(1)


def _folder() -> Path | None:
    """Choose memory for a database thrown away, where there is room: 40,000 commits each wait for a disk."""
    has_room = _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _ROOM_BYTES
    return _MEMORY if has_room else None


def _print(outcome: "Outcome", plan: "Plan") -> None:
    from scheduler.indicators.definitions import DEFINITIONS  # noqa: PLC0415
    from scheduler.indicators.figures import digest_of  # noqa: PLC0415

    figures = outcome.report["figures"]
    typer.echo(
        f"{plan.days} jours simulés, graine {plan.seed} : {outcome.num_hours} heures contrôlées, "
        f"{outcome.num_events} lignes d'historique, {outcome.num_messages} messages reçus une fois, "
        f"{outcome.num_letters} lettres.\n"
    )
    for name, value in figures.items():
        typer.echo(_line(DEFINITIONS[name].label, value))
    median = outcome.report["waits"]["median"]
    typer.echo(_line("Délai médian (jours)", "–" if median is None else round(median)))
    for reason, number in outcome.report["declines"].items():
        typer.echo(_line(f"Refus, {reason}", number))
    typer.echo("\nCe que sont devenus les patients signalés :")
    for state, number in outcome.standing.items():
        typer.echo(_line(f"  {state}", number))
    _print_tiers(outcome)
    agree = "DIFFÉRENTS : " + ", ".join(outcome.differences) if outcome.differences else "identiques"
    typer.echo(f"\nRapports recalculés depuis l'historique, et comptes tenus à part : {agree}.")
    typer.echo(f"Empreinte du rapport : {digest_of(outcome.report)}")


def _print_tiers(outcome: "Outcome") -> None:
    typer.echo("\nParmi ceux qui ont eu 90 jours :   signalés   sous 30 j   sous 90 j   partis avant")
    for tier in outcome.tiers:
        soon, later, gone = (
            f"{number} ({100 * number / max(tier.num_signalled, 1):.0f} %)"
            for number in (tier.num_soon, tier.num_later, tier.num_gone)
        )
        typer.echo(
            f"{f'  priorité {tier.tier}':<32} {tier.num_signalled:>10} {soon:>11} {later:>11} {gone:>14}"
        )


def _line(label: str, value: object) -> str:
    return f"{label:<32} {value:>7}"
