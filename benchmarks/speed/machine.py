"""What the figures were measured on."""

import os
import platform
from importlib.metadata import version
from pathlib import Path


def describe() -> list[str]:
    """Return lines that name the machine, its load and the versions measured."""
    versions = ", ".join(f"{name} {version(name)}" for name in ("ortools", "scipy", "numpy"))
    load = " ".join(f"{value:.2f}" for value in os.getloadavg())
    return [
        f"machine   {_processor()}, {os.cpu_count()} cores, load {load} at the start",
        f"versions  Python {platform.python_version()}, {versions}",
    ]


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
