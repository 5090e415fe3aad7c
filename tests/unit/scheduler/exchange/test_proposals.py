import csv
import io

import pytest
from openpyxl import load_workbook

from matching import Match, Reason, Solution, Status
from scheduler.exchange import PROPOSAL_COLUMNS, Dialect, Source, write_proposals
from scheduler.exchange.proposals import proposal_rows
from scheduler.exchange.summary import TierLine, summarise
from scheduler.exchange.tables import read_table

PLACED = ("placed", "Placé à 3 km ; l'âge convient.")


def match(patient_id="P1", practitioner_id="G1", tier=1, distance_m=3210, duration_s=475, reason=PLACED):
    code, sentence = reason
    return Match(
        patient_id=patient_id,
        practitioner_id=practitioner_id,
        tier=tier,
        rank=tier,
        waited_days=3,
        distance_m=distance_m,
        duration_s=duration_s,
        reason=Reason(code=code, sentence=sentence, data={}),
    )


def unplaced(patient_id="P2", tier=3):
    return match(patient_id, None, tier, None, None, ("no_place", "Plus de place à portée."))


def solution(*matches):
    return Solution(
        matches=matches, status=Status.OPTIMAL, objective=1, bound=1, rank_weight=10, place_price=None
    )


def test_one_line_per_patient_with_minutes_and_kilometres():
    assert proposal_rows(solution(match(), unplaced())) == [
        ("P1", "G1", 1, 7.9, 3.2, PLACED[1]),
        ("P2", "", 3, "", "", "Plus de place à portée."),
    ]


@pytest.mark.parametrize(
    "dialect", [Dialect(delimiter=";", bom=True), Dialect(delimiter=",", bom=False)], ids=["excel", "plain"]
)
def test_csv_is_written_like_the_file_it_answers(tmp_path, dialect):
    path = tmp_path / "out.csv"
    write_proposals(path, solution(match(), unplaced()), dialect)
    body = path.read_bytes()
    assert body.startswith(b"\xef\xbb\xbf") is dialect.bom
    rows = list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), delimiter=dialect.delimiter))
    assert tuple(rows[0]) == PROPOSAL_COLUMNS
    assert rows[1] == ["P1", "G1", "1", "7.9", "3.2", PLACED[1]]
    assert [p.name for p in tmp_path.iterdir()] == ["out.csv"]


def test_xlsx_keeps_numbers_as_numbers(tmp_path):
    path = tmp_path / "out.XLSX"
    write_proposals(path, solution(match(), unplaced()))
    sheet = load_workbook(path).active
    assert [cell.value for cell in sheet[2]] == ["P1", "G1", 1, 7.9, 3.2, PLACED[1]]
    assert [cell.value for cell in sheet[3]] == ["P2", None, 3, None, None, "Plus de place à portée."]


@pytest.mark.parametrize("name", ["out.csv", "out.xlsx"])
@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "+33", "-1", "@A1", "'=x"])
def test_no_text_begins_like_a_formula_and_reading_gives_it_back(tmp_path, name, text):
    path = tmp_path / name
    write_proposals(path, solution(match(text, text, reason=("x", text))))
    if name.endswith("xlsx"):
        row = load_workbook(path).active[2]
        assert {cell.data_type for cell in row} == {"s", "n"}
        assert row[0].value == f"'{text}"
    else:
        assert path.read_text("utf-8-sig").splitlines()[1].startswith(f"'{text}")
    table = read_table(Source.from_path(path), len)
    ((_, cells),) = table.lines
    assert (cells[0], cells[1], cells[5]) == (text, text, text)


def test_a_file_that_cannot_be_written_leaves_nothing_behind(tmp_path):
    target = tmp_path / "folder.csv"
    target.mkdir()
    with pytest.raises(IsADirectoryError):
        write_proposals(target, solution(match()))
    with pytest.raises(FileNotFoundError):
        write_proposals(tmp_path / "absent" / "out.csv", solution(match()))
    assert [p.name for p in tmp_path.iterdir()] == ["folder.csv"]


def test_an_older_answer_is_replaced_whole(tmp_path):
    path = tmp_path / "out.csv"
    path.write_text("old" * 10_000)
    write_proposals(path, solution(match()))
    assert "old" not in path.read_text()


def test_the_summary_counts_each_tier_and_all_together():
    lines = summarise(
        [
            match("A", tier=1, distance_m=1000, duration_s=60),
            match("B", tier=1, distance_m=9050, duration_s=600),
            match("C", tier=3, distance_m=2000, duration_s=240),
            unplaced(tier=3),
        ]
    )
    assert lines == (
        TierLine(tier=1, num_patients=2, num_placed=2, median_travel_min=5.5, farthest_km=9.1),
        TierLine(tier=2, num_patients=0, num_placed=0, median_travel_min=None, farthest_km=None),
        TierLine(tier=3, num_patients=2, num_placed=1, median_travel_min=4.0, farthest_km=2.0),
        TierLine(tier=None, num_patients=4, num_placed=3, median_travel_min=4.0, farthest_km=9.1),
    )
