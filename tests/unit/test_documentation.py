"""What can be set, and every command, stands in the documentation."""

import re
from datetime import date
from itertools import chain
from pathlib import Path

import pytest

from scheduler.exchange.care import request_layout, slot_layout
from scheduler.exchange.columns import Layout
from scheduler.exchange.patients import patient_layout
from scheduler.exchange.practitioners import LAYOUT
from scheduler.settings import Settings

ROOT = Path(__file__).parents[2]
OPERATOR_GUIDE = (ROOT / "docs" / "exploitation.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_documented(name: str) -> None:
    row = re.compile(rf"^\| `RELAIS_{name.upper()}` \|[^|]+\|[^|]+\|", re.MULTILINE)
    assert row.search(OPERATOR_GUIDE), f"RELAIS_{name.upper()} has no row in docs/exploitation.md"


def test_every_documented_setting_exists() -> None:
    documented = set(re.findall(r"^\| `RELAIS_(\w+)` \|", OPERATOR_GUIDE, re.MULTILINE))
    assert documented == {name.upper() for name in Settings.model_fields}


def test_no_file_names_a_package_registry() -> None:
    hosts = re.compile(
        "|".join(("py" + "pi.org", "pythonhosted" + ".org", "npm" + "js.org", "npm" + "js.com"))
    )
    suffixes = {".py", ".md", ".toml", ".lock", ".yaml", ".json", ".html", ".txt", ""}
    ours = [path for path in ROOT.iterdir() if path.name not in {".git", ".venv", "data", "node_modules"}]
    seen = [
        str(path.relative_to(ROOT))
        for path in chain(ours, *(folder.rglob("*") for folder in ours))
        if path.is_file()
        and path.suffix in suffixes
        and hosts.search(path.read_text(encoding="utf-8", errors="ignore"))
    ]
    assert seen == []


@pytest.mark.parametrize(
    "layout",
    [
        patient_layout(date(2026, 11, 21)),
        LAYOUT,
        request_layout("Europe/Paris"),
        slot_layout("Europe/Paris"),
    ],
    ids=["patients", "practitioners", "requests", "slots"],
)
def test_every_column_is_documented(layout: Layout) -> None:
    files = (ROOT / "docs" / "fichiers.md").read_text(encoding="utf-8")
    missing = [column.name for column in layout.columns if f"| `{column.name}`" not in files]
    assert missing == []
