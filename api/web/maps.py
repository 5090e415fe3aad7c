"""Maps drawn here, without tiles nor another site: communes as areas, places as points, travel as rings.

A map never shows a person: patients are counted by commune. Every map has a table that says the same
(``parts/map.html``), and its marks differ by form as well as by colour.

The area of a commune is what is nearer to its centre than to any other centre (Voronoi): close to the
true outline, and enough to recognise a territory; the caption says that it is approximate.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from math import cos, radians
from typing import Literal

import numpy as np

from api.web.dates import NARROW, duration, kilometres
from api.web.places import neighbours
from scheduler.territory.communes import Commune, communes
from scheduler.territory.travel import DETOUR, driving_s

Point = tuple[float, float]
Box = tuple[float, float, float, float]

WIDTH = 400.0
"""Width of every drawing, in its own units: its texts of 11 units stay legible on a phone."""

_KM_PER_DEGREE = 111.2
_MARGIN_KM = 1.2
_TALLEST = 440.0
_NUM_SHADES = 5
_NAME_SHIFTS = (4.0, 16.0, -9.0, 28.0, -21.0)
_LETTER = 5.4
"""Width of a letter of a name, on the average."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """One commune with what is counted in it.

    Parameters
    ----------
    value : float or None
        The darker the more; None is left blank.
    told : str
        What the table says of it: "12 patients en attente"; "" takes the number itself.
    href : str
        Where its line of the table leads.
    """

    insee: str
    value: float | None = None
    told: str = ""
    href: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One place, such as a practice.

    Parameters
    ----------
    name : str
        Shown in the table and when pointed at; never a patient.
    kind
        Form of the mark: ``place`` a disc, ``chosen`` a larger ringed disc, ``far`` a diamond.
    told : str
        What the table says of it.
    size : int
        Number written inside; 0 = none.
    """

    name: str
    latitude: float
    longitude: float
    kind: Literal["place", "chosen", "far"] = "place"
    told: str = ""
    size: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """What lies within a road distance of a place, as a circle: roads are 1.3 times the straight line."""

    latitude: float
    longitude: float
    road_km: float

    @property
    def label(self) -> str:
        """Distance and time by car: ``10 km, 18 min``."""
        seconds = float(driving_s(np.array([self.road_km], dtype=np.float64))[0])
        return f"{kilometres(self.road_km)}, {duration(seconds)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """Patients of a commune who go to a practice: a line, the wider the more."""

    insee: str
    latitude: float
    longitude: float
    count: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """An area as it is drawn: its outline, its shade (0 = blank to 5), its centre, where its name stands."""

    name: str
    told: str
    href: str
    outline: str
    shade: int
    x: float
    y: float
    name_y: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Disc:
    """A mark, or a ring, as it is drawn."""

    name: str
    x: float
    y: float
    radius: float = 0.0
    kind: str = "place"
    told: str = ""
    size: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A flow as it is drawn."""

    x1: float
    y1: float
    x2: float
    y2: float
    width: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Legend:
    """One shade and the values it stands for: ``1 à 12``."""

    shade: int
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """A map ready for ``parts/map.html``.

    Parameters
    ----------
    around
        Outlines of the communes next to those of the map, to be drawn faintly.
    scale_width, scale_words
        The bar of the scale: its length in the drawing, and in kilometres.
    """

    width: float
    height: float
    cells: tuple[Cell, ...]
    around: tuple[str, ...]
    rings: tuple[Disc, ...]
    lines: tuple[Line, ...]
    marks: tuple[Disc, ...]
    legend: tuple[Legend, ...]
    scale_width: float
    scale_words: str


def map_svg(
    areas: Iterable[Area],
    *,
    marks: Iterable[Mark] = (),
    rings: Iterable[Ring] = (),
    flows: Iterable[Flow] = (),
) -> Drawing:
    """Draw a map; the template shows it with ``{{ m.map(drawing, "Titre") }}``.

    Parameters
    ----------
    areas
        The communes that are drawn, each once; at least one.
    marks, rings, flows
        What is drawn over them; rings that leave the frame are cut by it.
    """
    given = tuple(areas)
    ground = _ground(tuple(area.insee for area in given))
    plane = ground.plane
    bounds = _bounds([_largest(area.value for area in given)])
    cells = tuple(
        Cell(
            name=commune.name,
            told=area.told or ("" if area.value is None else _number(area.value)),
            href=area.href,
            outline=outline,
            shade=_shade(area.value, bounds),
            x=plane.at(commune.latitude, commune.longitude)[0],
            y=plane.at(commune.latitude, commune.longitude)[1],
        )
        for area, commune, outline in zip(given, ground.known, ground.outlines, strict=True)
    )
    discs = tuple(_mark(mark, plane) for mark in marks)
    return Drawing(
        width=WIDTH,
        height=round(plane.height, 1),
        cells=_named(cells, discs),
        around=ground.around,
        rings=tuple(_ring(ring, plane) for ring in rings),
        lines=tuple(_line(flow, plane) for flow in flows),
        marks=discs,
        legend=_legend(bounds),
        scale_width=round(plane.per_km * (5 if plane.per_km * 5 < WIDTH / 3 else 2), 1),
        scale_words=f"{5 if plane.per_km * 5 < WIDTH / 3 else 2}{NARROW}km à vol d’oiseau",
    )


@dataclass(frozen=True, slots=True)
class _Plane:
    """Degrees to the units of a drawing: flat, which over some tens of kilometres is exact enough."""

    west: float
    north: float
    per_degree: float
    shrink: float
    height: float

    @classmethod
    def around(cls, places: Sequence[Point]) -> "_Plane":
        latitudes, longitudes = [one[0] for one in places], [one[1] for one in places]
        shrink = cos(radians(sum(latitudes) / len(latitudes)))
        margin = _MARGIN_KM / _KM_PER_DEGREE + 0.12 * max(
            max(latitudes) - min(latitudes), (max(longitudes) - min(longitudes)) * shrink
        )
        wide = (max(longitudes) - min(longitudes)) * shrink + 2 * margin
        high = max(latitudes) - min(latitudes) + 2 * margin
        per_degree = min(WIDTH / wide, _TALLEST / high)
        spare = (WIDTH / per_degree - wide) / 2
        return cls(
            west=min(longitudes) - (margin + spare) / shrink,
            north=max(latitudes) + margin,
            per_degree=per_degree,
            shrink=shrink,
            height=high * per_degree,
        )

    @property
    def per_km(self) -> float:
        return self.per_degree / _KM_PER_DEGREE

    def at(self, latitude: float, longitude: float) -> Point:
        x = (longitude - self.west) * self.shrink * self.per_degree
        return round(x, 1), round((self.north - latitude) * self.per_degree, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ground:
    """What a map of some communes stands on, whatever is counted: the same for every map of a territory."""

    plane: _Plane
    known: tuple[Commune, ...]
    outlines: tuple[str, ...]
    around: tuple[str, ...]


@lru_cache(maxsize=64)
def _ground(codes: tuple[str, ...]) -> _Ground:
    known = tuple(communes().by_insee(code) for code in codes)
    plane = _Plane.around([(one.latitude, one.longitude) for one in known])
    others = [one for one in neighbours(codes) if one.insee not in codes]
    centres = [plane.at(one.latitude, one.longitude) for one in (*known, *others)]
    outlines = [_outline(i, centres, plane.height) for i in range(len(centres))]
    return _Ground(
        plane=plane,
        known=known,
        outlines=tuple(map(_points, outlines[: len(known)])),
        around=tuple(dict.fromkeys(_points(outline) for outline in outlines[len(known) :] if outline)),
    )


def _outline(mine: int, centres: Sequence[Point], height: float) -> list[Point]:
    """Give the area of one commune: the frame, cut halfway to every other centre."""
    outline = [(0.0, 0.0), (WIDTH, 0.0), (WIDTH, height), (0.0, height)]
    for centre in centres:
        if centre != centres[mine]:
            outline = _nearer_half(outline, centres[mine], centre)
    return outline


def _points(outline: Iterable[Point]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in outline)


def _nearer_half(outline: list[Point], mine: Point, other: Point) -> list[Point]:
    """Keep the part of a convex outline that is nearer to one centre than to another."""
    across = (other[0] - mine[0], other[1] - mine[1])
    middle = ((mine[0] + other[0]) / 2, (mine[1] + other[1]) / 2)
    beyond = [(x - middle[0]) * across[0] + (y - middle[1]) * across[1] for x, y in outline]
    kept: list[Point] = []
    for i, (here, far) in enumerate(zip(outline, beyond, strict=True)):
        following, far_next = outline[(i + 1) % len(outline)], beyond[(i + 1) % len(outline)]
        if far <= 0:
            kept.append(here)
        if far * far_next < 0:
            part = far / (far - far_next)
            kept.append(
                (here[0] + part * (following[0] - here[0]), here[1] + part * (following[1] - here[1]))
            )
    return kept


def _ring(ring: Ring, plane: _Plane) -> Disc:
    x, y = plane.at(ring.latitude, ring.longitude)
    radius = ring.road_km / DETOUR * plane.per_km
    return Disc(name=ring.label, x=x, y=y, radius=round(radius, 1))


def _mark(mark: Mark, plane: _Plane) -> Disc:
    x, y = plane.at(mark.latitude, mark.longitude)
    return Disc(name=mark.name, x=x, y=y, kind=mark.kind, told=mark.told, size=mark.size)


def _named(cells: Sequence[Cell], marks: Sequence[Disc]) -> tuple[Cell, ...]:
    """Raise or lower the name of each commune until it meets no mark and no name before it."""
    taken = [(mark.x - 10, mark.y - 10, mark.x + 10, mark.y + 10) for mark in marks]
    placed = []
    for cell in cells:
        boxes = [_name_box(cell, cell.y + shift) for shift in _NAME_SHIFTS]
        met = [sum(_meet(box, other) for other in taken) for box in boxes]
        best = met.index(min(met))
        taken.append(boxes[best])
        placed.append(replace(cell, name_y=round(cell.y + _NAME_SHIFTS[best], 1)))
    return tuple(placed)


def _name_box(cell: Cell, y: float) -> Box:
    half = _LETTER / 2 * len(cell.name)
    return (cell.x - half, y - 9, cell.x + half, y + 3)


def _meet(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _line(flow: Flow, plane: _Plane) -> Line:
    home = communes().by_insee(flow.insee)
    x1, y1 = plane.at(home.latitude, home.longitude)
    x2, y2 = plane.at(flow.latitude, flow.longitude)
    width = min(6.0, 0.8 + 0.7 * flow.count)
    return Line(x1=x1, y1=y1, x2=x2, y2=y2, width=round(width, 1))


def _largest(values: Iterable[float | None]) -> float:
    return max((value for value in values if value is not None), default=0.0)


def _bounds(largest: Sequence[float]) -> tuple[float, ...]:
    """Give the upper end of each shade, equal steps up to the largest value; none when all are zero."""
    most = largest[0]
    if most <= 0:
        return ()
    num = int(min(_NUM_SHADES, most)) if most >= 1 else 1
    ends = [most * (i + 1) / num for i in range(num)]
    return tuple(float(round(end)) if most >= num else end for end in ends)


def _shade(value: float | None, bounds: Sequence[float]) -> int:
    if value is None or value <= 0:
        return 0
    return 1 + next((i for i, end in enumerate(bounds) if value <= end), len(bounds) - 1)


def _legend(bounds: Sequence[float]) -> tuple[Legend, ...]:
    lines = []
    for i, end in enumerate(bounds):
        start = 1.0 if i == 0 else bounds[i - 1] + 1
        words = _number(end) if start >= end else f"{_number(start)} à {_number(end)}"
        lines.append(Legend(shade=i + 1, words=words))
    return tuple(lines)


def _number(value: float) -> str:
    return f"{value:g}".replace(".", ",")
