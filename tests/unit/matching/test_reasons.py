"""A reason for every patient: code, sentence, facts; nobody's identity but the GPs'."""

import json
from dataclasses import replace

from matching import Instance, Needs, Reason, attach
from matching.eligibility import RULES
from matching.explain import explain
from matching.policy import ReserveRules
from tests.unit.matching.builders import POLICY, instance, patient, practitioner, territory

ALD = Needs(ald=True)


def reason_of(key: str, given: Instance) -> Reason:
    return next(m.reason for m in attach(given, POLICY).matches if m.patient_id == key)


def test_placed_says_tier_wait_travel_and_wishes() -> None:
    wishing = patient(waited_days=61, needs=Needs(c2s=True), prefers_gender="f", languages=frozenset({"ar"}))
    reason = reason_of("p1", instance([wishing], [practitioner(gender="f")]))
    assert reason.code == "placed"
    assert reason.sentence == (
        "Priorité 2, attend depuis 61 jours, passe devant car l'attente est trop longue ; "
        "6 min de trajet (3 km) ; souhaits respectés : genre du médecin ; "
        "souhaits non respectés : langue parlée."
    )
    assert reason.data == {
        "tier": 2,
        "rank": 1,
        "waited_days": 61,
        "waiting_since": "2026-09-21",
        "distance_m": 3000,
        "duration_s": 360,
        "wishes_met": ("gender",),
        "wishes_unmet": ("language",),
    }


def test_days_are_counted_in_words_that_fit() -> None:
    def sentence(days: int) -> str:
        return reason_of("p1", instance([patient(waited_days=days)], [practitioner()])).sentence

    assert "depuis aujourd'hui" in sentence(0)
    assert "depuis 1 jour ;" in sentence(1)


def test_without_consent_the_reason_asks_for_it() -> None:
    reason = reason_of("p1", instance([patient(consent=False)], [practitioner()]))
    assert reason.code == "no_consent"
    assert "accord" in reason.sentence


def test_nobody_in_reach_names_the_nearest_and_what_to_ask() -> None:
    far = instance(
        [patient()], [practitioner("d1"), practitioner("d2")], km={("p1", "d1"): 12.4, ("p1", "d2"): 19}
    )
    reason = reason_of("p1", far)
    assert reason.code == "nobody_in_reach"
    assert reason.sentence == (
        "Aucun médecin volontaire à 10 km ou moins ; le plus proche est à 12,4 km. "
        "Demandez au patient s'il irait jusqu'à 15 km."
    )
    assert reason.data == {"limit_m": 10_000, "nearest_m": 12_400}


def test_nobody_at_all_in_reach() -> None:
    reason = reason_of("p1", instance([patient(max_km=4.5)], [practitioner()], km={}))
    assert reason.sentence == "Aucun médecin volontaire à 4,5 km ou moins."
    assert reason.data["nearest_m"] is None


def test_excluded_counts_the_rules_and_names_the_nearest() -> None:
    child = instance(
        [patient(age=3)],
        [practitioner("a", age_min=6), practitioner("b", age_min=16), practitioner("c", places=0)],
        km={("p1", "a"): 5.0, ("p1", "b"): 2.0, ("p1", "c"): 1.0},
    )
    reason = reason_of("p1", child)
    assert reason.code == "excluded"
    assert reason.sentence == (
        "Les 3 médecins à portée sont écartés : ne suit pas les patients de cet âge (2) ; "
        "n'offre aucune place actuellement (1)."
    )
    assert reason.data["rules"] == {"age_range": 2, "no_places": 1}
    assert reason.data["nearest"] == (
        {"practitioner_id": "c", "distance_m": 1000, "rule": "no_places"},
        {"practitioner_id": "b", "distance_m": 2000, "rule": "age_range"},
        {"practitioner_id": "a", "distance_m": 5000, "rule": "age_range"},
    )


def test_every_rule_can_be_said() -> None:
    alone = instance([patient(age=None)], [practitioner(age_max=15)])
    assert reason_of("p1", alone).sentence.startswith("Le seul médecin à portée est écarté : limite les âges")
    assert len({rule.excludes for rule in RULES}) == len(RULES)


def test_full_says_whose_places_they_are_and_nobodys_name() -> None:
    queue = instance(
        [patient("secret-a", needs=ALD, waited_days=20), patient("secret-b", waited_days=9), patient("c")],
        [practitioner("d1"), practitioner("d2"), practitioner("closed", places=0)],
    )
    reason = reason_of("c", queue)
    assert reason.code == "full"
    assert reason.sentence == (
        "Les 2 médecins possibles n'ont plus de place : elles vont à des patients plus urgents ou plus "
        "proches (1 de priorité 1, 1 de priorité 3) ; le dernier servi est de priorité 3 et attend depuis "
        "le 12 novembre 2026."
    )
    assert reason.data["possible"] == 2
    holders = [gp["held_by"] for gp in reason.data["nearest"]]  # type: ignore[attr-defined]
    assert sorted(holders, key=str) == [
        ({"tier": 1, "waiting_since": "2026-11-01"},),
        ({"tier": 3, "waiting_since": "2026-11-12"},),
    ]
    assert "secret" not in str(reason)


def test_full_for_tier_1_names_only_those_who_share_its_places() -> None:
    limited = practitioner(places=3, max_tier1=1)
    queue = instance(
        [patient("a", needs=ALD, waited_days=3), patient("b", needs=ALD), patient("c")], [limited]
    )
    reason = reason_of("b", queue)
    assert "(1 de priorité 1)" in reason.sentence
    closed = instance([patient("a", needs=ALD)], [practitioner(places=3, max_tier1=0)])
    assert (
        reason_of("a", closed).sentence
        == "Le seul médecin possible n'a plus de place ouverte à la priorité 1."
    )


def test_every_patient_of_a_territory_has_a_reason_that_can_be_written_as_json() -> None:
    solution = attach(territory(200, 6, seed=2), POLICY)
    assert {m.reason.code for m in solution.matches} >= {"placed", "full", "no_consent"}
    for match in solution.matches:
        assert match.reason.sentence.endswith(".")
        assert json.dumps(match.reason.data)


def test_a_place_kept_for_needier_arrivals_is_said_to_be() -> None:
    few = instance(
        [patient("a", needs=ALD), patient("b", needs=ALD), patient("c")], [practitioner("d1", places=3)]
    )
    keeping = replace(POLICY, reserve=ReserveRules(horizon_days=90, scenarios=20))
    solution = attach(few, keeping)
    reason = solution.matches[2].reason
    assert reason.code == "reserved"
    assert reason.sentence == (
        "Il reste des places chez 1 médecin possible : elles sont gardées pour des patients plus urgents "
        "attendus bientôt."
    )
    (nearby,) = explain(few, keeping, solution, "c").nearby
    assert nearby.code == "reserved"
