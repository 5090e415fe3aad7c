"""``relais territory``: the CPTS that a database serves."""

import json
from typing import Annotated

import typer

from api.cli.database import open_store
from api.cli.french import FrenchCommand, FrenchGroup
from api.cli.values import zone_name

_EXAMPLE = (
    "Exemple : [b]relais territory add cpts-senart --name 'CPTS Sénart' --commune 77445 --commune 77122[/b]"
)

app = typer.Typer(cls=FrenchGroup, no_args_is_help=True, help="Territoires (CPTS).", epilog=_EXAMPLE)


@app.command(
    "add", cls=FrenchCommand, help="Fonde un territoire : une CPTS et ses communes.", epilog=_EXAMPLE
)
def add(
    slug: Annotated[str, typer.Argument(metavar="SLUG", help="Nom court : cpts-ma-ville.")],
    name: Annotated[str, typer.Option(metavar="NAME", help="Nom affiché de la CPTS.")],
    commune: Annotated[list[str], typer.Option(metavar="INSEE", help="Répétable : code d'une commune.")],
    zone: Annotated[
        str, typer.Option(metavar="ZONE", parser=zone_name, help="Fuseau des jours et des heures.")
    ] = "Europe/Paris",
) -> None:
    """Found a territory."""
    from scheduler.territory.registry import register_territory  # noqa: PLC0415 — see api.cli.command

    with open_store() as store, store.write() as session:
        register_territory(session, slug=slug, name=name, insee=commune, zone=zone)
    typer.echo(f"Territoire {slug} fondé, {len(set(commune))} commune(s).")


@app.command(
    "list",
    cls=FrenchCommand,
    help="Liste les territoires de cette base.",
    epilog="Exemple : [b]relais territory list --json[/b]",
)
def list_(
    as_json: Annotated[bool, typer.Option("--json", help="Pour un programme.")] = False,
) -> None:
    """List the territories."""
    from sqlmodel import select  # noqa: PLC0415

    from scheduler.store.tables import Territory  # noqa: PLC0415

    with open_store() as store, store.read() as session:
        rows = session.exec(select(Territory).order_by(Territory.slug)).all()
    if as_json:
        typer.echo(json.dumps([row.model_dump() for row in rows], ensure_ascii=False))
        return
    for row in rows:
        typer.echo(f"{row.slug}  {row.name}  ({row.zone})")
