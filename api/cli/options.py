"""Options that several commands take, in the same words."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from api.cli.values import day, seconds, whole

PatientFile = Annotated[Path, typer.Argument(metavar="PATIENTS", help="Fichier des patients, CSV ou XLSX.")]
PractitionerFile = Annotated[
    Path, typer.Argument(metavar="PRACTITIONERS", help="Fichier des médecins volontaires, CSV ou XLSX.")
]
OnDay = Annotated[
    date | None,
    typer.Option(metavar="DATE", parser=day, help="Jour du calcul (AAAA-MM-JJ) ; sinon aujourd'hui."),
]

WholeResult = Annotated[bool, typer.Option("--json", help="Résultat complet en JSON sur la sortie.")]
TimeLimit = Annotated[
    float | None, typer.Option(metavar="S", parser=seconds, help="Temps de calcul maximal, en secondes.")
]
Seed = Annotated[
    int, typer.Option(metavar="N", parser=whole(0, 2**31 - 1), help="Graine : même graine, même résultat.")
]
