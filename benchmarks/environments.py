"""Environments for peers that must not, or need not, stand beside Relais.

Made at first use in ``$RELAIS_BENCH_CACHE`` (default ``~/.cache/relais-bench``), one per peer.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path


def _cache() -> Path:
    return Path(os.environ.get("RELAIS_BENCH_CACHE", Path.home() / ".cache" / "relais-bench"))


def environment(*packages: str) -> Path:
    """Return the interpreter of an environment that holds the packages, made if need be.

    Raises
    ------
    subprocess.CalledProcessError
        When pip cannot install them; without network, for example.
    """
    folder = _cache() / packages[0].replace("==", "-")
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages]
        subprocess.run(pip, check=True, capture_output=True, text=True)
        (folder / "ready").touch()
    return python


def node_module(package: str, file: str) -> Path | None:
    """Return a file of an npm package, installed if need be; None where there is no Node.

    Raises
    ------
    subprocess.CalledProcessError
        When npm cannot install it; without network, for example.
    """
    if shutil.which("node") is None or shutil.which("npm") is None:
        return None
    folder = _cache() / package.replace("@", "-")
    if not (folder / "ready").exists():
        folder.mkdir(parents=True, exist_ok=True)
        npm = ["npm", "install", "--silent", "--no-fund", "--no-audit", "--prefix", str(folder), package]
        subprocess.run(npm, check=True, capture_output=True, text=True)
        (folder / "ready").touch()
    return folder / "node_modules" / package.rpartition("@")[0] / file
