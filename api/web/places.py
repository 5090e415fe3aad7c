"""The commune somebody means when typing a name, a postcode, or both."""

import re
from collections.abc import Sequence
from functools import lru_cache
from math import cos, radians

from scheduler.errors import InvalidInput
from scheduler.territory.communes import Commune, communes
from scheduler.territory.names import fold_name

_NUM_SUGGESTED = 80
_BOTH = re.compile(r"(?P<name>.+?)\s*\(?(?P<postcode>\d{5})\)?\s*")


def label(commune: Commune) -> str:
    """Write a commune so that it is understood again: ``Combs-la-Ville (77380)``."""
    return f"{commune.name} ({commune.postcodes[0]})"


def meant(text: str, near: tuple[str, ...] = ()) -> tuple[Commune, ...]:
    """Give the communes a text may mean, the likeliest first; a full name or "name (postcode)" gives one.

    Parameters
    ----------
    near
        INSEE codes of the territory: of several communes of the same name, those around it are meant, and
        the beginning of a name is first sought there.
    """
    typed = text.strip()
    if (both := _BOTH.fullmatch(typed)) and (named := _at_postcode(both["name"], both["postcode"])):
        return named
    if at_postcode := communes().by_postcode(typed):  # before INSEE codes, which people do not type
        return at_postcode
    wanted, around = fold_name(typed), neighbours(near)
    if not wanted:
        return ()
    if equal := _named(wanted, around):
        return equal
    found = communes().search(typed, limit=8)
    begun = [commune for commune in around if fold_name(commune.name).startswith(wanted)]
    if not begun and (equal := _named(wanted, found)):
        return equal
    here_first = sorted(begun, key=lambda commune: (commune.insee not in near, -commune.population))
    return tuple(dict.fromkeys((*here_first, *found)))


def one_commune(text: str, near: tuple[str, ...] = ()) -> Commune:
    """Give the one commune a text means.

    Raises
    ------
    InvalidInput
        When there is none, or several: the sentence names them.
    """
    found = meant(text, near)
    if not found:
        raise InvalidInput("commune", "le nom d'une commune ou son code postal")
    if len(found) > 1:
        raise InvalidInput("commune", "une seule commune, par exemple " + ", ".join(map(label, found[:4])))
    return found[0]


@lru_cache(maxsize=64)
def neighbours(insee: tuple[str, ...]) -> tuple[Commune, ...]:
    """Give some communes and those nearest to them, the nearest first; none of nothing."""
    if not insee:
        return ()
    home = [communes().by_insee(code) for code in insee]
    return tuple(sorted(communes(), key=lambda commune: _squared_km(commune, home))[:_NUM_SUGGESTED])


@lru_cache(maxsize=64)
def suggestions(insee: tuple[str, ...]) -> tuple[str, ...]:
    """Give the labels of some communes and of their neighbours, in alphabetical order."""
    return tuple(sorted(map(label, neighbours(insee))))


def _named(folded: str, among: Sequence[Commune]) -> tuple[Commune, ...]:
    return tuple(commune for commune in among if fold_name(commune.name) == folded)


def _at_postcode(name: str, postcode: str) -> tuple[Commune, ...]:
    return _named(fold_name(name), communes().by_postcode(postcode))


def _squared_km(commune: Commune, home: Sequence[Commune]) -> float:
    """Give the squared distance to the nearest of some communes; flat-earth, good enough to sort."""
    return min(
        ((commune.latitude - h.latitude) * 111.2) ** 2
        + ((commune.longitude - h.longitude) * 111.2 * cos(radians(h.latitude))) ** 2
        for h in home
    )
