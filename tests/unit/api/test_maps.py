"""Maps: every commune has its area, areas fill the frame without overlap, shades follow the numbers."""

import itertools

import pytest

from api.web.maps import WIDTH, Area, Flow, Mark, Ring, map_svg
from scheduler.demo.people import SENART
from scheduler.territory.communes import communes

SAVIGNY = communes().by_insee("77445")


def outline(text: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in (point.split(",") for point in text.split())]


def surface(points: list[tuple[float, float]]) -> float:
    closed = [*points, points[0]]
    return abs(sum(x1 * y2 - x2 * y1 for (x1, y1), (x2, y2) in itertools.pairwise(closed))) / 2


def test_the_areas_fill_the_frame_once() -> None:
    drawing = map_svg(Area(insee=insee) for insee in SENART)
    areas = [outline(cell.outline) for cell in drawing.cells] + [outline(one) for one in drawing.around]
    assert sum(map(surface, areas)) == pytest.approx(drawing.width * drawing.height, rel=0.01)
    for points in areas:
        assert all(-0.1 <= x <= WIDTH + 0.1 and -0.1 <= y <= drawing.height + 0.1 for x, y in points)
    assert drawing.cells[0].name == "Savigny-le-Temple"


def test_north_is_up_and_east_is_right() -> None:
    cells = {cell.name: cell for cell in map_svg(Area(insee=insee) for insee in SENART).cells}
    assert cells["Combs-la-Ville"].y < cells["Savigny-le-Temple"].y
    assert cells["Réau"].x > cells["Savigny-le-Temple"].x


def test_a_ring_is_as_wide_as_its_road_distance_and_says_the_time() -> None:
    ring = Ring(latitude=SAVIGNY.latitude, longitude=SAVIGNY.longitude, road_km=13)
    drawing = map_svg((Area(insee=insee) for insee in SENART), rings=[ring])
    five_km = drawing.scale_width if drawing.scale_words.startswith("5") else drawing.scale_width * 5 / 2
    assert drawing.rings[0].radius == pytest.approx(2 * five_km, rel=0.01)
    assert drawing.rings[0].name == "13\u202fkm, 20\u202fmin"


@pytest.mark.parametrize(
    ("values", "shades", "legend"),
    [
        ([None, 0, 0], [0, 0, 0], []),
        ([1, 0, None], [1, 0, 0], ["1"]),
        ([3, 2, 1], [3, 2, 1], ["1", "2", "3"]),
        ([100, 21, 20], [5, 2, 1], ["1 à 20", "21 à 40", "41 à 60", "61 à 80", "81 à 100"]),
    ],
)
def test_the_more_the_darker(values: list[float | None], shades: list[int], legend: list[str]) -> None:
    drawing = map_svg(Area(insee=insee, value=value) for insee, value in zip(SENART, values, strict=False))
    assert [cell.shade for cell in drawing.cells] == shades
    assert [one.words for one in drawing.legend] == legend


def test_marks_and_flows_stand_where_their_places_are() -> None:
    at = {"latitude": SAVIGNY.latitude, "longitude": SAVIGNY.longitude}
    drawing = map_svg(
        (Area(insee=insee) for insee in SENART),
        marks=[Mark(name="Cabinet", **at)],
        flows=[Flow(insee="77445", count=100, **at)],
    )
    home = drawing.cells[0]
    assert (drawing.marks[0].x, drawing.marks[0].y) == (home.x, home.y)
    assert (drawing.lines[0].x1, drawing.lines[0].x2) == (home.x, home.x)
    assert drawing.lines[0].width == 6


def test_names_of_communes_meet_no_mark_and_no_other_name() -> None:
    homes = [communes().by_insee(insee) for insee in SENART]
    marks = [
        Mark(name=one.name, latitude=one.latitude, longitude=one.longitude, size=2)
        for one in homes
        if one.name in {"Combs-la-Ville", "Lieusaint", "Réau"}
    ]
    drawing = map_svg((Area(insee=one.insee) for one in homes), marks=marks)
    names = [
        (cell.x - 2.5 * len(cell.name), cell.name_y - 8, cell.x + 2.5 * len(cell.name), cell.name_y + 2)
        for cell in drawing.cells
    ]
    discs = [(mark.x - 9, mark.y - 9, mark.x + 9, mark.y + 9) for mark in drawing.marks]
    for one, other in [*itertools.combinations(names, 2), *itertools.product(names, discs)]:
        apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
        assert apart
