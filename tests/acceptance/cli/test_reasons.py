"""Reasons, earlier proposals, rehearsal and projection on two files."""

import csv
import io
import json
import os
import signal

import pytest

import matching
from matching import Policy
from matching.progress import Progress
from tests.acceptance.cli.running import DATA, relais_here

FILES = (DATA / "patients.csv", DATA / "practitioners.csv")
ON = ("--on", "2026-11-21")
NEAR = 'version = "près"\n[reach]\nmax_km = 3.0\nmax_km_with_consent = 3.0\n'


def test_why_and_why_not_and_what_a_place_is_worth():
    done = relais_here("attach", *FILES, *ON, "--why", "P04", "--why-not", "P01:10000000002", "--places")
    assert (done.code, done.err) == (0, "")
    assert "P04 : Le seul médecin à portée est écarté" in done.out
    assert "Ce qui changerait la réponse" in done.out
    assert "P01 : Dr Boris Inventé" in done.out
    assert "Savigny-le-Temple : Avec 1 place de plus chez Dr Aline Fictive" in done.out


def test_json_holds_what_was_asked_and_what_changed(tmp_path):
    before = tmp_path / "avant.csv"
    before.write_text("patient_id;practitioner_id\nP05;10000000001\n", encoding="utf-8")
    asked = ("--why", "P04", "--why-not", "P01:10000000002", "--places", "--previous", before, "--json")
    told = json.loads(relais_here("attach", *FILES, *ON, *asked).out)
    assert told["why"][0]["patient_id"] == "P04"
    assert told["why"][0]["remedies"]
    assert told["why_not"][0]["practitioner_id"] == "10000000002"
    assert {"code", "sentence", "data"} == set(told["why_not"][0]["reason"])
    assert {one["commune"] for one in told["places"]["communes"]} >= {"Savigny-le-Temple"}
    (moved,) = told["changes"]
    assert (moved["patient_id"], moved["before"], moved["after"]) == ("P05", "10000000001", "10000000003")
    assert moved["reason"]["code"] == "better"
    silent = json.loads(relais_here("attach", *FILES, *ON, "--json").out)
    assert (silent["why"], silent["why_not"], silent["places"], silent["changes"]) == (None, None, None, [])


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (("--why", "P99"), 1, "P99"),
        (("--why-not", "P01:D99"), 1, "D99"),
        (("--why-not", "P01"), 2, "attendu PATIENT:PRACTITIONER"),
        (("--previous", "absent.csv"), 1, "introuvable"),
    ],
)
def test_a_question_about_nobody_is_one_line(arguments, code, told):
    done = relais_here("attach", *FILES, *ON, *arguments)
    assert done.code == code
    assert len(done.err.splitlines()) == 1
    assert told in done.err


def test_one_text_per_patient_beside_the_proposals(tmp_path):
    done = relais_here("attach", *FILES, *ON, "--out", tmp_path / "out.csv", "--explain")
    assert done.code == 0
    told = (tmp_path / "out.explications.txt").read_text(encoding="utf-8")
    assert [block.split(" ")[0] for block in told.split("\n\n")] == [f"P0{n}" for n in range(1, 7)]
    assert "P01 → Dr Aline Fictive" in told


def test_earlier_proposals_stand_and_firm_ones_are_pinned(tmp_path):
    before = tmp_path / "avant.csv"
    assert relais_here("attach", *FILES, *ON, "--out", before).code == 0
    again = relais_here("attach", *FILES, *ON, "--previous", before, "--out", tmp_path / "apres.csv")
    assert "4 gardée(s), 0 changée(s)" in again.out
    assert (tmp_path / "apres.csv").read_bytes() == before.read_bytes()

    other = tmp_path / "annonce.csv"  # P05 would go to another GP if nothing had been announced
    other.write_text("patient_id;practitioner_id;firm\nP05;10000000001;oui\nP99;10000000001;oui\n")
    pinned = relais_here("attach", *FILES, *ON, "--previous", other, "--out", tmp_path / "out.csv")
    assert "absent du fichier des patients" in " ".join(pinned.out.split())
    rows = csv.DictReader(io.StringIO((tmp_path / "out.csv").read_text("utf-8-sig")), delimiter=";")
    assert {row["patient_id"]: row["practitioner_id"] for row in rows}["P05"] == "10000000001"


def test_a_household_that_asks_is_placed_as_a_whole_and_work_is_limited(tmp_path):
    patients, practitioners = tmp_path / "p.csv", tmp_path / "m.csv"
    patients.write_text(
        "dossier;foyer;ensemble;âge;code INSEE;attend depuis;palliatif\n"
        "A;f;oui;40;77445;2026-09-01;\nB;f;oui;41;77445;2026-11-01;\nC;;;50;77445;2026-10-01;oui\n"
    )
    practitioners.write_text("RPPS;code INSEE;places;charge\nD;77445;3;4\n")
    out = tmp_path / "out.csv"
    assert relais_here("attach", patients, practitioners, *ON, "--out", out).code == 0
    rows = csv.DictReader(io.StringIO(out.read_text("utf-8-sig")), delimiter=";")
    # C counts 3 units of the 4: one is left, and the two of the household need two
    assert [row["practitioner_id"] for row in rows] == ["", "", "D"]


def test_ctrl_c_keeps_the_best_so_far_and_says_so(tmp_path, monkeypatch):
    real, out = matching.attach, tmp_path / "out.csv"

    def interrupted(instance, policy, *, watch, **more):
        assert watch(Progress(best=0, bound=9, elapsed_s=0.1))
        os.kill(os.getpid(), signal.SIGINT)
        assert not watch(Progress(best=5, bound=9, elapsed_s=0.2))
        return real(instance, policy, **more)

    monkeypatch.setattr(matching, "attach", interrupted)
    done = relais_here("attach", *FILES, *ON, "--out", out)
    assert done.code == 130
    assert "meilleure attribution trouvée est gardée" in done.err
    assert len(out.read_text("utf-8-sig").splitlines()) == 7


def test_policies_are_shown_checked_and_rehearsed(tmp_path):
    shown = relais_here("policy", "show")
    assert Policy.from_toml(shown.out) == Policy.default()
    near = tmp_path / "pres.toml"
    near.write_text(NEAR, encoding="utf-8")
    assert "Politique « près » valable." in relais_here("policy", "check", near).out
    near.write_text(NEAR + "far = 2\n", encoding="utf-8")
    wrong = relais_here("policy", "check", near)
    assert (wrong.code, "reach.far" in wrong.err) == (1, True)
    near.write_text(NEAR, encoding="utf-8")
    done = relais_here("rehearse", *FILES, *ON, "--policy", near, "--out", tmp_path / "essai")
    assert (done.code, done.err) == (0, "")
    assert "Gagnent" in done.out
    written = {path.name for path in (tmp_path / "essai").iterdir()}
    assert {"comparaison.txt", "comparaison.csv", "comparaison-commune.svg"} <= written


def test_the_coming_months():
    done = relais_here(
        "demography", *FILES, *ON, "--months", "3", "--scenarios", "2",
        "--leaving", "10000000001:2027-06-30:90", "--monthly", "10000000003:1",
    )  # fmt: skip
    assert (done.code, done.err) == (0, "")
    assert [line.split(" ")[0] for line in done.out.splitlines()[:3]] == ["Novembre", "Décembre", "Janvier"]
    wrong = relais_here("demography", *FILES, *ON, "--leaving", "10000000001")
    assert (wrong.code, "attendu ID:DATE:PATIENTS" in wrong.err) == (2, True)
