"""What people type, tidied up or refused with the field and what was expected."""

import re
import unicodedata
from collections.abc import Iterable

from scheduler.errors import InvalidInput
from scheduler.territory.communes import communes
from scheduler.territory.errors import UnknownCommune

_PHONE = re.compile(r"(?:0[1-9][0-9]{8}|\+[0-9]{8,15})")
_PHONE_MARKS = re.compile(r"[\s.\-()/]")
_LANGUAGE = re.compile(r"[a-z]{2}")
# Controls, marks that reverse the reading direction, halves of characters
_UNREADABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def checked_text(field: str, given: str, *, longest: int) -> str:
    """Give a text with composed accents and single blanks; refuse what cannot be read or is too long."""
    text = " ".join(unicodedata.normalize("NFC", given).split())
    if len(text) > longest or _UNREADABLE.search(text):
        raise InvalidInput(field, f"un texte lisible de {longest} caractères au plus")
    return text


def required_text(field: str, given: str, *, longest: int) -> str:
    """Give a text that is not empty."""
    if not (text := checked_text(field, given, longest=longest)):
        raise InvalidInput(field, f"un texte de 1 à {longest} caractères")
    return text


def checked_name(field: str, given: str) -> str:
    """Give the name of a person, in any script."""
    name = required_text(field, given, longest=100)
    if not any(character.isalpha() for character in name):
        raise InvalidInput(field, "un nom avec au moins une lettre")
    return name


def checked_phone(given: str) -> str:
    """Give a telephone number without separators, or an empty text."""
    phone = _PHONE_MARKS.sub("", given)
    if phone and not _PHONE.fullmatch(phone):
        raise InvalidInput("phone", "dix chiffres commençant par 0, ou + et l'indicatif du pays, ou rien")
    return phone


def checked_languages(given: Iterable[str]) -> tuple[str, ...]:
    """Give ISO 639-1 codes in lower case, each once."""
    languages = tuple(dict.fromkeys(code.strip().lower() for code in given))
    if len(languages) > 10 or not all(_LANGUAGE.fullmatch(code) for code in languages):
        raise InvalidInput("languages", "des codes de langue à deux lettres (fr, ar, pt), dix au plus")
    return languages


def checked_commune(given: str) -> str:
    """Give the present INSEE code of a commune; a code from before a merger becomes the new one."""
    expected = "le code INSEE d'une commune, comme 77445"
    if not given.strip():
        raise InvalidInput("insee", expected)
    try:
        return communes().by_insee(given).insee
    except UnknownCommune:
        raise InvalidInput("insee", expected) from None
