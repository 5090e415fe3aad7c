"""``relais attach``: two files in, proposals out, no database."""

import json
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli import matched
from api.cli.screen import console, progress
from api.cli.values import day, seconds, table_file, whole

if TYPE_CHECKING:
    from matching import Policy
    from scheduler.exchange import Imported

_ZONE = "Europe/Paris"
HELP = (
    "Attribue des patients à des médecins volontaires, à partir de deux fichiers, sans base de données.\n\n"
    "Clés de --json : policy, seed, on, status (optimal ou feasible), objective, bound, num_patients, "
    "num_practitioners, num_placed, tiers, warnings, practitioners (practitioner_id, places, num_placed, "
    "place_price), matches (patient_id, practitioner_id, tier, rank, waited_days, travel_min, distance_km, "
    "reason)."
)
EXAMPLE = "Exemple : [b]relais attach patients.csv medecins.csv --out propositions.xlsx --explain[/b]"


def attach(
    patients: Annotated[Path, typer.Argument(metavar="PATIENTS", help="Fichier des patients, CSV ou XLSX.")],
    practitioners: Annotated[
        Path, typer.Argument(metavar="PRACTITIONERS", help="Fichier des médecins volontaires, CSV ou XLSX.")
    ],
    policy: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Politique de la CPTS (TOML) ; sinon celle par défaut."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", parser=table_file, help="Où écrire les propositions (.csv ou .xlsx)."),
    ] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Une phrase par patient.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Résultat complet en JSON sur la sortie.")] = False,
    time_limit: Annotated[
        float | None, typer.Option(metavar="S", parser=seconds, help="Temps de calcul maximal, en secondes.")
    ] = None,
    seed: Annotated[
        int,
        typer.Option(metavar="N", parser=whole(0, 2**31 - 1), help="Graine : même graine, même résultat."),
    ] = 0,
    on: Annotated[
        date | None,
        typer.Option(
            metavar="DATE", parser=day, help="Jour de l'attribution (AAAA-MM-JJ) ; sinon aujourd'hui."
        ),
    ] = None,
) -> None:
    """Match the patients of one file with the practitioners of another."""
    _refuse_overwriting(out, patients, practitioners, policy)
    with progress("Lecture des fichiers"):
        from matching import attach as match  # noqa: PLC0415 — see api.cli.command

        rules = _policy(policy)
        imported = _import(patients, practitioners, on, rules)
    with progress("Recherche de la meilleure attribution"):
        solution = match(imported.instance, rules, time_limit_s=time_limit, seed=seed)
    if out is not None:
        from scheduler.exchange import write_proposals  # noqa: PLC0415

        write_proposals(out, solution, imported.dialect)
    warnings = (*imported.warnings, *solution.warnings)
    if as_json:
        run = {"policy": rules.version, "seed": seed}
        _print_json(run | matched.as_json(imported.instance, solution, warnings))
        return
    matched.show_matching(solution, warnings)
    if explain:
        matched.explain_each(imported.instance, solution)
    if out is not None:
        console().print(f"Propositions écrites dans {out}.")


def _print_json(document: dict[str, object]) -> None:
    json.dump(document, sys.stdout, ensure_ascii=False, indent=1)
    sys.stdout.write("\n")


def _refuse_overwriting(out: Path | None, *inputs: Path | None) -> None:
    if out is not None and any(path is not None and path.resolve() == out.resolve() for path in inputs):
        raise typer.BadParameter(
            "ce fichier est l'une des données ; donnez un autre nom.", param_hint="--out"
        )


def _policy(path: Path | None) -> "Policy":
    from matching import Policy  # noqa: PLC0415

    if path is None:
        return Policy.default()
    from scheduler.exchange import Source, UnreadableFile  # noqa: PLC0415

    try:
        return Policy.from_toml(Source.from_path(path).body.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise UnreadableFile(str(path), "encodage inconnu ; enregistrez la politique en UTF-8") from None


def _import(patients: Path, practitioners: Path, on: date | None, policy: "Policy") -> "Imported":
    from scheduler.clock import local_day, utc_now  # noqa: PLC0415
    from scheduler.exchange import Source, import_instance  # noqa: PLC0415

    return import_instance(
        Source.from_path(patients),
        Source.from_path(practitioners),
        on=on or local_day(utc_now(), _ZONE),
        max_km=policy.reach.max_km_with_consent,
    )
