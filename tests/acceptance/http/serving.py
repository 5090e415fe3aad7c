"""A real server in its own process: uvicorn on a loopback port, as ``relais serve`` runs it.

The process is a fork of one that has loaded the application (``tests.warm``).
"""

import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests import warm

SLOW = "SLOW_SOLVER"
"""Names a file: while it exists the solver goes on until it is told to stop; only then it solves."""
_SLOW_SOLVER = """
import os, time
import scheduler.referrals.tasks as tasks
from matching.progress import Progress
def attach(instance, policy, *, watch, time_limit_s, seed=0):
    began = time.monotonic()
    while os.path.exists(GATE) and watch(Progress(best=7, bound=2**70, elapsed_s=time.monotonic() - began)):
        time.sleep(0.05)
    return real(instance, policy, time_limit_s=time_limit_s, seed=seed)
real, tasks.attach = tasks.attach, attach
tasks._main()
"""


@dataclass(frozen=True)
class Served:
    """Where a server answers, the file it logs to, and its process."""

    port: int
    log: Path
    pid: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def served(database_url: str, folder: Path, **settings: str) -> Iterator[Served]:
    """Start a server on a database, wait until it answers, and stop it in the end."""
    log = folder / "server.log"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RELAIS_")}
    environment |= {"RELAIS_DATABASE_URL": database_url, "RELAIS_DATA_DIR": str(folder), **settings}
    heard, said = os.pipe()
    with log.open("ab") as errors, Path(os.devnull).open() as nothing, os.fdopen(heard) as announced:
        streams = nothing.fileno(), said, errors.fileno()
        program = warm.start("tests.acceptance.http.serving:serve", environment=environment, streams=streams)
        os.close(said)
        try:
            line = announced.readline()
            assert line.startswith("port "), log.read_text(encoding="utf-8")
            yield Served(int(line.split()[1]), log, program.pid)
        finally:
            program.send(signal.SIGTERM)
            assert program.wait() in {0, -signal.SIGTERM}, log.read_text(encoding="utf-8")


def serve() -> None:
    """Serve as the settings say; say the port once requests are answered."""
    import uvicorn

    from api.app import create_app
    from api.logging import configure_logging
    from scheduler.referrals import child
    from scheduler.settings import load_settings

    settings = load_settings()
    configure_logging(settings)
    if SLOW in os.environ:
        child._COMMAND = (sys.executable, "-c", f"GATE = {os.environ[SLOW]!r}\n{_SLOW_SOLVER}")

    class Announcing(uvicorn.Server):
        async def startup(self, sockets: list[socket.socket] | None = None) -> None:
            await super().startup(sockets)
            sys.stdout.write(f"port {listening.getsockname()[1]}\n")
            sys.stdout.flush()

    listening = socket.create_server(("127.0.0.1", 0), backlog=128)
    config = uvicorn.Config(create_app(settings), log_config=None, access_log=False, server_header=False)
    Announcing(config).run(sockets=[listening])
