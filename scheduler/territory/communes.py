"""All French communes, found by INSEE code, postcode or name.

The table is packaged (``data/communes.csv.gz``); its columns and how it was built are described in
``build_communes``, its licences in ``data/ATTRIBUTIONS.md``.
"""

import gzip
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, cached_property
from heapq import nsmallest
from importlib.resources import files
from itertools import accumulate

from scheduler.territory.errors import UnknownCommune
from scheduler.territory.names import fold_name


class CoordinatesFrom(StrEnum):
    """Where the position of a commune comes from, the most exact first."""

    GEONAMES = "geonames"
    """Place of this name in GeoNames."""
    GEONAMES_FORMER = "geonames-former"
    """Place in GeoNames of one of the communes that were merged into it, the seat if possible."""
    GEONAMES_PARTIAL = "geonames-partial"
    """Place in GeoNames that bears a part of the name."""
    ENTERED = "entered"
    """Entered by hand, approximate (mairie)."""
    POSTCODE = "postcode"
    """Mean of the located communes of the same postcode; half of these are within 5 km of the truth."""
    EPCI = "epci"
    """Mean of the located communes of the same intercommunalité."""
    DEPARTMENT = "department"
    """Mean of the located communes of the department; good for nothing but a map of France."""


_MEANS = frozenset({CoordinatesFrom.POSTCODE, CoordinatesFrom.EPCI, CoordinatesFrom.DEPARTMENT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Commune:
    """One commune, or one arrondissement of Paris, Lyon or Marseille.

    Parameters
    ----------
    insee : str
        Five characters of the Code officiel géographique 2026.
    population : int
        Population municipale légale, inhabitants.
    latitude, longitude : float
        WGS 84, degrees.
    part_of : str or None
        INSEE code of the city for a municipal arrondissement; its inhabitants count there too.
    """

    insee: str
    name: str
    postcodes: tuple[str, ...]
    population: int
    latitude: float
    longitude: float
    coordinates_from: CoordinatesFrom
    part_of: str | None = None

    @property
    def department(self) -> str:
        """Code of the department, or of the overseas territory: "77", "2A", "974"."""
        return self.insee[:3] if self.insee.startswith(("97", "98")) else self.insee[:2]

    @property
    def approximate(self) -> bool:
        """True where the position is a mean of the neighbours, not a place of the commune itself."""
        return self.coordinates_from in _MEANS


@cache
def communes() -> "CommuneDirectory":
    """Return the directory of all communes; the packaged table is read once per process."""
    packed = files("scheduler.territory").joinpath("data", "communes.csv.gz").read_bytes()
    return CommuneDirectory(gzip.decompress(packed).decode())


class CommuneDirectory:
    """Communes by code, postcode and name. Build it with ``communes()``.

    Parameters
    ----------
    table : str
        Lines of the packaged table, heading first, in the order of INSEE codes.
    """

    def __init__(self, table: str) -> None:
        self._lines = table.rstrip("\n").split("\n")[1:]
        self._row = {line[:5]: row for row, line in enumerate(self._lines)}

    def __len__(self) -> int:
        """Return the number of communes and municipal arrondissements."""
        return len(self._lines)

    def __iter__(self) -> Iterator[Commune]:
        """Yield all communes and arrondissements in the order of INSEE codes."""
        return map(self._commune, range(len(self._lines)))

    def by_insee(self, code: str) -> Commune:
        """Return the commune of an INSEE code.

        The code of a commune that has since been merged leads to its present commune. A leading zero
        lost by a spreadsheet is put back.

        Raises
        ------
        UnknownCommune
            With suggestions when the text looks like a postcode or a name.
        """
        row = self._row_of(code)
        if row is None:
            raise UnknownCommune(code.strip(), self._suggestions(code))
        return self._commune(row)

    def by_postcode(self, code: str) -> tuple[Commune, ...]:
        """Return the communes of a postcode, the most populated first; empty when there is none.

        In Paris, Lyon and Marseille the answer is the arrondissement, not the whole city.
        """
        found = [self._commune(row) for row in self._rows_of_postcode.get(_code(code), ())]
        cities = {commune.part_of for commune in found}
        return tuple(sorted((c for c in found if c.insee not in cities), key=_by_population))

    def search(self, text: str, limit: int = 10) -> tuple[Commune, ...]:
        """Return the communes that `text` may mean, the likeliest first, at most `limit`.

        A code gives its communes. A name is compared without accents, case, hyphens or apostrophes;
        "st" reads "saint". Order: same name, name that begins so, name with words that begin so, then
        the same for names of communes that have been merged; population decides between equals.
        """
        by_code = self._by_code(text)
        if by_code:
            return by_code[:limit]
        wanted = fold_name(text)
        rows: dict[int, None] = {}
        if wanted:
            for names in (self._names, self._former_names):
                for same_rank in (names.equal(wanted), names.beginning(wanted), names.with_words(wanted)):
                    if len(rows) < limit:
                        rows |= dict.fromkeys(nsmallest(limit, same_rank, key=self._by_size))
        return tuple(self._commune(row) for row in list(rows)[:limit])

    def _by_code(self, text: str) -> tuple[Commune, ...]:
        wanted = _code(text)
        if len(wanted) != 5 or not wanted[2:].isdigit():
            return ()
        row = self._row_of(wanted)
        named = () if row is None else (self._commune(row),)
        return tuple({c.insee: c for c in (*self.by_postcode(wanted), *named)}.values())

    def _row_of(self, code: str) -> int | None:
        row = self._row.get(_code(code))
        return self._row_of_former.get(_code(code)) if row is None else row

    def _suggestions(self, text: str) -> tuple[str, ...]:
        return tuple(f"{commune.name} ({commune.insee})" for commune in self.search(text, limit=3))

    def _commune(self, row: int) -> Commune:
        cells = self._lines[row].split(";")
        insee, name, postcodes, population, latitude, longitude, source, part_of = cells[:8]
        return Commune(
            insee=insee,
            name=name,
            postcodes=tuple(postcodes.split("|")),
            population=int(population),
            latitude=float(latitude),
            longitude=float(longitude),
            coordinates_from=CoordinatesFrom(source),
            part_of=part_of or None,
        )

    def _by_size(self, row: int) -> tuple[int, int]:
        return (-self._populations[row], row)

    @cached_property
    def _populations(self) -> list[int]:
        return [int(line.split(";", 4)[3]) for line in self._lines]

    @cached_property
    def _rows_of_postcode(self) -> dict[str, list[int]]:
        rows: dict[str, list[int]] = defaultdict(list)
        for row, line in enumerate(self._lines):
            for postcode in line.split(";", 3)[2].split("|"):
                rows[postcode].append(row)
        return dict(rows)

    @cached_property
    def _row_of_former(self) -> dict[str, int]:
        return {
            code: row
            for row, line in enumerate(self._lines)
            if not line.endswith(";;")
            for code in line.rsplit(";", 2)[1].split("|")
            if code  # a commune may have a former name without a former code
        }

    @cached_property
    def _names(self) -> "_NameIndex":
        names = [line.split(";", 2)[1] for line in self._lines]
        return _NameIndex(names, range(len(names)))

    @cached_property
    def _former_names(self) -> "_NameIndex":
        names, rows = [], []
        for row, line in enumerate(self._lines):
            if not line.endswith(";"):
                formers = line.rsplit(";", 1)[1].split("|")
                names += formers
                rows += [row] * len(formers)
        return _NameIndex(names, rows)


class _NameIndex:
    """Folded names in one text, searched by the substring search of C, which beats 35,000 comparisons.

    Each name stands on its own line behind a space, so that every word begins behind a space.
    """

    def __init__(self, names: Sequence[str], rows: Sequence[int]) -> None:
        self._rows = rows
        folded = fold_name("\n".join(names)).split("\n")
        self._starts = list(accumulate((len(name) + 2 for name in folded), initial=0))
        self._text = "".join(f"\n {name}" for name in folded) + "\n"

    def equal(self, name: str) -> Iterator[int]:
        return self._rows_with(f"\n {name}\n")

    def beginning(self, name: str) -> Iterator[int]:
        return self._rows_with(f"\n {name}")

    def with_words(self, name: str) -> Iterator[int]:
        """Yield rows in whose name each word of `name` begins a word."""
        rarest, *others = sorted((f" {word}" for word in name.split(" ")), key=len, reverse=True)
        for line, row in self._lines_with(rarest):
            text = self._text[self._starts[line] : self._starts[line + 1]]
            if all(word in text for word in others):
                yield row

    def _rows_with(self, wanted: str) -> Iterator[int]:
        return (row for _, row in self._lines_with(wanted))

    def _lines_with(self, wanted: str) -> Iterator[tuple[int, int]]:
        at = self._text.find(wanted)
        while at >= 0:
            line = bisect_right(self._starts, at) - 1
            yield line, self._rows[line]
            at = self._text.find(wanted, at + 1)


def _code(text: str) -> str:
    code = text.strip().upper()
    return code.zfill(5) if len(code) == 4 and code.isdigit() else code


def _by_population(commune: Commune) -> tuple[int, str]:
    return (-commune.population, commune.insee)
