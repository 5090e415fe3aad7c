"""What the figures were measured on."""

import os
import platform
from importlib.metadata import version
from pathlib import Path


def describe() -> list[str]:
    """Return lines that name the machine, its load and the versions measured."""
    versions = ", ".join(f"{name} {version(name)}" for name in ("ortools", "scipy", "numpy"))
    return [
        f"machine   {_processor()}, {os.cpu_count()} cores, load average {load_average()} at the start",
        f"versions  Python {platform.python_version()}, {versions}",
    ]


def load_average() -> float:
    """Return how many processes wanted a core during the last minute."""
    return round(os.getloadavg()[0], 2)


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def peak_memory_mb() -> float:
    """Return the most memory this process ever held; from Linux, whose other counter outlives exec."""
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    raise OSError("no VmHWM in /proc/self/status")
