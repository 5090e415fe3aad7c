from collections import Counter
from dataclasses import asdict
from datetime import date, timedelta
from functools import cache

import pytest

from scheduler.demo.directory import NUM_PRACTITIONERS, NUM_VOLUNTEERS, fictitious_finess, fictitious_rpps
from scheduler.demo.people import SENART, demo_territory
from scheduler.demo.waiting_list import NUM_REFERRALS
from scheduler.territory.identifiers import parse_finess, parse_rpps
from scheduler.territory.travel import road_km

TODAY = date(2026, 11, 21)
SEEDS = range(6)

drawn = cache(demo_territory)  # it takes a while, and what it gives cannot be changed


@pytest.fixture(scope="module")
def territory():
    return drawn(1, TODAY)


def share(territory, told):
    return sum(map(told, territory.referrals)) / len(territory.referrals)


def test_same_seed_and_day_give_the_same_territory(territory):
    assert demo_territory(1, TODAY) == territory


def test_another_seed_gives_other_people(territory):
    other = drawn(2, TODAY)
    assert other.referrals != territory.referrals
    assert other.communes == territory.communes


def test_another_day_moves_dates_but_not_people(territory):
    later = demo_territory(1, TODAY + timedelta(days=1))
    assert [r.family_name for r in later.referrals] == [r.family_name for r in territory.referrals]
    assert [
        r.waiting_since - r2.waiting_since for r, r2 in zip(later.referrals, territory.referrals, strict=True)
    ] == [timedelta(days=1)] * NUM_REFERRALS


def test_the_real_part_is_real(territory):
    assert tuple(commune.insee for commune in territory.communes) == SENART
    assert territory.inhabitants == 116_016
    assert territory.num_without_gp == round(0.155 * 116_016) == 17_982
    assert territory.num_ald_without_gp == round(0.018 * 17_982) == 324


def test_numbers_of_people(territory):
    assert len(territory.referrals) == NUM_REFERRALS == 600
    assert len(territory.practitioners) == NUM_PRACTITIONERS == 40
    assert len(territory.intakes) == NUM_VOLUNTEERS == 12
    assert len({r.id for r in territory.referrals}) == 600


@pytest.mark.parametrize("seed", SEEDS)
def test_proportions_are_plausible_whatever_the_seed(seed):
    territory = drawn(seed, TODAY)
    assert sum(r.needs.ald is True for r in territory.referrals) == 108  # a third of 324
    assert 0.12 < share(territory, lambda r: r.age(TODAY) > 70) < 0.30
    assert 0.08 < share(territory, lambda r: r.age(TODAY) < 18) < 0.22
    assert 0.08 < share(territory, lambda r: r.needs.c2s is True) < 0.25
    assert 0.005 < share(territory, lambda r: r.needs.ame is True) < 0.06
    assert 0.01 < share(territory, lambda r: r.needs.home_bound is True) < 0.10
    assert 0.05 < share(territory, lambda r: bool(r.languages)) < 0.25
    assert 0.03 < share(territory, lambda r: r.needs.home_bound is None) < 0.14
    assert 2 <= sum(not r.consent for r in territory.referrals) <= 40


@pytest.mark.parametrize("seed", SEEDS)
def test_old_people_are_more_often_in_ald_than_young_ones(seed):
    referrals = drawn(seed, TODAY).referrals
    old, young = ([r for r in referrals if low <= r.age(TODAY) < high] for low, high in ((65, 120), (0, 40)))
    assert sum(r.needs.ald for r in old) / len(old) > 2 * sum(r.needs.ald for r in young) / len(young)


@pytest.mark.parametrize("seed", SEEDS)
def test_patients_live_in_the_communes_in_proportion(seed):
    territory = drawn(seed, TODAY)
    lives = Counter(r.insee for r in territory.referrals)
    for commune in territory.communes:
        expected = 600 * commune.population / territory.inhabitants
        assert abs(lives[commune.insee] - expected) < 12 + 0.45 * expected  # whole households are drawn


def test_practitioners_practise_in_the_communes_in_proportion(territory):
    practise = Counter(territory.structure_of(gp).insee for gp in territory.practitioners)
    assert practise == {
        "77445": 11,
        "77122": 8,
        "77296": 6,
        "77251": 5,
        "77067": 4,
        "77326": 2,
        "77495": 3,
        "77384": 1,
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_a_minor_is_never_without_a_parent(seed):
    territory = drawn(seed, TODAY)
    households = territory.households()
    for child in (r for r in territory.referrals if r.age(TODAY) < 18):
        assert child.household is not None
        assert any(r.age(TODAY) - child.age(TODAY) >= 18 for r in households[child.household])


@pytest.mark.parametrize("seed", SEEDS)
def test_a_household_lives_together_and_was_signalled_together(seed):
    households = drawn(seed, TODAY).households()
    assert 40 < len(households) < 160
    for members in households.values():
        assert 2 <= len(members) <= 5
        shared = {
            (r.family_name, r.insee, r.address, r.phone, r.waiting_since, r.consent, r.needs.c2s)
            for r in members
        }
        assert len(shared) == 1


@pytest.mark.parametrize("seed", SEEDS)
def test_needs_agree_with_age_gender_and_date(seed):
    for r in drawn(seed, TODAY).referrals:
        assert 0 <= r.age(TODAY) <= 96
        assert TODAY - timedelta(days=300) <= r.waiting_since <= TODAY
        assert not (r.needs.c2s and r.needs.ame)
        if r.needs.pregnancy:
            assert r.gender == "f"
            assert 20 <= r.age(TODAY) <= 42
        if r.needs.recent_discharge:
            assert (TODAY - r.waiting_since).days <= 30
        if r.needs.ald:
            assert r.needs.chronic_needs in {0, None}


def test_referrals_are_in_the_order_of_signalling(territory):
    waits = [r.waiting_since for r in territory.referrals]
    assert waits == sorted(waits)
    assert [r.id for r in territory.referrals][:2] == ["D-001", "D-002"]


def test_everybody_is_marked_as_invented(territory):
    assert territory.fictitious
    assert "démonstration" in territory.name
    for person in (*territory.referrals, *territory.practitioners, *territory.structures):
        assert person.fictitious
    for person in (*territory.referrals, *territory.practitioners):
        assert person.email.endswith("@example.org")
        assert person.email.isascii()
        assert person.phone.startswith(("019900", "063998"))  # kept for fiction by ARCEP
        assert len(person.phone) == 10
    emails = [person.email for person in (*territory.referrals, *territory.practitioners)]
    assert len(set(emails)) == len(emails)
    assert all("(fictif)" in structure.name for structure in territory.structures)


def test_numbers_are_valid_but_cannot_be_anybodys(territory):
    for gp in territory.practitioners:
        assert parse_rpps(gp.rpps) == gp.rpps
        assert gp.rpps.startswith("9990")
    for structure in territory.structures:
        assert parse_finess(structure.finess).warning is None
        assert structure.finess.startswith("00")  # no such department
    assert len({gp.rpps for gp in territory.practitioners}) == 40
    assert len({gp.name for gp in territory.practitioners}) == 40
    assert len({s.finess for s in territory.structures}) == len(territory.structures)
    assert (fictitious_rpps(1), fictitious_finess(1)) == ("99900000011", "000000018")


def test_structures_stand_near_the_centre_of_their_commune(territory):
    import numpy as np

    for structure in territory.structures:
        commune = next(c for c in territory.communes if c.insee == structure.insee)
        there = np.array([[structure.latitude, structure.longitude]])
        assert road_km(there, np.array([[commune.latitude, commune.longitude]]))[0, 0] < 4


def test_volunteers_offer_places_of_several_kinds(territory):
    intakes = territory.intakes
    assert len({intake.practitioner_id for intake in intakes}) == 12
    assert {i.practitioner_id for i in intakes} <= {gp.rpps for gp in territory.practitioners}
    assert sum(intake.places for intake in intakes) == 230
    assert sum(intake.home_visits for intake in intakes) == 4
    assert any(intake.age_min for intake in intakes)
    assert any(intake.age_max for intake in intakes)
    assert any(intake.max_km for intake in intakes)
    leaving = sorted((i.leaving_on - TODAY).days for i in intakes if i.leaving_on)
    assert leaving == [120, 600]
    for intake in intakes:
        assert intake.max_tier1 is None or intake.max_tier1 <= intake.places


def test_volunteers_are_in_most_communes(territory):
    rpps = {intake.practitioner_id for intake in territory.intakes}
    volunteers = [gp for gp in territory.practitioners if gp.rpps in rpps]
    assert len({territory.structure_of(gp).insee for gp in volunteers}) >= 5


def test_one_account_per_role(territory):
    assert [account.role for account in territory.accounts] == [
        "signaller",
        "gp",
        "secretary",
        "coordinator",
        "regulator",
        "bureau",
        "admin",
    ]
    assert all(account.email.endswith("@demo.example") for account in territory.accounts)
    assert all(account.email == account.email.lower() for account in territory.accounts)
    volunteer = territory.intakes[0].practitioner_id
    assert [a.practitioner_id for a in territory.accounts] == [
        None,
        volunteer,
        volunteer,
        None,
        None,
        None,
        None,
    ]
    assert "password" not in str(asdict(territory.accounts[0]))


def test_age_on_the_eve_of_a_birthday(territory):
    referral = territory.referrals[0]
    birthday = referral.birth_date.replace(year=2025)
    assert referral.age(birthday) - referral.age(birthday - timedelta(days=1)) == 1
