"""``relais pathway``: the pathways of a CPTS as documents, shown, checked and adopted."""

from pathlib import Path
from typing import Annotated

import typer

from api.cli.database import open_store
from api.cli.french import FrenchCommand, FrenchGroup
from api.cli.lookup import territory_id

app = typer.Typer(
    cls=FrenchGroup,
    no_args_is_help=True,
    help="Filières (médecin traitant, orthophonie…), des documents TOML.",
    epilog="Exemple : [b]relais pathway show orthophoniste > ortho.toml[/b]",
)


@app.command(
    "show",
    cls=FrenchCommand,
    help="Écrit le document d'une filière fournie : gp, orthophoniste, sage_femme.",
    epilog="Exemple : [b]relais pathway show orthophoniste > ortho.toml[/b]",
)
def show(code: Annotated[str, typer.Argument(metavar="CODE", help="Filière fournie.")]) -> None:
    """Print a pathway Relais comes with."""
    from scheduler.referrals.pathways.kept import shipped_document  # noqa: PLC0415 — see api.cli.command

    typer.echo(shipped_document(code), nl=False)


@app.command(
    "check",
    cls=FrenchCommand,
    help="Vérifie une filière : toutes ses erreurs sont dites à la fois.",
    epilog="Exemple : [b]relais pathway check ortho.toml[/b]",
)
def check(file: Annotated[Path, typer.Argument(metavar="FILE", help="Filière (TOML).")]) -> None:
    """Tell whether a document is a pathway."""
    from scheduler.referrals.pathways.reading import read_pathway  # noqa: PLC0415

    pathway = read_pathway(file.read_text(encoding="utf-8"))
    typer.echo(f"Filière « {pathway.name} » ({pathway.code}, version {pathway.version}) valable.")


@app.command(
    "adopt",
    cls=FrenchCommand,
    help="Met une filière, ou une nouvelle version, en vigueur dans un territoire.",
    epilog="Exemple : [b]relais pathway adopt ortho.toml[/b]",
)
def adopt(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Filière (TOML).")],
    territory: Annotated[
        str | None, typer.Option(metavar="SLUG", help="Territoire ; inutile s'il n'y en a qu'un.")
    ] = None,
) -> None:
    """Put a pathway in force."""
    from scheduler.accounts.actor import system_actor  # noqa: PLC0415
    from scheduler.clock import utc_now  # noqa: PLC0415
    from scheduler.referrals.pathways import adopt_pathway  # noqa: PLC0415

    document = file.read_text(encoding="utf-8")
    with open_store() as store, store.write() as session:
        actor = system_actor("operator", territory_id(session, territory))
        pathway = adopt_pathway(session, actor, document, now=utc_now())
    typer.echo(f"Filière « {pathway.name} », version {pathway.version}, en vigueur.")
