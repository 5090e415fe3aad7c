"""French typography: the spaces that must not break, put once at compile time and on request."""

import re
from collections.abc import Iterator

from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream

NARROW = "\u202f"
_BEFORE = re.compile(r"[ \u00a0]([:;?!»%€])(?![\w/])")
_AFTER = re.compile(r"«[ \u00a0]")
_UNIT = re.compile(r"(?<=\d)[ \u00a0](?=(?:h|min|km|ans|jours?|mois|Mo|s)\b)")
_APOSTROPHE = re.compile(r"(?<=\w)'(?=\w)")


def french(text: str) -> str:
    """Put narrow no-break spaces where French wants them; make apostrophes typographic."""
    return _APOSTROPHE.sub("’", _spaced(text))


class FrenchSpaces(Extension):
    """Applies the spaces to the texts of the templates themselves, never to values people typed."""

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        """Pass tokens on, literal text and quoted strings among them with their spaces put right."""
        for token in stream:
            if token.type in {"data", "string"}:
                yield Token(token.lineno, token.type, _spaced(token.value))
            else:
                yield token


def _spaced(text: str) -> str:
    """Put narrow no-break spaces before ``: ; ? ! » %`` and units, and after ``«``."""
    text = _BEFORE.sub(rf"{NARROW}\1", text)
    return _UNIT.sub(NARROW, _AFTER.sub(f"«{NARROW}", text))
