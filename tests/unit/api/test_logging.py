import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from api.logging import configure_logging
from scheduler.settings import Settings

CANARY = "ZZCANARI"


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    level = root.level
    stream = io.StringIO()
    configure_logging(Settings(log_format="json"), stream)
    yield stream
    structlog.reset_defaults()
    root.handlers, root.level = [], level


def the_line(stream: io.StringIO) -> dict[str, object]:
    (line,) = stream.getvalue().splitlines()
    entry: dict[str, object] = json.loads(line)
    return entry


def test_one_object_per_line_with_level_and_utc_instant(stream: io.StringIO) -> None:
    structlog.get_logger("x").warning("feed_failed", feed_id=3)
    entry = the_line(stream)
    assert (entry["event"], entry["level"], entry["feed_id"]) == ("feed_failed", "warning", 3)
    assert str(entry["timestamp"]).endswith("Z")


@pytest.mark.parametrize("key", ["name", "email", "phone", "address", "token", "password", "url", "body"])
def test_a_field_that_could_name_somebody_is_blanked(stream: io.StringIO, key: str) -> None:
    structlog.get_logger("x").info("event", **{key: CANARY})
    assert the_line(stream)[key] == "[withheld]"


@pytest.mark.parametrize("ours", [True, False])
def test_an_exception_leaves_its_class_and_place_never_its_text(stream: io.StringIO, ours: bool) -> None:
    logger = structlog.get_logger("x") if ours else logging.getLogger("a.library")

    def broken() -> None:
        raise ValueError(CANARY) from KeyError(CANARY)

    try:
        broken()
    except ValueError:
        logger.exception("broken")
    entry = the_line(stream)
    assert (entry["error"], entry["cause"]) == ("ValueError", "KeyError")
    assert "test_logging.py" in str(entry["at"])
    assert CANARY not in stream.getvalue()


def test_a_library_speaks_in_the_same_form(stream: io.StringIO) -> None:
    logging.getLogger("uvicorn.error").warning("Started on port %d", 8000)
    assert the_line(stream)["event"] == "Started on port 8000"


def test_the_loggers_that_write_paths_are_quiet(stream: io.StringIO) -> None:
    for name in ("uvicorn.access", "httpx", "httpcore"):
        logging.getLogger(name).info("GET /%s", CANARY)
    assert stream.getvalue() == ""


@pytest.mark.usefixtures("stream")
def test_the_console_form_is_for_people() -> None:
    stream = io.StringIO()
    configure_logging(Settings(log_format="console"), stream)
    structlog.get_logger("x").info("feed_failed", feed_id=3)
    structlog.reset_defaults()
    assert "feed_id=3" in stream.getvalue()
