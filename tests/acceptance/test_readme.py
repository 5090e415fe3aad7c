"""What the README prints works as printed: its commands run here, against a real service."""

import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

pytestmark = pytest.mark.xdist_group("readme")  # one demo for all of these

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BIN = Path(sys.executable).parent
SHELL = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
PRINTED = re.search(r"```text\n(.*?)```", README, re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """A running demo: where it is, and what its loading printed."""

    port: int
    environment: dict[str, str]
    printed: str


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """Load the demo and serve it, as `make run` does."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RELAIS_")}
    environment = kept | {"RELAIS_DATA_DIR": str(tmp_path_factory.mktemp("demo")), "COLUMNS": "110"}
    loaded = subprocess.run(
        [BIN / "relais", "demo", "--fresh"], env=environment, capture_output=True, text=True, check=False
    )
    assert loaded.returncode == 0, loaded.stderr
    command = [BIN / "relais", "serve", "--port", str(port), "--no-jobs"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen(command, env=environment, **quiet) as served:
        try:
            _wait(port)
            yield Demo(port=port, environment=environment, printed=loaded.stdout)
        finally:
            served.terminate()


def _wait(port: int) -> None:
    for _ in range(300):
        try:
            with urlopen(f"http://127.0.0.1:{port}/health", timeout=5):
                return
        except (URLError, TimeoutError):
            time.sleep(0.1)
    pytest.fail("the service did not start")


def _run(script: str, demo: Demo) -> subprocess.CompletedProcess[str]:
    here = script.replace(".venv/bin/", f"{BIN}/").replace(":8000", f":{demo.port}")
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", here],
        env=demo.environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_two_commands_are_those_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^make (\w+)", SHELL[0], re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)


@pytest.mark.parametrize("script", [s for s in SHELL if "relais" in s and "TOKEN" not in s])
def test_the_commands_on_files_run(script: str, demo: Demo) -> None:
    done = _run(script, demo)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


def test_the_requests_over_http_answer(demo: Demo) -> None:
    token, *requests = [script for script in SHELL if "TOKEN" in script]
    assert len(requests) >= 3
    for request in requests:
        done = _run(f"{token}\n{request}", demo)
        assert (done.returncode, done.stderr) == (0, ""), request
        answer = json.loads(done.stdout)
        assert "code" not in answer, answer
        assert answer.get("items") or answer.get("id"), answer


def test_the_table_has_the_shape_the_demo_prints(demo: Demo) -> None:
    """The figures depend on the day; the headings, the tiers and the proof do not."""
    assert PRINTED is not None
    for line in ("Priorité", "Trajet médian", "Résultat optimal prouvé", "Ouverts"):
        assert line in PRINTED[1]
        assert line in demo.printed


def test_the_demo_says_what_to_open_and_as_whom(demo: Demo) -> None:
    assert "http://127.0.0.1:8000" in demo.printed
    assert "coordination@demo.example" in demo.printed
