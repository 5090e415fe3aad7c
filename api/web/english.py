"""The pages in English: the French text is the key, and stays where no English is known.

Nothing marks what is to be translated: whoever writes a page writes French. When a template is compiled for
English, each run of text between two tags or statements is looked up as a whole, its ``{{ … }}`` standing as
``{0}``, ``{1}``…; so are the attributes people read, and the quoted French inside expressions. What the
program makes, the words of a state or a notice, is looked up when it is written out; what people typed
is never touched: the values of fields are marked as they are compiled; nor is what stands in an element with
``lang="fr"``: what is told to a patient in French, a letter.

``python -m api.web.english_missing`` lists what is missing. The catalogue is ``english.toml``: its sections
are for its readers only.
"""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path

from jinja2 import Environment
from jinja2.ext import Extension

from api.web import dates_en
from api.web.english_sentences import SLOT, Sentences
from api.web.typography import french

CATALOGUE = Path(__file__).with_name("english.toml")

_PIECE = re.compile(
    r"(?P<comment>\{#.*?#\})|(?P<statement>\{%.*?%\})|(?P<expression>\{\{.*?\}\})"
    r"|(?P<tag><(?:[^<>{]|\{\{.*?\}\}|\{%.*?%\}|\{(?![{%]))*>)|(?P<text>[^<{]+|[<{])",
    re.DOTALL,
)
_READ = "aria-label|alt|title|placeholder|data-label|data-role"
_ATTRIBUTE = re.compile(
    rf'(?P<before>\s(?:{_READ})=")(?P<value>(?:[^"{{]|\{{\{{.*?\}}\}}|\{{%.*?%\}})*)(?P<after>")'
)
_TYPED = re.compile(r'(\svalue=")((?:[^"{]|\{\{.*?\}\}|\{%.*?%\})*)(")', re.DOTALL)
_EXPRESSION = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"')
_LETTER = re.compile(r"[^\W\d_]")


@cache
def catalogue() -> Mapping[str, str]:
    """Read the English of each French text, both with plain spaces and apostrophes as keys."""
    sections = tomllib.loads(CATALOGUE.read_text(encoding="utf-8"))
    return {plain(key): text for section in sections.values() for key, text in section.items()}


def plain(text: str) -> str:
    """Write a text as keys are: one ordinary space, straight apostrophes, whatever the typography."""
    return " ".join(text.replace("\u202f", " ").replace("\u00a0", " ").replace("’", "'").split())


@cache
def sentences() -> Sentences:
    """Prepare the catalogue to recognise what the program has filled in."""
    return Sentences(catalogue())


def translated(text: str) -> str:
    """Give the English of a whole text; the text itself when it is not understood."""
    return sentences().english(plain(text)) or text


def finalize(value: object) -> object:
    """Translate what an expression gives, unless it is markup: that was translated, or typed, already."""
    return translated(value) if type(value) is str and _LETTER.search(value) else value


def say(text: str) -> str:
    """Stand for the filter ``fr``: messages of the program."""
    found = translated(text)
    return found if found != text else french(text)


class English(Extension):
    """Translates the source of a template before it is compiled."""

    def preprocess(self, source: str, name: str | None, filename: str | None = None) -> str:
        """Give the source with the texts in English that the catalogue knows."""
        del name, filename
        return translated_source(source, lambda key: catalogue().get(key))


def translated_source(source: str, look_up: Callable[[str], str | None]) -> str:
    """Rewrite a template; ``look_up`` is asked for every text of it, by its key."""
    written: list[str] = []
    run: list[tuple[str, str]] = []
    typed_area, kept = False, _KeptFrench()
    for piece in _PIECE.finditer(source):
        kind, text = piece.lastgroup or "", piece[0]
        if kept.holds(kind, text):
            written.append(_marked(text) if kind == "expression" else text)
            continue
        if kind in {"text", "expression"}:
            run.append((kind, _marked(text) if typed_area and kind == "expression" else text))
            continue
        written.append(_run(run, look_up))
        run = []
        if kind == "tag":
            typed_area = text.startswith("<textarea")
            written.append(_tag(text, look_up))
            kept.opened(text)
        else:
            written.append(_inside(text, look_up) if kind == "statement" else text)
    written.append(_run(run, look_up))
    return "".join(written)


class _KeptFrench:
    """Follows an element with ``lang="fr"`` to its end: what it holds stays French, for WCAG 3.1.2 too."""

    def __init__(self) -> None:
        self._name, self._depth = "", 0

    def opened(self, tag: str) -> None:
        """Note a tag that was written in English, should what follows be French."""
        if ' lang="fr"' in tag:
            self._name, self._depth = tag.strip("<>").split()[0], 1

    def holds(self, kind: str, text: str) -> bool:
        """Tell whether a piece stands in French; its closing tag no longer does."""
        if self._depth and kind == "tag":
            self._depth += text.startswith(f"<{self._name}") - text.startswith(f"</{self._name}")
        return self._depth > 0


def _run(run: list[tuple[str, str]], look_up: Callable[[str], str | None]) -> str:
    """Translate text and expressions between two tags, as one text with places for the expressions."""
    expressions = [text for kind, text in run if kind == "expression"]
    inner = [_inside(text, look_up) for text in expressions]
    number = iter(range(len(expressions)))
    shape = "".join(text if kind == "text" else f"{{{next(number)}}}" for kind, text in run)
    before, after = shape[: len(shape) - len(shape.lstrip())], shape[len(shape.rstrip()) :]
    bare = SLOT.sub("", shape)
    is_text = _LETTER.search(bare) and '="' not in bare  # part of a tag, between two statements, is none
    english = look_up(plain(shape)) if is_text else None
    shown = shape if english is None else f"{before}{english}{after}"
    return SLOT.sub(lambda slot: inner[int(slot[1])] if int(slot[1]) < len(inner) else slot[0], shown)


def _tag(text: str, look_up: Callable[[str], str | None]) -> str:
    def attribute(found: re.Match[str]) -> str:
        pieces = [(one.lastgroup or "", one[0]) for one in _PIECE.finditer(found["value"])]
        if any(kind == "statement" for kind, _ in pieces):
            return found["before"] + _each_text(pieces, look_up) + found["after"]
        return found["before"] + _run(pieces, look_up) + found["after"]

    text = _TYPED.sub(lambda found: found[1] + _all_marked(found[2]) + found[3], text)
    return _ATTRIBUTE.sub(attribute, text)


def _each_text(pieces: list[tuple[str, str]], look_up: Callable[[str], str | None]) -> str:
    return "".join(
        _inside(text, look_up) if kind in {"statement", "expression"} else _run([(kind, text)], look_up)
        for kind, text in pieces
    )


def _inside(code: str, look_up: Callable[[str], str | None]) -> str:
    """Translate the quoted French of an expression or statement; codes and names are not French."""

    def literal(found: re.Match[str]) -> str:
        if not _is_french(found[1], code[: found.start()]):
            return found[0]
        english = look_up(plain(found[1]))
        return found[0] if english is None else '"' + english.replace('"', '\\"') + '"'

    return _LITERAL.sub(literal, code)


def _is_french(text: str, before: str) -> bool:
    """Tell words for people from codes: several words, an accent, a capital, or a noun to be counted."""
    if not _LETTER.search(text) or re.search(r"[=<>_#|]|^[^ ]*/[^ ]*$|^/|\.html|^--", text):
        return False
    looks = " " in text.strip() or not text.isascii() or text[0].isupper()
    return looks or bool(re.search(r"counted\([^()]*(?:\([^()]*\)[^()]*)*$", before))


def _all_marked(value: str) -> str:
    return _EXPRESSION.sub(lambda found: _marked(found[0]), value)


def _marked(expression: str) -> str:
    inside = expression.removeprefix("{{").removesuffix("}}").strip("- \n")
    return f"{{{{ ({inside}) | e }}}}"


def texts_of_templates(folder: Path) -> Iterator[tuple[str, str]]:
    """Give every French text of the templates with the template it first stands in."""
    seen: set[str] = set()
    for template in sorted(folder.rglob("*.html")):
        found: list[str] = []

        def note(key: str, found: list[str] = found) -> None:
            found.append(key)

        translated_source(template.read_text(encoding="utf-8"), note)
        for key in found:
            if key not in seen and _LETTER.search(SLOT.sub("", key)):
                seen.add(key)
                yield key, template.relative_to(folder).as_posix()


def use_english(environment: Environment) -> None:
    """Make an environment write English where the catalogue knows it."""
    environment.add_extension(English)
    environment.finalize = finalize
    environment.filters["fr"] = say
    environment.globals["listed"] = lambda words: dates_en.listed([translated(word) for word in words])
