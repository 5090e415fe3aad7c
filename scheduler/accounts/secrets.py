"""Secrets that people and machines carry: long, random, and kept only as a hash."""

import hashlib
import secrets

_NUM_BYTES = 32  # 256 bits: nothing to guess, so a plain hash is enough to keep


def new_secret(prefix: str = "") -> str:
    """Draw a secret of 256 bits, in characters that suit a cookie and a header."""
    return prefix + secrets.token_urlsafe(_NUM_BYTES)


def hash_of(secret: str) -> str:
    """Compute what is kept of a secret: its SHA-256, in hexadecimal."""
    return hashlib.sha256(secret.encode()).hexdigest()
