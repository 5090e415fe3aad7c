"""Every French text of the program that a page may show: read from the source of the modules themselves."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]

READ_ON_PAGES = ("api/web", "api/errors.py", "api/health.py", "scheduler", "matching")
NOT_ON_PAGES = (
    # messages, letters and documents stay French: they go to patients, GPs and authorities
    "scheduler/messages",
    "scheduler/accounts/links.py",
    "scheduler/agenda/alerts.py",
    "scheduler/indicators/attestations.py",
    "scheduler/indicators/sheets.py",
    "scheduler/agenda/publish",
    # what a terminal says to operators: settings, imports, verifications, reports
    "scheduler/settings.py",
    "scheduler/store",
    "scheduler/demo",
    "scheduler/simulation",
    "scheduler/jobs",
    "scheduler/sas",
    "scheduler/territory/registry.py",
    "scheduler/territory/travel.py",
    "scheduler/exchange/care.py",
    "scheduler/exchange/instance.py",
    "scheduler/exchange/patients.py",
    "scheduler/exchange/places.py",
    "scheduler/exchange/practitioners.py",
    "scheduler/exchange/previous.py",
    "scheduler/exchange/workbooks.py",
    "matching/demography/events.py",
    "matching/demography/people.py",
    "matching/demography/practices.py",
    "matching/demography/simulation.py",
    "matching/errors.py",
    "matching/fill",
    "matching/model.py",
    "matching/model_checks.py",
    "matching/policy_text.py",
    "matching/rehearse/report.py",
    "matching/rehearse/rehearsal.py",
    "matching/validation.py",
    "matching/verify",
    # headings of files, as they are spelled in them, and how French is read or written
    "scheduler/exchange/panels.py",
    "scheduler/exchange/signal_columns.py",
    "scheduler/exchange/languages.py",
    "scheduler/agenda/feeds/clock_changes.py",
    "scheduler/agenda/feeds/zones.py",
    "scheduler/referrals/sounds.py",
    "scheduler/territory/join_places.py",
    "scheduler/territory/names.py",
    "matching/french.py",
    "matching/codes.py",
    "api/web/dates.py",
    "api/web/french_figures.py",
    "api/web/english_missing.py",
    "api/web/english_sources.py",
    "api/web/english_sentences.py",
    "api/web/typography.py",
)
"""Modules whose French never stands on a page, or stays French on purpose, and why."""

_FRENCH = re.compile(
    r"\b(le|la|les|des|du|un|une|est|sont|pas|pour|avec|dans|sur|vous|votre|cette|aux|au|qui|que|ne|par|plus|"
    r"sans|depuis|ou|et|en|à|patients?|attendue?s?|moins|trop|déjà|jours?)\b|[éèêàçùÉÀ]|\w'\w",
)
_NOT_READ = re.compile(r"[<>=]|^[/\[]|^POST |^[\w-]+$|\.html$")
_LETTERS = re.compile(r"[^\W\d_]")


def texts_of_program() -> Iterator[tuple[str, str]]:
    """Give each French text of the modules, its values as ``{0}``, ``{1}``…, with where it stands."""
    for place in READ_ON_PAGES:
        path = ROOT / place
        for module in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
            where = module.relative_to(ROOT).as_posix()
            if not where.startswith(NOT_ON_PAGES):
                for text in _texts(module):
                    yield text, where


@cache
def _texts(module: Path) -> tuple[str, ...]:
    tree = ast.parse(module.read_text(encoding="utf-8"))
    filled = [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
    inside = {id(part) for node in filled for part in ast.walk(node) if isinstance(part, ast.Constant)}
    alone = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    plain = (
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside | alone
    )
    return tuple(filter(_is_french, (*map(_shape, filled), *plain)))


def _shape(node: ast.JoinedStr) -> str:
    """Write a filled-in text with numbered places; the name of a space is that space."""
    written, number = "", 0
    for part in node.values:
        if isinstance(part, ast.Constant):
            written += str(part.value)
        elif isinstance(part, ast.FormattedValue) and ast.unparse(part.value) == "NARROW":
            written += " "
        else:
            written += f"{{{number}}}"
            number += 1
    return written


def _is_french(text: str) -> bool:
    bare = re.sub(r"\{\w+\}", "", text)
    return bool(_FRENCH.search(bare) and _LETTERS.search(bare) and not _NOT_READ.search(text.strip()))
