"""Fixtures of the tests of feeds."""

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest


@pytest.fixture
def time_limit() -> Callable[[float], AbstractContextManager[None]]:
    """Fail when a block takes more processor time than allowed."""

    @contextmanager
    def limited(seconds: float) -> Iterator[None]:
        begin = time.process_time()
        yield
        assert time.process_time() - begin < seconds

    return limited
