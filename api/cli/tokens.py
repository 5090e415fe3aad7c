"""``relais token``: the keys of machines."""

import json
import sys
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

import typer

from api.cli.database import open_store
from api.cli.french import FrenchCommand, FrenchGroup
from api.cli.lookup import account_id, territory_id, territory_slugs
from api.cli.screen import console
from api.cli.values import ROLES, role, token_id, whole

app = typer.Typer(
    cls=FrenchGroup,
    no_args_is_help=True,
    help="Clés d'accès des programmes.",
    epilog="Exemple : [b]relais token list[/b]",
)


@app.command(
    "issue",
    help="Crée une clé et l'affiche, seule sur la sortie, cette unique fois.",
    cls=FrenchCommand,
    epilog="Exemple : [b]relais token issue 'Tableau de bord' --role bureau --days 90[/b]",
)
def issue(
    name: Annotated[str, typer.Argument(metavar="NAME", help="À quoi ou à qui sert cette clé.")],
    wanted: Annotated[
        str, typer.Option("--role", metavar="ROLE", help=f"Un rôle parmi : {', '.join(ROLES)}.")
    ],
    territory: Annotated[
        str | None, typer.Option(metavar="SLUG", help="Territoire ; inutile s'il n'y en a qu'un.")
    ] = None,
    acts_for: Annotated[
        str | None,
        typer.Option(
            "--for", metavar="EMAIL", help="Agit pour cette personne : le logiciel d'un médecin, par exemple."
        ),
    ] = None,
    days: Annotated[
        int | None,
        typer.Option(metavar="N", parser=whole(1, 3650), help="Jours avant expiration ; sinon aucune."),
    ] = None,
) -> None:
    """Make a key and print it alone on stdout."""
    granted = role(wanted)
    from scheduler.accounts.tokens import issue_token  # noqa: PLC0415 — see api.cli.command
    from scheduler.clock import utc_now  # noqa: PLC0415

    now = utc_now()
    with open_store() as store, store.write() as session:
        issued = issue_token(
            session,
            name=name,
            role=granted,
            territory_id=territory_id(session, territory),
            account_id=None if acts_for is None else account_id(session, acts_for),
            expires_at=None if days is None else now + timedelta(days=days),
            now=now,
        )
    typer.echo(issued.token)
    if sys.stdout.isatty():
        typer.echo(
            f"Gardez-la : elle ne sera plus montrée. Pour la révoquer : relais token revoke {issued.token_id}"
        )


@app.command(
    "list",
    help="Liste les clés, sans jamais montrer la clé elle-même.",
    cls=FrenchCommand,
    epilog="Exemple : [b]relais token list --json[/b]",
)
def show(
    as_json: Annotated[bool, typer.Option("--json", help="En JSON, pour un programme.")] = False,
) -> None:
    """List the keys."""
    from scheduler.accounts.tokens import list_tokens  # noqa: PLC0415 — see api.cli.command
    from scheduler.clock import utc_now  # noqa: PLC0415

    now = utc_now()
    with open_store() as store, store.read() as session:
        slugs = territory_slugs(session)
        tokens: list[dict[str, Any]] = [
            {
                "id": str(token.id),
                "name": token.name,
                "role": f"{token.role.value}@{slugs[token.territory_id]}",
                "state": _state(token.revoked_at, token.expires_at, now),
                "created_at": token.created_at.isoformat(),
                "expires_at": None if token.expires_at is None else token.expires_at.isoformat(),
            }
            for token in list_tokens(session)
        ]
    if as_json:
        typer.echo(json.dumps(tokens, ensure_ascii=False, indent=1))
        return
    _print(tokens)


@app.command(
    "revoke",
    help="Rend une clé inutilisable, tout de suite et pour toujours.",
    cls=FrenchCommand,
    epilog="Exemple : [b]relais token revoke 3f0c1b1e-5f0e-4b1c-9a57-0d6c3c9a2f11[/b]",
)
def revoke(
    token: Annotated[
        UUID,
        typer.Argument(metavar="ID", parser=token_id, help="Identifiant donné par « relais token list »."),
    ],
) -> None:
    """Revoke a key."""
    from scheduler.accounts.tokens import revoke_token  # noqa: PLC0415 — see api.cli.command
    from scheduler.clock import utc_now  # noqa: PLC0415
    from scheduler.errors import InvalidInput, NotFound  # noqa: PLC0415

    with open_store() as store, store.write() as session:
        try:
            revoke_token(session, token, now=utc_now())
        except NotFound:
            raise InvalidInput("ID", "l'identifiant d'une clé (voir « relais token list »)") from None
    typer.echo(f"Clé révoquée : {token}.")


def _state(revoked_at: datetime | None, expires_at: datetime | None, now: datetime) -> str:
    if revoked_at is not None:
        return "revoked"
    return "expired" if expires_at is not None and expires_at <= now else "active"


def _print(tokens: list[dict[str, Any]]) -> None:
    from rich.table import Table  # noqa: PLC0415 — not loaded for --json

    states = {"active": "active", "expired": "expirée", "revoked": "révoquée"}
    table = Table(title="Clés")
    table.add_column("Identifiant", no_wrap=True)
    for heading in ("Nom", "Rôle", "État"):
        table.add_column(heading, overflow="fold")
    for token in tokens:
        table.add_row(token["id"], token["name"], token["role"], states[token["state"]])
    console().print(table)
