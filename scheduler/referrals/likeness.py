"""Whether two people may be one: names by sound, birth dates with a slip of the keyboard, telephones.

Pure: the store gives candidates, a person decides. Each reason is a code; none quotes what was compared.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from scheduler.referrals.sounds import name_key, parts, sound


class Because(StrEnum):
    """Why two files may be of one patient."""

    SAME_NAMES = "same_names"
    NAMES_SOUND_ALIKE = "names_sound_alike"
    NAMES_SWAPPED = "names_swapped"
    PART_OF_NAMES = "part_of_names"
    SAME_GIVEN_NAME = "same_given_name"
    SAME_BIRTH_DATE = "same_birth_date"
    NEAR_BIRTH_DATE = "near_birth_date"
    BIRTH_DATE_UNKNOWN = "birth_date_unknown"
    SAME_PHONE = "same_phone"


_BOTH_NAMES = frozenset({Because.SAME_NAMES, Because.NAMES_SOUND_ALIKE, Because.NAMES_SWAPPED})
_SURE_ENOUGH_WITHOUT_DATE = frozenset({Because.SAME_NAMES, Because.NAMES_SOUND_ALIKE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """What of a person is compared; ``phone`` without separators, "" when unknown."""

    family_name: str
    given_name: str
    birth_date: date | None = None
    phone: str = ""


def likeness(one: Person, other: Person) -> tuple[Because, ...]:
    """Give why two people may be one; nothing when they are taken for two.

    A telephone alone proves nothing (a household shares one), nor does a birth date (twins): names must
    agree too. Names that agree are not enough either when both birth dates are known and far apart, but
    for people who share a telephone.
    """
    names, born = _names(one, other), _born(one.birth_date, other.birth_date)
    phone = Because.SAME_PHONE if one.phone and one.phone == other.phone else None
    if names is None:
        return ()
    if phone is not None and (born is not None or names in _BOTH_NAMES):
        return tuple(reason for reason in (names, born, phone) if reason is not None)
    if names is Because.SAME_GIVEN_NAME or born is None:
        return ()
    if born is Because.BIRTH_DATE_UNKNOWN and names not in _SURE_ENOUGH_WITHOUT_DATE:
        return ()
    return names, born


def near_dates(day: date) -> frozenset[date]:
    """Give a date and those one slip away: day and month swapped, or one digit typed wrong."""
    digits = f"{day:%d%m%Y}" if day.year >= 1000 else f"{day.day:02d}{day.month:02d}{day.year:04d}"
    slips = {digits[2:4] + digits[:2] + digits[4:]}
    slips |= {
        digits[:place] + digit + digits[place + 1 :] for place in range(len(digits)) for digit in "0123456789"
    }
    return frozenset(found for slip in slips if (found := _day(slip)) is not None)


def _day(digits: str) -> date | None:
    try:
        return date(int(digits[4:]), int(digits[2:4]), int(digits[:2]))
    except ValueError:
        return None


def _names(one: Person, other: Person) -> Because | None:
    family, given = (one.family_name, other.family_name), (one.given_name, other.given_name)
    if name_key(family[0]) == name_key(family[1]) and name_key(given[0]) == name_key(given[1]):
        return Because.SAME_NAMES
    if _alike(*family) and _alike(*given):
        return Because.NAMES_SOUND_ALIKE
    if _alike(one.family_name, other.given_name) and _alike(one.given_name, other.family_name):
        return Because.NAMES_SWAPPED
    if _share(*family) and _share(*given):
        return Because.PART_OF_NAMES
    return Because.SAME_GIVEN_NAME if _alike(*given) else None


def _alike(one: str, other: str) -> bool:
    return sound(one) == sound(other)


def _share(one: str, other: str) -> bool:
    """Tell whether one name is a part of the other: Durand of Durand-Lefèvre, Marie of Marie-Claude."""
    mine, theirs = parts(one), parts(other)
    return bool(mine and theirs) and (mine <= theirs or theirs <= mine)


def _born(one: date | None, other: date | None) -> Because | None:
    if one is None or other is None:
        return Because.BIRTH_DATE_UNKNOWN
    if one == other:
        return Because.SAME_BIRTH_DATE
    return Because.NEAR_BIRTH_DATE if other in near_dates(one) else None
