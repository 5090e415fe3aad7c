"""``relais indicators``: the report of a territory, and the kept reports computed again."""

from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.database import open_store
from api.cli.french import FrenchCommand, FrenchGroup
from api.cli.lookup import territory_id

if TYPE_CHECKING:
    from scheduler.store.engine import Store

app = typer.Typer(
    cls=FrenchGroup,
    no_args_is_help=True,
    help="Rapport de la CPTS, recalculé depuis l'historique.",
    epilog="Exemple : [b]relais indicators report 2026-T3 --territory cpts-senart[/b]",
)

_Slug = Annotated[str, typer.Option("--territory", metavar="SLUG", help="Le territoire.")]

REPORT_HELP = """Imprime en CSV le rapport d'un trimestre terminé, qui peut être transmis.

Aucun groupe de moins de 11 personnes n'y figure ni ne peut y être retrouvé par soustraction.
"""
RECOMPUTE_HELP = """Recalcule chaque rapport mensuel gardé et dit s'il est le même.

Se termine par 1 dès qu'un seul diffère.
"""


@app.command(
    "report",
    cls=FrenchCommand,
    help=REPORT_HELP,
    epilog="Exemple : [b]relais indicators report 2026-T3 --territory cpts-senart[/b]",
)
def report(
    period: Annotated[str, typer.Argument(metavar="TRIMESTRE", help="Par exemple 2026-T3.")],
    territory: _Slug,
) -> None:
    """Print the report that may leave."""
    from scheduler.accounts.actor import system_actor  # noqa: PLC0415 — see api.cli.command
    from scheduler.clock import utc_now  # noqa: PLC0415
    from scheduler.indicators.figures import report as compute  # noqa: PLC0415
    from scheduler.indicators.periods import period_named  # noqa: PLC0415
    from scheduler.indicators.sheets import as_csv  # noqa: PLC0415

    wanted = period_named(period)
    with open_store() as store, store.read() as session:
        actor = system_actor("indicators", territory_id(session, territory))
        typer.echo(as_csv(compute(session, actor, wanted, now=utc_now())).replace("\r\n", "\n"), nl=False)


@app.command(
    "recompute",
    cls=FrenchCommand,
    help=RECOMPUTE_HELP,
    epilog="Exemple : [b]relais indicators recompute --territory cpts-senart[/b]",
)
def recompute(territory: _Slug) -> None:
    """Compute the kept reports again and compare."""
    with open_store() as store:
        compared = _compared(store, territory)
    for month, same in compared:
        typer.echo(f"{month} : {'identique' if same else 'DIFFÉRENT'}")
    if not all(same for _, same in compared):
        raise typer.Exit(1)


def _compared(store: "Store", territory: str) -> list[tuple[str, bool]]:
    from scheduler.indicators.figures import recompute as compute  # noqa: PLC0415

    with store.read() as session:
        return compute(session, territory_id(session, territory))
