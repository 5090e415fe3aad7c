"""Running the console script as a person or a script would: a process, its two outputs, its exit code."""

import io
import os
import pty
import select
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

import structlog

from api.cli.command import run
from tests import warm

RELAIS = Path(sys.executable).with_name("relais")
COMMAND = "api.cli:main"
DATA = Path(__file__).parents[2] / "data"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a run of the command ended."""

    code: int
    out: str
    err: str


def relais_script(*arguments, folder=None, stdin="", **environment):
    """Start the installed command in a pipe, with a data folder of its own."""
    assert RELAIS.exists(), (
        "the console script is missing; install it with: pip install --no-deps --editable ."
    )
    done = subprocess.run(
        [str(RELAIS), *map(str, arguments)],
        input=stdin,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        cwd=folder,
        env=_environment(folder, environment),
        check=False,
    )
    return Ended(code=done.returncode, out=done.stdout, err=done.stderr)


def relais(*arguments, folder=None, stdin="", **environment):
    """Run the command as ``relais_script`` does, in a process that need not load it first."""
    (reads, asks), (out, says), (err, complains) = [os.pipe() for _ in range(3)]
    program = warm.start(
        COMMAND,
        *map(str, arguments),
        environment=_environment(folder, environment),
        streams=(reads, says, complains),
        folder=folder,
    )
    for stream in (reads, says, complains):
        os.close(stream)
    with ThreadPoolExecutor(2) as readers, os.fdopen(asks, "w", encoding="utf-8") as asked:
        heard = [readers.submit(_read, stream) for stream in (out, err)]
        asked.write(stdin)
        asked.close()
        return Ended(code=program.wait(), out=heard[0].result(), err=heard[1].result())


def _read(stream):
    with os.fdopen(stream, encoding="utf-8") as heard:
        return heard.read()


def relais_here(*arguments, folder=None, stdin="", **environment):
    """Run the command in this process: what is refused at once needs no process of its own."""
    out, err = io.StringIO(), io.StringIO()
    with (
        mock.patch.dict(os.environ, _environment(folder, environment), clear=True),
        mock.patch.object(sys, "stdin", io.StringIO(stdin)),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            code = run([str(argument) for argument in arguments])
        finally:
            structlog.reset_defaults()  # the log would go on writing to what stood for stderr
    return Ended(code=code, out=out.getvalue(), err=err.getvalue())


def relais_on_a_terminal(*arguments, folder=None, answers=()):
    """Run the command with a terminal on its three streams; what it shows comes back as ``out``.

    ``answers`` are pairs: what the command asks, and what is typed once it has asked.
    """
    ours, theirs = pty.openpty()
    program = warm.start(
        COMMAND,
        *map(str, arguments),
        environment=_environment(folder, {"TERM": "xterm"}),
        streams=(theirs, theirs, theirs),
        folder=folder,
    )
    os.close(theirs)
    try:
        shown = _converse(ours, list(answers))
        code = program.wait(timeout_s=10)
    finally:
        os.close(ours)
    return Ended(code=code, out=shown, err="")


def _converse(terminal, answers):
    """Read all that is shown until the command ends, typing each answer once its question has come."""
    shown = b""
    while select.select([terminal], [], [], 30)[0]:
        try:
            shown += os.read(terminal, 65_536)
        except OSError:  # EIO: the other end is closed
            return shown.decode("utf-8", "replace")
        if answers and answers[0][0].encode() in shown:
            os.write(terminal, f"{answers.pop(0)[1]}\n".encode())
    raise TimeoutError(f"the command stays silent after: {shown!r}")


def _environment(folder, more):
    kept = {key: value for key, value in os.environ.items() if not key.startswith("RELAIS_")}
    data = {} if folder is None else {"RELAIS_DATA_DIR": str(folder)}
    return kept | {"PYTHONWARNINGS": "error", "COLUMNS": "80"} | data | more
