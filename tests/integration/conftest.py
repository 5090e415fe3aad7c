"""What use cases that solve have in common: children of the engine that need not load it first."""

import subprocess
from types import SimpleNamespace

import pytest

from scheduler.referrals import child
from tests.warm import EngineChild


@pytest.fixture(autouse=True)
def engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fork each child of the engine; how real ones are started and stopped: ``referrals/test_solve.py``."""
    monkeypatch.setattr(child, "subprocess", SimpleNamespace(Popen=EngineChild, PIPE=subprocess.PIPE))
