"""``relais sas``: checking the interface of the national SAS platform, and standing in for it."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.database import open_store
from api.cli.french import FrenchCommand, FrenchGroup
from api.cli.screen import console
from api.cli.values import whole

if TYPE_CHECKING:
    from api.fhir.checklist import Ground, Result
    from api.fhir.receiver import Received

app = typer.Typer(
    cls=FrenchGroup,
    no_args_is_help=True,
    help="Interface avec la plateforme nationale SAS.",
    epilog="Exemple : [b]relais sas check http://127.0.0.1:8000/fhir[/b]",
)

_CHECK = """Déroule la liste de conformité de l'interface SAS sur un service qui tourne, et montre le tableau.

Sans --rpps, demande les médecins qui ont des créneaux libres dans la base de ce serveur. Code de sortie 1 dès
qu'une ligne est rouge ; une ligne « sans objet » dit ce qu'il manque pour la contrôler.
"""


@app.command(
    "check",
    help=_CHECK,
    cls=FrenchCommand,
    epilog="Exemple : [b]relais sas check https://fhir.ma-cpts.fr/fhir --cert sas.pem --key sas.key[/b]",
)
def check(
    url: Annotated[str, typer.Argument(metavar="URL", help="Adresse du service FHIR, /fhir compris.")],
    rpps: Annotated[
        list[str] | None, typer.Option(metavar="N", help="Numéro RPPS à demander ; répétable, 25 au plus.")
    ] = None,
    cert: Annotated[
        Path | None, typer.Option(metavar="PEM", help="Certificat client de la plateforme.", exists=True)
    ] = None,
    key: Annotated[Path | None, typer.Option(metavar="PEM", help="Sa clé privée.", exists=True)] = None,
    ca: Annotated[
        Path | None, typer.Option(metavar="PEM", help="Autorité du certificat du serveur.", exists=True)
    ] = None,
    refused: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="PEM", help="Certificat et clé qui doivent être refusés ; répétable.", exists=True
        ),
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Créer, modifier et fermer un compte d'essai (INT_R02).")
    ] = False,
    slowest_ms: Annotated[
        int, typer.Option(metavar="MS", parser=whole(1, 60_000), help="Temps admis pour la plus lente.")
    ] = 1000,
    as_json: Annotated[bool, typer.Option("--json", help="En JSON, pour un programme.")] = False,
) -> None:
    """Run the checklist and print it; exit with 1 when something is wrong."""
    from api.fhir.checklist import Certificate, Verdict, run_checklist  # noqa: PLC0415 — see api.cli.command
    from api.fhir.checklist.asking import ground_at  # noqa: PLC0415

    strangers = tuple(Certificate(name=path.stem, cert=path) for path in refused or ())
    with ground_at(
        url,
        rpps=tuple(rpps or ()) or _sample(),
        cert=cert,
        key=key,
        ca=ca,
        strangers=strangers,
        may_write=write,
        limit_s=slowest_ms / 1000,
    ) as ground:
        results = _watched(ground, run_checklist, quiet=as_json)
    if as_json:
        typer.echo(json.dumps([_line(result) for result in results], ensure_ascii=False, indent=1))
    else:
        _print(results)
    if any(result.verdict is Verdict.KO for result in results):
        raise typer.Exit(1)


@app.command(
    "receive",
    help="Tient lieu de plateforme SAS : reçoit, vérifie et montre les rendez-vous qui lui sont annoncés.",
    cls=FrenchCommand,
    epilog="Exemple : [b]relais sas receive --port 8014[/b], puis RELAIS_SAS_URL=http://127.0.0.1:8014",
)
def receive(
    host: Annotated[str, typer.Option(metavar="HOST", help="Adresse d'écoute.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(metavar="PORT", parser=whole(1, 65535), help="Port.")] = 8014,
) -> None:
    """Serve the stand-in until it is stopped."""
    import uvicorn  # noqa: PLC0415 — see api.cli.command

    from api.fhir.receiver import Receiver  # noqa: PLC0415

    typer.echo(f"À l'écoute sur http://{host}:{port} (Ctrl+C arrête).", err=True)
    uvicorn.run(Receiver(told=_tell).app(), host=host, port=port, log_config=None)


def _sample() -> tuple[str, ...]:
    from scheduler.clock import utc_now  # noqa: PLC0415 — see api.cli.command
    from scheduler.errors import InvalidInput  # noqa: PLC0415
    from scheduler.sas.sample import professionals_to_ask_for  # noqa: PLC0415

    with open_store() as store, store.read() as session:
        found = professionals_to_ask_for(session, now=utc_now())
    if not found:
        raise InvalidInput("--rpps", "un numéro RPPS : aucun médecin de cette base n'a de créneau libre")
    return found


def _watched(ground: "Ground", run: "Callable[[Ground], Iterable[Result]]", *, quiet: bool) -> "list[Result]":
    """Run the checks, naming each on a terminal while it runs."""
    results: list[Result] = []
    screen = console()
    for result in run(ground):
        results.append(result)
        if screen.is_terminal and not quiet:
            screen.print(f"  {result.title}", style="dim")
    return results


def _line(result: "Result") -> dict[str, str]:
    return {
        "section": result.section,
        "title": result.title,
        "verdict": result.verdict.value,
        "detail": result.detail,
    }


def _print(results: "Iterable[Result]") -> None:
    from rich.table import Table  # noqa: PLC0415 — not loaded for --json
    from rich.text import Text  # noqa: PLC0415

    words = {"ok": ("conforme", "green"), "ko": ("NON", "bold red"), "none": ("sans objet", "dim")}
    table = Table(title="Contrôle de l'interface SAS")
    for heading in ("", "Contrôle", "Résultat", "Détail"):
        table.add_column(heading, overflow="fold")
    section = ""
    for result in results:
        if section and result.section != section:
            table.add_section()
        shown = "" if result.section == section else result.section
        table.add_row(shown, result.title, Text(*words[result.verdict.value]), result.detail)
        section = result.section
    console().print(table)


def _tell(received: "Received") -> None:
    resource = received.resource
    typer.echo(f"{received.method:<4} {resource['status']:<9} {resource['start']}  {received.key}")
