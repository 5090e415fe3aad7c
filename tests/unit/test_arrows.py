"""The only direction of the arrows: api -> scheduler -> matching, and what the core may import."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LAYERS = ("matching", "scheduler", "api")
CORE_MAY_IMPORT = {"matching", "numpy", "scipy", "ortools", "numba"}


def modules(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def imported_packages(source: str, package: str) -> Iterator[str]:
    """Top-level names a module imports, those inside functions and type-checking blocks included."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield package if node.level else str(node.module).split(".")[0]


def reversed_arrows(source: str, package: str) -> set[str]:
    above = set(LAYERS[LAYERS.index(package) + 1 :])
    return above & set(imported_packages(source, package))


@pytest.mark.parametrize("package", LAYERS)
def test_package_exists(package: str) -> None:
    assert modules(package), f"nothing to check in {package}/"


@pytest.mark.parametrize("package", ["matching", "scheduler"])
def test_no_arrow_is_reversed(package: str) -> None:
    wrong = {
        str(path.relative_to(ROOT)): found
        for path in modules(package)
        if (found := reversed_arrows(path.read_text(encoding="utf-8"), package))
    }
    assert wrong == {}


def test_the_core_imports_numbers_and_solvers_only() -> None:
    allowed = CORE_MAY_IMPORT | set(sys.stdlib_module_names)
    wrong = {
        str(path.relative_to(ROOT)): foreign
        for path in modules("matching")
        if (foreign := set(imported_packages(path.read_text(encoding="utf-8"), "matching")) - allowed)
    }
    assert wrong == {}


def test_http_words_stay_above() -> None:
    """No web framework below ``api/``: HTTP status codes never appear there."""
    wrong = [
        str(path.relative_to(ROOT))
        for package in ("matching", "scheduler")
        for path in modules(package)
        if {"fastapi", "starlette"} & set(imported_packages(path.read_text(encoding="utf-8"), package))
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("package", "line"),
    [
        ("matching", "from scheduler.clock import utc_now"),
        ("matching", "import api.app"),
        ("scheduler", "def f():\n    from api.app import create_app"),
    ],
)
def test_a_reversed_arrow_is_seen(package: str, line: str) -> None:
    assert reversed_arrows(line, package)
