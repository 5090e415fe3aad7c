"""What has no English yet: the texts of the templates, the words and the sentences of the program."""

import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from importlib import import_module
from pathlib import Path

from api.web.english import catalogue, plain, sentences, texts_of_templates
from api.web.english_sources import texts_of_program

TEMPLATES = Path(__file__).with_name("templates")
_WORDS = (
    *("words", "labels", "notices", "life_notices", "menus", "errors", "admin_words", "finding"),
    *("life_words", "care_words", "signal_words"),
)
"""Modules of ``api.web`` whose constants are what people read."""

EXAMPLES = Path(__file__).with_name("english_composed.toml")


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
    for text, where in texts_of_program():
        if not is_understood(text):
            found.setdefault(where, []).append(plain(text))
    return {where: list(dict.fromkeys(texts)) for where, texts in found.items()}


def is_understood(text: str) -> bool:
    """Tell whether a text of the program, once its values stand in it, would be told in English."""
    key = plain(text)
    made = examples().get(key, key)
    return key in catalogue() or sentences().english(_filled(made)) is not None


@cache
def examples() -> Mapping[str, str]:
    """Give, for a text whose values are words, a sentence it makes."""
    return tomllib.loads(EXAMPLES.read_text(encoding="utf-8"))


def _filled(text: str) -> str:
    """Put an example into each place: the end of a plural, else a number."""
    ended = re.sub(r"(?<=[^\W\d_])\{\w+\}(?!\w)", "s", text)
    return re.sub(r"\{\w+\}", "7", ended).strip(" ;:,.()" if text.startswith(("(", ",", " ")) else " ;:,.")


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
