"""A real nginx on the configuration that is delivered, in front of a real server on the demo territory."""

import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

DELIVERED = Path(__file__).parents[3] / "deploy" / "nginx" / "relais.conf"
SECRET = "known to the proxy and to the service only"

_AROUND = """
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log info;
events {{ worker_connections 128; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/relais.conf;
}}
"""


def nginx() -> str:
    """Find nginx, or say how to get it."""
    found = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    assert found, "nginx is missing. Install it with: sudo apt-get install -y nginx-light"
    return found


@dataclass(frozen=True)
class Listening:
    """Where the two servers of nginx listen: that of the pages, that of the platform."""

    ports: tuple[int, int]

    @classmethod
    def somewhere(cls) -> "Listening":
        """Choose two ports that are free now."""
        with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
            return cls((one.getsockname()[1], two.getsockname()[1]))

    @property
    def pages(self) -> str:
        return f"https://localhost:{self.ports[0]}"

    @property
    def platform(self) -> str:
        return f"https://localhost:{self.ports[1]}"

    def answers(self) -> bool:
        """Tell whether both accept connections."""
        try:
            for port in self.ports:
                socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except ConnectionRefusedError:
            return False
        return True


@contextmanager
def door(folder: Path, listening: Listening, service_port: int) -> Iterator[None]:
    """Run nginx on the delivered configuration: only its ports, names and folder are those of the test."""
    text = DELIVERED.read_text(encoding="utf-8")
    text = text.replace("/etc/nginx/relais/", f"{folder}/")
    text = text.replace("127.0.0.1:8000", f"127.0.0.1:{service_port}")
    text = text.replace("fhir.relais.example.org", "localhost").replace("relais.example.org", "localhost")
    for port in listening.ports:
        text = text.replace("listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;", 1)
    (folder / "relais.conf").write_text(text, encoding="utf-8")
    (folder / "secret.conf").write_text(f'proxy_set_header X-Relais-Proxy-Secret "{SECRET}";\n')
    (folder / "nginx.conf").write_text(_AROUND.format(folder=folder))
    process = subprocess.Popen(
        [nginx(), "-e", str(folder / "error.log"), "-p", str(folder), "-c", str(folder / "nginx.conf")],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        deadline = time.monotonic() + 30
        while not listening.answers() and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.02)
        yield
    finally:
        ended = process.poll()
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=30)
        log = (folder / "error.log").read_text() if (folder / "error.log").exists() else ""
        assert ended is None, f"nginx stopped: {said}\n{log}"
