"""What people type: dates, numbers, communes, and a whole signal."""

from datetime import UTC, date, datetime

import pytest

from api.web import places
from api.web.forms import read_answer, read_count, read_day, read_km
from api.web.signalling import understand
from scheduler.errors import InvalidInput

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
COMPLETE = {
    "family_name": "Durand",
    "given_name": "Zoé",
    "birth_date": "7/3/1951",
    "commune": "combs la ville",
    "phone": "01 60 00 00 00",
    "ald": "oui",
    "pregnancy": "non",
    "chronic_needs": "2",
    "language": "pt",
    "prefers_gender": "f",
    "max_km": "7,5",
    "consent": "oui",
    "consent_how": "oral",
    "collected_by": "Infirmière libérale",
}


@pytest.mark.parametrize("typed", ["7/3/1951", "07.03.1951", "07031951", "1951-03-07", " 7-3-1951 "])
def test_a_day_may_be_typed_in_several_ways(typed: str) -> None:
    assert read_day(typed) == date(1951, 3, 7)


@pytest.mark.parametrize("typed", ["31/02/1951", "1951", "7/3/51", "hier", "7/3-1951", "٠٧/٠٣/١٩٥١x"])
def test_what_is_no_day_is_refused(typed: str) -> None:
    with pytest.raises(InvalidInput):
        read_day(typed)


def test_nothing_typed_is_no_value() -> None:
    assert (read_day(" "), read_count("", most=9), read_km(" "), read_answer("")) == (None, None, None, None)


@pytest.mark.parametrize("typed", ["-1", "51", "x", "1.5", "٣"])
def test_a_count_has_bounds(typed: str) -> None:
    with pytest.raises(InvalidInput):
        read_count(typed, most=50)


@pytest.mark.parametrize(
    "typed", ["Combs-la-Ville (77380)", "combs la ville", "COMBS-LA-VILLE 77380", "77380"]
)
def test_a_commune_is_understood(typed: str) -> None:
    assert places.one_commune(typed).insee == "77122"


def test_an_ambiguous_postcode_names_the_choices() -> None:
    with pytest.raises(InvalidInput) as refused:
        places.one_commune("77240")
    assert "Vert-Saint-Denis (77240)" in refused.value.expected


def test_suggestions_are_understood_again() -> None:
    for label in places.suggestions(("77122", "77296")):
        assert places.label(places.one_commune(label)) == label


def test_a_complete_signal_is_read() -> None:
    read = understand(COMPLETE, now=NOW, today=NOW.date())
    assert read.form.errors == {}
    assert read.signal is not None
    assert read.signal.identity.birth_date == date(1951, 3, 7)
    assert read.signal.identity.insee == "77122"
    assert (read.signal.needs.ald, read.signal.needs.pregnancy, read.signal.needs.c2s) == (True, False, None)
    assert read.signal.needs.chronic_needs == 2
    assert read.signal.wishes.max_km == 7.5
    assert read.signal.wishes.languages == ("pt",)


def test_all_that_is_wrong_is_said_at_once_and_what_was_typed_is_kept() -> None:
    wrong = COMPLETE | {
        "family_name": "123",
        "birth_date": "31/02/1951",
        "commune": "Nulle Part-sur-Rien",
        "phone": "12",
        "max_km": "loin",
        "chronic_needs": "beaucoup",
        "consent": "",
        "consent_how": "telepathy",
    }
    read = understand(wrong, now=NOW, today=NOW.date())
    assert read.signal is None
    assert set(read.form.errors) == {
        "family_name", "birth_date", "commune", "phone", "max_km", "chronic_needs", "consent", "consent_how",
    }  # fmt: skip
    assert read.form.values == wrong


def test_an_empty_form_asks_for_what_is_needed_only() -> None:
    read = understand({}, now=NOW, today=NOW.date())
    assert set(read.form.errors) == {
        "family_name", "given_name", "birth_date", "commune", "phone",
        "consent", "consent_how", "collected_by",
    }  # fmt: skip
