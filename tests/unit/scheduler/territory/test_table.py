"""The committed table: complete, sorted, plausible, and as described beside it."""

import csv
import gzip
import re
from collections import Counter
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from scheduler.territory import build_communes
from scheduler.territory.communes import CoordinatesFrom, communes
from scheduler.territory.travel import road_km

TABLE = build_communes.DATA / "communes.csv.gz"
SENART = {
    "77445": "Savigny-le-Temple",
    "77122": "Combs-la-Ville",
    "77296": "Moissy-Cramayel",
    "77251": "Lieusaint",
    "77067": "Cesson",
    "77326": "Nandy",
    "77495": "Vert-Saint-Denis",
    "77384": "Réau",
}


@cache
def rows():
    with gzip.open(TABLE, "rt", encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter=";"))


def test_it_is_small_and_carries_no_date():
    packed = TABLE.read_bytes()
    assert len(packed) < 1_000_000
    assert packed[4:8] == bytes(4)  # the time field of gzip (RFC 1952 §2.3.1)


def test_columns_and_order():
    table = rows()
    assert tuple(table[0]) == build_communes.COLUMNS
    codes = [row["insee"] for row in table]
    assert codes == sorted(set(codes))


def test_every_commune_of_france_is_there_once():
    whole = [row for row in rows() if not row["part_of"]]
    assert len(whole) == 34963
    assert len(rows()) - len(whole) == 45  # 20 of Paris, 9 of Lyon, 16 of Marseille


def test_population_of_france():
    total = sum(int(row["population"]) for row in rows() if not row["part_of"])
    assert 68_000_000 < total < 70_000_000


def test_every_row_is_complete():
    for row in rows():
        assert re.fullmatch(r"(\d\d|2[AB])\d{3}", row["insee"])
        assert row["name"].strip() == row["name"] != ""
        assert all(re.fullmatch(r"\d{5}", postcode) for postcode in row["postcodes"].split("|"))
        assert row["coordinates_from"] in set(CoordinatesFrom)
        assert -90 <= float(row["latitude"]) <= 90
        assert -180 <= float(row["longitude"]) <= 180


def test_mainland_communes_are_in_the_mainland():
    for commune in communes():
        if commune.insee < "97":
            assert 41.3 < commune.latitude < 51.1, commune.name
            assert -5.2 < commune.longitude < 9.6, commune.name


@pytest.mark.parametrize(
    ("department", "latitudes", "longitudes"),
    [
        ("971", (15.8, 16.6), (-61.9, -61.0)),
        ("972", (14.3, 14.9), (-61.3, -60.8)),
        ("973", (2.1, 5.8), (-54.7, -51.6)),
        ("974", (-21.4, -20.8), (55.2, 55.9)),
        ("976", (-13.1, -12.6), (45.0, 45.4)),
    ],
)
def test_overseas_departments_are_where_they_are(department, latitudes, longitudes):
    found = [commune for commune in communes() if commune.department == department]
    assert found
    for commune in found:
        assert latitudes[0] < commune.latitude < latitudes[1], commune.name
        assert longitudes[0] < commune.longitude < longitudes[1], commune.name


def test_the_communes_of_senart_have_real_places():
    for code, name in SENART.items():
        commune = communes().by_insee(code)
        assert commune.name == name
        assert commune.coordinates_from is CoordinatesFrom.GEONAMES


def test_the_communes_of_senart_are_neighbours():
    places = np.array([(c.latitude, c.longitude) for c in map(communes().by_insee, SENART)])
    distances_km = road_km(places, places)
    assert distances_km.max() < 18
    assert np.sort(distances_km, axis=1)[:, 1].max() < 6  # each has another one near


@pytest.mark.parametrize(
    ("one", "other", "km"),
    [
        ("75056", "69123", 392),  # Paris, Lyon: straight lines
        ("75056", "13055", 661),  # Paris, Marseille
        ("29019", "67482", 900),  # Brest, Strasbourg
        ("97411", "97416", 51),  # Saint-Denis, Saint-Pierre of La Réunion
    ],
)
def test_known_straight_lines(one, other, km):
    places = np.array([(c.latitude, c.longitude) for c in map(communes().by_insee, (one, other))])
    assert road_km(places[:1], places[1:])[0, 0] / 1.3 == pytest.approx(km, rel=0.03)


def test_no_town_stands_at_a_mean_of_its_neighbours():
    assert [c.name for c in communes() if c.approximate and c.population >= 5000] == []


def test_inhabitants_with_a_place_of_their_own():
    whole = [commune for commune in communes() if commune.part_of is None]
    located = sum(commune.population for commune in whole if not commune.approximate)
    assert located / sum(commune.population for commune in whole) > 0.91


def test_entered_positions_are_in_the_table():
    with (build_communes.DATA / "entered_positions.csv").open(encoding="utf-8", newline="") as lines:
        entered = list(csv.DictReader(lines, delimiter=";"))
    assert [row["insee"] for row in entered] == sorted({row["insee"] for row in entered})
    for row in entered:
        commune = communes().by_insee(row["insee"])
        assert commune.name == row["name"]
        assert commune.coordinates_from is CoordinatesFrom.ENTERED
        assert (commune.latitude, commune.longitude) == (float(row["latitude"]), float(row["longitude"]))
        assert row["source"] == "saisie, approximative (mairie)"


def test_attributions_tell_the_counts_of_this_table():
    text = (build_communes.DATA / "ATTRIBUTIONS.md").read_text(encoding="utf-8")
    counts = Counter(row["coordinates_from"] for row in rows() if not row["part_of"])
    told = dict(re.findall(r"^\| `([a-z-]+)`.*?\| (\d+) \|", text, flags=re.MULTILINE))
    assert {source: int(told[source]) for source in CoordinatesFrom} == {
        s: counts[s] for s in CoordinatesFrom
    }
    assert f"{sum(int(row['population']) for row in rows() if not row['part_of'])} inhabitants" in text
    for source in ("Licence Ouverte", "GeoNames", "CC BY 4.0"):
        assert source in text


def test_no_registry_address_is_written_down():
    for path in Path(build_communes.__file__).parent.rglob("*"):
        if path.suffix in {".py", ".md", ".csv"}:
            assert not re.search(r"https?://|registry\.|pypi\.org|npmjs", path.read_text(encoding="utf-8")), (
                path
            )
