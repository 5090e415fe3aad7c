"""What a GP is shown before a calendar is relied upon."""

import json
from datetime import UTC, datetime

from scheduler.agenda.feeds import Window, preview
from tests.unit.scheduler.agenda.feeds.kit import YEAR, calendar, load, read

JUNE = Window(from_at=datetime(2026, 6, 1, tzinfo=UTC), to_at=datetime(2026, 7, 1, tzinfo=UTC))


def test_rows_are_what_regulators_would_see_and_why_the_rest_is_not_there():
    seen = preview(read(load("cut"), window=JUNE))
    assert [(row["state"], row["start"], row["reason"]) for row in seen.rows] == [
        ("busy", "2026-06-08T07:00:00Z", "overlapped"),
        ("busy", "2026-06-08T07:14:00Z", "not_marked"),
        ("busy", "2026-06-08T07:15:00Z", "overlapped"),
        ("busy", "2026-06-08T07:29:59Z", "not_marked"),
        ("open", "2026-06-08T07:30:00Z", "marked_by_title"),
        ("open", "2026-06-08T09:00:00Z", "marked_by_title"),
        ("ignored", "2026-06-08T09:00:00Z", "duplicate"),
    ]
    assert seen.sentence == "2 créneaux ouverts, 4 occupés, 1 ignoré"


def test_rows_are_plain_json_with_the_names_of_the_contract():
    (row,) = preview(read(load("case_28_override_alone"))).rows
    assert json.loads(json.dumps(row)) == {
        "state": "open",
        "start": "2026-06-15T12:00:00Z",
        "end": "2026-06-15T12:30:00Z",
        "uid": "a",
        "recurrence_id": "2026-06-15T07:00:00Z",
        "reason": "marked_by_title",
        "sentence": "Ouvert : le titre de l'événement annonce un créneau.",
    }


def test_refused_components_are_counted_and_come_last():
    seen = preview(read(load("case_35_bad_among_good")))
    assert seen.sentence == "4 créneaux ouverts, 0 occupé, 0 ignoré, 4 refusés"
    assert [row["start"] for row in seen.rows[-4:]] == [None] * 4
    assert any("n'en ferment pas" in warning for warning in seen.warnings)


def test_the_next_clock_change_is_told():
    assert preview(read(load("case_39_valid_empty"), window=JUNE)).clock_change == (
        "Le 25 octobre 2026, les horloges reculent de 60 minutes. "
        "Les séries de cet agenda gardent leur heure locale."
    )
    assert "avancent" in (preview(read(load("case_39_valid_empty"), window=YEAR)).clock_change or "")
    shifting = preview(read(load("case_10_utc_series"), window=JUNE))
    assert "09:00 deviendra 08:00" in (shifting.clock_change or "")


def test_where_clocks_never_change_nothing_is_told():
    assert preview(read(load("case_39_valid_empty"), zone="America/Martinique")).clock_change is None


def test_an_empty_calendar_has_zero_slots():
    assert preview(read(calendar())).sentence == "0 créneau ouvert, 0 occupé, 0 ignoré"
