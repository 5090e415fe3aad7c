"""Calendars read in a bounded process: one that asks too much is killed there and takes nothing down.

The process has a limit on processor time, memory and files, no environment, and is killed by a timer. It
imports the reader and nothing else, and serves one calendar after the other until its input ends.
"""

import gc
import json
import math
import signal
import subprocess
import sys
import threading
import traceback
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from scheduler.agenda.feeds.errors import (
    REFUSALS,
    FeedReaderFailed,
    FeedRefused,
    FeedTooHeavy,
    FeedTooLarge,
    FeedTooSlow,
    InvalidFeedSetting,
    PlatformUnsupported,
)
from scheduler.agenda.feeds.messages import (
    read_reading,
    read_request,
    receive,
    send,
    write_reading,
    write_request,
)
from scheduler.agenda.feeds.reading import read_calendar
from scheduler.agenda.feeds.values import FeedSettings, Limits, Reading, Window

_ROOT = str(Path(__file__).resolve().parents[3])

# The root of our errors lives in ``matching``, whose package loads NumPy: a second and 100 MB that a
# reader of calendars has no use for. Only ``matching/errors.py`` is loaded.
_START = """
import sys, types
root, cpu_s, memory_mb = sys.argv[1:]
sys.path.insert(0, root)
core = sys.modules["matching"] = types.ModuleType("matching")
core.__path__ = [root + "/matching"]
from scheduler.agenda.feeds.child import serve
serve(sys.stdin.buffer, sys.stdout.buffer, cpu_s=int(cpu_s), memory_mb=int(memory_mb))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessLimits:
    """What the reader process may use.

    Parameters
    ----------
    cpu_s : int
        Processor time for one calendar, seconds.
    memory_mb : int
        Address space of the process, MB.
    wall_s : float
        Time for one calendar by the clock, seconds; also bounds the start of the process.
    max_readings : int
        Calendars read before the process is replaced by a fresh one.
    """

    cpu_s: int = 5
    memory_mb: int = 512
    wall_s: float = 15.0
    max_readings: int = 200


_DEFAULT_PROCESS = ProcessLimits()
_DEFAULT_LIMITS = Limits()


class FeedReader:
    """Reads calendars one at a time in a bounded process, replaced whenever a calendar kills it.

    Safe to share between threads; a context manager. The process starts with the first reading.

    Raises
    ------
    PlatformUnsupported
        Where the system cannot bound a process (no ``resource`` module, such as Windows).
    """

    def __init__(self, process_limits: ProcessLimits = _DEFAULT_PROCESS) -> None:
        try:
            import resource  # noqa: F401, PLC0415 — absent on some systems: that is the question
        except ImportError as error:
            raise PlatformUnsupported from error
        self._bounds = process_limits
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._num_readings = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._stop()

    def read(
        self, body: bytes, settings: FeedSettings, window: Window, limits: Limits = _DEFAULT_LIMITS
    ) -> Reading:
        """Read a calendar as ``read_calendar`` does, within the bounds of the process.

        Raises
        ------
        FeedRefused
            As ``read_calendar``; also ``FeedTooSlow``, ``FeedTooHeavy`` and ``FeedReaderFailed`` when
            the process was killed or gave up.
        InvalidFeedSetting
            When the zone of the settings is unknown.
        """
        if len(body) > limits.max_bytes:
            raise FeedTooLarge
        with self._lock:
            answer, was_late = self._ask(write_request(settings, window, limits), body)
            if answer is None:
                raise self._cause_of_death(was_late=was_late)
            content = json.loads(answer)
            self._num_readings += 1
            if self._num_readings >= self._bounds.max_readings or "last" in content:
                self._stop()
        if "gave_up" in content:
            raise FeedReaderFailed(content["gave_up"])
        if "refused" in content:
            raise _refusal(content["refused"])
        if "invalid" in content:
            raise InvalidFeedSetting(*content["invalid"])
        return read_reading(content, settings, window)

    def _ask(self, request: bytes, body: bytes) -> tuple[bytes | None, bool]:
        """Send one question and give the answer, None if the process died, and whether it was killed."""
        if self._process is not None and self._process.poll() is not None:
            self._stop()  # it was ended from outside between two calendars: none of them is to blame
        process = self._process or self._start()
        late = threading.Event()

        def kill() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(self._bounds.wall_s, kill)
        timer.daemon = True
        timer.start()
        try:
            if process.stdin is None or process.stdout is None:
                return None, False
            send(process.stdin, request)
            send(process.stdin, body)
            return receive(process.stdout), late.is_set()
        except BrokenPipeError:  # it died while the body was being sent
            return None, late.is_set()
        finally:
            timer.cancel()

    def _start(self) -> subprocess.Popen[bytes]:
        bounds = [str(self._bounds.cpu_s), str(self._bounds.memory_mb)]
        self._process = subprocess.Popen(  # noqa: S603 — our own interpreter and code, no shell
            [sys.executable, "-I", "-c", _START, _ROOT, *bounds],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # a traceback could quote the calendar
            env={},
            start_new_session=True,
        )
        self._num_readings = 0
        return self._process

    def _cause_of_death(self, *, was_late: bool) -> FeedRefused:
        process = self._process
        if process is not None:
            process.kill()
            status = process.wait()
        self._stop()
        if was_late or status in {-signal.SIGXCPU, -signal.SIGKILL}:
            return FeedTooSlow()
        return FeedReaderFailed(f"status {status}")

    def _stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()
        if process.stdin is not None:
            with suppress(BrokenPipeError):  # what it did not read any more is not worth telling
                process.stdin.close()


def _refusal(code: str) -> FeedRefused:
    return REFUSALS[code]()


def read_in_child(
    body: bytes,
    settings: FeedSettings,
    window: Window,
    limits: Limits = _DEFAULT_LIMITS,
    process_limits: ProcessLimits = _DEFAULT_PROCESS,
) -> Reading:
    """Read one calendar in a bounded process of its own; for several, share a ``FeedReader``.

    Raises
    ------
    FeedRefused, InvalidFeedSetting, PlatformUnsupported
        As ``FeedReader``.
    """
    with FeedReader(process_limits) as reader:
        return reader.read(body, settings, window, limits)


def serve(requests: IO[bytes], answers: IO[bytes], *, cpu_s: int, memory_mb: int) -> None:
    """Answer one request after the other within the bounds; the main loop of the child process."""
    import resource  # noqa: PLC0415 — absent on some systems, where this never runs

    def limit(what: int, soft: int) -> None:
        _, hard = resource.getrlimit(what)
        resource.setrlimit(what, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))

    limit(resource.RLIMIT_AS, memory_mb * 1024 * 1024)
    limit(resource.RLIMIT_CORE, 0)  # a core file would hold the calendar
    limit(resource.RLIMIT_FSIZE, 0)
    gc.disable()  # a third of the time goes into looking for cycles that a reading does not make
    while (request := receive(requests)) is not None and (body := receive(requests)) is not None:
        used = resource.getrusage(resource.RUSAGE_SELF)
        limit(resource.RLIMIT_CPU, math.ceil(used.ru_utime + used.ru_stime) + cpu_s)
        send(answers, _answer(request, body))
        gc.collect()


_TOO_HEAVY = json.dumps(
    {"refused": FeedTooHeavy.code, "last": True}
).encode()  # ready: no memory is left then


def _answer(request: bytes, body: bytes) -> bytes:
    """Give the answer to one request; one that is ``last`` asks for a fresh process."""
    try:
        settings, window, limits = read_request(request)
        return write_reading(read_calendar(body, settings, window, limits))
    except FeedRefused as refusal:
        return json.dumps({"refused": refusal.code}).encode()
    except InvalidFeedSetting as error:
        return json.dumps({"invalid": [error.setting, error.expected]}).encode()
    except MemoryError:
        return _TOO_HEAVY
    except Exception as error:  # noqa: BLE001 — a fault of ours: told by its place, never by its text
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{type(error).__name__} {Path(place.filename).name}:{place.lineno}"
        return json.dumps({"gave_up": where, "last": True}).encode()
