"""The state of the service, with nothing that helps an attacker or names a person."""

from typing import Literal

from pydantic import Field

from api.schemas.common import Wire


class Check(Wire):
    """One thing that was looked at; ``warning`` is worth a look, ``failed`` makes the service degraded."""

    name: Literal["database", "migrations", "feeds", "jobs", "sqlite_version"]
    state: Literal["ok", "warning", "failed"]
    sentence: str


class Health(Wire):
    """What works and what does not."""

    status: Literal["ok", "degraded"] = Field(description="degraded : un contrôle au moins est failed")
    checks: list[Check]
