"""One case per kind of sentence; small enough to be decided by hand."""

import json
from collections.abc import Sequence
from dataclasses import replace

import pytest

from matching import Instance, InvalidInstance, Needs, Policy, Reason, attach
from matching.explain import Explanation, explain, why_not
from matching.model import Commitment
from matching.policy import BalanceRules, HouseholdRules, OfferRules
from tests.unit.matching.builders import TRAVEL_ONLY, instance, patient, practitioner

ALD = Needs(ald=True)
#: Travel counts, nothing else: losses can be worked out by hand.
PLAIN = replace(TRAVEL_ONLY, balance=BalanceRules(tenths=0), households=HouseholdRules(bonus_tenths=0))


def explained(key: str, given: Instance, policy: Policy = PLAIN) -> Explanation:
    return explain(given, policy, attach(given, policy), key)


def said(reasons: Sequence[Reason], code: str) -> list[str]:
    return [reason.sentence for reason in reasons if reason.code == code]


def refused(key: str, gp: str, given: Instance, policy: Policy = PLAIN) -> Reason:
    return why_not(given, policy, attach(given, policy), key, gp)


def test_a_match_says_tier_wait_travel_and_wishes() -> None:
    wishing = patient(
        needs=Needs(ald=True, c2s=True), waited_days=20, prefers_gender="f", languages=frozenset({"ar"})
    )
    given = explained("p1", instance([wishing], [practitioner(name="Dr A", gender="f")]))
    assert given.practitioner_id == "d1"
    assert [reason.sentence for reason in given.facts] == [
        "Priorité 1 : affection de longue durée.",
        "En attente depuis le 1er novembre 2026 (20 jours), plus que les 14 jours prévus : passe devant.",
        "6 min de trajet (3 km).",
        "Souhait respecté : genre du médecin.",
        "Souhait non respecté : langue parlée.",
        "C'est le seul médecin possible pour ce patient.",
    ]
    assert given.nearby == given.remedies == ()


@pytest.mark.parametrize(
    ("who", "why"),
    [
        ({}, "Priorité 3 : aucun critère de priorité n'est renseigné."),
        ({"age": 71}, "Priorité 2 : plus de 70 ans."),
        ({"needs": Needs(disability=True, ame=True, chronic_needs=2)},
         "Priorité 2 : handicap, AME, 2 besoins chroniques."),
        ({"needs": Needs(pregnancy=True, palliative=True, c2s=True)},
         "Priorité 1 : grossesse, soins palliatifs."),
    ],
)  # fmt: skip
def test_the_tier_names_the_answers_that_decide_it(who: dict, why: str) -> None:
    assert said(explained("p1", instance([patient(**who)], [practitioner()])).facts, "tier") == [why]


def test_the_next_best_gp_and_what_going_there_would_do() -> None:
    two = instance(
        [patient("a"), patient("b", needs=ALD)],
        [practitioner("near", name="Dr A"), practitioner("far", name="Dr B")],
        km={("a", "near"): 1.0, ("a", "far"): 4.0, ("b", "far"): 2.0},
    )
    (told,) = said(explained("a", two).facts, "next_best")
    assert told == (
        "Le suivant serait Dr B (4 km), 6 min de plus. "
        "L'y envoyer retirerait sa place à 1 patient de priorité 1."
    )
    free = instance(
        [patient("a")],
        [practitioner("near", name="Dr A"), practitioner("far", name="Dr B")],
        km={("a", "near"): 1.0, ("a", "far"): 4.0},
    )
    (told,) = said(explained("a", free).facts, "next_best")
    assert told.endswith("L'y envoyer ferait perdre à l'ensemble l'équivalent de 6 min de trajet.")


def test_the_next_best_tells_which_wishes_change() -> None:
    choosy = instance(
        [patient(prefers_gender="f")],
        [practitioner("a", gender="f"), practitioner("b", gender="m")],
        km={("p1", "a"): 1.0, ("p1", "b"): 1.0},
    )
    weighted = replace(PLAIN, weights=Policy().weights)
    (told,) = said(explained("p1", choosy, weighted).facts, "next_best")
    assert "même temps de trajet, genre du médecin : souhait non respecté" in told


def test_a_full_gp_says_whose_the_places_are_and_nobodys_name() -> None:
    queue = instance(
        [
            patient("secret-a", needs=ALD, waited_days=3),
            patient("secret-b", needs=ALD, waited_days=9),
            patient("secret-c", needs=Needs(c2s=True)),
            patient("last"),
        ],
        [practitioner(name="Dr A", places=3)],
    )
    given = explained("last", queue)
    (nearby,) = given.nearby
    assert nearby.code == "full"
    assert nearby.sentence == (
        "Dr A (3 km) : complet, les places vont à 2 patients de priorité 1 arrivés sur la liste du "
        "12 novembre 2026 au 18 novembre 2026 et 1 patient de priorité 2 en attente depuis le "
        "21 novembre 2026."
    )
    assert said(given.remedies, "more_places") == [
        "Avec 1 place de plus chez Dr A (3 km), Dr A lui serait proposé (6 min)."
    ]
    assert "secret" not in json.dumps(given.as_data())


def test_how_many_more_places_it_takes() -> None:
    queue = instance([patient(f"a{i}", needs=ALD) for i in range(4)] + [patient("last")], [practitioner()])
    (told,) = said(explained("last", queue).remedies, "more_places")
    assert told == (
        "Avec 4 places de plus chez médecin d1 (3 km), médecin d1 lui serait proposé (6 min) ; "
        "3 ne suffiraient pas."
    )
    many = instance([patient(f"a{i}", needs=ALD) for i in range(40)] + [patient("last")], [practitioner()])
    assert [reason.code for reason in explained("last", many).remedies] == ["nothing_alone"]


def test_the_limits_of_tier_1_workload_and_offers_are_told_apart() -> None:
    def code(gp: dict, policy: Policy = PLAIN) -> str:
        two = instance([patient("a", needs=ALD), patient("b", needs=ALD)], [practitioner(**gp)])
        solution = attach(two, policy)
        (left,) = [m.patient_id for m in solution.matches if m.practitioner_id is None]
        (nearby,) = explain(two, policy, solution, left).nearby
        return nearby.code

    assert code({"places": 5, "max_tier1": 1}) == "full_tier1"
    assert code({"places": 5, "workload": 3}) == "full_workload"
    assert code({"places": 5}, replace(PLAIN, offers=OfferRules(at_once=1))) == "full_at_once"


@pytest.mark.parametrize(
    ("who", "gp", "rule", "lifted"),
    [
        ({"age": 3}, {"age_min": 6}, "age_range", "suivait aussi les patients de cet âge"),
        ({"needs": Needs(home_bound=True)}, {}, "home_visits", "se déplaçait à domicile"),
        ({"needs": Needs(wheelchair=True)}, {}, "wheelchair",
         "recevait dans un cabinet accessible en fauteuil"),
        ({}, {"max_km": 2.0}, "practitioner_distance", "acceptait des patients aussi éloignés"),
    ],
)  # fmt: skip
def test_a_rule_is_named_and_what_lifting_it_would_do(who: dict, gp: dict, rule: str, lifted: str) -> None:
    given = explained("p1", instance([patient(**who)], [practitioner(name="Dr A", **gp)]))
    assert [reason.code for reason in given.nearby] == [rule]
    assert said(given.remedies, "lift_rule") == [f"Si Dr A (3 km) {lifted}, Dr A lui serait proposé (6 min)."]


def test_a_lifted_rule_that_changes_nothing_is_not_promised() -> None:
    taken = instance(
        [patient("a", needs=ALD), patient("b", age=3)], [practitioner(age_min=6)],
        km={("a", "d1"): 1.0, ("b", "d1"): 1.0},
    )  # fmt: skip
    taken = replace(taken, patients=(replace(taken.patients[0], age=30), taken.patients[1]))
    assert [reason.code for reason in explained("b", taken).remedies] == ["nothing_alone"]


def test_going_farther_names_the_least_distance_that_does() -> None:
    far = instance(
        [patient()], [practitioner(name="Dr A"), practitioner("d2")],
        km={("p1", "d1"): 12.34, ("p1", "d2"): 14.0},
    )  # fmt: skip
    given = explained("p1", far)
    assert [reason.code for reason in given.nearby] == ["distance", "distance"]
    assert said(given.remedies, "go_farther") == [
        "S'il acceptait 12,4 km au lieu de 10 km, Dr A lui serait proposé (25 min)."
    ]


def test_what_must_be_asked_first() -> None:
    silent = explained("p1", instance([patient(consent=False)], [practitioner()]))
    assert [reason.code for reason in silent.remedies] == ["ask_consent"]
    unknown = explained("p1", instance([patient(age=None)], [practitioner(age_max=15)]))
    assert unknown.remedies[0].code == "ask_age"


def test_a_household_that_stays_together_says_who_is_blocked() -> None:
    family = instance(
        [patient("mother", age=30, household="h"), patient("son", age=3, household="h")],
        [practitioner("adults", name="Dr A", age_min=18, places=5), practitioner("small", name="Dr B")],
    )
    given = explained("mother", family)
    assert given.verdict.code == "household"
    assert given.verdict.sentence == (
        "2 personnes du foyer restent ensemble, et aucun des 2 médecins possibles pour ce patient ne peut "
        "les prendre toutes."
    )
    assert said(given.facts, "household_bound") == [
        "Foyer de 2 personnes, dont 2 à placer ensemble chez un même médecin, ou pas du tout."
    ]
    (told,) = said(given.nearby, "household_rule")
    assert told == (
        "Dr A (3 km) : le foyer reste ensemble et une autre personne du foyer en est écartée "
        "(ne suit pas les patients de cet âge)."
    )
    assert said(given.nearby, "household_room") == [
        "Dr B (3 km) : n'a que 1 place pour un foyer de 2 personnes."
    ]
    assert said(given.remedies, "more_places") == [
        "Avec 1 place de plus chez Dr B (3 km), Dr B lui serait proposé (6 min)."
    ]


def test_where_the_others_of_the_household_go() -> None:
    couple = [patient("a", household="h"), patient("b", household="h", waited_days=5)]
    roomy = explained("a", instance(couple, [practitioner(places=2)]))
    assert said(roomy.facts, "household_together") == ["Foyer de 2 personnes : le même médecin pour tous."]
    narrow = explained("b", instance(couple, [practitioner(places=1)]), Policy.default())
    (told,) = said(narrow.facts, "household_apart")
    assert told == (
        "Foyer de 2 personnes : 1 autre sans proposition ; rester ensemble est ici un souhait, "
        "pas une obligation."
    )


def test_an_announced_proposal_is_kept_and_says_so() -> None:
    two = instance([patient("a"), patient("b", needs=ALD)], [practitioner()])
    promised = replace(two, commitments=(Commitment(patient_id="a", practitioner_id="d1", firm=True),))
    assert said(explained("a", promised).facts, "pinned") == [
        "Proposition déjà annoncée : elle est maintenue."
    ]
    reason = refused("b", "d1", promised)
    assert (reason.code, reason.sentence) == (
        "held",
        "médecin d1 (3 km) : les propositions déjà annoncées ne lui laissent pas assez de place.",
    )


def test_why_not_of_every_kind() -> None:
    given = instance(
        [patient("a", needs=ALD), patient("b", age=30)],
        [
            practitioner("full", name="Dr A"),
            practitioner("children", name="Dr B", age_max=15),
            practitioner("unknown", name="Dr C"),
            practitioner("far", name="Dr D"),
        ],
        km={("a", "full"): 1.0, ("b", "full"): 1.0, ("b", "children"): 1.0, ("b", "far"): 11.0},
    )
    assert refused("a", "full", given).code == "proposed"
    assert refused("b", "children", given).sentence == "Dr B (1 km) : ne suit pas les patients de cet âge."
    assert refused("b", "unknown", given).sentence == "Dr C : trop loin, aucun trajet connu."
    assert refused("b", "far", given).code == "distance"
    full = refused("b", "full", given)
    assert (full.code, full.sentence) == (
        "full",
        "Dr A (1 km) : possible, mais complet. L'y envoyer retirerait sa place à 1 patient de priorité 1.",
    )
    assert full.data["loss"]["displaced"] == [1, 0, 0]  # type: ignore[index]
    for unknown in (("nobody", "full"), ("b", "nobody")):
        with pytest.raises(InvalidInstance):
            refused(*unknown, given)


def test_possible_but_worse_and_as_good() -> None:
    one = instance(
        [patient()], [practitioner("near"), practitioner("far"), practitioner("same")],
        km={("p1", "near"): 1.0, ("p1", "far"): 3.0, ("p1", "same"): 1.0},
    )  # fmt: skip
    worse = refused("p1", "far", one)
    assert worse.code == "worse"
    assert worse.sentence == (
        "médecin far (3 km) : possible, mais moins bien. L'y envoyer (4 min de plus pour ce patient) ferait "
        "perdre à l'ensemble l'équivalent de 4 min de trajet."
    )
    assert worse.data["loss"]["value"] == 40  # type: ignore[index]
    other = "same" if attach(one, PLAIN).matches[0].practitioner_id == "near" else "near"
    as_good = refused("p1", other, one)
    assert (as_good.code, as_good.data["loss"]["value"]) == ("as_good", 0)  # type: ignore[index]
    assert "ne ferait rien perdre à l'ensemble" in as_good.sentence


def test_a_solution_of_other_people_is_refused() -> None:
    one, other = instance([patient("a")], [practitioner()]), instance([patient("b")], [practitioner()])
    with pytest.raises(InvalidInstance):
        explain(one, PLAIN, attach(other, PLAIN), "a")


def test_the_text_lists_the_nearest_and_counts_the_rest() -> None:
    crowd = instance([patient(age=3)], [practitioner(f"d{i}", age_min=16) for i in range(7)])
    lines = explained("p1", crowd).text().splitlines()
    assert lines[0].startswith("Les 7 médecins à portée sont écartés")
    assert "- … et 2 de plus." in lines
    assert "Ce qui changerait la réponse :" in lines
