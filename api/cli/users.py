"""``relais user``: the accounts of people."""

import getpass
import json
import sys
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from api.cli.database import open_store
from api.cli.french import FrenchCommand, FrenchGroup
from api.cli.lookup import practitioner_id, territory_id, territory_slugs
from api.cli.screen import console
from api.cli.values import ROLES, role

if TYPE_CHECKING:
    from sqlmodel import Session

app = typer.Typer(
    cls=FrenchGroup,
    no_args_is_help=True,
    help="Comptes des personnes.",
    epilog="Exemple : [b]relais user list[/b]",
)

_Email = Annotated[str, typer.Argument(metavar="EMAIL", help="Adresse électronique du compte.")]
_FromStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Lit le mot de passe sur l'entrée, une ligne.")
]


@app.command(
    "add",
    help="Ouvre un compte ; le mot de passe est demandé, jamais donné en argument.",
    cls=FrenchCommand,
    epilog="Exemple : [b]relais user add claire@exemple.fr --name 'Claire Petit' --role coordinator[/b]",
)
def add(
    email: _Email,
    name: Annotated[str, typer.Option(metavar="NAME", help="Nom et prénom affichés.")],
    roles: Annotated[
        list[str] | None, typer.Option("--role", metavar="ROLE", help=f"Répétable : {', '.join(ROLES)}.")
    ] = None,
    territory: Annotated[
        str | None, typer.Option(metavar="SLUG", help="Territoire ; inutile s'il n'y en a qu'un.")
    ] = None,
    practitioner: Annotated[
        str | None, typer.Option(metavar="RPPS", help="Médecin que cette personne est, ou assiste.")
    ] = None,
    password_stdin: _FromStdin = False,
) -> None:
    """Open an account."""
    wanted = [role(word) for word in roles or ()]
    password = _password(from_stdin=password_stdin)
    from scheduler.accounts.people import create_account  # noqa: PLC0415 — see api.cli.command
    from scheduler.clock import utc_now  # noqa: PLC0415

    with open_store() as store, store.write() as session:
        place = territory_id(session, territory) if wanted else None
        create_account(
            session,
            email=email,
            name=name,
            password=password,
            grants=[(place, one) for one in wanted if place is not None],
            practitioner_id=practitioner_id(session, practitioner),
            now=utc_now(),
        )
    typer.echo(f"Compte ouvert : {email}.")


@app.command(
    "list",
    help="Liste les comptes, leurs rôles et leur état.",
    cls=FrenchCommand,
    epilog="Exemple : [b]relais user list --json[/b]",
)
def show(
    as_json: Annotated[bool, typer.Option("--json", help="En JSON, pour un programme.")] = False,
) -> None:
    """List the accounts."""
    from scheduler.accounts.people import list_people  # noqa: PLC0415 — see api.cli.command

    with open_store() as store, store.read() as session:
        slugs = territory_slugs(session)
        people: list[dict[str, Any]] = [
            {
                "email": person.email,
                "name": person.name,
                "active": person.active,
                "roles": [f"{granted.value}@{slugs[place]}" for place, granted in person.grants],
            }
            for person in list_people(session)
        ]
    if as_json:
        typer.echo(json.dumps(people, ensure_ascii=False, indent=1))
        return
    _print(people)


@app.command(
    "password",
    help="Change un mot de passe et ferme les sessions ouvertes de ce compte.",
    cls=FrenchCommand,
    epilog="Exemple : [b]relais user password claire@exemple.fr --password-stdin < secret.txt[/b]",
)
def password(email: _Email, password_stdin: _FromStdin = False) -> None:
    """Change a password."""
    new = _password(from_stdin=password_stdin)
    from scheduler.accounts.people import set_password  # noqa: PLC0415 — see api.cli.command

    with open_store() as store, store.write() as session:
        set_password(session, _account_id(session, email), new)
    typer.echo(f"Mot de passe changé : {email}.")


@app.command(
    "deactivate",
    help="Ferme un compte et ses sessions ; ses traces restent.",
    cls=FrenchCommand,
    epilog="Exemple : [b]relais user deactivate claire@exemple.fr[/b]",
)
def deactivate(email: _Email) -> None:
    """Close an account."""
    from scheduler.accounts.people import deactivate as close  # noqa: PLC0415 — see api.cli.command

    with open_store() as store, store.write() as session:
        close(session, _account_id(session, email))
    typer.echo(f"Compte fermé : {email}.")


def _account_id(session: "Session", email: str) -> UUID:
    from sqlmodel import select  # noqa: PLC0415

    from scheduler.accounts.people import normal_email  # noqa: PLC0415
    from scheduler.errors import InvalidInput  # noqa: PLC0415
    from scheduler.store.tables import Account  # noqa: PLC0415

    account = session.exec(select(Account).where(Account.email == normal_email(email))).one_or_none()
    if account is None:
        raise InvalidInput("EMAIL", "l'adresse d'un compte qui existe (voir « relais user list »)")
    return account.id


def _password(*, from_stdin: bool) -> str:
    """Obtain a password without it ever being an argument, which other users of the machine could read."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise typer.BadParameter(
            "nécessaire quand la commande n'est pas dans un terminal.", param_hint="--password-stdin"
        )
    first = getpass.getpass("Mot de passe : ")
    if getpass.getpass("Le même, une seconde fois : ") != first:
        raise typer.BadParameter("les deux saisies diffèrent ; recommencez.", param_hint="mot de passe")
    return first


def _print(people: list[dict[str, Any]]) -> None:
    from rich.table import Table  # noqa: PLC0415 — not loaded for --json

    table = Table(title="Comptes")
    for heading in ("Adresse", "Nom", "Rôles", "État"):
        table.add_column(heading, overflow="fold")
    for person in people:
        state = "actif" if person["active"] else "fermé"
        table.add_row(person["email"], person["name"], "\n".join(person["roles"]), state)
    console().print(table)
