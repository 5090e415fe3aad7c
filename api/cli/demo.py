"""``relais demo``: the main job, end to end, on an invented territory in the embedded store."""

from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.database import log_to_stderr
from api.cli.demo_screen import say, show_calendars, show_next_steps
from api.cli.screen import progress

if TYPE_CHECKING:
    from matching import Instance, Policy, Solution
    from scheduler.demo.values import DemoTerritory
    from scheduler.referrals.child import Watcher
    from scheduler.settings import Settings
    from scheduler.store.engine import Store

HELP = """Charge le territoire de démonstration, apparie les patients, lit les agendas, montre le résultat.

Tout est inventé, sauf les communes. La base embarquée du dossier RELAIS_DATA_DIR est utilisée.
"""
EXAMPLE = "Exemple : [b]relais demo --fresh[/b]"
_SEED = 2026


def demo(
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Efface d'abord la démonstration précédente de cette base.")
    ] = False,
) -> None:
    """Load the demo territory, match, read the calendars, and show it."""
    from scheduler.clock import local_day, utc_now  # noqa: PLC0415 — see api.cli.command
    from scheduler.demo.people import demo_territory  # noqa: PLC0415
    from scheduler.demo.store import erase_demo, open_demo_store  # noqa: PLC0415
    from scheduler.settings import load_settings  # noqa: PLC0415

    log_to_stderr()
    settings = load_settings()
    if fresh:
        erase_demo(settings)
    with open_demo_store(settings) as store:
        territory = demo_territory(_SEED, local_day(utc_now(), settings.zone))
        _load_and_match(store, settings, territory)
        _read_calendars(store, territory)
    show_next_steps(settings, territory)


def _load_and_match(store: "Store", settings: "Settings", territory: "DemoTerritory") -> None:
    from api.cli.matched import show_matching  # noqa: PLC0415
    from matching import Policy  # noqa: PLC0415
    from scheduler.clock import utc_now  # noqa: PLC0415
    from scheduler.demo.load import load_demo  # noqa: PLC0415
    from scheduler.referrals.run import RunOrder, run_matching  # noqa: PLC0415
    from scheduler.referrals.solve import solve_in_child  # noqa: PLC0415

    say(
        f"1. {territory.name} : {len(territory.communes)} communes, {territory.inhabitants} habitants, "
        f"{territory.num_without_gp} sans médecin traitant dont {territory.num_ald_without_gp} en ALD."
    )
    with progress("Liste d'attente"), store.write() as session:
        loaded = load_demo(session, territory, now=utc_now())
    say(
        f"   {len(territory.referrals)} patients signalés, {len(territory.practitioners)} médecins dont "
        f"{len(territory.intakes)} volontaires ({sum(i.places for i in territory.intakes)} places)."
    )
    solutions: list[Solution] = []

    def solve(
        instance: "Instance", policy: "Policy", *, time_limit_s: float, seed: int, watch: "Watcher | None"
    ) -> "Solution":
        solution = solve_in_child(instance, policy, time_limit_s=time_limit_s, seed=seed, watch=watch)
        solutions.append(solution)
        return solution

    say("2. Appariement des patients en attente aux médecins volontaires.")
    order = RunOrder(policy=Policy.default(), time_limit_s=settings.solve_seconds)
    with progress("Appariement"):
        run = run_matching(store, loaded.actor, order, clock=utc_now, solve=solve)
    if run.failure is not None:
        raise typer.Exit(_explain(run.failure))
    show_matching(solutions[-1], run.warnings)


def _explain(failure: str) -> int:
    typer.echo(f"relais : {failure}", err=True)
    return 1


def _read_calendars(store: "Store", territory: "DemoTerritory") -> None:
    from scheduler.clock import utc_now  # noqa: PLC0415
    from scheduler.demo.feeds import read_demo_calendars  # noqa: PLC0415
    from scheduler.demo.platform import load_platform  # noqa: PLC0415

    say("3. Lecture des agendas publiés par les médecins.")
    with progress("Agendas"):
        lines = read_demo_calendars(store, territory, now=utc_now())
        with store.write() as session:
            load_platform(session, territory, now=utc_now())
    show_calendars(lines)
