"""``relais policy``: the rules of the CPTS as a document, shown and checked."""

from pathlib import Path
from typing import Annotated

import typer

from api.cli.files import read_policy
from api.cli.french import FrenchCommand, FrenchGroup

app = typer.Typer(
    cls=FrenchGroup,
    no_args_is_help=True,
    help="Montre et vérifie la politique de la CPTS, un document TOML.",
    epilog="Exemple : [b]relais policy show > politique.toml[/b]",
)


@app.command(
    "show",
    cls=FrenchCommand,
    help="Écrit une politique entière, chaque clé avec son sens ; sans fichier, celle par défaut.",
    epilog="Exemple : [b]relais policy show > politique.toml[/b]",
)
def show(
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="Politique (TOML).")] = None,
) -> None:
    """Print a policy with every key."""
    typer.echo(read_policy(file).to_toml(), nl=False)


@app.command(
    "check",
    cls=FrenchCommand,
    help="Vérifie une politique : toutes ses erreurs sont dites à la fois.",
    epilog="Exemple : [b]relais policy check politique.toml[/b]",
)
def check(file: Annotated[Path, typer.Argument(metavar="FILE", help="Politique (TOML).")]) -> None:
    """Tell whether a document is a policy."""
    typer.echo(f"Politique « {read_policy(file).version} » valable.")
