import pytest

from scheduler.territory.join_places import (
    Grade,
    Joined,
    Place,
    Unit,
    distance_km,
    group_members,
    join_places,
    mean_of_neighbours,
)

HERE = (48.60, 2.60)


def near(north_km, east_km=0.0):
    return HERE[0] + north_km / 110.57, HERE[1] + east_km / 73.6


def place(name, point=HERE, population=1000, other_names=(), region="11"):
    return Place(
        name=name, other_names=frozenset(other_names), region=region, population=population, point=point
    )


def unit(insee, name, population=1000, postcode="77000", seat=(), parts=(), mainland=True, region="11"):
    return Unit(
        insee=insee,
        name=name,
        seat_names=frozenset(seat),
        part_names=frozenset(parts),
        region=region,
        population=population,
        groups=(f"p{postcode}", f"e{postcode}", "d77"),
        mainland=mainland,
    )


def neighbours(postcode="77000", at=HERE):
    """Three communes of one postcode, with their places, around a point."""
    names = [f"voisin {letter} {postcode}" for letter in "abc"]
    units = [unit(f"{postcode}{row}", name, postcode=postcode) for row, name in enumerate(names)]
    places = [place(name, (at[0] + 0.01 * row, at[1])) for row, name in enumerate(names)]
    return units, places


def joined(extra_units, extra_places, *more):
    units, places = neighbours()
    for other_units, other_places in more:
        units, places = units + other_units, places + other_places
    found = join_places([*units, *extra_units], [*places, *extra_places])
    return {code: (([*places, *extra_places])[j.place], j.grade) for code, j in found.items()}


def test_unique_name_in_the_region_is_joined():
    there = place("cesson", near(3))
    assert joined([unit("77067", "cesson")], [there])["77067"] == (there, Grade.NAME)


def test_same_name_in_another_region_is_not_a_candidate():
    assert "77067" not in joined([unit("77067", "cesson")], [place("cesson", region="53")])


def test_article_does_not_matter():
    assert joined([unit("77001", "le mont dore")], [place("mont dore")])["77001"][1] is Grade.NAME


def test_unique_name_far_from_its_neighbours_is_dropped():
    assert "77124" not in joined([unit("77124", "le pin", population=4000)], [place("le pin", near(90))])


def test_far_place_of_the_same_size_with_a_kin_near_it_is_kept():
    """A long postcode: 22 km off its median, but next to one of its communes."""
    outpost = (unit("77010", "avant poste"), place("avant poste", near(14)))
    there = place("isola", near(22), population=990)
    assert joined([unit("77073", "isola"), outpost[0]], [there, outpost[1]])["77073"] == (there, Grade.NAME)


def test_homonyms_of_the_region_go_to_their_neighbours():
    here, there = place("saint pierre", near(2)), place("saint pierre", near(60))
    others = neighbours("91000", near(60))
    units = [unit("77999", "saint pierre"), unit("91999", "saint pierre", postcode="91000")]
    found = joined(units, [there, here], others)
    assert (found["77999"][0], found["91999"][0]) == (here, there)


def test_two_equally_good_homonyms_cancel_each_other():
    found = joined(
        [unit("77999", "saint pierre")], [place("saint pierre", near(6)), place("saint pierre", near(-7))]
    )
    assert "77999" not in found


def test_two_places_of_one_town_do_not_cancel_each_other():
    nearest = place("saint pierre", near(6))
    found = joined([unit("77999", "saint pierre")], [place("saint pierre", near(7)), nearest])
    assert found["77999"][0] == nearest


def test_one_place_is_given_to_one_commune():
    found = joined([unit("77998", "cesson"), unit("77999", "cesson")], [place("cesson", near(1))])
    assert "77998" in found
    assert "77999" not in found


def test_other_name_then_seat_then_part_then_piece():
    by_other_name = place("argeles", near(1), other_names=["argeles sur mer"])
    assert joined([unit("77001", "argeles sur mer")], [by_other_name])["77001"][1] is Grade.OTHER_NAME
    merged = unit("77001", "val nouveau", seat=["bourg"], parts=["hameau"])
    found = joined([merged], [place("hameau", near(1)), place("bourg", near(3))])
    assert (found["77001"][0].name, found["77001"][1]) == ("bourg", Grade.SEAT)
    assert joined([merged], [place("hameau", near(1))])["77001"][1] is Grade.PART
    assert joined([unit("77001", "evry courcouronnes")], [place("evry", near(1))])["77001"][1] is Grade.PIECE


def test_largest_part_stands_for_a_merged_commune_without_seat():
    merged = unit("77001", "val nouveau", parts=["hameau", "bourg"])
    found = joined([merged], [place("hameau", near(1), 200), place("bourg", near(3), 700)])
    assert found["77001"][0].name == "bourg"


@pytest.mark.parametrize("population", [10, 10_000])
def test_piece_of_a_name_must_agree_in_size(population):
    assert "77001" not in joined([unit("77001", "evry courcouronnes")], [place("evry", near(1), population)])


def test_a_bare_saint_is_no_piece():
    assert "77001" not in joined([unit("77001", "saint aubin")], [place("saint", near(1))])


def test_overseas_distance_says_nothing():
    islands = [unit("98701", "rapa", mainland=False, region="987")]
    assert "98701" in joined(islands, [place("rapa", (-27.6, -144.3), region="987")])


def test_order_of_the_input_does_not_matter():
    units, places = neighbours()
    units += [unit("77999", "saint pierre"), unit("77998", "le pin")]
    places += [place("saint pierre", near(2)), place("saint pierre", near(60)), place("le pin", near(90))]
    forward = {code: places[j.place] for code, j in join_places(units, places).items()}
    backward = {code: places[::-1][j.place] for code, j in join_places(units[::-1], places[::-1]).items()}
    assert forward == backward


def test_mean_prefers_postcode_and_epci_then_postcode_then_epci_then_department():
    units = [
        Unit(
            insee=insee,
            name="",
            seat_names=frozenset(),
            part_names=frozenset(),
            region="11",
            population=1,
            groups=groups,
            mainland=True,
        )
        for insee, groups in {
            "77001": ("p1", "e1", "d77"),
            "77002": ("p1", "e1", "d77"),
            "77003": ("p1", "e2", "d77"),
            "77004": ("p2", "e1", "d77"),
            "77005": ("p3", "e3", "d77"),
        }.items()
    ]
    members = group_members(units)
    points = {"77002": (1.0, 1.0), "77003": (2.0, 2.0), "77004": (3.0, 3.0), "77005": (4.0, 4.0)}
    expected = [
        ((1.0, 1.0), "postcode"),
        ((2.0, 2.0), "postcode"),
        ((3.0, 3.0), "epci"),
        ((4.0, 4.0), "department"),
    ]
    for answer, gone in zip(expected, points, strict=True):
        assert mean_of_neighbours(units[0], points, members) == answer
        points = {code: point for code, point in points.items() if code != gone}
    with pytest.raises(LookupError, match="77001"):
        mean_of_neighbours(units[0], {}, members)


def test_flat_distance_is_the_known_one():
    assert distance_km((48.8534, 2.3488), (45.7485, 4.8467)) == pytest.approx(392, rel=0.01)  # Paris, Lyon


def test_joined_is_a_value():
    assert Joined(1, Grade.NAME) == Joined(1, Grade.NAME)
