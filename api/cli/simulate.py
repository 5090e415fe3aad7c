"""``relais simulate``: a CPTS over a simulated year, on a store that is thrown away."""

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
    from scheduler.simulation.year import Outcome, Plan

HELP = """Fait vivre une CPTS inventée pendant un an, heure par heure, et imprime son rapport.

Signalements, offres, réponses, visites, départs et messages passent par les vrais traitements, sur une base
jetée ensuite ; ce qui ne doit jamais arriver est contrôlé à chaque heure. Même graine, même rapport.
"""
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
    from scheduler.simulation.year import Plan, simulate  # noqa: PLC0415 — see api.cli.command
    from scheduler.store.engine import Store  # noqa: PLC0415
    from scheduler.store.migrate import migrate  # noqa: PLC0415

    log_to_stderr()
    plan = Plan(from_on=date(2026, 1, 1), days=days, seed=seed, signals_a_day=signals, num_gps=gps)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="relais-simulation-") as folder:
        store = Store.open(f"sqlite:///{Path(folder) / 'relais.db'}")
        try:
            with progress("Simulation"):
                migrate(store)
                outcome = simulate(store, plan)
        finally:
            store.close()
    _print(outcome, plan, time.monotonic() - began)


def _print(outcome: "Outcome", plan: "Plan", elapsed_s: float) -> None:
    from scheduler.indicators.definitions import DEFINITIONS  # noqa: PLC0415

    typer.echo(f"{plan.days} jours simulés, graine {plan.seed}, en {elapsed_s:.0f} s.")
    typer.echo(
        f"{outcome.num_hours} heures contrôlées, {outcome.num_events} lignes d'historique, "
        f"{outcome.num_messages} messages reçus une fois.\n"
    )
    for name, value in outcome.report["figures"].items():
        typer.echo(f"{DEFINITIONS[name].label:<32} {value:>7}")
    median = outcome.report["waits"]["median"]
    typer.echo(f"{'Délai médian (jours)':<32} {'–' if median is None else round(median):>7}")
    for tier, number in outcome.report["tables"]["placed"]["tier"].items():
        typer.echo(f"{f'Attribués, palier {tier}':<32} {number:>7}")
    for reason, number in outcome.report["declines"].items():
        typer.echo(f"{f'Refus, {reason}':<32} {number:>7}")
    same = all(kept for _, kept in outcome.months)
    typer.echo(
        f"\nRapports mensuels recalculés depuis l'historique : {'identiques' if same else 'DIFFÉRENTS'}."
    )
    if not same:
        raise typer.Exit(1)
