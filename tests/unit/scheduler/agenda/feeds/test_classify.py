"""What opens, what closes, what does not count: the rules in their order, in the four modes."""

import pytest

from scheduler.agenda.feeds import State
from tests.unit.scheduler.agenda.feeds.kit import calendar, event, load, opened, read, reasons, turned

AT_NINE = ("DTSTART;TZID=Europe/Paris:20260608T090000", "DTEND;TZID=Europe/Paris:20260608T093000")

MARKED = {
    "propriete": "marked_by_property",
    "categorie": "marked_by_category",
    "titre": "marked_by_title",
    "rien": "not_marked",
    "transparent": "free_not_marked",
    "prive": "private",
    "occupe": "marked_busy",
    "invite": "has_attendee",
    "organisateur": "marked_by_title",
    "provisoire": "tentative",
    "provisoire-marque": "marked_by_category",
    "outlook-libre": "free_not_marked",
    "outlook-occupe": "not_marked",
    "reservation@relais.example": "own_booking",
    "reservation-marquee": "own_booking",
    "long": "longer_than_a_day",
    "absence": "long_busy",
}
STATES = {
    "own_booking": State.IGNORED,
    "longer_than_a_day": State.IGNORED,
    **dict.fromkeys(
        (
            "marked_by_property",
            "marked_by_category",
            "marked_by_title",
            "shown_as_free",
            "dedicated_calendar",
        ),
        State.OPEN,
    ),
}
MODES = {
    "marked": MARKED,
    "dedicated": MARKED | {"transparent": "shown_as_free", "outlook-libre": "shown_as_free"},
    "dedicated-all": MARKED
    | dict.fromkeys(("rien", "transparent", "outlook-libre", "outlook-occupe"), "dedicated_calendar"),
    "busy": MARKED
    | dict.fromkeys(
        (
            "propriete",
            "categorie",
            "titre",
            "rien",
            "transparent",
            "organisateur",
            "provisoire-marque",
            "outlook-libre",
            "outlook-occupe",
        ),
        "busy_calendar",
    ),
}


@pytest.mark.parametrize("mode", MODES)
def test_each_mode_judges_each_event(mode):
    reading = read(turned(load("judged")), mode=mode, own_domain="relais.example")
    assert {entry.uid: str(entry.reason) for entry in reading.entries} == MODES[mode]
    for entry in reading.entries:
        assert entry.state is STATES.get(entry.reason, State.BUSY)


def test_without_a_domain_of_ours_the_marked_booking_is_still_recognised():
    assert reasons(read(load("judged")))["reservation-marquee"] == "own_booking"


@pytest.mark.parametrize(
    "line",
    [
        "CATEGORIES:snp",
        "CATEGORIES:Divers\\, autres,Rendez-vous,RELAIS",
        "CATEGORIES:Réunion\r\nCATEGORIES:Soins  Non programmés",
        "CATEGORIES;LANGUAGE=fr:SAS",
        "X-RELAIS-SLOT:open",
        "SUMMARY:SNP – matin",
    ],
)
def test_marks_are_read_whatever_the_case_and_the_accents(line):
    body = calendar("BEGIN:VEVENT", "UID:a", *AT_NINE, line, "END:VEVENT")
    assert opened(read(body)) == ["06-08 07:00-07:30"]


@pytest.mark.parametrize("title", ["SNPS", "Pas de SNP", "Créneau pris", "Relaisser", "PUBLIC", ""])
def test_titles_that_only_look_like_a_mark_open_nothing(title):
    assert opened(read(calendar(event(*AT_NINE, title=title)))) == []


def test_reserved_words_open_nothing():
    assert opened(read(calendar(event(*AT_NINE, "CATEGORIES:PUBLIC,PRO", title="x")))) == []


def test_the_list_of_categories_may_be_changed():
    body = calendar(event(*AT_NINE, "CATEGORIES:Urgences", title="x"))
    assert opened(read(body)) == []
    assert opened(read(body, categories=frozenset({"URGENCES"}))) == ["06-08 07:00-07:30"]


def test_a_title_is_kept_only_for_a_public_event_that_is_marked():
    body = calendar(
        event(*AT_NINE, uid="marque", title="SNP cabinet"),
        event(*AT_NINE, "CLASS:PRIVATE", uid="prive", title="SNP Mme Martin"),
        event(*AT_NINE, "TRANSP:TRANSPARENT", uid="libre", title="Mme Martin"),
        event(*AT_NINE, uid="occupe", title="Mme Martin"),
    )
    labels = {entry.uid: entry.label for entry in read(body, mode="dedicated").entries}
    assert labels == {"marque": "SNP cabinet", "prive": None, "libre": None, "occupe": None}


def test_more_than_a_day_is_never_open_and_closes_only_what_is_not_a_slot():
    two_days = ("DTSTART:20260608T090000Z", "DURATION:PT25H", "TRANSP:OPAQUE")
    assert reasons(read(calendar(event(*two_days)))) == {"a": "longer_than_a_day"}
    assert reasons(read(calendar(event(*two_days, title="Congrès")))) == {"a": "long_busy"}
    assert opened(read(calendar(event("DTSTART:20260608T090000Z", "DURATION:PT24H")))) == [
        "06-08 09:00-06-09 09:00"
    ]


def test_no_text_of_an_event_is_in_the_reading():
    secret = "Martin-Durand"
    lines = (f"{name}:{secret}" for name in ("DESCRIPTION", "LOCATION", "CONTACT", "COMMENT", "X-ALT-DESC"))
    body = calendar(
        event(*AT_NINE, *lines, f"ATTENDEE;CN={secret}:mailto:{secret}@exemple.fr", title=secret),
        event("DTSTART:illisible", uid="b", title=secret),
        event(*AT_NINE, uid="", title=secret),
    )
    for mode in MODES:
        assert secret.lower() not in repr(read(body, mode=mode)).lower()


def test_capacity_and_slot_length_of_an_event():
    lines = ("X-RELAIS-CAPACITY:3", "X-RELAIS-SLOT-DURATION:PT20M")
    (entry,) = read(calendar(event(*AT_NINE, *lines)), slot_minutes=15).entries
    assert (entry.capacity, entry.slot_minutes) == (3, 20)


@pytest.mark.parametrize(
    "line", ["X-RELAIS-CAPACITY:beaucoup", "X-RELAIS-CAPACITY:0", "X-RELAIS-SLOT-DURATION:PT1S"]
)
def test_an_unreadable_capacity_or_length_is_told_and_replaced(line):
    reading = read(calendar(event(*AT_NINE, line)), slot_minutes=15)
    assert [(entry.capacity, entry.slot_minutes) for entry in reading.entries] == [(1, 15)]
    assert [warning.code for warning in reading.warnings] == ["bad_slot_setting"]
