"""``relais signals``: a list of patients taken over from a file, looked at first."""

from pathlib import Path
from typing import Annotated

import typer

from api.cli.database import open_store
from api.cli.lookup import account_id, territory_id

HELP = (
    "Reprend une liste de patients (CSV ou XLSX) : toutes les cellules à corriger d'un coup, et rien "
    "n'est enregistré s'il y en a. Sans --receive, montre seulement ce que la liste donnerait."
)
EXAMPLE = "Exemple : [b]relais signals liste.xlsx --for coord@cpts.fr --receive[/b]"


def signals(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Liste des patients, CSV ou XLSX.")],
    acts_for: Annotated[
        str, typer.Option("--for", metavar="EMAIL", help="Compte de la coordination qui reprend la liste.")
    ],
    receive: Annotated[
        bool, typer.Option("--receive", help="Enregistre les patients au lieu de les montrer.")
    ] = False,
    source: Annotated[
        str, typer.Option(metavar="WHO", help="professional, dac, cpam, prado, ehpad ou import.")
    ] = "import",
    pathway: Annotated[str, typer.Option(metavar="CODE", help="Filière.")] = "gp",
    territory: Annotated[
        str | None, typer.Option(metavar="SLUG", help="Territoire ; inutile s'il n'y en a qu'un.")
    ] = None,
) -> None:
    """Preview a list, and receive it when asked."""
    from scheduler.accounts.actor import Actor  # noqa: PLC0415 — see api.cli.command
    from scheduler.clock import utc_now  # noqa: PLC0415
    from scheduler.exchange import Source  # noqa: PLC0415
    from scheduler.referrals.signal_import import confirm_import, preview_import  # noqa: PLC0415
    from scheduler.store.tables import Role, SignalSource  # noqa: PLC0415

    if source not in set(SignalSource):
        raise typer.BadParameter("attendu professional, dac, cpam, prado, ehpad ou import.")
    read = Source.from_path(file)
    now = utc_now()
    with open_store() as store, store.write() as session:
        account = account_id(session, acts_for)
        actor = Actor(
            key=f"account:{account}",
            role=Role.COORDINATOR,
            territory_id=territory_id(session, territory),
            account_id=account,
        )
        seen = preview_import(
            session,
            actor,
            file_name=file.name,
            body=read.body,
            pathway=pathway,
            source=SignalSource(source),
            now=now,
        )
        for warning in seen.warnings:
            typer.echo(warning, err=True)
        if receive:
            num_received = confirm_import(session, actor, seen.id, now=now).num_received
            typer.echo(f"{num_received} patient(s) reçu(s), {len(seen.lines) - seen.num_new} déjà connu(s).")
        else:
            session.rollback()  # a look keeps nothing
            typer.echo(f"{seen.num_new} patient(s) seraient reçus ; rien n'est enregistré (--receive).")
