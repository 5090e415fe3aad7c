import csv
import io
import json

import pytest

from tests.acceptance.cli.big_files import write_files
from tests.acceptance.cli.running import DATA, relais, relais_here, relais_on_a_terminal, relais_script

PATIENTS, PRACTITIONERS = DATA / "patients.csv", DATA / "practitioners.csv"
EXAMPLE = ("attach", PATIENTS, PRACTITIONERS, "--on", "2026-11-21")


def proposals(path, delimiter=";"):
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"), newline=""), delimiter=delimiter))


def test_the_table_by_tier_the_proof_and_the_warnings_in_a_pipe():
    done = relais_script(*EXAMPLE)
    assert done.code == 0
    assert done.err == ""
    assert "Le plus loin" in done.out
    assert "optimal prouvé" in done.out
    table = done.out.splitlines()[:10]
    assert max(map(len, table)) <= 80
    assert "\x1b" not in done.out


def test_on_a_terminal_progress_is_shown():
    done = relais_on_a_terminal(*EXAMPLE)
    assert done.code == 0
    assert "Recherche de la meilleure attribution" in done.out
    assert "Le plus loin" in done.out


def test_json_is_one_document_with_the_documented_keys():
    done = relais(*EXAMPLE, "--json")
    assert (done.code, done.err) == (0, "")
    told = json.loads(done.out)
    assert set(told) == {
        "policy",
        "seed",
        "on",
        "status",
        "objective",
        "bound",
        "num_patients",
        "num_practitioners",
        "num_placed",
        "tiers",
        "warnings",
        "practitioners",
        "matches",
        "changes",
        "price_of_together",
        "why",
        "why_not",
        "places",
    }
    assert told["status"] == "optimal"
    assert told["objective"] == told["bound"]
    assert [match["patient_id"] for match in told["matches"]] == ["P01", "P02", "P03", "P04", "P05", "P06"]
    assert sum(match["practitioner_id"] is not None for match in told["matches"]) == told["num_placed"]
    assert told["matches"][5]["practitioner_id"] is None  # no consent
    assert set(told["matches"][0]["reason"]) == {"code", "sentence"}


def test_the_help_lists_the_keys_of_the_json():
    keys = json.loads(relais_here(*EXAMPLE, "--json").out)
    told = " ".join(relais_here("attach", "--help").out.split())
    assert [key for key in (*keys, *keys["matches"][0], *keys["practitioners"][0]) if key not in told] == []


def test_one_sentence_per_patient():
    done = relais_here(*EXAMPLE, "--explain")
    assert done.code == 0
    assert [line.split(" ")[0] for line in done.out.splitlines() if " → " in line] == [
        "P01",
        "P02",
        "P03",
        "P04",
        "P05",
        "P06",
    ]


def test_proposals_are_written_in_the_manner_of_the_patients_file(tmp_path):
    out = tmp_path / "out.csv"
    done = relais_here(*EXAMPLE, "--out", out)
    assert done.code == 0
    assert str(out) in done.out.replace("\n", "")
    rows = proposals(out)
    assert list(rows[0]) == ["patient_id", "practitioner_id", "tier", "travel_min", "distance_km", "reason"]
    matches = json.loads(relais_here(*EXAMPLE, "--json").out)["matches"]
    assert [row["practitioner_id"] or None for row in rows] == [m["practitioner_id"] for m in matches]
    assert not out.read_bytes().startswith(b"\xef\xbb\xbf")


def test_proposals_as_a_workbook(tmp_path):
    out = tmp_path / "out.xlsx"
    assert relais_here(*EXAMPLE, "--out", out).code == 0
    assert out.read_bytes().startswith(b"PK")


def test_french_headings_give_the_same_matching():
    contract = json.loads(relais_here(*EXAMPLE, "--json").out)
    french = relais_here(
        "attach", DATA / "patients_francais.csv", PRACTITIONERS, "--on", "2026-11-21", "--json"
    )
    assert json.loads(french.out) == contract


def test_same_seed_same_result():
    assert (
        relais_here(*EXAMPLE, "--json", "--seed", 7).out == relais_here(*EXAMPLE, "--json", "--seed", 7).out
    )


def test_a_policy_of_the_cpts_is_used(tmp_path):
    policy = tmp_path / "politique.toml"
    policy.write_text('version = "essai"\n[reach]\nmax_km = 0.5\nmax_km_with_consent = 0.5\n')
    told = json.loads(relais_here(*EXAMPLE, "--json", "--policy", policy).out)
    assert told["policy"] == "essai"
    assert told["num_placed"] == 0


def test_all_bad_cells_on_stderr_and_nothing_written(tmp_path):
    bad = tmp_path / "p.csv"
    bad.write_text("id;age;insee;waiting_since\nJean Dupont;douze;77445;demain\n;5;77445;2026-10-01\n")
    out = tmp_path / "out.csv"
    done = relais("attach", bad, PRACTITIONERS, "--out", out)
    assert (done.code, done.out) == (1, "")
    first, *cells = done.err.splitlines()
    assert first == f"relais : 3 corrections à faire dans {bad} ; rien n'a été importé."
    assert [cell.split(" : attendu")[0] for cell in cells] == [
        f"{bad}, ligne 2, colonne age",
        f"{bad}, ligne 2, colonne waiting_since",
        f"{bad}, ligne 3, colonne id",
    ]
    assert "Dupont" not in done.err
    assert "douze" not in done.err
    assert not out.exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("absent.csv", PRACTITIONERS), "absent.csv : fichier introuvable"),
        ((PATIENTS, DATA), "lecture impossible"),
        ((PATIENTS, PRACTITIONERS, "--policy", "absent.toml"), "absent.toml : fichier introuvable"),
        ((PATIENTS, PRACTITIONERS, "--policy", PATIENTS), "pas du TOML"),
        ((PATIENTS, PRACTITIONERS, "--out", "/absent/out.csv"), "introuvable"),
    ],
)
def test_a_failure_is_one_line_and_exits_1(tmp_path, arguments, told):
    done = relais_here("attach", *arguments, folder=tmp_path)
    assert (done.code, done.out) == (1, "")
    assert len(done.err.splitlines()) == 1
    assert told in done.err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((), "il manque PATIENTS"),
        ((PATIENTS,), "il manque PRACTITIONERS"),
        ((PATIENTS, PRACTITIONERS, "--absent"), "option inconnue : --absent"),
        ((PATIENTS, PRACTITIONERS, "--seed", "x"), "--seed : attendu un nombre entier"),
        ((PATIENTS, PRACTITIONERS, "--seed", "-1"), "--seed : attendu un nombre entier"),
        ((PATIENTS, PRACTITIONERS, "--seed"), "l'option --seed attend une valeur"),
        ((PATIENTS, PRACTITIONERS, "--time-limit", "0"), "--time-limit : attendu un nombre de secondes"),
        ((PATIENTS, PRACTITIONERS, "--on", "21/11/2026"), "--on : attendu une date AAAA-MM-JJ"),
        ((PATIENTS, PRACTITIONERS, "--out", "out.pdf"), "--out : attendu un nom qui finit par .csv ou .xlsx"),
        ((PATIENTS, PRACTITIONERS, "--out", PATIENTS), "l'une des données"),
        ((PATIENTS, PRACTITIONERS, "un", "deux"), "en trop sur la ligne : un deux"),
        ((PATIENTS, PRACTITIONERS, "--json=oui"), "l'option --json n'attend pas de valeur"),
    ],
)
def test_wrong_usage_is_one_line_and_exits_2(arguments, told):
    done = relais_here("attach", *arguments)
    assert (done.code, done.out) == (2, "")
    assert len(done.err.splitlines()) == 1
    assert told in done.err
    assert " --help »." in done.err


@pytest.mark.parametrize("form", [(), ("--json",)], ids=["table", "json"])
def test_a_thousand_patients_and_forty_gps_are_proven_optimal(tmp_path, form):
    patients, practitioners = write_files(tmp_path)
    done = relais("attach", patients, practitioners, "--on", "2026-11-21", *form)
    assert (done.code, done.err) == (0, "")
    if not form:
        assert "optimal prouvé" in done.out
        return
    told = json.loads(done.out)
    assert (told["num_patients"], told["num_practitioners"], told["status"]) == (1000, 40, "optimal")
    assert told["objective"] == told["bound"]
    for practitioner in told["practitioners"]:
        assert practitioner["num_placed"] <= practitioner["places"]


def test_a_reader_that_leaves_early_is_no_error(tmp_path):
    import subprocess

    from tests.acceptance.cli.running import RELAIS

    patients, practitioners = write_files(tmp_path)
    done = subprocess.run(
        f"'{RELAIS}' attach '{patients}' '{practitioners}' --explain | head -n 1",
        shell=True,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert done.stderr == ""
