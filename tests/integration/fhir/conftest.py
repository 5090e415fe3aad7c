"""The demo territory as the platform meets it: behind a real nginx, with certificates made for it."""

import io
import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import structlog
from pydantic import SecretStr

from api.app import create_app
from api.logging import configure_logging
from scheduler.clock import local_day, utc_now
from scheduler.demo.load import load_demo
from scheduler.demo.people import demo_territory
from scheduler.demo.platform import load_platform
from scheduler.settings import Settings
from scheduler.store.engine import Store
from tests.integration.api.receiving import served
from tests.integration.fhir.certificates import CN, NOW, OU, authority, client, server
from tests.integration.fhir.door import SECRET, Listening, door


@dataclass(frozen=True)
class Town:
    """The demo behind its door.

    Parameters
    ----------
    service
        Address of the service itself, which only the proxy should reach.
    platform, pages
        Addresses of the two servers of nginx.
    folder
        Certificates, by their names: valid.pem, wrong-cn.pem, …
    """

    service: str
    platform: str
    pages: str
    folder: Path
    rpps: tuple[str, ...]

    @property
    def refused(self) -> list[Path]:
        names = ("wrong-cn", "wrong-ou", "revoked", "expired", "stranger")
        return [self.folder / f"{name}.pem" for name in names]


@pytest.fixture(scope="module", autouse=True)
def logs() -> Iterator[io.StringIO]:
    """Catch what the service logs in this process; afterwards nothing of it is left."""
    root, stream = logging.getLogger(), io.StringIO()
    level = root.level
    configure_logging(Settings(log_format="json"), stream)
    yield stream
    structlog.reset_defaults()
    root.handlers, root.level = [], level


@pytest.fixture(scope="module")
def town(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    folder = tmp_path_factory.mktemp("door")
    database = folder / "relais.db"
    database.write_bytes(sqlite_template.read_bytes())
    store = Store.open(f"sqlite:///{database}")
    rpps = load(store)
    _certificates(folder)
    listening = Listening.somewhere()
    settings = Settings(
        public_url=listening.pages,
        fhir_proxy_secret=SecretStr(SECRET),
        fhir_client_cn=CN,
        fhir_client_ou=OU,
    )
    try:
        with (
            served(create_app(settings, store)) as service,
            door(folder, listening, urlsplit(service).port or 0),
        ):
            yield Town(
                service=service,
                platform=listening.platform,
                pages=listening.pages,
                folder=folder,
                rpps=rpps,
            )
    finally:
        store.close()


def load(store: Store) -> tuple[str, ...]:
    now = utc_now()
    demo = replace(demo_territory(2026, local_day(now, "Europe/Paris")), referrals=())
    with store.write() as session:
        load_demo(session, demo, now=now)
        return load_platform(session, demo, now=now)


def _certificates(folder: Path) -> None:
    """Make what the IGC-Santé would give, and lay it where the configuration looks for it."""
    root = authority("AC RACINE ESSAI")
    below = authority("AC SERVICES ESSAI", root)
    client(folder, "valid", below)
    client(folder, "wrong-cn", below, cn="autre.essai.example")
    client(folder, "wrong-ou", below, ou="300000000000000")
    client(folder, "expired", below, until=NOW - timedelta(days=1))
    client(folder, "stranger", authority("AC INCONNUE"))
    revoked = client(folder, "revoked", below)
    (folder / "igc-sante.pem").write_bytes(root.pem + below.pem)
    (folder / "igc-sante.crl.pem").write_bytes(root.list_of([]) + below.list_of([revoked.certificate]))
    public = authority("AC SERVEUR ESSAI")
    server(folder, public)
    (folder / "server-ca.pem").write_bytes(public.pem)
