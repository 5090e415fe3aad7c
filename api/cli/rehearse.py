"""``relais rehearse``: the same waiting list under several policies, before the bureau votes."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.files import import_files, read_policy
from api.cli.options import OnDay, PatientFile, PractitionerFile
from api.cli.screen import console, progress
from api.cli.values import seconds

if TYPE_CHECKING:
    from matching.rehearse import Rehearsal

HELP = (
    "Compare plusieurs politiques sur la même liste d'attente : qui gagne, qui perd, par priorité, âge, "
    "couverture et commune. La première nommée sert de référence ; seule, elle est comparée à celle par "
    "défaut. Avec --out, écrit comparaison.txt, comparaison.csv et un dessin SVG par critère."
)
EXAMPLE = (
    "Exemple : [b]relais rehearse patients.csv medecins.csv --policy A.toml --policy B.toml --out essai[/b]"
)


def rehearse(
    patients: PatientFile,
    practitioners: PractitionerFile,
    policy: Annotated[
        list[Path], typer.Option(metavar="FILE", help="Politique (TOML) ; répétez pour chacune.")
    ],
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Dossier où écrire le résultat.")] = None,
    time_limit: Annotated[
        float | None,
        typer.Option(metavar="S", parser=seconds, help="Secondes au plus, par politique."),
    ] = None,
    on: OnDay = None,
) -> None:
    """Run the same files under several policies."""
    with progress("Lecture des fichiers"):
        from matching import Policy  # noqa: PLC0415 — see api.cli.command
        from matching.rehearse import groups_of  # noqa: PLC0415
        from matching.rehearse import rehearse as compare  # noqa: PLC0415
        from matching.rehearse.report import text  # noqa: PLC0415

        policies = [read_policy(path) for path in policy]
        if len(policies) == 1:
            policies.insert(0, Policy.default())
        farthest_km = max(each.reach.max_km_with_consent for each in policies)
        imported = import_files(patients, practitioners, on, farthest_km)
    groups = groups_of(imported.instance, policies[0], communes=imported.communes)
    with progress("Comparaison des politiques"):
        found = compare(imported.instance, policies, groups=groups, time_limit_s=time_limit)
    screen = console()
    screen.print(text(found))
    if out is not None:
        _write(out, found)
        screen.print(f"Comparaison écrite dans {out}.")


def _write(folder: Path, found: "Rehearsal") -> None:
    from matching.rehearse.chart import svg  # noqa: PLC0415
    from matching.rehearse.report import as_csv, text  # noqa: PLC0415

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "comparaison.txt").write_text(text(found), encoding="utf-8")
    (folder / "comparaison.csv").write_text(as_csv(found), encoding="utf-8-sig")
    for dimension in found.dimensions:
        (folder / f"comparaison-{dimension}.svg").write_text(svg(found, dimension), encoding="utf-8")
