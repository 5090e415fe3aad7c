"""What use cases that solve have in common: children of the engine that need not load it first."""

import subprocess
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from scheduler.referrals import child
from tests.warm import EngineChild


@pytest.fixture(scope="session", autouse=True)
def engine() -> Iterator[None]:
    """Fork each child of the engine; how real ones are started and stopped: ``referrals/test_solve.py``."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(child, "subprocess", SimpleNamespace(Popen=EngineChild, PIPE=subprocess.PIPE))
        yield
