"""Programs of Relais started in a moment: one process that has loaded them forks for each.

Loading takes seconds, and a test run starts dozens of servers and commands. What a program does once it is
loaded is the same in a fork: its own memory, streams, environment, signals and exit code. That it loads at
all is shown where the console script itself is started (``tests.acceptance.cli.running.RELAIS``).
"""

import atexit
import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).parents[1]
_SOLVERS = ("ortools.graph.python.min_cost_flow", "scipy.sparse")
LOADED = {
    "service": ("api.app", "api.cli.command", "uvicorn", *_SOLVERS),
    "engine": ("scheduler.referrals.tasks", *_SOLVERS),
}
"""What each kind of process has imported before it forks."""
_LONGEST_ORDER = 1 << 17
_ONE_AT_A_TIME = threading.Lock()


@dataclass(slots=True)
class Program:
    """A running program.

    Parameters
    ----------
    handle
        A file descriptor that can be read from once the program has ended (``pidfd_open(2)``).
    code
        Its exit code, -N after signal N; None until it has been waited for.
    """

    kind: str
    pid: int
    handle: int
    code: int | None = None

    def send(self, number: signal.Signals) -> None:
        """Send a signal, unless it has been waited for."""
        if self.code is None:
            signal.pidfd_send_signal(self.handle, number)

    def wait(self, timeout_s: float = 60) -> int:
        """Wait for the end; gives the exit code. A program that stays is killed."""
        if self.code is None:
            ended, _, _ = select.select([self.handle], [], [], timeout_s)
            if not ended:
                self.send(signal.SIGKILL)
            self.code = int(_asked(self.kind, {"wait": self.pid}))
            os.close(self.handle)
            assert ended, f"program {self.pid} had not ended after {timeout_s:g} s"
        return self.code


def start(
    program: str,
    *arguments: str,
    environment: Mapping[str, str],
    streams: tuple[int, int, int],
    folder: Path | None = None,
    kind: str = "service",
) -> Program:
    """Start a program.

    Parameters
    ----------
    program
        ``package.module:function``, called without anything.
    environment
        All of its environment.
    streams
        What it reads from, writes to and complains to: open file descriptors.
    kind
        Which of ``LOADED`` it needs.
    """
    order = {
        "program": program,
        "arguments": arguments,
        "environment": dict(environment),
        "folder": str(folder or ROOT),
    }
    pid = int(_asked(kind, order, streams))
    return Program(kind, pid, os.pidfd_open(pid))


class EngineChild:
    """Stands for the ``subprocess.Popen`` that starts a child of the engine."""

    def __init__(self, _command: object, *, env: Mapping[str, str], **_pipes: int) -> None:
        (reads, asks), (out, says), (err, complains) = (os.pipe() for _ in range(3))
        streams = (reads, says, complains)
        self._program = start(
            "scheduler.referrals.tasks:_main", environment=env, streams=streams, kind="engine"
        )
        for stream in streams:
            os.close(stream)
        self.stdin, self.stdout, self.stderr = (
            os.fdopen(asks, "wb"),
            os.fdopen(out, "rb"),
            os.fdopen(err, "rb"),
        )

    def __enter__(self) -> "EngineChild":
        return self

    def __exit__(self, *_: object) -> None:
        for stream in (self.stdout, self.stderr, self.stdin):
            stream.close()
        self.wait()

    def kill(self) -> None:
        self._program.send(signal.SIGKILL)

    def wait(self) -> int:
        return self._program.wait()


def _asked(kind: str, order: Mapping[str, object], streams: tuple[int, ...] = ()) -> str:
    with _ONE_AT_A_TIME:
        control = _warm(kind)
        socket.send_fds(control, [json.dumps(order).encode()], streams)
        return control.recv(_LONGEST_ORDER).decode()


@cache
def _warm(kind: str) -> socket.socket:
    """Start a process that forks; it ends when we do, and all it has started with it."""
    environment = os.environ | ({"PYTHONHASHSEED": "0"} if kind == "engine" else {})  # as its parent asks
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "tests.warm", kind, str(theirs.fileno())],
        cwd=ROOT, env=environment, pass_fds=[theirs.fileno()], start_new_session=True,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    theirs.close()

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours


def _main() -> None:
    kind, control_number = sys.argv[1:]
    for name in LOADED[kind]:
        import_module(name)
    if kind == "service":
        _get_ready()
    # NumPy's own threads start anew in a fork; Python 3.12 would warn of them
    warnings.filterwarnings("ignore", message=".*multi-threaded", category=DeprecationWarning)
    gc.collect()
    gc.freeze()  # as ``relais serve`` does once it is ready
    with socket.socket(fileno=int(control_number)) as control:
        program = _forked(control)
    if program is not None:
        _run(program)


def _get_ready() -> None:
    """Let FastAPI work out the parameters of every route, and read the communes."""
    from fastapi import FastAPI

    from api.app import _routes
    from api.security import undeclared_routes
    from scheduler.territory.communes import communes

    application = FastAPI(openapi_url=None)
    application.router.routes.extend(_routes())
    assert undeclared_routes(application) == []
    communes()


def _forked(control: socket.socket) -> Callable[[], object] | None:
    """Carry out orders until nobody is left to give one; in a fork, give what it has to do."""
    running: set[int] = set()
    while True:
        message, streams, _, _ = socket.recv_fds(control, _LONGEST_ORDER, 3)
        if not message:
            break
        order = json.loads(message)
        if "wait" in order:
            _, status = os.waitpid(order["wait"], 0)
            running.remove(order["wait"])
            control.send(str(os.waitstatus_to_exitcode(status)).encode())
            continue
        pid = os.fork()
        if pid == 0:
            return _become(order, streams)
        running.add(pid)
        for stream in streams:
            os.close(stream)
        control.send(str(pid).encode())
    for pid in running:
        os.kill(pid, signal.SIGKILL)
    return None


def _become(order: dict[str, object], streams: list[int]) -> Callable[[], object]:
    """Take on the streams, the environment and the folder of a process of its own."""
    os.setsid()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False)
    os.environ.clear()
    os.environ.update(order["environment"])
    os.chdir(order["folder"])
    sys.argv = [sys.argv[0], *order["arguments"]]
    module, _, name = order["program"].partition(":")
    function: Callable[[], object] = getattr(import_module(module), name)
    return function


def _run(program: Callable[[], object]) -> None:
    """Run a program to its end as Python does, but for taking apart all that was loaded: that takes long."""
    try:
        code = program()
    except SystemExit as leaving:
        code = leaving.code
    for thread in threading.enumerate():
        if thread is not threading.current_thread() and not thread.daemon:
            thread.join()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            stream.flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


if __name__ == "__main__":
    _main()
