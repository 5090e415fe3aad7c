"""Passwords: which are strong enough, how they are kept, how they are checked."""

import threading
import unicodedata
from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from scheduler.errors import InvalidInput

MIN_LENGTH = 12
MAX_LENGTH = 200

# Argon2id with 19 MiB and two passes: OWASP's smallest recommended setting, so that a burst of sign-ins
# cannot exhaust the memory of a small server; at most four are computed at once for the same reason.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_room = threading.BoundedSemaphore(4)

# A hash like any other, of a password nobody has: checked where there is no hash to check.
_NOBODY = "$argon2id$v=19$m=19456,t=2,p=1$YDg95/PgPkPZGiPJkxEVeQ$1dui0OZsumi+1EsbdNnww2OlX+P13A0tZKPDs1hhx/E"


@dataclass(frozen=True, slots=True)
class Checked:
    """Outcome of a check: right or wrong, and the hash to keep from now on when the old one is dated."""

    right: bool
    new_hash: str | None = None


def require_strong(password: str, email: str) -> None:
    """Refuse a password that is too short to resist guessing, or that everybody can guess.

    Raises
    ------
    InvalidInput
        Under 12 or over 200 characters, the e-mail itself or its first part, or fewer than 5 different
        characters.

    References
    ----------
    CNIL, délibération 2022-100 (21 July 2022): 50 bits of entropy are enough where attempts are slowed
    down, as ``scheduler.accounts.sessions`` does; no forced renewal.
    """
    normal = _normal(password)
    if not MIN_LENGTH <= len(normal) <= MAX_LENGTH:
        raise InvalidInput("mot de passe", f"{MIN_LENGTH} à {MAX_LENGTH} caractères")
    known = {email.casefold(), email.casefold().partition("@")[0]}
    if normal.casefold() in known or len(set(normal)) < 5:
        raise InvalidInput("mot de passe", "autre chose que votre adresse ou un caractère répété")


def hash_password(password: str) -> str:
    """Compute what is kept of a password: an Argon2id hash with its own salt and settings."""
    with _room:
        return _hasher.hash(_normal(password))


def check_password(password: str, kept: str | None) -> Checked:
    """Compare a password with what is kept of it.

    Parameters
    ----------
    password
        As typed.
    kept
        The hash; ``None`` when there is no such account, or a word that is no hash for an account without a
        password: the same work is done all the same, so that the time taken tells nothing.
    """
    usable = kept if kept is not None and kept.startswith("$argon2") else None
    try:
        with _room:
            _hasher.verify(usable or _NOBODY, _normal(password))
    except VerificationError:
        return Checked(right=False)
    if usable is None:
        return Checked(right=False)
    return Checked(
        right=True, new_hash=hash_password(password) if _hasher.check_needs_rehash(usable) else None
    )


def _normal(password: str) -> str:
    """Write accents the same way whatever the keyboard (NFKC), as they were when it was set."""
    return unicodedata.normalize("NFKC", password)
