"""One JSON line per event, with internal ids only: the last net under every logger, ours or a library's."""

import logging
import sys
import traceback
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from scheduler.settings import Settings

_PRIVATE = frozenset(
    {
        "address",
        "birth_date",
        "body",
        "cookie",
        "email",
        "family_name",
        "given_name",
        "name",
        "password",
        "patient",
        "phone",
        "query",
        "referral",
        "token",
        "url",
    }
)
_WITHHELD = "[withheld]"


def withhold_identities(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Blank the fields that could carry an identity or a secret, by name.

    Callers are expected to log chosen ids; this is what remains when one does not.
    """
    return {key: _WITHHELD if key in _PRIVATE else value for key, value in event.items()}


def name_exception(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace an exception by its class and the lines it came through.

    The text of an exception is never kept: a database driver's repeats the values of the statement.
    """
    given = event.pop("exc_info", None)
    if not given:
        return event
    error = given if isinstance(given, BaseException) else _current(given)
    if error is not None:
        event.update(describe(error))
    return event


def _current(given: Any) -> BaseException | None:
    return given[1] if isinstance(given, tuple) else sys.exc_info()[1]


def describe(error: BaseException, num_frames: int = 6) -> dict[str, Any]:
    """Give the class of an exception and its innermost frames, outermost first, without its text."""
    frames = traceback.extract_tb(error.__traceback__)[-num_frames:]
    return {
        "error": type(error).__qualname__,
        "cause": type(error.__cause__).__qualname__ if error.__cause__ else None,
        "at": [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames],
    }


def configure_logging(settings: Settings, stream: TextIO | None = None) -> None:
    """Send everything that is logged to one stream, in the form the settings ask for.

    Parameters
    ----------
    settings
        ``log_format`` "json" gives one object per line, "console" aligned text.
    stream
        Where to write; standard error when ``None``.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        name_exception,
        withhold_identities,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared[:3], structlog.stdlib.ExtraAdder(), *shared[3:]],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _renderer(settings)],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    _quieten()


def _renderer(settings: Settings) -> Processor:
    if settings.log_format == "console":
        return structlog.dev.ConsoleRenderer(colors=False)
    return structlog.processors.JSONRenderer(ensure_ascii=False)


def _quieten() -> None:
    """Silence the loggers that write addresses with their full paths, and Alembic's list of its own parts."""
    for name in ("uvicorn.access", "httpx", "httpcore", "alembic.runtime.plugins"):
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers = []
        logger.propagate = True
