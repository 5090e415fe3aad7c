"""A pathway's document: valid as shipped, every mistake named, and no missing answer that lowers a rank."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matching.model import Needs
from scheduler.referrals.pathways import InvalidPathway, Pathway
from scheduler.referrals.pathways.kept import SHIPPED, shipped, shipped_document
from scheduler.referrals.pathways.reading import NEEDS, read_pathway

ORTHO = shipped_document("orthophoniste")
answers = st.sampled_from([True, False, None])


@pytest.mark.parametrize("code", SHIPPED)
def test_what_relais_comes_with_is_valid_and_complete(code: str) -> None:
    pathway = shipped()[code]
    assert pathway.code == code
    assert pathway.by_policy == (code == "gp")
    assert [name for name, _ in pathway.notice.items()] == [
        "information",
        "professionals",
        "medium",
        "security",
    ]
    assert all(text.endswith(".") for _, text in pathway.notice.items())
    assert pathway.asks or pathway.criteria


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(["orthophoniste", "sage_femme"]),
    st.dictionaries(st.sampled_from(sorted(NEEDS)), answers),
    st.dictionaries(st.integers(0, 5), answers),
    st.none() | st.integers(0, 100),
)
def test_a_missing_answer_never_gives_a_worse_tier_than_any_answer(
    code: str, needs: dict[str, bool | None], own: dict[int, bool | None], age: int | None
) -> None:
    pathway: Pathway = shipped()[code]
    said = {each.code: own.get(row) for row, each in enumerate(pathway.criteria)}
    tier = pathway.own_tier(Needs(**needs), said, age)
    assert tier is not None
    unsaid = pathway.own_tier(
        Needs(**{name: value or None for name, value in needs.items()}),
        {name: value or None for name, value in said.items()},
        age,
    )
    assert unsaid == tier  # "no" and silence weigh the same
    more = pathway.own_tier(Needs(**needs), dict.fromkeys(said, True), age)
    assert more is not None
    assert more <= tier


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        ('mode = "attach"', 'mode = "guess"', "mode : « attach » est attendu"),
        ('mode = "attach"', 'mode = "fill"', "mode : « attach » est attendu (« fill », un créneau"),
        ('mode = "attach"', 'mode = "gather"', "mode : « attach » est attendu"),
        ("days = [30, 120, 365]", "days = [30, 20, 365]", "deadline.days : trois nombres de jours"),
        (
            "within_days = 7",
            "within_days = 0",
            "return_to_sender.within_days : un nombre entier",
        ),
        ("under_age = 6", "under_age = 200", "tiers.under_age : un nombre entier entre 1 et 130"),
        ("palliative = 1", "palliative = 4", "tiers.needs.palliative : un nombre entier entre 1 et 2"),
        ("palliative = 1", "ald = 1", "tiers.needs.ald : ce besoin n'est pas demandé"),
        ('code = "stroke"', 'code = "swallowing"', "criteria : le code « swallowing » vient deux fois"),
        ('code = "stroke"', 'code = "c2s"', "criteria : « c2s » est déjà un besoin commun"),
        ("security = ", "secrecy = ", "consent.security : un texte de 1 à 400 caractères"),
        ("security = ", "secrecy = ", "consent.secrecy : clé inconnue"),
        ('"professional", ', '"neighbour", ', "requesters : une liste parmi"),
        ("declare_first_from = 0", "declare_first_from = true", "declare_first_from : un nombre entier"),
        ("[tiers]", "[tiers", "ce document n'est pas du TOML"),
    ],
)
def test_each_mistake_is_named(before: str, after: str, problem: str) -> None:
    assert before in ORTHO
    with pytest.raises(InvalidPathway) as refused:
        read_pathway(ORTHO.replace(before, after))
    assert any(line.startswith(problem) for line in refused.value.problems), refused.value.problems


def test_all_mistakes_are_named_at_once() -> None:
    with pytest.raises(InvalidPathway) as refused:
        read_pathway('code = "X"\nmode = "y"\nunknown = 1\n')
    assert len(refused.value.problems) > 10
