"""``relais demography``: the waiting list of the coming months, when GPs leave and arrive."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.files import import_files, read_policy
from api.cli.options import OnDay, PatientFile, PractitionerFile
from api.cli.screen import console, progress
from api.cli.values import day, whole

if TYPE_CHECKING:
    from scheduler.referrals.future import Arriving, Leaving

HELP = (
    "Projette la liste d'attente mois par mois, et dit quelles communes vont manquer de médecins. Les "
    "arrivées de patients sont estimées d'après la liste ; les départs, installations et places mensuelles "
    "sont ceux que vous donnez."
)
EXAMPLE = (
    "Exemple : [b]relais demography patients.csv medecins.csv --months 24 "
    "--leaving D01:2027-06-30:900 --arriving D02:2027-09-01:40 --monthly D02:5[/b]"
)


def demography(
    patients: PatientFile,
    practitioners: PractitionerFile,
    months: Annotated[int, typer.Option(metavar="N", parser=whole(1, 60), help="Mois à projeter.")] = 12,
    leaving: Annotated[
        list[str] | None,
        typer.Option(metavar="ID:DATE:PATIENTS", help="Un médecin part, avec tant de patients."),
    ] = None,
    arriving: Annotated[
        list[str] | None,
        typer.Option(metavar="ID:DATE:PLACES", help="Un médecin s'installe auprès de ID, avec des places."),
    ] = None,
    monthly: Annotated[
        list[str] | None, typer.Option(metavar="ID:PLACES", help="Nouvelles places par mois d'un médecin.")
    ] = None,
    scenarios: Annotated[
        int, typer.Option(metavar="N", parser=whole(1, 20), help="Tirages dont on dit la médiane.")
    ] = 5,
    policy: Annotated[Path | None, typer.Option(metavar="FILE", help="Politique de la CPTS (TOML).")] = None,
    on: OnDay = None,
) -> None:
    """Project the list of two files over the coming months."""
    with progress("Lecture des fichiers"):
        from matching.demography import project  # noqa: PLC0415 — see api.cli.command
        from scheduler.referrals.future import Future, future_arguments  # noqa: PLC0415

        rules = read_policy(policy)
        imported = import_files(patients, practitioners, on, rules.reach.max_km_with_consent)
        future = Future(
            months=months,
            leaving=tuple(_leaving(word) for word in leaving or ()),
            arriving=tuple(_arriving(word) for word in arriving or ()),
            places_per_month=dict(_monthly(word) for word in monthly or ()),
            scenarios=scenarios,
        )
        arguments = future_arguments(future, imported.instance, rules, imported.communes)
    with progress("Projection"):
        found = project(imported.instance, rules, **arguments)
    console().print(found.text())


def _leaving(word: str) -> "Leaving":
    from scheduler.referrals.future import Leaving  # noqa: PLC0415

    practitioner, on, patients = _parts(word, "--leaving", "ID:DATE:PATIENTS", 3)
    return Leaving(practitioner_id=practitioner, on=day(on), panel=whole(0, 10_000)(patients))


def _arriving(word: str) -> "Arriving":
    from scheduler.referrals.future import Arriving  # noqa: PLC0415

    like, on, places = _parts(word, "--arriving", "ID:DATE:PLACES", 3)
    return Arriving(like=like, on=day(on), places=whole(0, 2000)(places))


def _monthly(word: str) -> tuple[str, int]:
    practitioner, places = _parts(word, "--monthly", "ID:PLACES", 2)
    return practitioner, whole(0, 500)(places)


def _parts(word: str, option: str, form: str, number: int) -> list[str]:
    parts = word.rsplit(":", number - 1)
    if len(parts) != number or not all(parts):
        raise typer.BadParameter(f"attendu {form}.", param_hint=option)
    return parts
