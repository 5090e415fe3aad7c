import csv
import io
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from openpyxl import Workbook

from matching import Needs, Travel
from scheduler.exchange import BadTable, Source, import_instance

DATA = Path(__file__).parents[3] / "data"
ON = date(2026, 11, 21)
PATIENTS, PRACTITIONERS = (DATA / name for name in ("patients.csv", "practitioners.csv"))
ONE_PATIENT = "id;age;insee;waiting_since;consent\nP1;40;77445;2026-10-01;oui\n"
ONE_PRACTITIONER = "id;insee;places;wheelchair_access\nG1;77445;1;oui\n"


class Everywhere:
    """Travel that keeps what it was asked, so that positions can be looked at."""

    def between(self, origins, destinations, max_km):
        self.origins, self.destinations, self.max_km = origins, destinations, max_km
        patient, practitioner = np.indices((len(origins), len(destinations))).reshape(2, -1)
        return Travel(
            patient=patient, practitioner=practitioner, distance_m=0 * patient, duration_s=0 * patient
        )


def load(patients=ONE_PATIENT, practitioners=ONE_PRACTITIONER, on=ON, travel=None):
    sources = [
        content if isinstance(content, Source) else Source(name=name, body=content.encode())
        for name, content in (("p.csv", patients), ("g.csv", practitioners))
    ]
    return import_instance(*sources, on=on, max_km=15, travel=travel or Everywhere())


def patient(header, cells, **options):
    body = f"id;age;insee;waiting_since;{header}\nP1;40;77445;2026-10-01;{cells}\n"
    return load(patients=body, **options).instance.patients[0]


def practitioner(header, cells):
    body = f"id;insee;places;{header}\nG1;77445;1;{cells}\n"
    return load(practitioners=body).instance.practitioners[0]


def problems(**files):
    with pytest.raises(BadTable) as caught:
        load(**files)
    return [(p.file, p.line, p.column) for p in caught.value.problems]


def refused_patient(header, cells):
    body = f"id;age;insee;waiting_since;{header}\nP1;40;77445;2026-10-01;{cells}\n"
    return problems(patients=body)


def twin(path):
    """The same table as a workbook, with numbers and days in their own types."""
    book = Workbook()
    for row in csv.reader(io.StringIO(path.read_text()), delimiter=";"):
        book.active.append([_typed(cell) for cell in row])
    body = io.BytesIO()
    book.save(body)
    return Source(name=f"{path.stem}.xlsx", body=body.getvalue())


def _typed(cell):
    if cell.isdigit():
        return int(cell)
    if len(cell) == 10 and cell[4] == cell[7] == "-":
        return date.fromisoformat(cell)
    return cell or None


def same(one, other):
    arrays = ("patient", "practitioner", "distance_m", "duration_s")
    return (
        one.patients == other.patients
        and one.practitioners == other.practitioners
        and one.on == other.on
        and all(np.array_equal(getattr(one.travel, a), getattr(other.travel, a)) for a in arrays)
    )


@pytest.fixture(scope="module")
def examples():
    return import_instance(Source.from_path(PATIENTS), Source.from_path(PRACTITIONERS), on=ON, max_km=15)


def test_the_example_files_become_an_instance(examples):
    first, _, third, fourth, fifth, sixth = examples.instance.patients
    assert (first.id, first.household, first.age) == ("P01", "F1", 76)
    assert first.needs == Needs(
        ald=True,
        treatment_running_out=False,
        recent_discharge=False,
        pregnancy=False,
        home_bound=False,
        palliative=False,
        disability=False,
        c2s=False,
        ame=False,
        wheelchair=False,
        chronic_needs=1,
    )
    assert third.needs == Needs(ald=False, treatment_running_out=True)  # an empty cell is not answered
    assert (third.languages, third.prefers_gender, third.age) == ({"fr", "ar"}, "f", 38)
    assert (fourth.age, fourth.max_km, fourth.waiting_since) == (86, 5.0, date(2026, 6, 30))
    assert (fifth.known_practitioner, fifth.max_km) == ("10000000003", 12.5)
    assert [p.consent for p in (first, sixth)] == [True, False]
    assert examples.warnings == ()


def test_the_example_practitioners(examples):
    first, second, third = examples.instance.practitioners
    assert (first.name, first.places, first.max_tier1) == ("Dr Aline Fictive", 2, 1)
    assert (first.home_visits, first.wheelchair_access, first.gender) == (True, True, "f")
    assert (second.age_min, second.age_max, second.max_tier1, second.max_km) == (16, None, None, 10.0)
    assert (third.leaving_on, third.languages) == (date(2027, 12, 31), {"fr", "tr"})


def test_the_workbook_twin_gives_the_same_instance(examples):
    imported = import_instance(twin(PATIENTS), twin(PRACTITIONERS), on=ON, max_km=15)
    assert same(imported.instance, examples.instance)


def test_french_headings_and_words_give_the_same_instance(examples):
    french = Source.from_path(DATA / "patients_francais.csv")
    imported = import_instance(french, Source.from_path(PRACTITIONERS), on=ON, max_km=15)
    given = [replace(p, needs=Needs()) for p in imported.instance.patients]
    assert given == [replace(p, needs=Needs()) for p in examples.instance.patients]
    assert [_yes(p.needs) for p in imported.instance.patients] == [
        _yes(p.needs) for p in examples.instance.patients
    ]


def _yes(needs):
    return {name for name in Needs.__slots__ if getattr(needs, name)}


@pytest.mark.parametrize(
    ("born", "on", "age"),
    [
        ("21/11/1988", date(2026, 11, 21), 38),
        ("22/11/1988", date(2026, 11, 22), 38),
        ("22/11/1988", date(2026, 11, 23), 38),
        ("29/02/2004", date(2026, 2, 28), 21),
        ("29/02/2004", date(2026, 3, 1), 22),
        ("21/11/2026", date(2026, 11, 21), 0),
    ],
)
def test_age_in_whole_years_on_the_day(born, on, age):
    body = f"id;birth_date;insee;waiting_since\nP1;{born};77445;2026-01-01\n"
    assert load(patients=body, on=on).instance.patients[0].age == age


def test_nobody_is_born_or_waits_after_the_day():
    assert problems(patients="id;birth_date;insee;waiting_since\nP1;22/11/2026;77445;22/11/2026\n") == [
        ("p.csv", 2, "birth_date"),
        ("p.csv", 2, "waiting_since"),
    ]


def test_an_age_may_be_a_year_off_the_birth_date_but_not_contradict_it():
    assert patient("birth_date", "21/11/1985").age == 41
    assert refused_patient("birth_date", "21/11/1950") == [("p.csv", 2, "age")]


def test_an_unknown_age_is_allowed_and_said():
    imported = load(patients="id;age;insee;waiting_since;consent\nP1;;77445;2026-10-01;oui\n")
    assert imported.instance.patients[0].age is None
    assert imported.warnings == ("p.csv : 1 patient sans âge.",)


def test_consent_must_be_written_where_its_column_stands():
    assert patient("consent", "oui").consent is True
    assert patient("consent", "").consent is False


def test_consent_supposed_for_all_is_said():
    imported = load(patients="id;age;insee;waiting_since\nP1;40;77445;2026-10-01\n")
    assert imported.instance.patients[0].consent is True
    assert any("supposé recueilli" in warning for warning in imported.warnings)


def test_wheelchair_access_not_stated_is_a_no_and_is_said():
    imported = load(practitioners="id;insee;places\nG1;77445;1\n")
    assert imported.instance.practitioners[0].wheelchair_access is False
    assert any("fauteuil" in warning for warning in imported.warnings)


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("ald", "peut-être"),
        ("chronic_needs", "-1"),
        ("chronic_needs", "beaucoup"),
        ("languages", "français"),
        ("prefers_gender", "x"),
        ("max_km", "12 km"),
        ("max_km", "-1"),
        ("consent", "?"),
        ("wheelchair", "parfois"),
        ("household", "x" * 101),
    ],
)
def test_a_bad_cell_of_a_patient_names_its_place(header, cells):
    assert refused_patient(header, cells) == [("p.csv", 2, header)]


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("max_tier1", "-1"),
        ("age_min", "jeune"),
        ("age_max", "1000"),
        ("home_visits", "rarement"),
        ("wheelchair_access", "3"),
        ("languages", "fre"),
        ("gender", "dr"),
        ("max_km", "loin"),
        ("leaving_on", "bientôt"),
    ],
)
def test_a_bad_cell_of_a_practitioner_names_its_place(header, cells):
    body = f"id;insee;places;{header}\nG1;77445;1;{cells}\n"
    assert problems(practitioners=body) == [("g.csv", 2, header)]


def test_an_age_range_upside_down_is_refused():
    assert practitioner("age_min;age_max", "16;16").age_max == 16
    body = "id;insee;places;age_min;age_max\nG1;77445;1;17;16\n"
    assert problems(practitioners=body) == [("g.csv", 2, "age_max")]


def test_positions_from_the_commune_or_from_coordinates_which_prevail():
    travel = Everywhere()
    body = (
        "id;age;insee;lat;lon;waiting_since\n"
        "P1;40;77445;;;2026-10-01\nP2;40;;48,5;2,6;2026-10-01\nP3;40;77445;48.5;-2.6;2026-10-01\n"
    )
    load(patients=body, travel=travel)
    assert travel.origins[0] == pytest.approx([48.584, 2.583], abs=0.02)
    assert travel.origins[1:].tolist() == [[48.5, 2.6], [48.5, -2.6]]
    assert travel.max_km == 15


def test_a_leading_zero_lost_by_a_spreadsheet_is_put_back():
    travel = Everywhere()
    load(patients="id;age;insee;waiting_since\nP1;40;1053;2026-10-01\n", travel=travel)  # Bourg-en-Bresse
    assert travel.origins[0] == pytest.approx([46.2, 5.22], abs=0.05)


@pytest.mark.parametrize(
    ("place", "column"),
    [
        ("99999;;", "insee"),
        ("Savigny;;", "insee"),
        (";;", "insee"),
        (";48.5;", "lon"),
        (";;2.6", "lat"),
        (";91;2.6", "lat"),
        (";48;181", "lon"),
    ],
)
def test_a_place_that_cannot_be_found_is_refused(place, column):
    body = f"id;age;waiting_since;insee;lat;lon\nP1;40;2026-10-01;{place}\n"
    assert problems(patients=body) == [("p.csv", 2, column)]


def test_everything_wrong_in_both_files_comes_at_once():
    assert problems(
        patients="id;age;insee;waiting_since\nP1;200;77445;demain\nP1;4;00000;2026-10-01\n;4;77445;2026-10-01\n",
        practitioners="id;insee;places\nG1;77445;\nG1;77445;1\n",
    ) == [
        ("p.csv", 2, "age"),
        ("p.csv", 2, "waiting_since"),
        ("p.csv", 3, "id"),
        ("p.csv", 3, "insee"),
        ("p.csv", 4, "id"),
        ("g.csv", 2, "places"),
        ("g.csv", 3, "id"),
    ]


def test_missing_columns_of_both_files_come_at_once():
    assert problems(patients="id\nP1\n", practitioners="id\nG1\n") == [
        ("p.csv", 1, "waiting_since"),
        ("p.csv", 1, "insee"),
        ("p.csv", 1, "birth_date"),
        ("g.csv", 1, "places"),
        ("g.csv", 1, "insee"),
    ]


def test_a_quote_never_closed_imports_nothing():
    assert problems(patients=ONE_PATIENT + 'P2;40;"77445;2026-10-01;oui\n') == [("p.csv", 3, None)]


def test_no_patient_at_all_is_an_empty_instance():
    imported = load(patients="id;age;insee;waiting_since;consent\n")
    assert imported.instance.patients == ()
    assert imported.instance.travel.num_pairs == 0


@pytest.mark.parametrize(("known", "warned"), [("G1", False), ("", False), ("G2", True)])
def test_a_known_practitioner_who_is_not_in_the_other_file_is_said(known, warned):
    header = "id;age;insee;waiting_since;consent;known_practitioner"
    imported = load(patients=f"{header}\nP1;40;77445;2026-10-01;oui;{known}\n")
    assert any("absent du fichier des médecins" in warning for warning in imported.warnings) is warned


def test_an_approximate_position_is_said():
    body = "id;age;insee;waiting_since;consent\nP1;40;01001;2026-10-01;oui\nP2;40;01002;2026-10-01;oui\n"
    assert load(patients=body).warnings == (
        "p.csv : position approchée pour L'Abergement-Clémenciat et 1 autre (coordonnées exactes inconnues).",
    )
