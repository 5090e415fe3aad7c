"""The join of INSEE communes with GeoNames places: names first, then geography and size decide.

Pure: no file, no network. ``build_communes`` reads the two sources and writes the table.

GeoNames has no INSEE code and, in the package used, no department. A name alone is therefore not
enough ("Saint-Pierre" occurs dozens of times). The join trusts names that are unique in their region,
drops those that contradict their neighbours, then lets the neighbours decide the others:

1. *anchors*: one commune and one place of that name in the region;
2. anchors far from the communes of the same postcode, intercommunalité or department are dropped,
   unless the population agrees;
3. the others take the nearest free place among the grades of ``Grade``, best grade first; two equally
   good candidates cancel each other;
4. what remains gets the mean of the communes of its postcode, intercommunalité or department.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from statistics import median

from scheduler.territory.names import without_article

Point = tuple[float, float]


class Grade(IntEnum):
    """How a place bears the name of a commune, best first."""

    NAME = 0
    OTHER_NAME = 1  # another name of the place, in the Latin alphabet
    SEAT = 2  # name of the former commune where the town hall of the merged one stands
    PART = 3  # name of any former commune of the merged one
    PIECE = 4  # beginning of the name: "Évry" for "Évry-Courcouronnes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A GeoNames place; names folded, region as an INSEE code."""

    name: str
    other_names: frozenset[str]
    region: str
    population: int
    point: Point


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A commune waiting for a position; names folded.

    Parameters
    ----------
    groups : tuple of str
        Keys of the groups it belongs to, the smallest first: postcodes ("p77176"), intercommunalité
        ("e200059228"), arrondissement ("a772"), department ("d77").
    mainland : bool
        False overseas, where distances between communes say nothing.
    """

    insee: str
    name: str
    seat_names: frozenset[str]
    part_names: frozenset[str]
    region: str
    population: int
    groups: tuple[str, ...]
    mainland: bool


@dataclass(frozen=True, slots=True)
class Joined:
    """The place that a commune received, and by which grade of name."""

    place: int
    grade: Grade


@dataclass(frozen=True, slots=True)
class _Group:
    """What the located members of a kind of group say about another member."""

    least: int  # members needed to say anything
    limit_km: float  # farthest plausible distance from their median
    same_size_limit_km: float  # the same when the population of place and commune agree


_GROUPS: Mapping[str, _Group] = {
    "p": _Group(2, 20.0, 25.0),
    "e": _Group(3, 30.0, 75.0),
    "a": _Group(3, 45.0, 110.0),
    "d": _Group(1, 80.0, 120.0),
}
_NOWHERE = _Group(0, math.inf, math.inf)
_PART_LIMIT_KM = 15.0
_SAME_SIZE = (0.6, 1.6)  # place / commune; 97 % of the joins by a unique name lie within
_CONTIGUOUS_KM = 20.0
_SAME_TOWN_KM = 4.0
_NO_END = frozenset({"saint", "sainte", "le", "la", "les", "l", "de", "du", "des", "d", "en", "sur", "et"})


def distance_km(a: Point, b: Point) -> float:
    """Return the distance of two points in degrees on a locally flat Earth, good to 1 % below 200 km."""
    north = (a[0] - b[0]) * 110.57
    east = (a[1] - b[1]) * 111.32 * math.cos(math.radians((a[0] + b[0]) / 2))
    return math.hypot(north, east)


def join_places(units: Sequence[Unit], places: Sequence[Place]) -> dict[str, Joined]:
    """Return the place of each commune that has one, by INSEE code."""
    join = _Join(units, places)
    join.anchor()
    while join.drop_implausible():
        pass
    while join.extend():
        pass
    return join.joined


class _Join:
    """State of the join: which commune has which place so far."""

    def __init__(self, units: Sequence[Unit], places: Sequence[Place]) -> None:
        self.units = {unit.insee: unit for unit in units}
        self.places = places
        self.members = group_members(units)
        self.candidates = _Candidates(places)
        self.joined: dict[str, Joined] = {}

    def anchor(self) -> None:
        """Join the names borne by one commune and one place of the region."""
        claims: dict[int, list[str]] = defaultdict(list)
        for unit in self.units.values():
            same_name = self.candidates.by_name(unit.region, unit.name)
            for place in same_name:
                claims[place].append(unit.insee if len(same_name) == 1 else "")
        for place, claimants in claims.items():
            if len(claimants) == 1 and claimants[0]:
                self.joined[claimants[0]] = Joined(place, Grade.NAME)

    def drop_implausible(self) -> int:
        """Undo joins that contradict the neighbours; return how many."""
        wrong = [code for code, join in self.joined.items() if not self._plausible(self.units[code], join)]
        for code in wrong:
            del self.joined[code]
        return len(wrong)

    def extend(self) -> int:
        """Join more communes, best grade first; return how many."""
        before = len(self.joined)
        for grade in Grade:
            taken = {join.place for join in self.joined.values()}
            proposals: dict[int, list[tuple[Grade, float, str]]] = defaultdict(list)
            for unit in self.units.values():
                if unit.insee not in self.joined and (best := self._best(unit, grade, taken)) is not None:
                    proposals[best[2]].append((best[0], best[1], unit.insee))
            for place, claimants in proposals.items():
                winner = min(claimants)
                self.joined[winner[2]] = Joined(place, winner[0])
        return len(self.joined) - before

    def _best(self, unit: Unit, worst: Grade, taken: set[int]) -> tuple[Grade, float, int] | None:
        centre, group = self._expected(unit)
        options = []
        for place, grade in self.candidates.of(unit):
            if grade <= worst and place not in taken:
                away_km = distance_km(centre, self.places[place].point) if centre else 0.0
                if self._acceptable(unit, place, grade, away_km, group.limit_km):
                    options.append((grade, away_km, place))
        options.sort()
        if not options or self._homonyms(options):
            return None
        if options[0][0] is Grade.PART:  # the largest former commune stands for the merged one
            return max(options, key=lambda option: (-option[0], self.places[option[2]].population))
        return options[0]

    def _acceptable(self, unit: Unit, place: int, grade: Grade, away_km: float, limit_km: float) -> bool:
        if grade >= Grade.PART:
            limit_km = min(limit_km, _PART_LIMIT_KM)
        return away_km <= limit_km and (grade < Grade.PIECE or 0.2 < self._size_ratio(unit, place) < 3.0)

    def _homonyms(self, options: Sequence[tuple[Grade, float, int]]) -> bool:
        if len(options) < 2 or options[0][0] is not options[1][0] or options[0][0] is Grade.PART:
            return False
        (_, nearest_km, first), (_, next_km, second) = options[:2]
        if distance_km(self.places[first].point, self.places[second].point) <= _SAME_TOWN_KM:
            return False
        return next_km < 1.5 * nearest_km + 3.0

    def _plausible(self, unit: Unit, join: Joined) -> bool:
        centre, group = self._expected(unit)
        point = self.places[join.place].point
        away_km = distance_km(centre, point) if centre else 0.0
        if away_km <= group.limit_km:
            return True
        low, high = _SAME_SIZE
        if away_km > group.same_size_limit_km or not low <= self._size_ratio(unit, join.place) <= high:
            return False
        kin = self._neighbours(unit, "p") + self._neighbours(unit, "e")  # contiguous, whatever their extent
        return min((distance_km(point, other) for other in kin), default=math.inf) <= _CONTIGUOUS_KM

    def _size_ratio(self, unit: Unit, place: int) -> float:
        return (self.places[place].population + 1) / (unit.population + 1)

    def _expected(self, unit: Unit) -> tuple[Point | None, _Group]:
        """Return where the neighbours say the commune is, and the group that says so."""
        if unit.mainland:
            for kind, group in _GROUPS.items():
                points = self._neighbours(unit, kind)
                if len(points) >= group.least:
                    return (median(p[0] for p in points), median(p[1] for p in points)), group
        return None, _NOWHERE

    def _neighbours(self, unit: Unit, kind: str) -> list[Point]:
        codes = {c for key in unit.groups if key[0] == kind for c in self.members[key] if c in self.joined}
        codes.discard(unit.insee)
        return [self.places[self.joined[code].place].point for code in sorted(codes)]


class _Candidates:
    """Places by the names they may lend to a commune."""

    def __init__(self, places: Sequence[Place]) -> None:
        self._main: dict[tuple[str, str], list[int]] = defaultdict(list)
        self._other: dict[tuple[str, str], list[int]] = defaultdict(list)
        self._beginning: dict[tuple[str, str], list[int]] = defaultdict(list)
        for row, place in enumerate(places):
            name = without_article(place.name)
            self._main[place.region, name].append(row)
            for other in {without_article(other) for other in place.other_names}:
                self._other[place.region, other].append(row)
            for beginning in _beginnings(name):
                self._beginning[place.region, beginning].append(row)

    def by_name(self, region: str, name: str) -> list[int]:
        return self._main.get((region, without_article(name)), [])

    def of(self, unit: Unit) -> Iterator[tuple[int, Grade]]:
        """Yield each place that may be the commune once, with its best grade."""
        found: dict[int, Grade] = {}
        for place, grade in self._all(unit):
            found.setdefault(place, grade)
        yield from found.items()

    def _all(self, unit: Unit) -> Iterator[tuple[int, Grade]]:
        """Yield candidates grade by grade."""
        name = without_article(unit.name)
        yield from self._graded(self._main, unit, [name], Grade.NAME)
        yield from self._graded(self._other, unit, [name], Grade.OTHER_NAME)
        for names, grade in ((unit.seat_names, Grade.SEAT), (unit.part_names, Grade.PART)):
            bare = [without_article(name) for name in sorted(names)]
            yield from self._graded(self._main, unit, bare, grade)
            yield from self._graded(self._other, unit, bare, grade)
        yield from self._graded(self._beginning, unit, [name], Grade.PIECE)
        yield from self._graded(self._main, unit, _beginnings(name), Grade.PIECE)

    def _graded(
        self, index: Mapping[tuple[str, str], list[int]], unit: Unit, names: Iterable[str], grade: Grade
    ) -> Iterator[tuple[int, Grade]]:
        for name in names:
            for place in index.get((unit.region, name), []):
                yield place, grade


def _beginnings(name: str) -> list[str]:
    """Return what a name may be cut to; a bare "saint" is the beginning of every tenth name."""
    words = name.split(" ")
    return [" ".join(words[:count]) for count in range(1, len(words)) if words[count - 1] not in _NO_END]


def group_members(units: Iterable[Unit]) -> dict[str, list[str]]:
    """Return the INSEE codes of each group of ``Unit.groups``."""
    members: dict[str, list[str]] = defaultdict(list)
    for unit in units:
        for key in unit.groups:
            members[key].append(unit.insee)
    return members


def mean_of_neighbours(
    unit: Unit, located: Mapping[str, Point], members: Mapping[str, Sequence[str]]
) -> tuple[Point, str]:
    """Return the mean position of the nearest kin of a commune, and the kind of kin.

    Kin are, in order: same postcode and intercommunalité, same postcode ("postcode"), same
    intercommunalité ("epci"), same department ("department").

    Raises
    ------
    LookupError
        When no commune of the department has a position.
    """
    postcode, epci, department = (_kin(unit, kind, located, members) for kind in "ped")
    for codes, kind in (
        (postcode & epci, "postcode"),
        (postcode, "postcode"),
        (epci, "epci"),
        (department, "department"),
    ):
        if codes:
            points = [located[code] for code in sorted(codes)]
            return (sum(p[0] for p in points) / len(points), sum(p[1] for p in points) / len(points)), kind
    raise LookupError(f"no commune of the department of {unit.insee} has a position")


def _kin(
    unit: Unit, kind: str, located: Mapping[str, Point], members: Mapping[str, Sequence[str]]
) -> set[str]:
    codes = {code for key in unit.groups if key[0] == kind for code in members[key] if code in located}
    return codes - {unit.insee}
