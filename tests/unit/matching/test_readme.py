"""What the README of the core shows is what happens."""

import doctest
from pathlib import Path

import matching

README = Path(matching.__file__).with_name("README.md")


def test_the_readme_runs_as_printed() -> None:
    outcome = doctest.testfile(str(README), module_relative=False, encoding="utf-8")
    assert outcome.attempted > 10
    assert outcome.failed == 0


def test_the_readme_names_every_module() -> None:
    text = README.read_text(encoding="utf-8")
    helpers = {"__init__", "columns", "exact", "nesting", "pairs"}
    modules = {path.stem for path in README.parent.glob("*.py")} - helpers
    assert [name for name in sorted(modules) if f"`{name}`" not in text] == []
