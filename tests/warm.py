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
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path

ROOT = Path(__file__).parents[1]
LOADED = ("api.app", "api.cli.command", "uvicorn", "ortools.graph.python.min_cost_flow", "scipy.sparse")
_LONGEST_ORDER = 1 << 17


@dataclass(frozen=True, slots=True)
class Program:
    """A running program.

    Parameters
    ----------
    handle
        A file descriptor that can be read from once the program has ended (``pidfd_open(2)``).
    """

    pid: int
    handle: int

    def wait(self, timeout_s: float = 60) -> int:
        """Wait for the end; gives the exit code, -N after signal N. A program that stays is killed."""
        ended, _, _ = select.select([self.handle], [], [], timeout_s)
        if not ended:
            os.kill(self.pid, signal.SIGKILL)
        os.close(self.handle)
        code = int(_asked({"wait": self.pid}))
        assert ended, f"program {self.pid} had not ended after {timeout_s:g} s"
        return code


def start(
    program: str,
    *arguments: str,
    environment: Mapping[str, str],
    streams: tuple[int, int, int],
    folder: Path | None = None,
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
    """
    order = {
        "program": program,
        "arguments": arguments,
        "environment": dict(environment),
        "folder": str(folder or ROOT),
    }
    pid = int(_asked(order, streams))
    return Program(pid, os.pidfd_open(pid))


def _asked(order: Mapping[str, object], streams: tuple[int, ...] = ()) -> str:
    control = _warm()
    socket.send_fds(control, [json.dumps(order).encode()], streams)
    return control.recv(_LONGEST_ORDER).decode()


@cache
def _warm() -> socket.socket:
    """Start the process that forks; it ends when we do, and all it has started with it."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    process = subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "tests.warm", str(theirs.fileno())],
        cwd=ROOT, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    theirs.close()

    def end() -> None:
        ours.close()
        process.wait()

    atexit.register(end)
    return ours


def _main() -> None:
    _load()
    gc.collect()
    gc.freeze()  # as ``relais serve`` does once it is ready
    with socket.socket(fileno=int(sys.argv[1])) as control:
        program = _forked(control)
    if program is not None:
        _run(program)


def _load() -> None:
    """Import everything, let FastAPI work out the parameters of every route, and read the communes."""
    for name in LOADED:
        import_module(name)
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
