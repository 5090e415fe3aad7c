"""Settings of the service, read from the environment (``RELAIS_…``)."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal
from zoneinfo import available_timezones

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from scheduler.errors import InvalidSetting

PLACEHOLDER_SECRET = "a-changer"  # noqa: S105 — not a secret: the value that stops the start


class Settings(BaseSettings):
    """Everything an operator may set; each is explained in ``docs/exploitation.md``."""

    model_config = SettingsConfigDict(env_prefix="RELAIS_", extra="ignore")

    environment: Literal["development", "production"] = "development"
    data_dir: Path = Path("data")
    database_url: SecretStr = SecretStr("")  # may hold a password
    secret_key: SecretStr = SecretStr(PLACEHOLDER_SECRET)
    public_url: str = "http://127.0.0.1:8000"
    zone: str = "Europe/Paris"
    session_hours: int = Field(default=10, ge=1, le=24)
    session_idle_minutes: int = Field(default=60, ge=5, le=600)
    solve_seconds: float = Field(default=60.0, gt=0, le=3600)
    offer_days: int = Field(default=3, ge=1, le=30)
    retention_active_months: int = Field(default=3, ge=1, le=60)
    retention_archive_months: int = Field(default=12, ge=0, le=180)
    retention_withdrawn_days: int = Field(default=30, ge=0, le=31)
    feed_poll_minutes: int = Field(default=10, ge=1, le=60)
    feed_allow_private: bool = False
    slot_grey_minutes: int = Field(default=120, ge=5, le=1440)
    slot_hide_minutes: int = Field(default=1440, ge=10, le=1440)
    reread_seconds: float = Field(default=2.0, gt=0, le=10)
    fhir_proxy_secret: SecretStr = SecretStr("")
    fhir_client_cn: str = ""
    fhir_client_ou: str = ""
    fhir_open: bool = False  # without the proxy; development only
    fhir_at_once: int = Field(default=4, ge=1, le=100)
    sas_url: str = ""
    sas_system: str = ""
    sas_cert_file: Path | None = None
    sas_key_file: Path | None = None
    sas_ca_file: Path | None = None
    jobs_lease_seconds: float = Field(default=20.0, ge=1, le=25)
    mail_host: str = ""
    mail_port: int = Field(default=587, ge=1, le=65535)
    mail_security: Literal["starttls", "tls", "none"] = "starttls"
    mail_user: str = ""
    mail_password: SecretStr = SecretStr("")
    mail_from: str = "Relais <ne-pas-repondre@localhost>"
    log_format: Literal["json", "console"] = "json"

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, zone: str) -> str:
        if zone not in _zones():
            raise ValueError("unknown IANA zone")
        return zone

    @property
    def store_url(self) -> str:
        """Address of the database: the one given, else one SQLite file in the data folder."""
        return self.database_url.get_secret_value() or f"sqlite:///{self.data_dir / 'relais.db'}"

    @property
    def in_production(self) -> bool:
        """Whether placeholder secrets and plain-HTTP cookies are refused."""
        return self.environment == "production"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownSetting:
    """One setting as it is in force: its variable, its value in words, whether an operator set it."""

    variable: str
    value: str
    is_set: bool


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())  # walks through the folders of the zones


def shown_settings(settings: Settings) -> tuple[ShownSetting, ...]:
    """List what is in force; of a secret only whether there is one."""
    return tuple(
        ShownSetting(
            variable=f"RELAIS_{name.upper()}",
            value=_shown(getattr(settings, name)),
            is_set=name in settings.model_fields_set,
        )
        for name in type(settings).model_fields
    )


def _shown(value: object) -> str:
    if isinstance(value, SecretStr):
        return "(secret, non montré)" if value.get_secret_value() else "(vide)"
    if isinstance(value, bool):
        return "oui" if value else "non"
    return "(vide)" if value in {None, ""} else str(value)


def load_settings() -> Settings:
    """Read the settings from the environment.

    Raises
    ------
    InvalidSetting
        Naming the first variable that is wrong; also when the secret is still the placeholder outside
        development, or too short to be one (under 32 characters).
    """
    try:
        settings = Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "RELAIS_" + "_".join(str(part) for part in first["loc"]).upper()
        raise InvalidSetting(name, "une valeur admise (voir docs/exploitation.md)") from None
    if settings.in_production and len(settings.secret_key.get_secret_value()) < 32:
        raise InvalidSetting("RELAIS_SECRET_KEY", "un secret d'au moins 32 caractères, propre à ce serveur")
    return settings
