"""What ``make run`` types, typed through make: a comma in a sentence of the Makefile broke it once."""

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Copy the Makefile beside a virtual environment that is ready, whose ``relais`` notes what it is told.

    The demo itself is run by ``test_readme``; what is held here is that make gets to it, and speaks.
    """
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in ("requirements.lock", "requirements-dev.lock", "pyproject.toml"):
        (tmp_path / name).touch()
    binaries = tmp_path / ".venv" / "bin"
    binaries.mkdir(parents=True)
    for name in ("relais", "pip"):
        tool = binaries / name
        tool.write_text(f'#!/bin/sh\necho "typed: {name} $*"\n')
        tool.chmod(0o755)
    for stamp in ("run.stamp", "dev.stamp"):
        (tmp_path / ".venv" / stamp).touch()
    return tmp_path


def test_make_run_loads_the_demo_then_serves(folder: Path) -> None:
    done = subprocess.run(
        ["make", "--no-print-directory", "run"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    lines = [line for line in done.stdout.splitlines() if line]
    assert [line for line in lines if line.startswith("typed")] == [
        "typed: relais demo --fresh",
        "typed: relais serve",
    ]
    said = [line for line in lines if not line.startswith("typed")]
    assert len(said) == 2
    assert "Demo territory (waiting list, matching run, calendars)" in said[0]
    assert "Service on http://127.0.0.1:8000 (Ctrl+C stops it)" in said[1]
