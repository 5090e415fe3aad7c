"""A real server in its own process: uvicorn on a loopback port, as ``relais serve`` runs it."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
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
    with log.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.acceptance.http.serving"],
            cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True,
        )  # fmt: skip
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            assert line.startswith("port "), log.read_text(encoding="utf-8")
            yield Served(int(line.split()[1]), log, process.pid)
        finally:
            process.terminate()
            assert process.wait(timeout=30) in {0, -15}, log.read_text(encoding="utf-8")
            process.stdout.close()


def _serve() -> None:
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


if __name__ == "__main__":
    _serve()
