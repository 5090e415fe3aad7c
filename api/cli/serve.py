"""``relais serve``: the API, the pages and the jobs, in one process."""

import gc
import socket
from typing import TYPE_CHECKING, Annotated

import typer

from api.cli.screen import progress
from api.cli.values import whole

if TYPE_CHECKING:
    import uvicorn

    from scheduler.settings import Settings
    from scheduler.store.engine import Store

HELP = """Met la base à jour, puis sert l'API, les pages et les tâches de fond dans ce processus.

Réglé par les variables RELAIS_… ; hors développement, refuse de démarrer sans secret propre.
"""
EXAMPLE = "Exemple : [b]relais serve --host 0.0.0.0 --port 8080[/b]"


def serve(
    host: Annotated[str, typer.Option(metavar="HOST", help="Adresse d'écoute.")] = "127.0.0.1",
    port: Annotated[
        int,
        typer.Option(metavar="PORT", parser=whole(0, 65_535), help="Port d'écoute ; 0 en choisit un libre."),
    ] = 8000,
    no_jobs: Annotated[
        bool, typer.Option("--no-jobs", help="Sans les tâches de fond (lecture des agendas, échéances).")
    ] = False,
) -> None:
    """Serve the API, the pages and the jobs until stopped."""
    from scheduler.settings import load_settings  # noqa: PLC0415 — see api.cli.command

    settings = load_settings()
    _log_as_a_server(settings)
    with _listen(host, port) as listening:
        with progress("Démarrage"):
            store = _up_to_date_store(settings)
            server = _server(settings, store, jobs=not no_jobs)
            _settle()
        typer.echo(f"Relais répond sur {_address(listening)} (Ctrl+C pour arrêter).")
        try:
            server.run(sockets=[listening])
        except KeyboardInterrupt:
            pass  # Ctrl+C is how one stops it: uvicorn has closed everything and says so again
        finally:
            store.close()
    if not server.started:
        raise typer.Exit(1)  # uvicorn has logged why


def _log_as_a_server(settings: "Settings") -> None:
    from api.logging import configure_logging  # noqa: PLC0415

    configure_logging(settings)


def _up_to_date_store(settings: "Settings") -> "Store":
    from scheduler.store.engine import Store  # noqa: PLC0415
    from scheduler.store.migrate import migrate  # noqa: PLC0415

    store = Store.open(settings.store_url)
    migrate(store)
    return store


def _server(settings: "Settings", store: "Store", *, jobs: bool) -> "uvicorn.Server":
    import uvicorn  # noqa: PLC0415

    from api.app import create_app  # noqa: PLC0415

    app = create_app(settings, store, with_jobs=jobs)
    # The application configures the log; an access log would hold the addresses of patients' files
    return uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, server_header=False))


def _settle() -> None:
    """Load what most requests need, and leave all of it out of garbage collection.

    A full collection over the communes and the modules takes longer than most answers.
    """
    from scheduler.territory.communes import communes  # noqa: PLC0415

    communes()
    gc.collect()
    gc.freeze()


def _address(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _listen(host: str, port: int) -> socket.socket:
    """Take the port before anything else, so that a second server changes nothing."""
    from scheduler.errors import InvalidInput  # noqa: PLC0415

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        expected = f"une adresse et un port libres ; {host}:{port} est refusé ({error.strerror})"
        raise InvalidInput("--host, --port", expected) from error
