"""One list, several policies: who gains, who loses, and the same numbers in every form."""

import csv
from dataclasses import replace
from io import StringIO
from xml.etree import ElementTree

import pytest

from matching import InvalidInstance, Needs, Policy, TierRules
from matching.rehearse import Rehearsal, groups_of, rehearse
from matching.rehearse.chart import svg
from matching.rehearse.groups import age_band
from matching.rehearse.report import as_csv, markdown, text
from tests.unit.matching.builders import POLICY, instance, patient, practitioner, territory

#: Under this policy somebody of 60 is as old as somebody of 71 is under the default one.
YOUNGER = replace(POLICY, version="dès 60 ans", tiers=TierRules(over_age=59))


def queue() -> Rehearsal:
    """Two who wait for one place: the longer wait wins, unless 60 counts as old."""
    two = instance(
        [patient("old", age=60, needs=Needs(c2s=None)), patient("young", age=30, waited_days=50)],
        [practitioner()],
        km={("old", "d1"): 6.0, ("young", "d1"): 3.0},
    )
    return rehearse(two, [POLICY, YOUNGER], groups={"âge": ["60 ans", "30 ans"]})


def test_who_gains_and_who_loses_against_the_first() -> None:
    first, second = queue().trials
    assert [(o.label, o.placed, o.gained, o.lost, o.moved) for o in first.outcomes] == [
        ("tous les patients", 1, 0, 0, 0),
        ("30 ans", 1, 0, 0, 0),
        ("60 ans", 0, 0, 0, 0),
    ]
    assert [(o.label, o.placed, o.gained, o.lost, o.moved) for o in second.outcomes] == [
        ("tous les patients", 1, 1, 1, 0),
        ("30 ans", 0, 0, 1, 0),
        ("60 ans", 1, 1, 0, 0),
    ]


def test_travel_and_waits_are_those_of_the_patients_placed() -> None:
    everybody, young, old = queue().trials[0].outcomes
    assert (young.median_min, young.farthest_min, young.median_wait_days) == (6.0, 6.0, 50)
    assert young.median_wait_left_days is None
    assert (old.median_min, old.farthest_min, old.median_wait_left_days) == (None, None, 0)
    assert everybody.share == 0.5


def test_a_move_is_neither_a_gain_nor_a_loss() -> None:
    near = replace(POLICY, version="courte distance", weights=replace(POLICY.weights, gender_tenths=0))
    choosy = instance(
        [patient(prefers_gender="f")],
        [practitioner("near", gender="m"), practitioner("far", gender="f")],
        km={("p1", "near"): 1.0, ("p1", "far"): 3.0},
    )
    everybody = rehearse(choosy, [POLICY, near], groups={}).trials[1].everybody
    assert (everybody.gained, everybody.lost, everybody.moved) == (0, 0, 1)


def test_the_load_of_the_gps() -> None:
    crowd = instance(
        [patient(f"p{i}", needs=Needs(ald=i < 2)) for i in range(3)],
        [practitioner("busy", places=3), practitioner("empty", places=2), practitioner("closed", places=0)],
        km={(f"p{i}", "busy"): 1.0 for i in range(3)},
    )
    load = rehearse(crowd, [POLICY], groups={}).trials[0].load
    assert (load.least_filled, load.median_filled, load.most_filled) == (0.0, 0.5, 1.0)
    assert load.most_tier1 == 2 / 3
    assert load.tier1_at_busiest == 1.0


def test_what_cannot_be_compared_is_refused_at_once() -> None:
    one = instance([patient()], [practitioner()])
    with pytest.raises(InvalidInstance) as refused:
        rehearse(one, [POLICY, POLICY], groups={"commune": []})
    assert len(refused.value.problems) == 2
    with pytest.raises(InvalidInstance):
        rehearse(one, [], groups={})
    with pytest.raises(InvalidInstance):
        rehearse(instance([], []), [POLICY], groups={})


def test_the_usual_groups() -> None:
    three = instance(
        [
            patient("a", age=3, needs=Needs(ald=True)),
            patient("b", age=70, needs=Needs(c2s=True)),
            patient("c", needs=Needs(ame=True, c2s=True)),
        ],
        [],
    )
    assert groups_of(three, POLICY, communes=["X", "Y", "Y"]) == {
        "priorité": ["priorité 1", "priorité 2", "priorité 2"],
        "âge": ["moins de 18 ans", "70 ans et plus", "non renseigné"],
        "couverture": ["autre ou non renseignée", "C2S", "C2S et AME"],
        "commune": ["X", "Y", "Y"],
    }
    assert [age_band(age) for age in (17, 18, 39, 40, 69, 130)] == [
        "moins de 18 ans", "18 à 39 ans", "18 à 39 ans", "40 à 69 ans", "40 à 69 ans", "70 ans et plus",
    ]  # fmt: skip


def test_the_three_tables_hold_the_same_numbers() -> None:
    rehearsal = queue()
    rows = list(csv.DictReader(StringIO(as_csv(rehearsal)), delimiter=";"))
    assert len(rows) == 6
    assert rows[4] == {
        "dimension": "âge", "label": "60 ans", "policy": "défaut-2", "patients": "1", "placed": "0",
        "share": "0.0", "median_min": "", "farthest_min": "", "median_wait_days": "",
        "median_wait_left_days": "0", "gained": "0", "lost": "0", "moved": "0",
    }  # fmt: skip
    plain, marked = text(rehearsal), markdown(rehearsal)
    assert "| 60 ans | dès 60 ans | 1 | 1 | 100 % | 12 | 12 | 0 | – | 1 | 0 | 0 |" in marked
    line = next(line for line in plain.splitlines() if line.startswith("60 ans") and "dès 60 ans" in line)
    assert line.split() == [
        "60",
        "ans",
        "dès",
        "60",
        "ans",
        "1",
        "1",
        "100",
        "%",
        "12",
        "12",
        "0",
        "–",
        "1",
        "0",
        "0",
    ]
    assert "par rapport à la politique « défaut-2 »" in plain


def test_a_label_cannot_become_a_formula_nor_break_a_table() -> None:
    one = instance([patient()], [practitioner()])
    rehearsal = rehearse(one, [POLICY], groups={"commune": ["=A|1"]})
    assert "commune;'=A|1;" in as_csv(rehearsal)
    assert "| =A\\|1 |" in markdown(rehearsal)


def test_the_chart_draws_and_says_the_numbers_and_fetches_nothing() -> None:
    drawn = svg(queue(), "âge")
    root = ElementTree.fromstring(drawn)
    space = "{http://www.w3.org/2000/svg}"
    assert root.findtext(f"{space}title") == "Part des patients avec un médecin, par âge"
    assert "60 ans : défaut-2 0 % (0 sur 1), dès 60 ans 100 % (1 sur 1)" in str(root.findtext(f"{space}desc"))
    assert {"titre", "chiffres"} == set(root.attrib["aria-labelledby"].split())
    assert "href" not in drawn
    assert "url(" not in drawn
    assert "<script" not in drawn
    bars = [float(r.attrib["width"]) for r in root.iter(f"{space}rect") if r.attrib.get("height") == "14"]
    assert bars == [420.0, 0.0, 0.0, 420.0]
    with pytest.raises(InvalidInstance):
        svg(queue(), "commune")


def test_labels_are_written_as_text_in_the_chart() -> None:
    one = instance([patient()], [practitioner()])
    drawn = svg(rehearse(one, [POLICY], groups={"commune": ["<b>&"]}), "commune")
    assert "&lt;b&gt;&amp;" in drawn
    ElementTree.fromstring(drawn)


def test_sums_of_every_dimension_are_those_of_everybody() -> None:
    given = territory(150, 8, seed=3)
    wide = replace(POLICY, version="large", reach=replace(POLICY.reach, max_km=14.0))
    rehearsal = rehearse(given, [POLICY, wide], groups=groups_of(given, POLICY))
    for trial in rehearsal.trials:
        for dimension in rehearsal.dimensions:
            parts = [o for o in trial.outcomes if o.dimension == dimension]
            for name in ("patients", "placed", "gained", "lost", "moved"):
                assert sum(getattr(o, name) for o in parts) == getattr(trial.everybody, name)
    first, second = (trial.everybody for trial in rehearsal.trials)
    assert second.placed - first.placed == second.gained - second.lost


def test_an_unproven_run_is_announced() -> None:
    given = territory(150, 8, seed=3)
    rehearsal = rehearse(given, [POLICY], groups={}, time_limit_s=0.0)
    assert "s'est arrêté avant la preuve" in text(rehearsal)
    assert isinstance(rehearsal.trials[0].policy, Policy)
