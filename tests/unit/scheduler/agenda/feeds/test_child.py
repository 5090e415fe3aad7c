"""B1: the bounded reader process: same readings, and deaths that stay inside it."""

import builtins
import json
import threading
import time
from pathlib import Path

import pytest

from scheduler.agenda.feeds import (
    FeedReader,
    FeedRefused,
    FeedSettings,
    InvalidFeedSetting,
    Limits,
    PlatformUnsupported,
    ProcessLimits,
    read_calendar,
    read_in_child,
)
from scheduler.agenda.feeds.child import _answer
from scheduler.agenda.feeds.errors import FeedReaderFailed
from scheduler.agenda.feeds.messages import write_request
from tests.unit.scheduler.agenda.feeds.kit import YEAR, calendar, event, load

HALF = "DURATION:PT30M"
UNBOUNDED = Limits(max_steps=10**12, max_steps_per_series=10**12)
BOMB = calendar(
    *(
        event("DTSTART:19000101T090000Z", HALF, f"RRULE:FREQ=DAILY;COUNT={10**9 + n}", uid=str(n))
        for n in range(400)
    )
)


@pytest.fixture(scope="module")
def reader():
    with FeedReader() as shared:
        yield shared


def code_of(reader, body, limits=UNBOUNDED, **settings):
    with pytest.raises(FeedRefused) as caught:
        reader.read(body, FeedSettings(**settings), YEAR, limits)
    return caught.value.code


@pytest.mark.parametrize("name", ["outlook_week", "availability", "case_35_bad_among_good", "judged", "cut"])
def test_the_same_reading_as_in_process(reader, name):
    settings = FeedSettings(mode="dedicated", slot_minutes=15, source="7", own_domain="relais.example")
    assert reader.read(load(name), settings, YEAR) == read_calendar(load(name), settings, YEAR)


def test_refusals_keep_their_kind(reader):
    for body, code in (
        (b"", "feed_empty"),
        (b"<html>", "feed_is_page"),
        (b"BEGIN:VCALENDAR", "feed_truncated"),
    ):
        assert code_of(reader, body) == code
    assert code_of(reader, load("cut"), Limits(max_components=2)) == "feed_too_many_events"
    assert code_of(reader, load("cut"), Limits(max_bytes=10)) == "feed_too_large"


def test_wrong_settings_keep_their_kind(reader):
    with pytest.raises(InvalidFeedSetting) as caught:
        reader.read(load("cut"), FeedSettings(zone="Paris"), YEAR)
    assert caught.value.setting == "zone"


def test_too_much_processor_time_kills_the_process_and_no_other_calendar():
    with FeedReader(ProcessLimits(cpu_s=1)) as reader:
        assert code_of(reader, BOMB) == "feed_too_slow"
        assert reader.read(load("cut"), FeedSettings(), YEAR).entries


def test_too_much_time_by_the_clock_kills_the_process():
    begin = time.monotonic()
    with FeedReader(ProcessLimits(cpu_s=60, wall_s=0.5)) as reader:
        assert code_of(reader, BOMB) == "feed_too_slow"
    assert time.monotonic() - begin < 20


def test_too_much_memory_is_refused_and_the_next_calendar_read():
    text = "DESCRIPTION:" + "x" * 1500
    heavy = calendar(*(event("DTSTART:20260608T090000Z", HALF, text, uid=str(n)) for n in range(10_000)))
    with FeedReader(ProcessLimits(memory_mb=64)) as reader:
        assert code_of(reader, heavy) == "feed_too_heavy"
        assert reader.read(load("cut"), FeedSettings(), YEAR).entries


def test_the_default_budget_refuses_the_same_bomb_without_a_death():
    with FeedReader() as reader:
        reading = reader.read(BOMB, FeedSettings(), YEAR, Limits(max_steps=300_000))
        assert reader._num_readings == 1
    assert "series_too_long" in {str(entry.reason) for entry in reading.entries}


def test_the_process_is_replaced_after_its_share_of_readings():
    with FeedReader(ProcessLimits(max_readings=2)) as reader:
        seen = []
        for _ in range(3):
            reader.read(load("cut"), FeedSettings(), YEAR)
            seen.append(reader._process.pid if reader._process else None)
    assert seen[0] is not None
    assert seen[1] is None
    assert seen[2] not in {None, seen[0]}


def test_a_process_that_was_ended_from_outside_is_replaced():
    with FeedReader() as reader:
        reader.read(load("cut"), FeedSettings(), YEAR)
        assert reader._process is not None
        reader._process.terminate()
        reader._process.wait()
        assert reader.read(load("cut"), FeedSettings(), YEAR).entries


def test_a_process_that_ends_while_reading_is_told():
    with FeedReader() as reader:
        reader.read(load("cut"), FeedSettings(), YEAR)
        assert reader._process is not None
        ending = threading.Timer(0.2, reader._process.terminate)
        ending.start()
        with pytest.raises(FeedReaderFailed) as caught:
            reader.read(BOMB, FeedSettings(), YEAR, UNBOUNDED)
        ending.join()
    assert caught.value.detail == "status -15"


def test_threads_share_one_reader(reader):
    results = []

    def ask(name):
        results.append((name, reader.read(load(name), FeedSettings(), YEAR)))

    threads = [threading.Thread(target=ask, args=(name,)) for name in ("cut", "judged", "outlook_week") * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 9
    for name, reading in results:
        assert reading == read_calendar(load(name), FeedSettings(), YEAR)


def test_one_reading_in_a_process_of_its_own():
    assert read_in_child(load("cut"), FeedSettings(), YEAR) == read_calendar(
        load("cut"), FeedSettings(), YEAR
    )


def test_the_process_starts_without_heavy_packages():
    with FeedReader() as reader:
        reader.read(load("case_39_valid_empty"), FeedSettings(), YEAR)
        assert reader._process is not None
        loaded = Path(f"/proc/{reader._process.pid}/maps").read_text()
    assert "numpy" not in loaded
    assert "ortools" not in loaded


def test_a_fault_of_ours_is_told_by_its_place_and_not_by_its_text(monkeypatch):
    def fail(*_args):
        raise KeyError("Mme Martin")

    monkeypatch.setattr("scheduler.agenda.feeds.child.read_calendar", fail)
    answer = json.loads(_answer(write_request(FeedSettings(), YEAR, Limits()), b""))
    assert answer["last"]
    assert answer["gave_up"].startswith("KeyError test_child.py:")
    assert "Martin" not in str(answer)


def test_a_platform_without_resource_is_told(monkeypatch):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name == "resource":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(PlatformUnsupported) as caught:
        FeedReader()
    assert "Linux" in str(caught.value)
