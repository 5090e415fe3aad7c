"""Identifiers of French health care: read as people write them, checked by the rule of each.

Spaces, dots, hyphens and case never matter. A value is returned in its one canonical form, or
``InvalidIdentifier`` says in French what is wrong; the value itself is never repeated in the message,
because a NIR must not reach a log.

| identifier | form | check |
|---|---|---|
| RPPS | 11 digits | Luhn over all 11 |
| FINESS | 9 characters, letter A or B in second place in Corsica | Luhn, reported, not enforced |
| SIREN, SIRET | 9, 14 digits | python-stdnum |
| NIR (INS) | 13 characters and a key of 2 digits | python-stdnum |
| ADELI (no longer issued) | 9 characters, first the department | form only |
"""

import re
from dataclasses import dataclass
from types import ModuleType

from stdnum import luhn
from stdnum.exceptions import ValidationError
from stdnum.fr import nir, siren, siret

from scheduler.territory.errors import InvalidIdentifier

_SEPARATORS = re.compile(r"[\s. \u00a0\u202f\u2009/_‐-―-]+")
_CORSICA = str.maketrans("AB", "12")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finess:
    """A FINESS number of the right form.

    Parameters
    ----------
    number : str
        Nine characters.
    warning : str or None
        French; set when the check digit does not fit. Real numbers are known to break it, so the
        number is usable, but a person should look at it.
    """

    number: str
    warning: str | None = None


def parse_rpps(text: str) -> str:
    """Return the 11 digits of an RPPS number.

    The national form of health-care messages, "8" before the RPPS, is accepted.

    Raises
    ------
    InvalidIdentifier
        When it has not 11 digits or its check digit (Luhn) is wrong.
    """
    number = _bare(text)
    if re.fullmatch(r"8[0-9]{11}", number):
        number = number[1:]
    if not re.fullmatch(r"[0-9]{11}", number):
        raise InvalidIdentifier(
            "RPPS", "il comporte 11 chiffres, sans lettre. Recopiez-le depuis la carte CPS."
        )
    if not luhn.is_valid(number):
        raise InvalidIdentifier("RPPS", "la clé de contrôle ne correspond pas. Vérifiez chaque chiffre.")
    return number


def parse_finess(text: str) -> Finess:
    """Return a FINESS number, with a warning when its check digit does not fit.

    Raises
    ------
    InvalidIdentifier
        When it is not one digit, one digit or letter, and seven digits.
    """
    number = _bare(text)
    if not re.fullmatch(r"[0-9][0-9A-Z][0-9]{7}", number):
        raise InvalidIdentifier("FINESS", "il comporte 9 chiffres (2A ou 2B au début pour la Corse).")
    digits = number.translate(_CORSICA)
    if digits.isdigit() and luhn.is_valid(digits):
        return Finess(number=number)
    return Finess(
        number=number,
        warning="La clé de contrôle de ce numéro FINESS ne correspond pas. Vérifiez-le avant de continuer.",
    )


def parse_siren(text: str) -> str:
    """Return the 9 digits of a SIREN number; raise ``InvalidIdentifier`` otherwise."""
    return _by_stdnum(siren, "SIREN", "9 chiffres", text)


def parse_siret(text: str) -> str:
    """Return the 14 digits of a SIRET number; raise ``InvalidIdentifier`` otherwise."""
    return _by_stdnum(siret, "SIRET", "14 chiffres", text)


def parse_nir(text: str) -> str:
    """Return the 15 characters of a NIR (social security number) with its key.

    Raises
    ------
    InvalidIdentifier
        Never carries the number, nor any part of it.
    """
    return _by_stdnum(nir, "NIR", "15 caractères, clé comprise", text)


def parse_adeli(text: str) -> str:
    """Return the 9 characters of an ADELI number; only the form is checked.

    Raises
    ------
    InvalidIdentifier
        When it is not nine digits, or 2A or 2B and seven digits.
    """
    number = _bare(text)
    if re.fullmatch(r"0[0-9]{9}", number):
        number = number[1:]  # national form of health-care messages: "0" before the ADELI
    if not re.fullmatch(r"([0-9][0-9]|2[AB])[0-9]{7}", number):
        raise InvalidIdentifier("ADELI", "il comporte 9 chiffres, les deux premiers pour le département.")
    return number


def _by_stdnum(rule: ModuleType, kind: str, form: str, text: str) -> str:
    try:
        return str(rule.validate(_bare(text)))
    except ValidationError:
        # "from None": the message of stdnum may end in a log, ours says what to do.
        raise InvalidIdentifier(
            kind, f"il comporte {form} et sa clé doit correspondre. Vérifiez-le."
        ) from None


def _bare(text: str) -> str:
    return _SEPARATORS.sub("", text).upper()
