"""A policy is data with ranges; a bad document is refused with all of its mistakes."""

import re
from pathlib import Path

import pytest

from matching import (
    BalanceRules,
    HouseholdRules,
    InvalidPolicy,
    OfferRules,
    Policy,
    ReachRules,
    ReserveRules,
    SoftWeights,
    StabilityRules,
    TierRules,
    WorkloadRules,
)


def problems(text: str) -> tuple[str, ...]:
    with pytest.raises(InvalidPolicy) as refusal:
        Policy.from_toml(text)
    return refusal.value.problems


def test_the_defaults_are_those_of_the_design() -> None:
    policy = Policy.default()
    assert policy.tiers.longest_wait_days == (14, 60, 180)
    assert (policy.tiers.over_age, policy.tiers.chronic_needs) == (70, 2)
    assert (policy.reach.max_km, policy.reach.max_km_with_consent) == (10, 15)
    assert policy == Policy() == Policy.from_toml("")


def test_toml_changes_what_it_names(tmp_path: Path) -> None:
    text = """
    version = "bureau 2026-12"
    [tiers]
    longest_wait_days = [7, 30, 90]
    [reach]
    max_km = 8
    [weights]
    gender_tenths = 0
    """
    policy = Policy.from_toml(text)
    assert policy.version == "bureau 2026-12"
    assert policy.tiers.longest_wait_days == (7, 30, 90)
    assert policy.reach == ReachRules(max_km=8)
    assert policy.weights == SoftWeights(gender_tenths=0)
    file = tmp_path / "policy.toml"
    file.write_text(text, encoding="utf-8")
    assert Policy.from_toml(file) == policy


def test_all_mistakes_come_at_once() -> None:
    found = problems(
        """
        version = 3
        colour = "blue"
        weights = 12
        [tiers]
        longest_wait_days = [14, 0, 180]
        over_age = 70.5
        surprise = 1
        [reach]
        max_km = 0
        max_km_with_consent = "far"
        """
    )
    assert [problem.split(" :")[0] for problem in found] == [
        "colour",
        "version",
        "tiers.surprise",
        "tiers.longest_wait_days",
        "tiers.over_age",
        "reach.max_km",
        "reach.max_km_with_consent",
        "weights",
    ]
    assert "entre 1 et 3650" in found[3]


@pytest.mark.parametrize(
    "text",
    [
        "[tiers]\nlongest_wait_days = [14, 60]",
        "[tiers]\nlongest_wait_days = 14",
        "[tiers]\nlongest_wait_days = [14, 60, true]",
        "[tiers]\nover_age = true",
        "[reach]\nmax_km = nan",
        "[reach]\nmax_km = 12\nmax_km_with_consent = 11",
        "[weights]\nlanguage_tenths = -1",
        'version = " "',
        '[households]\ntogether = "nobody"',
        "[households]\ntogether = true",
        "[households]\nbonus_tenths = -1",
        "[workload]\nald = 4",
        "[workload]\nusual = 0",
        "[balance]\ntenths = 1.5",
        "[stability]\nmove_tenths = 0",
        "[reserve]\nhorizon_days = 91",
        "[reserve]\nscenarios = 0",
        "[offers]\nat_once = -1",
        "[weights]\nhousehold_followed_tenths = 10001",
        "this is not TOML",
    ],
)
def test_one_mistake_is_enough(text: str) -> None:
    assert len(problems(text)) == 1


def test_constructors_refuse_as_well() -> None:
    with pytest.raises(InvalidPolicy, match="seniority_tenths_per_day"):
        TierRules(seniority_tenths_per_day=-1)
    with pytest.raises(InvalidPolicy, match="version"):
        Policy(version="")


def test_the_new_sections_have_the_agreed_defaults() -> None:
    policy = Policy.default()
    assert (policy.households.together, policy.households.bonus_tenths) == ("minors_and_asked", 100)
    assert (policy.balance.tenths, policy.stability.move_tenths) == (30, 50)
    assert (policy.reserve.horizon_days, policy.offers.at_once) == (0, 0)


def test_a_written_policy_reads_back_as_itself() -> None:
    changed = Policy(
        version='bureau "12" \\ été\x7f\n',
        tiers=TierRules(longest_wait_days=(7, 30, 90)),
        reach=ReachRules(max_km=8.5, max_km_with_consent=20),
        weights=SoftWeights(household_followed_tenths=1),
        households=HouseholdRules(together="all", bonus_tenths=0),
        workload=WorkloadRules(home_bound=2, very_old_from=90),
        balance=BalanceRules(tenths=0),
        stability=StabilityRules(move_tenths=1),
        reserve=ReserveRules(horizon_days=30, scenarios=7),
        offers=OfferRules(at_once=4),
    )
    assert Policy.from_toml(changed.to_toml()) == changed
    assert Policy.from_toml(Policy.default().to_toml()) == Policy.default()


def test_every_key_of_the_written_policy_says_what_it_decides_and_its_range() -> None:
    lines = Policy.default().to_toml().splitlines()
    keys = [i for i, line in enumerate(lines) if " = " in line and not line.startswith(("#", "version"))]
    assert len(keys) > 30
    for i in keys:
        assert re.fullmatch(r"# [A-ZÉÀ].{5,} \(.+( à | ou ).+\)", lines[i - 1]), lines[i]


def test_the_document_shown_to_the_bureau_is_the_default() -> None:
    assert Path("docs/politique.toml").read_text(encoding="utf-8") == Policy.default().to_toml()
