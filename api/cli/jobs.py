"""``relais jobs``: what starts by the clock, alone."""

import signal
import threading

import typer

from api.cli.screen import progress

HELP = """Fait les tâches de fond (agendas, échéances, courriels, appariements) sans servir de page.

Plusieurs processus peuvent être lancés : un seul les fait, un autre le remplace en moins de 30 secondes.
"""
EXAMPLE = "Exemple : [b]RELAIS_DATABASE_URL=postgresql://relais@localhost/relais relais jobs[/b]"


def jobs() -> None:
    """Run the jobs until stopped by Ctrl+C or SIGTERM."""
    from api.logging import configure_logging  # noqa: PLC0415 — see api.cli.command
    from scheduler.errors import InvalidInput  # noqa: PLC0415
    from scheduler.jobs.start import start_jobs  # noqa: PLC0415
    from scheduler.settings import load_settings  # noqa: PLC0415
    from scheduler.store.engine import Store  # noqa: PLC0415
    from scheduler.store.migrate import migrate  # noqa: PLC0415

    settings = load_settings()
    if settings.store_url.startswith("sqlite"):
        raise InvalidInput(
            "RELAIS_DATABASE_URL", "une base PostgreSQL : sur un fichier, « relais serve » suffit"
        )
    configure_logging(settings)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    store = Store.open(settings.store_url)
    try:
        with progress("Démarrage"):
            migrate(store)
            running = start_jobs(store, settings)
        typer.echo("Relais fait les tâches de fond (Ctrl+C pour arrêter).")
        stop.wait()
        running.stop()
    finally:
        store.close()
