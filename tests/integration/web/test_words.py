"""Dates, numbers and spaces as French people write them."""

from datetime import UTC, date, datetime, timedelta

import pytest

from api.web import dates
from api.web.rendering import environment
from api.web.typography import french
from scheduler.store.tables import BookingState, CloseReason, ConsentHow, Modality, ReferralState, Role

TODAY = date(2026, 11, 21)
PARIS = "Europe/Paris"


@pytest.mark.parametrize(
    ("at", "written"),
    [
        (datetime(2026, 11, 21, 8, 30, tzinfo=UTC), "samedi 21 novembre, 9\u202fh\u202f30"),
        (datetime(2026, 12, 1, 13, 0, tzinfo=UTC), "mardi 1er décembre, 14\u202fh"),
        (datetime(2027, 1, 4, 23, 5, tzinfo=UTC), "mardi 5 janvier 2027, 0\u202fh\u202f05"),
        (datetime(2026, 7, 14, 7, 0, tzinfo=UTC), "mardi 14 juillet, 9\u202fh"),
    ],
)
def test_an_instant_is_written_in_the_zone_of_the_territory(at: datetime, written: str) -> None:
    assert dates.moment(at, PARIS, TODAY) == written


@pytest.mark.parametrize(
    ("days", "written"),
    [
        (0, "aujourd’hui"),
        (1, "demain"),
        (-1, "hier"),
        (2, "lundi 23 novembre"),
        (60, "mercredi 20 janvier 2027"),
    ],
)
def test_near_days_have_their_own_word(days: int, written: str) -> None:
    assert dates.near_day(TODAY + timedelta(days=days), TODAY) == written


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (-5, "à l’instant"),
        (59, "à l’instant"),
        (180, "il y a 3\u202fmin"),
        (3600, "il y a 1\u202fh"),
        (47 * 3600, "il y a 47\u202fh"),
        (72 * 3600, "il y a 3\u202fjours"),
    ],
)
def test_freshness(seconds: int, written: str) -> None:
    now = datetime(2026, 11, 21, 9, tzinfo=UTC)
    assert dates.ago(now - timedelta(seconds=seconds), now) == written


def test_durations_distances_and_numbers() -> None:
    assert dates.duration(725) == "12\u202fmin"
    assert dates.duration(3900) == "1\u202fh\u202f05"
    assert dates.duration(7200) == "2\u202fh"
    assert dates.kilometres(0.4) == "moins de 1\u202fkm"
    assert dates.kilometres(4.24) == "4,2\u202fkm"
    assert dates.kilometres(5.04) == "5\u202fkm"
    assert dates.kilometres(13.6) == "14\u202fkm"
    assert dates.number(12345) == "12\u202f345"
    assert dates.waited(0) == "moins d’un jour"
    assert dates.waited(1) == "1\u202fjour"


def test_the_singular_holds_under_two() -> None:
    assert [dates.counted(n, "créneau", "créneaux") for n in (0, 1, 2)] == [
        "0 créneau",
        "1 créneau",
        "2 créneaux",
    ]


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("Où ? Ici !", "Où\u202f? Ici\u202f!"),
        ("« commune » : attendu", "«\u202fcommune\u202f»\u202f: attendu"),
        ("l'agenda d'hier", "l’agenda d’hier"),
        ("https://exemple.fr/a?b=c:d", "https://exemple.fr/a?b=c:d"),
        ("à 9 :30", "à 9 :30"),
    ],
)
def test_spaces_that_do_not_break(typed: str, written: str) -> None:
    assert french(typed) == written


def test_templates_get_the_spaces_but_values_do_not() -> None:
    page = environment().from_string("<p>Nom : {{ name }} ?</p>").render(name="a ! <b>")
    assert page == "<p>Nom\u202f: a ! &lt;b&gt;\u202f?</p>"


@pytest.mark.parametrize(
    ("words", "codes"),
    [
        ("ROLES", Role),
        ("STATES", ReferralState),
        ("CLOSE_REASONS", CloseReason),
        ("CONSENT_HOW", ConsentHow),
        ("MODALITIES", Modality),
        ("BOOKING_STATES", BookingState),
    ],
)
def test_every_code_has_its_words(words: str, codes: type) -> None:
    assert set(getattr(environment().globals["words"], words)) == set(codes)
