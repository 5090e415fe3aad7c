"""``relais migrate``, and the way every command of operation opens the database."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from api.cli.screen import progress

if TYPE_CHECKING:
    from scheduler.store.engine import Store

HELP = """Met la base de données au schéma de cette version ; sans effet si elle y est déjà.

La base est celle de RELAIS_DATABASE_URL, sinon le fichier relais.db du dossier RELAIS_DATA_DIR.
"""
EXAMPLE = "Exemple : [b]RELAIS_DATABASE_URL=postgresql://relais@localhost/relais relais migrate[/b]"


def migrate() -> None:
    """Bring the database to the schema of this version."""
    with progress("Mise à jour de la base"), open_store() as store:
        from scheduler.store.migrate import migrate as apply  # noqa: PLC0415 — see api.cli.command

        applied = apply(store)
        where = store.engine.url.render_as_string(hide_password=True)
    done = f"{len(applied)} migration(s) appliquée(s) : {', '.join(applied)}" if applied else "déjà à jour"
    typer.echo(f"Base {where} : {done}.")


@contextmanager
def open_store() -> Iterator["Store"]:
    """Open the database that the settings name, and close it at the end.

    Raises
    ------
    InvalidSetting
        When a setting of the environment is wrong.
    """
    from scheduler.settings import load_settings  # noqa: PLC0415 — see api.cli.command
    from scheduler.store.engine import Store  # noqa: PLC0415

    log_to_stderr()
    store = Store.open(load_settings().store_url)
    try:
        yield store
    finally:
        store.close()


def log_to_stderr() -> None:
    """Keep the log out of stdout, which scripts read; warnings and worse only."""
    import structlog  # noqa: PLC0415

    structlog.configure(
        wrapper_class=structlog.make_filtering_bound_logger("warning"),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
