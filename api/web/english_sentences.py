"""Sentences the program has filled in, read back: templates of the catalogue, their values, figures.

What is built in Python, or kept in the store, arrives as finished French. It is recognised as a whole, else
clause by clause; a sentence is told in English only when all of it is understood, so that nobody reads half
of each, and what people typed stays as they typed it. A place of a template takes a name, a figure, or
something that is understood in its turn.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache

from api.web.french_figures import figure

SLOT = re.compile(r"\{(\d)\}")
_GLUED = re.compile(r"(?<=[^\W\d_])\{(\d)\}(?!\w)")
"""A place at the end of a word is the end of a plural: ``minute{1}``."""
_LETTER = re.compile(r"[^\W\d_]")
_CLAUSE = re.compile(r"( ; | : | · |, | \(|\)|(?<=[.!?…]) | et )")
_JOINED = {" ; ": "; ", " : ": ": ", " et ": " and "}
_PART = re.compile(r"(, | et )")
_WORD = re.compile(r"[^\W\d_]{3,}")
_BESIDE_PLACES = re.compile(r"\w*\{\d\}\w*")
_SHORT, _LONGEST, _MOST_CLAUSES, _KEPT = 40, 700, 40, 4096
_FEW_LETTERS = 5
_PLACE, _ENDING = r"((?:(?! ; | : |\. )(?:\([^()]*\)|[^()]))+?)", r"(\w{0,3})"


_PARTICLES = frozenset({"de", "du", "des", "la", "le", "les", "et", "en", "sur", "sous", "aux", "chez"})
_MOST_SMALL = 2


class Sentences:
    """What is known of a catalogue, ready to be recognised.

    Parameters
    ----------
    texts
        English by French, both plain (one ordinary space, straight apostrophes).
    """

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts
        self._by_word = _by_rarest_word(list(_templates(texts)))
        self.known = lru_cache(maxsize=_KEPT)(self._known)
        self.english = lru_cache(maxsize=_KEPT)(self._english)

    def _english(self, text: str) -> str | None:
        """Give the English of a plain text; ``None`` unless all of it is understood."""
        if len(text) > _LONGEST or text.count("(") != text.count(")"):
            return None
        return self.known(text) or self._by_clauses(text)

    def _known(self, text: str) -> str | None:
        """Give the English of one clause; a capital or a full stop more or less is no difference."""
        spelled = _spelled(text)
        for tried in spelled:
            if (english := self._texts.get(tried)) is not None:
                return _as_read(english, tried, text)
        if (said := figure(text)) is not None:
            return said
        for template in self._candidates(text):
            for tried in spelled[: len(spelled) if template.begins_alike else 2]:
                if (english := self._filled(template, tried)) is not None:
                    return _as_read(english, tried, text)
        return None

    def _candidates(self, text: str) -> list["_Template"]:
        """Give the templates whose own word stands in a text, the longest first."""
        words = set(map(str.lower, _WORD.findall(text)))
        if len(text) <= _SHORT:
            words.add("")
        found = [one for word in words for one in self._by_word.get(word, ()) if one.core in text]
        return sorted(found, key=lambda one: -one.num_letters) if len(found) > 1 else found

    def _filled(self, template: "_Template", text: str) -> str | None:
        found = template.shape.fullmatch(text)
        if found is None:
            return None
        values = found.groups()
        if template.num_letters < _FEW_LETTERS and not all(map(self._is_plain, values)):
            return None
        told = [
            value if glued else self._value(value)
            for value, glued in zip(values, template.glued, strict=True)
        ]
        if None in told:
            return None
        return SLOT.sub(lambda slot: told[int(slot[1])] or "", template.english)

    def _is_plain(self, value: str) -> bool:
        is_code = value.startswith('"') and " " not in value
        return is_code or not _LETTER.search(value) or value in self._texts or figure(value) is not None

    def _value(self, text: str) -> str | None:
        """Tell what stands in a place: understood, or a name or a code; ``None`` when it is other French."""
        if (english := self.english(text)) is not None:
            return english
        if text.count("(") != text.count(")"):
            return None
        parts = _PART.split(text)
        if len(parts) == 1:
            return text if _is_name(text) else None
        told = [self._value(part) if i % 2 == 0 else _JOINED.get(part, part) for i, part in enumerate(parts)]
        return None if None in told else "".join(part or "" for part in told)

    def _by_clauses(self, text: str) -> str | None:
        pieces = _CLAUSE.split(text)
        if not 1 < len(pieces) <= _MOST_CLAUSES:
            return None
        return self._from(tuple(pieces), 0, {})

    def _from(self, pieces: Sequence[str], start: int, met: dict[int, str | None]) -> str | None:
        """Tell the clauses from one on, the longest known first; separators stand at odd places."""
        if start >= len(pieces):
            return ""
        if start not in met:
            met[start] = next(self._readings(pieces, start, met), None)
        return met[start]

    def _readings(self, pieces: Sequence[str], start: int, met: dict[int, str | None]) -> Iterator[str]:
        for end in range(len(pieces), start, -2):
            clause = "".join(pieces[start:end])
            head = clause if _needs_nothing(clause) else self.known(clause)
            if head is None or (start, end) == (0, len(pieces)):
                continue
            rest = self._from(pieces, end + 1, met)
            if rest is not None:
                between = pieces[end] if end < len(pieces) else ""
                yield head + _JOINED.get(between, between) + rest


class _Template:
    """A French text with places, as it is recognised."""

    def __init__(self, french: str, english: str) -> None:
        glued = {match.start() for match in _GLUED.finditer(french)}
        shape, order, last = "", [], 0
        self.glued: list[bool] = []
        for slot in SLOT.finditer(french):
            shape += re.escape(french[last : slot.start()])
            shape += _ENDING if slot.start() in glued else _PLACE
            self.glued.append(slot.start() in glued)
            order.append(slot[1])
            last = slot.end()
        self.shape = re.compile(shape + re.escape(french[last:]))
        self.english = SLOT.sub(lambda slot: f"{{{order.index(slot[1])}}}", english)
        literals = SLOT.split(french)[::2]
        self.words = [word.lower() for part in _BESIDE_PLACES.split(french) for word in _WORD.findall(part)]
        self.begins_alike = bool(literals[0])
        self.core = max(literals, key=len)[1:].rstrip(".")  # a capital or a full stop may differ
        self.num_letters = sum(len(_LETTER.findall(literal)) for literal in literals)


def _templates(texts: Mapping[str, str]) -> Iterator[_Template]:
    for french, english in texts.items():
        if SLOT.search(french) and _LETTER.search(SLOT.sub("", french)):
            yield _Template(french, english)


def _by_rarest_word(templates: list[_Template]) -> dict[str, list[_Template]]:
    """Put each template under its word that the fewest others have; "" when it has none."""
    counts = Counter(word for template in templates for word in set(template.words))
    found: dict[str, list[_Template]] = {}
    for template in templates:
        found.setdefault(min(template.words, key=counts.__getitem__, default=""), []).append(template)
    return found


def _spelled(text: str) -> tuple[str, ...]:
    """Give the ways a clause may stand in the catalogue: stopped or not, then with the other capital."""
    stopped = text.removesuffix(".") if text.endswith(".") else text + "."
    if text[1:2].isupper() or not text[:1].isalpha():
        return text, stopped
    return text, stopped, text[:1].swapcase() + text[1:], stopped[:1].swapcase() + stopped[1:]


def _as_read(english: str, tried: str, text: str) -> str:
    """Give a clause in English the capital and the full stop of the one that was read."""
    if tried.endswith(".") != text.endswith("."):
        english = english + "." if text.endswith(".") else english.removesuffix(".")
    if tried[:1] == text[:1] or english[1:2].isupper() or english.startswith("I "):
        return english
    return (english[:1].upper() if text[:1].isupper() else english[:1].lower()) + english[1:]


def _needs_nothing(clause: str) -> bool:
    """Tell what reads alike in both languages: signs, and the name of a doctor."""
    return not _LETTER.search(clause) or (clause.startswith("Dr ") and _is_name(clause))


def _is_name(text: str) -> bool:
    """Tell names, codes and addresses from other French: one word, or hardly a small-lettered one."""
    words = text.split()
    small = [word for word in words if word[0].islower() and word not in _PARTICLES and "'" not in word]
    return len(words) == 1 or (len(small) <= _MOST_SMALL and len(small) < len(words) and text != text.lower())
