"""Which failures are explained to the person in a line, rather than shown as a fault of the program."""

import errno
import sys

_NO_DATABASE = "la base de données ne répond pas ; vérifiez RELAIS_DATABASE_URL et que le serveur tourne."
_NO_TABLES = "la base de données n'est pas à jour ; lancez d'abord « relais migrate »."
_REFUSALS = {
    errno.ENOENT: "fichier ou dossier introuvable.",
    errno.EACCES: "accès refusé.",
    errno.EISDIR: "c'est un dossier, et non un fichier.",
    errno.ENOTDIR: "le dossier indiqué n'en est pas un.",
    errno.ENOSPC: "le disque est plein.",
    errno.EADDRINUSE: "l'adresse est déjà prise par un autre programme.",
}


def explain(error: Exception) -> list[str]:
    """Say what happened, in French.

    Returns
    -------
    One line, followed by one per bad cell when there are; nothing for a fault of the program, whose
    trace must be seen.
    """
    from matching.errors import RelaisError  # noqa: PLC0415 — loads NumPy, which --help does without
    from scheduler.exchange.errors import BadTable  # noqa: PLC0415

    if isinstance(error, BadTable):
        return [_one_line(error), *map(str, error.problems)]
    if isinstance(error, RelaisError):
        return [_one_line(error)]
    if isinstance(error, OSError):
        return [f"{error.filename or 'système'} : {_REFUSALS.get(error.errno or 0, error.strerror or error)}"]
    return _database_failure(error)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def _database_failure(error: Exception) -> list[str]:
    if "sqlalchemy" not in sys.modules:
        return []
    from sqlalchemy.exc import OperationalError, ProgrammingError  # noqa: PLC0415 — already loaded, or no cause

    if not isinstance(error, OperationalError | ProgrammingError):
        return []
    told = str(error.orig)
    if isinstance(error, OperationalError):
        is_outdated = "no such table" in told or "no such column" in told  # SQLite
        return [_NO_TABLES if is_outdated else _NO_DATABASE]
    return [_NO_TABLES] if "does not exist" in told else []
