import csv
import io
import json

import pytest

from tests.acceptance.cli.running import DATA, relais, relais_here

REQUESTS, SLOTS = DATA / "requests.csv", DATA / "slots.csv"
EXAMPLE = ("fill", REQUESTS, SLOTS, "--now", "2026-11-23T09:00:00+01:00")


def test_the_most_urgent_has_the_early_slot_and_who_has_none_is_told_why():
    done = relais(*EXAMPLE)
    assert (done.code, done.err) == (0, "")
    assert "Créneaux donnés" in done.out
    assert "D3 : Les créneaux libres à temps sont d'une autre modalité" in done.out
    assert "\x1b" not in done.out


def test_json_is_one_document_with_the_keys_that_the_help_lists():
    told = json.loads(relais_here(*EXAMPLE, "--json").out)
    assert told["status"] == "optimal"
    assert (told["num_requests"], told["num_slots"], told["num_placed"], told["num_announced"]) == (
        3,
        2,
        2,
        1,
    )
    assert [one["slot_id"] for one in told["placements"]] == ["C1", "C2", None]
    assert [one["announce"] for one in told["placements"]] == [True, False, False]
    assert told["placements"][0]["delay_min"] == 45
    help_text = " ".join(relais_here("fill", "--help").out.split())
    assert [key for key in (*told, *told["placements"][0]) if key not in help_text] == []


@pytest.mark.parametrize("name", ["resultat.csv", "resultat.xlsx"])
def test_the_result_is_written_as_a_table(tmp_path, name):
    done = relais_here(*EXAMPLE, "--out", tmp_path / name)
    assert done.code == 0
    assert name in done.out
    if name.endswith(".csv"):
        text = (tmp_path / name).read_text("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=";"))
        assert [(row["request_id"], row["slot_id"], row["announce"]) for row in rows] == [
            ("D1", "C1", "oui"),
            ("D2", "C2", "non"),
            ("D3", "", "non"),
        ]
    else:
        assert (tmp_path / name).read_bytes().startswith(b"PK")


def test_every_bad_cell_is_named_and_nothing_is_done(tmp_path):
    bad = tmp_path / "demandes.csv"
    bad.write_text(
        "id;insee;received_at;deadline_at;urgency;modalities\n"
        "D1;77445;hier;2026-11-23 13:00;1;AMB\n"
        "D1;99999;2026-11-23 25:00;2026-11-23 13:00;4;avion\n"
        "D3;77445;2026-11-23 13:00;2026-11-23 12:00;2;\n"
    )
    done = relais_here("fill", bad, SLOTS, "--out", tmp_path / "x.csv")
    assert done.code == 1
    for words in ("received_at", "urgency", "modalities", "deadline_at", "insee", "unique"):
        assert words in done.err, words
    assert not (tmp_path / "x.csv").exists()


@pytest.mark.parametrize("now", ["demain", "2026-11-23T09:00:00"])
def test_a_moment_without_its_offset_is_wrong_usage(now):
    done = relais_here("fill", REQUESTS, SLOTS, "--now", now)
    assert done.code == 2
    assert "décalage" in done.err


def test_the_files_that_are_read_are_never_overwritten():
    assert relais_here("fill", REQUESTS, SLOTS, "--out", SLOTS).code == 2
