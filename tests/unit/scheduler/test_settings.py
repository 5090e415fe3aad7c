import os
from pathlib import Path

import pytest

from scheduler.errors import InvalidSetting
from scheduler.settings import load_settings


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("RELAIS_")]:
        monkeypatch.delenv(name)


def test_without_any_setting_there_is_one_file_in_the_data_folder() -> None:
    settings = load_settings()
    assert not settings.in_production
    assert settings.store_url == "sqlite:///data/relais.db"


def test_the_data_folder_moves_the_file_and_an_address_replaces_it(monkeypatch) -> None:
    monkeypatch.setenv("RELAIS_DATA_DIR", "/var/lib/relais")
    assert load_settings().data_dir == Path("/var/lib/relais")
    assert load_settings().store_url == "sqlite:////var/lib/relais/relais.db"
    monkeypatch.setenv("RELAIS_DATABASE_URL", "postgresql://relais@db/relais")
    assert load_settings().store_url == "postgresql://relais@db/relais"


@pytest.mark.parametrize("secret", [None, "a-changer", "x" * 31])
def test_a_placeholder_secret_stops_the_start_in_production(monkeypatch, secret: str | None) -> None:
    monkeypatch.setenv("RELAIS_ENVIRONMENT", "production")
    if secret is not None:
        monkeypatch.setenv("RELAIS_SECRET_KEY", secret)
    with pytest.raises(InvalidSetting) as refusal:
        load_settings()
    assert refusal.value.field == "RELAIS_SECRET_KEY"


def test_a_secret_of_its_own_lets_production_start_and_is_never_shown(monkeypatch) -> None:
    monkeypatch.setenv("RELAIS_ENVIRONMENT", "production")
    monkeypatch.setenv("RELAIS_SECRET_KEY", "x" * 32)
    assert load_settings().in_production
    assert "x" * 32 not in repr(load_settings())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RELAIS_ENVIRONMENT", "staging"),
        ("RELAIS_SESSION_HOURS", "0"),
        ("RELAIS_SESSION_IDLE_MINUTES", "soon"),
        ("RELAIS_SOLVE_SECONDS", "0"),
        ("RELAIS_LOG_FORMAT", "xml"),
    ],
)
def test_a_wrong_value_names_its_variable(monkeypatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(InvalidSetting) as refusal:
        load_settings()
    assert refusal.value.field == name
