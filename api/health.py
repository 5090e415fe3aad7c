"""Looking at what the service needs in order to work, one sentence per thing."""

import sqlite3
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import structlog
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session, col, func, select

from api.schemas.health import Check, Health
from api.services import Services
from matching.errors import RelaisError
from scheduler.jobs.health import JobHealth, jobs_health
from scheduler.jobs.start import late_after
from scheduler.store.engine import sqlite_has_wal_reset_bug
from scheduler.store.migrate import pending
from scheduler.store.tables import Feed, FeedState

log = structlog.get_logger("relais.health")

LONGEST_SILENCE = timedelta(minutes=1)
"""Without any process that runs the jobs; another takes over within 30 seconds."""

BROKEN_AFTER = 3
"""Failures in a row after which a calendar counts as broken: one is often the other side's restart."""


def examine(here: Services) -> Health:
    """Look at everything; one broken thing never hides the others."""
    checks = list(_checks(here))
    failed = any(check.state == "failed" for check in checks)
    return Health(status="degraded" if failed else "ok", checks=checks)


def _checks(here: Services) -> Iterator[Check]:
    looks: tuple[tuple[str, Callable[[Services], Check]], ...] = (
        ("database", _database),
        ("migrations", _migrations),
        ("feeds", _feeds),
        ("jobs", _jobs),
    )
    for name, look in looks:
        try:
            yield look(here)
        except (SQLAlchemyError, RelaisError) as error:
            log.warning("health_check_failed", check=name, error=type(error).__qualname__)
            yield _check(name, "failed", "Contrôle impossible : la base de données ne répond pas.")
    if here.store.is_sqlite:
        yield _sqlite_version(sqlite3.sqlite_version_info)


def _database(here: Services) -> Check:
    with here.store.read() as session:
        session.connection().execute(text("SELECT 1"))
    engine = "SQLite" if here.store.is_sqlite else "PostgreSQL"
    return _check("database", "ok", f"La base de données répond ({engine}).")


def _migrations(here: Services) -> Check:
    if missing := pending(here.store):
        return _check(
            "migrations", "failed", f"{len(missing)} migration(s) à appliquer : lancez « relais migrate »."
        )
    return _check("migrations", "ok", "Le schéma est à jour.")


def _feeds(here: Services) -> Check:
    with here.store.read() as session:
        num_active, num_broken = _count(session), _count(session, broken=True)
    if num_broken:
        return _check(
            "feeds",
            "warning",
            f"{num_broken} agenda(s) sur {num_active} ne se lisent plus ({BROKEN_AFTER} échecs ou plus) ; "
            "leurs derniers créneaux connus restent affichés avec leur date.",
        )
    return _check("feeds", "ok", f"{num_active} agenda(s) suivi(s), aucun en panne.")


def _count(session: Session, *, broken: bool = False) -> int:
    query = select(func.count()).select_from(Feed).where(col(Feed.state) == FeedState.ACTIVE)
    if broken:
        query = query.where(col(Feed.num_failures) >= BROKEN_AFTER)
    return session.exec(query).one()


def _jobs(here: Services) -> Check:
    """Tell how the jobs fare, whichever process runs them."""
    with here.store.read() as session:
        found = jobs_health(session, late_after(here.store, here.settings))
    now = here.clock()
    told = " ; ".join(f"{job.job_id} : {_last_success(job, now)}" for job in found.jobs)
    if not found.jobs:
        return _check("jobs", "warning", "Aucun processus n'a encore fait les tâches de fond.")
    if found.silent_for is not None and found.silent_for > LONGEST_SILENCE:
        minutes = int(found.silent_for.total_seconds() // 60)
        return _check(
            "jobs",
            "failed",
            f"Aucun processus ne fait les tâches de fond depuis {minutes} min : lancez « relais jobs ».",
        )
    if late := [job for job in found.jobs if job.is_late(now)]:
        return _check("jobs", "failed", f"{len(late)} tâche(s) de fond en retard. {told}.")
    return _check("jobs", "warning" if any(job.trouble for job in found.jobs) else "ok", f"{told}.")


def _last_success(job: JobHealth, now: datetime) -> str:
    trouble = f", dernier essai en échec ({job.trouble})" if job.trouble else ""
    if job.succeeded_at is None:
        return f"pas encore de réussite{trouble}"
    ago = int((now - job.succeeded_at).total_seconds())
    return f"dernière réussite il y a {ago} s, en {job.took_s or 0:.1f} s{trouble}"


def _sqlite_version(version: tuple[int, int, int]) -> Check:
    written = ".".join(map(str, version))
    if sqlite_has_wal_reset_bug(version):
        return _check(
            "sqlite_version",
            "warning",
            f"SQLite {written} a un défaut rare (fichier abîmé par deux écritures simultanées) ; Relais "
            "l'évite en n'écrivant qu'une fois à la fois. Passez à SQLite 3.51.3 dès que possible.",
        )
    return _check("sqlite_version", "ok", f"SQLite {written}.")


def _check(name: str, state: str, sentence: str) -> Check:
    return Check.model_validate({"name": name, "state": state, "sentence": sentence})
