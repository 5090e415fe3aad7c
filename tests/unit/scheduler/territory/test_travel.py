import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.errors import InvalidInput
from scheduler.territory.communes import communes
from scheduler.territory.travel import (
    DETOUR,
    MINIMUM_ROAD_KM,
    GreatCircleTravel,
    TravelTimes,
    driving_s,
    road_km,
)

TRAVEL: TravelTimes = GreatCircleTravel()


def centre(insee):
    commune = communes().by_insee(insee)
    return np.array([[commune.latitude, commune.longitude]])


def minutes_and_km(one, other):
    travel = TRAVEL.between(centre(one), centre(other), 1000.0)
    return travel.duration_s[0] / 60, travel.distance_m[0] / 1000


@pytest.mark.parametrize(
    ("one", "other", "km", "minutes"),
    [
        ("77445", "77122", (11, 16), (15, 25)),  # Savigny-le-Temple, Combs-la-Ville: some 14 km, 20 min
        ("77445", "77067", (2, 5), (6, 12)),  # Savigny-le-Temple, Cesson: next to each other
        ("77445", "75056", (40, 55), (40, 65)),  # Savigny-le-Temple, Paris: some 45 km
    ],
)
def test_known_trips_are_plausible(one, other, km, minutes):
    told_minutes, told_km = minutes_and_km(one, other)
    assert km[0] <= told_km <= km[1]
    assert minutes[0] <= told_minutes <= minutes[1]


def test_same_commune_is_not_nowhere():
    minutes, km = minutes_and_km("77445", "77445")
    assert km == MINIMUM_ROAD_KM
    assert 3 <= minutes <= 6


def test_speed_bands_by_hand():
    """2 min, then 2 km at 25, 8 km at 45, 20 km at 60 and 10 km at 85 km/h."""
    expected = 120 + 3600 * (2 / 25 + 8 / 45 + 20 / 60 + 10 / 85)
    assert driving_s(np.array([40.0]))[0] == pytest.approx(expected)
    assert driving_s(np.array([0.0]))[0] == 120


def test_degree_of_latitude_by_hand():
    one_degree_km = 6371.0088 * np.pi / 180
    assert road_km(np.array([[48.0, 2.0]]), np.array([[49.0, 2.0]]))[0, 0] == pytest.approx(
        DETOUR * one_degree_km, rel=1e-12
    )


def test_antipodes_do_not_break_the_formula():
    half_round_km = 6371.0088 * np.pi
    assert road_km(np.array([[0.0, 0.0]]), np.array([[0.0, 180.0]]))[0, 0] == pytest.approx(
        DETOUR * half_round_km
    )


points = st.tuples(st.floats(-60, 60), st.floats(-180, 180))


@given(points, points)
def test_there_and_back_are_the_same(one, other):
    one, other = np.array([one]), np.array([other])
    there, back = TRAVEL.between(one, other, 1e5), TRAVEL.between(other, one, 1e5)
    assert there.distance_m.tolist() == back.distance_m.tolist()
    assert there.duration_s.tolist() == back.duration_s.tolist()


@given(st.lists(st.floats(0, 500), min_size=2))
def test_farther_is_never_faster(distances_km):
    ordered = np.sort(np.array(distances_km))
    assert (np.diff(driving_s(ordered)) >= 0).all()


@given(st.floats(0.01, 300))
def test_no_jump_between_bands(distance_km):
    before, after = driving_s(np.array([distance_km, distance_km + 0.001]))
    assert after - before < 0.2  # a metre takes 0.14 s at 25 km/h


@given(st.lists(points, max_size=6), st.lists(points, max_size=6), st.floats(0, 20000))
def test_pairs_kept_are_exactly_those_within_reach(origins, destinations, max_km):
    origins, destinations = np.array(origins).reshape(-1, 2), np.array(destinations).reshape(-1, 2)
    travel = TRAVEL.between(origins, destinations, max_km)
    metres = np.rint(road_km(origins, destinations) * 1000)
    expected = {(p, d): metres[p, d] for p, d in zip(*np.nonzero(metres <= max_km * 1000), strict=True)}
    kept = zip(travel.patient.tolist(), travel.practitioner.tolist(), travel.distance_m.tolist(), strict=True)
    assert {(p, d): metres for p, d, metres in kept} == expected


def test_rows_are_sorted_and_of_the_promised_types():
    rng = np.random.default_rng(7)
    travel = TRAVEL.between(rng.uniform(48, 49, (50, 2)), rng.uniform(48, 49, (20, 2)), 60.0)
    pairs = list(zip(travel.patient.tolist(), travel.practitioner.tolist(), strict=True))
    assert pairs == sorted(set(pairs))
    assert 0 < len(pairs) < 1000
    for column in (travel.patient, travel.practitioner, travel.distance_m, travel.duration_s):
        assert column.dtype == np.int32


def test_blocks_give_what_one_piece_gives(monkeypatch):
    rng = np.random.default_rng(8)
    origins, destinations = rng.uniform(48, 49, (53, 2)), rng.uniform(48, 49, (7, 2))
    whole = TRAVEL.between(origins, destinations, 50.0)
    monkeypatch.setattr("scheduler.territory.travel._BLOCK_PAIRS", 20)
    pieces = TRAVEL.between(origins, destinations, 50.0)
    for name in ("patient", "practitioner", "distance_m", "duration_s"):
        assert getattr(whole, name).tolist() == getattr(pieces, name).tolist()


def test_large_instance_stays_within_memory():
    import tracemalloc

    rng = np.random.default_rng(9)
    origins = rng.uniform((48.4, 2.4), (48.8, 2.8), (10_000, 2))
    destinations = rng.uniform((48.4, 2.4), (48.8, 2.8), (300, 2))
    tracemalloc.start()
    travel = TRAVEL.between(origins, destinations, 10.0)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert travel.num_pairs > 100_000
    assert peak < 120_000_000  # all 3 million pairs at once would take some 150 MB


@pytest.mark.parametrize("empty", ["origins", "destinations"])
def test_nobody_or_nowhere_gives_no_pair(empty):
    places = {"origins": np.array([[48.0, 2.0]]), "destinations": np.array([[48.0, 2.0]])}
    places[empty] = np.empty((0, 2))
    assert TRAVEL.between(places["origins"], places["destinations"], 10.0).num_pairs == 0


@pytest.mark.parametrize(
    "wrong", [[[np.nan, 2.0]], [[48.0, np.inf]], [[91.0, 2.0]], [[48.0, -181.0]], [[48.0]], [48.0, 2.0]]
)
def test_place_that_is_not_on_earth_is_refused(wrong):
    good = np.array([[48.0, 2.0]])
    with pytest.raises(InvalidInput, match="latitude"):
        TRAVEL.between(np.array(wrong), good, 10.0)
    with pytest.raises(InvalidInput, match="destinations"):
        TRAVEL.between(good, np.array(wrong), 10.0)


@pytest.mark.parametrize("max_km", [-1.0, np.nan])
def test_impossible_reach_is_refused(max_km):
    good = np.array([[48.0, 2.0]])
    with pytest.raises(InvalidInput, match="kilomètres"):
        TRAVEL.between(good, good, max_km)
