"""What is kept of a patient's identity and what is refused: reliability tests B3 (names), B5, B6 (dates)."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from scheduler.errors import InvalidInput
from scheduler.referrals.checks import check_waiting_since, checked_consent, checked_identity, checked_wishes
from scheduler.referrals.values import ConsentGiven, Identity, Wishes
from scheduler.store.tables import ConsentHow

TODAY = date(2026, 11, 23)
SOMEBODY = Identity(family_name="Essai", given_name="Paul", insee="77445")


@pytest.mark.parametrize(
    ("field", "given", "kept"),
    [
        ("family_name", "  O'Connor  ", "O'Connor"),
        ("family_name", "Nguye\u0302\u0303n", "Nguyễn"),
        ("family_name", "أحمد", "أحمد"),
        ("family_name", "<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("given_name", "Zoé 🌻", "Zoé 🌻"),
        ("given_name", "Marie\n\tClaire", "Marie Claire"),
        ("family_name", "=cmd()", "=cmd()"),
        ("family_name", "a" * 100, "a" * 100),
        ("phone", "06.12-34 56 78", "0612345678"),
        ("phone", "+262 692 12 34 56", "+262692123456"),
        ("phone", "0262 12 34 56", "0262123456"),
        ("phone", "0596.12.34.56", "0596123456"),
        ("phone", "", ""),
        ("email", " paul@exemple.fr ", "paul@exemple.fr"),
        ("insee", "77445", "77445"),
        ("birth_date", date(1906, 11, 23), date(1906, 11, 23)),
        ("birth_date", TODAY, TODAY),
        ("birth_date", date(2000, 2, 29), date(2000, 2, 29)),
        ("birth_date", None, None),
    ],
)
def test_what_is_kept(field: str, given: object, kept: object) -> None:
    assert getattr(checked_identity(replace(SOMEBODY, **{field: given}), today=TODAY), field) == kept


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("family_name", ""),
        ("family_name", " \u00a0 "),
        ("family_name", "a" * 101),
        ("family_name", "a" * 300),
        ("given_name", "12345"),
        ("given_name", "Paul\x00"),
        ("given_name", "Paul\u202eluaP"),
        ("given_name", "\ud800"),
        ("phone", "12345"),
        ("phone", "06 12 34 56 7"),
        ("phone", "0612345678 ou 79"),
        ("email", "paul"),
        ("email", "paul@exemple"),
        ("email", "p@e.fr" + "x" * 200),
        ("address", "a" * 201),
        ("insee", "00000"),
        ("insee", ""),
        ("birth_date", date(2026, 11, 24)),
        ("birth_date", date(1906, 11, 22)),
    ],
)
def test_what_is_refused(field: str, given: object) -> None:
    with pytest.raises(InvalidInput) as refused:
        checked_identity(replace(SOMEBODY, **{field: given}), today=TODAY)
    assert refused.value.field == field


def test_on_a_leap_day_the_oldest_birth_date_is_still_a_date() -> None:
    with pytest.raises(InvalidInput):
        checked_identity(replace(SOMEBODY, birth_date=date(1908, 2, 27)), today=date(2028, 2, 29))


@pytest.mark.parametrize("max_km", [0.0, -1.0, 100.5, float("nan"), float("inf")])
def test_a_distance_nobody_means_is_refused(max_km: float) -> None:
    with pytest.raises(InvalidInput):
        checked_wishes(Wishes(max_km=max_km))


@pytest.mark.parametrize("languages", [("français",), ("f",), ("",), tuple("abcdefghijk")])
def test_a_language_that_is_not_a_code_is_refused(languages: tuple[str, ...]) -> None:
    with pytest.raises(InvalidInput):
        checked_wishes(Wishes(languages=languages))


def test_languages_are_kept_once_in_lower_case() -> None:
    assert checked_wishes(Wishes(languages=("FR", "pt", "fr"))).languages == ("fr", "pt")


NOW = datetime(2026, 11, 23, 8, tzinfo=UTC)
CONSENT = ConsentGiven(notice_version="1", how=ConsentHow.ORAL, collected_by="Infirmière")


def test_a_consent_given_just_now_may_come_from_a_clock_that_runs_ahead() -> None:
    assert checked_consent(CONSENT, now=NOW).given_at == NOW
    ahead = replace(CONSENT, given_at=NOW + timedelta(minutes=4))
    assert checked_consent(ahead, now=NOW) == ahead


@pytest.mark.parametrize(
    "wrong",
    [
        {"given_at": NOW + timedelta(minutes=6)},
        {"given_at": NOW.replace(tzinfo=None)},
        {"notice_version": " "},
        {"collected_by": ""},
    ],
)
def test_a_consent_that_says_too_little_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidInput) as refused:
        checked_consent(replace(CONSENT, **wrong), now=NOW)
    assert refused.value.field in wrong


@pytest.mark.parametrize(
    ("since", "fine"), [(TODAY, True), (date(2006, 11, 23), True), (date(2006, 11, 22), False)]
)
def test_a_wait_begins_in_the_past_but_not_before_any_list(since: date, fine: bool) -> None:
    if fine:
        check_waiting_since(since, today=TODAY)
    else:
        with pytest.raises(InvalidInput):
            check_waiting_since(since, today=TODAY)
