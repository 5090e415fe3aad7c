"""Two spellings of one French person are brought together; two people are not, as far as names tell."""

import unicodedata
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.referrals.likeness import Because, Person, likeness, near_dates
from scheduler.referrals.sounds import name_key, sound

NAMES = (
    "Lefèvre",
    "Dupont",
    "Durand",
    "Renault",
    "Moreau",
    "Gauthier",
    "Boulanger",
    "Mathieu",
    "Guérin",
    "François",
    "Chevalier",
    "Quéré",
    "Philippe",
    "Thérèse",
    "Stéphane",
    "Guillaume",
    "Agnès",
    "Zoé",
    "Jean-Pierre",
    "Marie-Claude",
    "Nguyễn",
    "O'Connor",
    "Lebœuf",
    "Benoît",
)
names = st.sampled_from(NAMES)
days = st.dates(date(1910, 1, 1), date(2026, 11, 1))
phones = st.sampled_from(["", "0160000000", "0199001234"])
people = st.builds(Person, family_name=names, given_name=names, birth_date=days | st.none(), phone=phones)


@st.composite
def respelt(draw: st.DrawFn, name: str) -> str:
    """Write a name as somebody else would hear it: accents, case, hyphens, doubled and silent letters."""
    if draw(st.booleans()):
        name = "".join(c for c in unicodedata.normalize("NFD", name) if not unicodedata.combining(c))
    if draw(st.booleans()):
        name = name.replace("-", draw(st.sampled_from([" ", "", "–"])))
    if draw(st.booleans()):
        name = name.replace("ph", "f").replace("Ph", "F")
    if draw(st.booleans()):
        name = name.replace("th", "t").replace("Th", "T")
    if name[-1] in "td" and draw(st.booleans()):
        name = name[:-1] + draw(st.sampled_from(["t", "d", "ts"]))
    return name.upper() if draw(st.booleans()) else name


@settings(max_examples=60, deadline=None)
@given(st.data(), names)
def test_a_name_sounds_the_same_however_it_is_spelt(data: st.DataObject, name: str) -> None:
    assert sound(data.draw(respelt(name))) == sound(name)
    assert sound(name)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Lefebvre", "Lefèvre"),
        ("Mickaël", "Michaël"),
        ("Schmitt", "Schmidt"),
        ("Renault", "Renaud"),
        ("Thibault", "Thibaut"),
        ("Moreaux", "Moro"),
        ("Gonzalez", "Gonzales"),
        ("Meunier", "Meunié"),
    ],
)
def test_names_that_sound_alike(one: str, other: str) -> None:
    assert sound(one) == sound(other)
    assert name_key(one) != name_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("Martin", "Marchand"), ("Petit", "Perrin"), ("Girard", "Gérard"), ("Leroy", "Leroux"), ("김", "박")],
)
def test_names_that_do_not(one: str, other: str) -> None:
    assert sound(one) != sound(other)


@settings(max_examples=60, deadline=None)
@given(people, people)
def test_likeness_is_mutual_and_gives_reasons_of_names_first(one: Person, other: Person) -> None:
    assert bool(likeness(one, other)) == bool(likeness(other, one))
    if found := likeness(one, other):
        assert len(found) >= 2


@settings(max_examples=60, deadline=None)
@given(st.data(), people)
def test_somebody_is_found_again_through_spelling_and_a_slip_of_the_birth_date(
    data: st.DataObject, one: Person
) -> None:
    slips = st.none() if one.birth_date is None else st.sampled_from(sorted(near_dates(one.birth_date)))
    other = replace(
        one,
        family_name=data.draw(respelt(one.family_name)),
        given_name=data.draw(respelt(one.given_name)),
        birth_date=data.draw(slips),
        phone=data.draw(phones),
    )
    assert likeness(one, other)
    swapped = replace(other, family_name=other.given_name, given_name=other.family_name)
    assert one.birth_date is None or likeness(one, swapped)


@settings(max_examples=60, deadline=None)
@given(people, st.integers(400, 20_000))
def test_neither_twins_nor_a_shared_telephone_make_one_person(one: Person, days_apart: int) -> None:
    twin = replace(one, given_name="Zorro")
    assert likeness(one, twin) == ()
    if one.birth_date is not None:
        elder = one.birth_date - timedelta(days=days_apart)
        namesake = replace(one, birth_date=elder, phone="")
        assert elder in near_dates(one.birth_date) or likeness(one, namesake) == ()


def test_a_married_name_and_a_telephone_are_enough() -> None:
    before = Person(family_name="Durand", given_name="Zoé", birth_date=date(1951, 3, 7), phone="0160000000")
    after = replace(before, family_name="Martin-Durand")
    assert likeness(before, replace(after, phone="")) == (Because.PART_OF_NAMES, Because.SAME_BIRTH_DATE)
    moved = replace(before, family_name="Petit")
    assert likeness(before, moved) == (
        Because.SAME_GIVEN_NAME,
        Because.SAME_BIRTH_DATE,
        Because.SAME_PHONE,
    )
    assert likeness(before, replace(moved, phone="")) == ()
