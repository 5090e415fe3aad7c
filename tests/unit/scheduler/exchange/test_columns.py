import pytest

from scheduler.exchange.cells import text, whole, yes_no
from scheduler.exchange.columns import Column, Layout, read_sheet, refuse_if_wrong, refuse_repeated
from scheduler.exchange.errors import BadTable, CellProblem
from scheduler.exchange.tables import Source

LAYOUT = Layout(
    columns=(
        Column(name="id", read=text(10), aliases=("identifiant", "N° RPPS"), required=True),
        Column(name="places", read=whole(0, 9), aliases=("capacité",), required=True),
        Column(name="home_visits", read=yes_no, empty=False, absent=None),
        Column(name="lat", read=whole(0, 90)),
        Column(name="lon", read=whole(0, 90)),
        Column(name="insee", read=text(5)),
    ),
    alternatives=((("insee",), ("lat", "lon")),),
)


def read(body):
    return read_sheet(Source(name="t.csv", body=body.encode()), LAYOUT)


def found(body):
    return [(p.line, p.column, p.expected) for p in read(body).problems]


def test_values_by_contract_name_whatever_the_heading():
    sheet = read("n° rpps;CAPACITE;Insee\nA;3;77445\n")
    assert sheet.problems == []
    assert sheet.rows[0].values == {
        "id": "A",
        "places": 3,
        "insee": "77445",
        "home_visits": None,
        "lat": None,
        "lon": None,
    }


def test_an_absent_column_and_an_empty_cell_are_two_things():
    assert read("id;places;insee\nA;3;1\n").rows[0].values["home_visits"] is None
    assert read("id;places;insee;home_visits\nA;3;1;\n").rows[0].values["home_visits"] is False


def test_every_bad_cell_is_listed_under_the_heading_of_the_file():
    assert found("identifiant;capacité;insee\n;3;1\nB;douze;1\nC;99;trop long\n") == [
        (2, "identifiant", "une valeur, et non une cellule vide"),
        (3, "capacité", "un nombre entier entre 0 et 9"),
        (4, "capacité", "un nombre entier entre 0 et 9"),
        (4, "insee", "un texte sur une ligne, de 5 caractères au plus"),
    ]


def test_what_was_found_is_never_repeated():
    sheet = read("id;places;insee\nA;Jean Dupont;1\n")
    assert "Dupont" not in str(sheet.problems)


def test_an_error_of_the_spreadsheet_is_no_value():
    assert found("id;places;insee\n#N/A;3;1\n") == [(2, "id", "une valeur, et non une erreur de tableur")]


def test_an_unknown_column_is_reported_and_ignored():
    sheet = read("id;places;insee;téléphone;\nA;3;1;0600000000;\n")
    assert sheet.problems == []
    assert sheet.warnings == ["t.csv : colonne inconnue, ignorée : téléphone."]


def test_missing_columns_are_named_once_whatever_the_number_of_lines():
    assert found("id;lat\nA;1\nB;2\n") == [
        (1, "places", "cette colonne, obligatoire"),
        (1, "insee", "cette colonne (insee, ou lat et lon)"),
    ]


def test_a_first_line_without_any_heading_is_told_and_not_repeated():
    sheet = read("Dupont;Jean\nMartin;Zoé\n")
    assert [problem.line for problem in sheet.problems] == [1]
    assert "noms des colonnes" in sheet.problems[0].expected
    assert "Dupont" not in str(sheet.problems)


def test_a_column_given_twice_is_refused():
    assert found("id;identifiant;places;insee\nA;B;3;1\n") == [(1, "id", "une seule colonne « id »")]


def test_a_cell_too_many_is_refused_and_a_cell_too_few_is_empty():
    assert [line for line, _, _ in found("id;places;insee\nA;3;1;reste\nB;3\nC;3;1;;\n")] == [2]
    assert read("id;places;insee\nB;3\n").rows[0].values["insee"] is None


def test_repeated_values_point_to_the_first():
    sheet = read("id;places;insee\nA;1;1\nB;1;1\nA;1;1\n")
    refuse_repeated(sheet, "id")
    assert [(p.line, p.expected) for p in sheet.problems] == [
        (4, "un identifiant unique (celui-ci est déjà ligne 2)")
    ]


def test_all_problems_of_all_tables_come_in_one_error_by_line():
    first, second = read("id;places;insee\nA;x;1\n"), read("id;places;insee\nA;x;1\n;1;1\n")
    second.problems.reverse()
    with pytest.raises(BadTable) as caught:
        refuse_if_wrong(first, second)
    assert [problem.line for problem in caught.value.problems] == [2, 2, 3]
    assert str(caught.value) == "3 corrections à faire dans t.csv ; rien n'a été importé."
    refuse_if_wrong(read("id;places;insee\nA;1;1\n"))


def test_a_problem_reads_as_a_sentence():
    problem = CellProblem(file="t.csv", line=3, column="places", expected="un nombre")
    assert str(problem) == "t.csv, ligne 3, colonne places : attendu un nombre"
    assert (
        str(CellProblem(file="t.csv", line=None, column=None, expected="du texte"))
        == "t.csv : attendu du texte"
    )
