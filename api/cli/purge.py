"""``relais purge``: what is over is set aside and erased, without waiting for the job of the morning."""

from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.database import open_store
from api.cli.screen import progress

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scheduler.retention.due import Due

HELP = """Met à l'écart puis efface les dossiers terminés dont la durée de conservation est passée.

Les durées sont les réglages RELAIS_RETENTION_… ; le guide d'exploitation dit ce qui est effacé, ce qui reste.
La commande peut être répétée : elle ne refait rien.
"""
EXAMPLE = "Exemple : [b]relais purge --dry-run[/b]"


def purge(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Compte ce qui serait fait, sans rien changer.")
    ] = False,
) -> None:
    """Set aside and erase what is over, or count it."""
    from scheduler.clock import utc_now  # noqa: PLC0415 — see api.cli.command
    from scheduler.retention.due import preview  # noqa: PLC0415
    from scheduler.retention.periods import Retention  # noqa: PLC0415
    from scheduler.retention.purge import purge as apply  # noqa: PLC0415
    from scheduler.settings import load_settings  # noqa: PLC0415

    retention = Retention.of(load_settings())
    with open_store() as store:
        with store.read() as session:
            due = preview(session, retention, now=utc_now())
        if dry_run:
            _print(due)
            return
        with progress("Effacement"):
            num_erased = apply(store, retention, clock=utc_now)
    typer.echo(f"{num_erased} dossier(s) effacé(s).")


def _print(due: "Iterable[Due]") -> None:
    for each in due:
        withdrawn = f" (dont {each.num_withdrawn} accord(s) retiré(s))" if each.num_withdrawn else ""
        typer.echo(
            f"{each.territory} : {each.num_to_set_aside} dossier(s) à mettre à l'écart, "
            f"{each.num_to_erase} à effacer{withdrawn}."
        )
    typer.echo("Rien n'a été changé.")
