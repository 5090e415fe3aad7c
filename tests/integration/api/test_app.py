"""Building the application: from settings only, closed by default, described as it is."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import anyio
import pytest
from fastapi import APIRouter

from api import app as building
from api.app import create_app
from scheduler.settings import Settings
from scheduler.store.engine import Store
from scheduler.store.migrate import pending


def started(app: Any, during: Any = lambda: None) -> None:
    """Start an application, do something, and stop it."""

    async def run() -> None:
        async with app.router.lifespan_context(app):
            during()

    anyio.run(run)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "data")


def test_importing_does_nothing(tmp_path: Path) -> None:
    code = "import api.app, os; os._exit(len(os.listdir()))"  # taking it all apart again shows nothing
    root = str(Path(building.__file__).parents[1])
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env={"PYTHONPATH": root}, check=True)


def test_starting_migrates_and_stopping_closes(settings: Settings) -> None:
    app = create_app(settings)
    store: Store = app.state.services.store
    seen: list[list[str]] = []
    started(app, lambda: seen.append(pending(store)))
    assert seen == [[]]
    assert (settings.data_dir / "relais.db").exists()
    assert store.engine.pool.checkedin() == 0  # type: ignore[attr-defined]


def test_a_store_that_was_given_stays_open(settings: Settings, sqlite_store: Store) -> None:
    started(create_app(settings, sqlite_store))
    assert pending(sqlite_store) == []


def test_jobs_run_with_the_application_when_asked(settings: Settings, sqlite_store: Store) -> None:
    seen: list[Any] = []
    for with_jobs in (True, False):
        app = create_app(settings, sqlite_store, with_jobs=with_jobs)
        started(app, lambda app=app: seen.append(app.state.jobs))
    assert [board is not None for board in seen] == [True, False]


def test_an_application_with_an_open_route_is_not_built(
    settings: Settings, sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    router = APIRouter(prefix="/api/v1/forgotten")
    router.add_api_route("", lambda: None)
    monkeypatch.setattr(building, "ROUTERS", (router,))
    monkeypatch.setattr(building, "_routes", building._routes.__wrapped__)  # as in a process of its own
    with pytest.raises(RuntimeError, match="/api/v1/forgotten"):
        create_app(settings, sqlite_store)


def test_every_operation_is_described_with_its_errors(settings: Settings, sqlite_store: Store) -> None:
    described = create_app(settings, sqlite_store).openapi()
    operations = [
        operation | {"path": path}
        for path, methods in described["paths"].items()
        for operation in methods.values()
    ]
    assert len(operations) > 30
    for operation in operations:
        assert operation["path"].startswith(("/api/v1/", "/health", "/ical/{token}.ics"))
        assert operation["description"]
        assert set(operation["responses"]["default"]["content"]) == {"application/problem+json"}
        assert "422" not in operation["responses"]
    assert len({operation["operationId"] for operation in operations}) == len(operations)
    assert "HTTPValidationError" not in described["components"]["schemas"]
    keyed = {
        operation["path"]
        for operation in operations
        if any(parameter["name"] == "idempotency-key" for parameter in operation.get("parameters", []))
    }
    assert keyed == {
        "/api/v1/bookings/{booking_id}/cancel",
        "/api/v1/bookings/{booking_id}/confirm",
        "/api/v1/bookings/{booking_id}/honour",
        "/api/v1/bookings/{booking_id}/miss",
        "/api/v1/bookings/{booking_id}/move",
        "/api/v1/care-offers/{offer_id}/accept",
        "/api/v1/care-offers/{offer_id}/decline",
        "/api/v1/care-requests",
        "/api/v1/care-requests/{request_id}/book",
        "/api/v1/care-requests/{request_id}/cancel",
        "/api/v1/offers/{offer_id}/accept",
        "/api/v1/offers/{offer_id}/decline",
        "/api/v1/practitioners/{practitioner_id}/slot-series",
        "/api/v1/practitioners/{practitioner_id}/slots",
        "/api/v1/proposals/{proposal_id}/validate",
        "/api/v1/referrals",
        "/api/v1/slot-conflicts/{conflict_id}/settle",
        "/api/v1/slots/{slot_id}/bookings",
        "/api/v1/slots/{slot_id}/extra-bookings",
        "/api/v1/slots/{slot_id}/holds",
    }
