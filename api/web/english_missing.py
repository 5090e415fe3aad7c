"""What has no English yet: the texts of the templates, and the words the pages are made with."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from importlib import import_module
from pathlib import Path

from api.web.english import catalogue, plain, texts_of_templates

TEMPLATES = Path(__file__).with_name("templates")
_WORDS = ("words", "labels", "notices", "menus", "errors", "admin_words", "finding")
"""Modules of ``api.web`` whose constants are what people read."""


def missing() -> Mapping[str, list[str]]:
    """List the French texts without English by the template or module they stand in."""
    known = catalogue()
    found: dict[str, list[str]] = {}
    for key, where in texts_of_templates(TEMPLATES):
        if key not in known:
            found.setdefault(where, []).append(key)
    for name in _WORDS:
        for text in dict.fromkeys(map(plain, _texts_of(name))):
            if text not in known:
                found.setdefault(f"{name}.py", []).append(text)
    return found


def _texts_of(name: str) -> Iterator[str]:
    for attribute, value in vars(import_module(f"api.web.{name}")).items():
        if attribute.strip("_").isupper():
            yield from _strings(value, top=True)


def _strings(value: object, *, top: bool = False) -> Iterator[str]:
    """Give the texts inside mappings, sequences and values; keys are codes."""
    if isinstance(value, str):
        if not top and _for_people(value):
            yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _strings(one)
    elif isinstance(value, (tuple, list)):
        for one in value:
            yield from _strings(one)
    elif is_dataclass(value) and not isinstance(value, type):
        for one in fields(value):
            if one.name not in {"tone", "href", "below"}:
                yield from _strings(getattr(value, one.name))


def _for_people(text: str) -> bool:
    codes = {"", "ok", "warn", "danger", "brand"}
    return text not in codes and not text.startswith("/") and any(sign.isalpha() for sign in text)


if __name__ == "__main__":
    for place, texts in missing().items():
        for text in texts:
            sys.stdout.write(f"{place}: {text}\n")
