"""Options that several commands take, in the same words."""

from typing import Annotated

import typer

from api.cli.values import seconds, whole

WholeResult = Annotated[bool, typer.Option("--json", help="Résultat complet en JSON sur la sortie.")]
TimeLimit = Annotated[
    float | None, typer.Option(metavar="S", parser=seconds, help="Temps de calcul maximal, en secondes.")
]
Seed = Annotated[
    int, typer.Option(metavar="N", parser=whole(0, 2**31 - 1), help="Graine : même graine, même résultat.")
]
