import threading

import pytest

from api import reading
from api.reading import Readers
from scheduler.errors import StoreBusy


def test_a_few_calendars_are_read_at_once_and_the_next_is_asked_to_come_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reading, "_PATIENCE_S", 0.01)
    readers = Readers()
    with readers.place(), readers.place(), pytest.raises(StoreBusy), readers.place():
        pass
    with readers.place():
        pass


def test_a_place_is_given_back_when_reading_fails() -> None:
    readers = Readers()
    for _ in range(5):
        with pytest.raises(ValueError, match="broken"), readers.place():
            raise ValueError("broken")


def test_who_waits_gets_the_place_that_is_given_back() -> None:
    readers, done = Readers(), threading.Event()

    def wait() -> None:
        with readers.place():
            done.set()

    with readers.place():
        with readers.place():
            waiting = threading.Thread(target=wait)
            waiting.start()
            assert not done.wait(0.05)
        assert done.wait(5)
    waiting.join()
