"""Virtual environments for peers that must not, or need not, stand beside Relais.

Made at first use in ``$RELAIS_BENCH_CACHE`` (default ``~/.cache/relais-bench``), one per peer.
"""

import os
import subprocess
import sys
from pathlib import Path


def environment(*packages: str) -> Path:
    """Return the interpreter of an environment that holds the packages, made if need be.

    Raises
    ------
    subprocess.CalledProcessError
        When pip cannot install them; without network, for example.
    """
    cache = Path(os.environ.get("RELAIS_BENCH_CACHE", Path.home() / ".cache" / "relais-bench"))
    folder = cache / packages[0].replace("==", "-")
    python = folder / "bin" / "python"
    if not (folder / "ready").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(folder)], check=True)
        pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *packages]
        subprocess.run(pip, check=True, capture_output=True, text=True)
        (folder / "ready").touch()
    return python
