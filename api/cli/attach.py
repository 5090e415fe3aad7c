"""``relais attach``: two files in, proposals out, no database."""

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypedDict

import typer

from api.cli import matched, reasons
from api.cli.files import import_files, read_policy, refuse_overwriting
from api.cli.options import OnDay, PatientFile, PractitionerFile, Seed, TimeLimit, WholeResult
from api.cli.screen import console, progress
from api.cli.stoppable import INTERRUPTED, stoppable
from api.cli.values import pair, table_file

if TYPE_CHECKING:
    from matching import Instance, Policy, Solution
    from scheduler.exchange import Dialect


class Questions(TypedDict):
    """What is asked about a matching; ``places``: the commune of each practitioner, None = not asked."""

    why: Sequence[str]
    why_not: Sequence[str]
    places: Sequence[str] | None


HELP = (
    "Attribue des patients à des médecins volontaires, à partir de deux fichiers, sans base de données.\n\n"
    "Ctrl+C arrête le calcul : la meilleure attribution trouvée est écrite, et le code de sortie est 130.\n\n"
    "Clés de --json : policy, seed, on, status (optimal ou feasible), objective, bound, num_patients, "
    "num_practitioners, num_placed, tiers, warnings, practitioners (practitioner_id, places, num_placed, "
    "place_price), matches (patient_id, practitioner_id, tier, rank, waited_days, travel_min, distance_km, "
    "reason), changes (patient_id, before, after, reason), price_of_together, et selon ce qui est demandé, "
    "sinon null : why (--why), why_not (--why-not), places (--places : practitioners, communes)."
)
EXAMPLE = "Exemple : [b]relais attach patients.csv medecins.csv --out propositions.xlsx --explain[/b]"


def attach(
    patients: PatientFile,
    practitioners: PractitionerFile,
    policy: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Politique de la CPTS (TOML) ; sinon celle par défaut."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FILE", parser=table_file, help="Où écrire les propositions (.csv ou .xlsx)."),
    ] = None,
    previous: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Propositions d'avant : gardées si rien n'est mieux ; colonne firm = oui : jamais bougée.",
        ),
    ] = None,
    explain: Annotated[
        bool,
        typer.Option("--explain", help="Une phrase par patient ; avec --out, un texte complet à côté."),
    ] = False,
    why: Annotated[
        list[str] | None,
        typer.Option(metavar="PATIENT", help="Pourquoi ce médecin, ou personne, et ce qui y changerait."),
    ] = None,
    why_not: Annotated[
        list[str] | None,
        typer.Option(
            metavar="PATIENT:PRACTITIONER", parser=pair, help="Pourquoi ce médecin n'est pas proposé."
        ),
    ] = None,
    places: Annotated[
        bool, typer.Option("--places", help="Ce que vaudrait une place de plus, par médecin et commune.")
    ] = False,
    as_json: WholeResult = False,
    time_limit: TimeLimit = None,
    seed: Seed = 0,
    on: OnDay = None,
) -> None:
    """Match the patients of one file with the practitioners of another."""
    refuse_overwriting(out, patients, practitioners, policy, previous)
    with progress("Lecture des fichiers"):
        from matching import attach as match  # noqa: PLC0415 — see api.cli.command

        rules = read_policy(policy)
        imported = import_files(patients, practitioners, on, rules.reach.max_km_with_consent)
        instance, warned = _with_previous(imported.instance, previous)
    with stoppable("Recherche de la meilleure attribution") as watcher:
        solution = match(instance, rules, time_limit_s=time_limit, seed=seed, watch=watcher.watch)
    if out is not None:
        _write(out, instance, rules, solution, imported.dialect, explain=explain)
    warnings = (*imported.warnings, *warned, *solution.warnings)
    asked: Questions = {
        "why": why or (),
        "why_not": why_not or (),
        "places": imported.practice_communes if places else None,
    }
    if as_json:
        run = {"policy": rules.version, "seed": seed} | matched.as_json(instance, solution, warnings)
        _print_json(run | reasons.answers_as_json(instance, rules, solution, **asked))
    else:
        matched.show_matching(solution, warnings)
        if previous is not None:
            reasons.show_changes(instance, solution)
        if explain:
            matched.explain_each(instance, solution)
        reasons.show_answers(instance, rules, solution, **asked)
        if out is not None:
            console().print(f"Propositions écrites dans {out}.")
    if watcher.stopped:
        typer.echo("relais : arrêté à votre demande, la meilleure attribution trouvée est gardée.", err=True)
        raise typer.Exit(INTERRUPTED)


def _with_previous(instance: "Instance", previous: Path | None) -> tuple["Instance", tuple[str, ...]]:
    if previous is None:
        return instance, ()
    from scheduler.exchange import Source  # noqa: PLC0415
    from scheduler.exchange.previous import read_previous  # noqa: PLC0415

    stands = read_previous(Source.from_path(previous), [each.id for each in instance.patients])
    return replace(instance, commitments=stands.commitments), stands.warnings


def _write(
    out: Path,
    instance: "Instance",
    rules: "Policy",
    solution: "Solution",
    dialect: "Dialect",
    *,
    explain: bool,
) -> None:
    from scheduler.exchange import write_proposals  # noqa: PLC0415

    write_proposals(out, solution, dialect)
    if explain:
        from scheduler.exchange.explanations import explanation_text  # noqa: PLC0415

        beside = out.with_suffix(".explications.txt")
        beside.write_text(explanation_text(instance, rules, solution), encoding="utf-8")


def _print_json(document: dict[str, object]) -> None:
    json.dump(document, sys.stdout, ensure_ascii=False, indent=1)
    sys.stdout.write("\n")
