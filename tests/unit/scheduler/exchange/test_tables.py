import io
import zipfile
from datetime import date, datetime

import pytest
from openpyxl import Workbook

from scheduler.exchange.errors import BadTable, UnreadableFile
from scheduler.exchange.tables import Dialect, Source, read_table

KNOWN = {"id", "nom", "places"}


def read(body, name="table.csv"):
    encoded = body.encode() if isinstance(body, str) else body
    return read_table(Source(name=name, body=encoded), lambda cells: sum(cell in KNOWN for cell in cells))


def workbook(*rows, second_sheet=False):
    book = Workbook()
    for row in rows:
        book.active.append(row)
    if second_sheet:
        book.create_sheet("autre").append(["x"])
    body = io.BytesIO()
    book.save(body)
    return body.getvalue()


@pytest.mark.parametrize(
    ("body", "dialect"),
    [
        ("id;nom\n1;Éloïse\n".encode(), Dialect(delimiter=";", bom=False)),
        ("id,nom\n1,Éloïse\n".encode(), Dialect(delimiter=",", bom=False)),
        ("id;nom\r\n1;Éloïse\r\n".encode("utf-8-sig"), Dialect(delimiter=";", bom=True)),
        ("id;nom\r\n1;Éloïse\r\n".encode("cp1252"), Dialect(delimiter=";", bom=True)),
        (b"sep=,\r\nid,nom\r\n1,\xc9lo\xefse\r\n", Dialect(delimiter=",", bom=True)),
        ("id;nom\r1;Éloïse\r".encode(), Dialect(delimiter=";", bom=False)),
    ],
)
def test_every_encoding_and_delimiter_gives_the_same_cells(body, dialect):
    table = read(body)
    assert table.headings == ("id", "nom")
    assert [cells for _, cells in table.lines] == [("1", "Éloïse")]
    assert table.dialect == dialect


def test_known_headings_decide_the_delimiter_even_among_many_commas():
    table = read("id;nom, prénom, surnom, titre;places\n1;a;2\n")
    assert table.headings == ("id", "nom, prénom, surnom, titre", "places")


def test_quotes_keep_delimiters_and_line_ends_and_lines_are_those_of_the_file():
    table = read('id;nom\n\n1;"Martin; ""dit"" Paul"\n2;"deux\nlignes"\n3;c\n')
    assert table.lines == (
        (3, ("1", 'Martin; "dit" Paul')),
        (4, ("2", "deux\nlignes")),
        (6, ("3", "c")),
    )


def test_a_quote_never_closed_is_told_with_its_line_and_the_lines_before_it_are_kept():
    table = read('id;nom\n1;a\n2;"ouvert\n3;c\n')
    assert [line for line, _ in table.lines] == [2]
    assert [(problem.line, "guillemet" in problem.expected) for problem in table.problems] == [(3, True)]


def test_a_quote_never_closed_in_the_heading_stops_at_once():
    with pytest.raises(BadTable, match="rien n'a été importé"):
        read('"id;nom\n1;a\n')


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", "fichier vide"),
        (b"\n \n\r\n", "fichier vide"),
        ("id;nom\n".encode("utf-16"), "CSV UTF-8"),
        (b"id;nom\n1;\x81\x8d\n", "encodage inconnu"),
        (b"id;nom\n1;a\x00b\n", "encodage inconnu"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", "ancien format Excel"),
        (b"PK\x03\x04 pas un classeur", "classeur illisible"),
    ],
)
def test_what_is_not_a_table_is_refused_with_what_to_do(body, expected):
    with pytest.raises(UnreadableFile, match=expected):
        read(body)


def test_a_zip_that_is_no_workbook_is_refused():
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
    with pytest.raises(UnreadableFile, match="classeur illisible"):
        read(body.getvalue())


def test_too_many_lines_are_refused(monkeypatch):
    monkeypatch.setattr("scheduler.exchange.tables.MAX_LINES", 3)
    read("id\n1\n2\n")
    with pytest.raises(UnreadableFile, match="trop long"):
        read("id\n1\n2\n3\n")


def test_a_workbook_that_swells_is_refused_before_it_is_opened(monkeypatch):
    monkeypatch.setattr("scheduler.exchange.workbooks.MAX_UNZIPPED_BYTES", 100)
    with pytest.raises(UnreadableFile, match="trop gros"):
        read(workbook(["id"], ["1"]))


def test_a_workbook_gives_the_text_its_csv_twin_would_hold():
    table = read(
        workbook(
            ["id", "nom", "places"],
            [10101234567, "Éloïse", 3.0],
            [None, None, None],
            [True, datetime(2026, 11, 21), 12.5],  # noqa: DTZ001 — Excel days carry no zone
            [date(2026, 1, 2), datetime(2026, 1, 2, 8, 30), False],  # noqa: DTZ001
        )
    )
    assert table.lines == (
        (2, ("10101234567", "Éloïse", "3")),
        (4, ("true", "2026-11-21", "12.5")),
        (5, ("2026-01-02", "2026-01-02T08:30:00", "false")),
    )


def test_only_the_first_sheet_is_read_and_that_is_said():
    table = read(workbook(["id"], ["1"], second_sheet=True), name="a.xlsx")
    assert table.lines == ((2, ("1",)),)
    assert table.warnings == ("a.xlsx : seule la première feuille est lue, sur 2.",)


def test_a_file_of_this_machine(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("id\n1\n")
    assert Source.from_path(path) == Source(name=str(path), body=b"id\n1\n")
    with pytest.raises(UnreadableFile, match="introuvable"):
        Source.from_path(tmp_path / "absent.csv")
    with pytest.raises(UnreadableFile, match="lecture impossible"):
        Source.from_path(tmp_path)


def test_a_file_too_big_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("scheduler.exchange.tables.MAX_BYTES", 3)
    path = tmp_path / "t.csv"
    path.write_text("id\n1\n")
    with pytest.raises(UnreadableFile, match="50 Mo"):
        Source.from_path(path)
