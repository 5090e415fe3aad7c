"""The hard cases of calendars as they are found in the wild, each also with its components reversed."""

import pytest

from scheduler.agenda.feeds import State
from tests.unit.scheduler.agenda.feeds.kit import load, opened, read, reasons, turned, warned

NONE: dict[str, str] = {}

# fixture -> open times in UTC, reason of everything else by UID, warnings
CASES = {
    "case_01_windows_zone": (["06-08 07:00-07:30"], NONE, set()),
    "case_02_windows_zone_defined": (["10-19 07:00-07:30", "10-26 08:00-08:30"], NONE, set()),
    "case_02_private_zone_defined": (["10-19 07:00-07:30", "10-26 08:00-08:30"], NONE, set()),
    "case_03_customized_zone_paris": (["06-08 07:00-07:30"], NONE, set()),
    "case_03_customized_zone_new_york": (["06-08 13:00-13:30"], NONE, set()),
    "case_04_unknown_zone": (["06-08 07:00-07:30"], NONE, {"unknown_zone"}),
    "case_05_quoted_zone_defined": (["06-08 07:00-07:30"], NONE, set()),
    "case_05_quoted_zone_guessed": (["06-08 07:00-07:30", "06-08 13:00-13:30"], NONE, {"guessed_zone"}),
    "case_06_vendor_prefix": (["06-08 07:00-07:30"], NONE, set()),
    "case_07_bad_definition": (
        ["06-08 07:00-07:30", "06-08 08:00-08:30"],
        NONE,
        {"bad_zone_definition", "unknown_zone"},
    ),
    "case_08_floating": (["06-08 07:00-07:30"], NONE, set()),
    "case_08_floating_calendar_zone": (["06-08 13:00-13:30"], NONE, set()),
    "case_09_floating_exdate_utc": (["06-08 07:00-07:30", "06-11 07:00-07:30"], NONE, set()),
    "case_10_utc_series": (
        ["10-19 07:00-07:30", "10-26 07:00-07:30", "11-02 07:00-07:30"],
        NONE,
        {"hour_will_change"},
    ),
    "case_11_zone_and_utc": (["06-08 09:00-09:30"], NONE, {"utc_with_zone"}),
    "case_12_mixed_zones": (
        ["06-08 09:00-09:30", "06-08 13:00-13:30"],
        {"b": "ends_before_start"},
        {"mixed_zones", "not_positive"},
    ),
    "case_13_gap": (
        ["03-28 01:30-02:00", "03-29 01:30-02:00", "03-29 01:30-02:00", "03-30 00:30-01:00"],
        NONE,
        set(),
    ),
    "case_14_overlap": (
        ["10-25 00:00-00:30", "10-25 00:30-01:15", "10-25 00:40-01:10"],
        NONE,
        set(),
    ),
    "case_15_over_clock_changes": (
        [
            "03-23 08:00-09:00",
            "03-28 19:00-03-29 06:00",
            "03-30 07:00-08:00",
            "10-17 18:00-10-18 06:00",
            "10-19 07:00-08:00",
            "10-24 18:00-10-25 07:00",
            "10-26 08:00-09:00",
        ],
        NONE,
        set(),
    ),
    "case_16_date_kinds": (["06-08 07:00-07:30"], {"a": "all_day"}, set()),
    "case_17_all_day": (
        [],
        {"a": "all_day", "b": "busy_day", "c": "busy_day", "d": "all_day", "e": "busy_day"},
        set(),
    ),
    "case_18_not_positive": (
        [],
        {"a": "no_duration", "b": "ends_before_start", "c": "ends_before_start", "d": "no_duration"},
        {"not_positive"},
    ),
    "case_19_end_and_duration": (["06-08 07:00-07:30"], NONE, set()),
    "case_20_giant_duration": (["06-08 08:00-08:30"], {"a": "bad_duration"}, {"refused_entries"}),
    "case_21_until_kinds": (
        [
            "06-08 07:00-07:30",
            "06-08 13:00-13:30",
            "06-08 16:00-16:30",
            "06-09 07:00-07:30",
            "06-09 13:00-13:30",
            "06-09 16:00-16:30",
            "06-10 07:00-07:30",
        ],
        NONE,
        set(),
    ),
    "case_22_until_before_start": ([], NONE, {"ends_before_first"}),
    "case_23_start_off_rule": (
        ["06-09 07:00-07:30", "06-15 07:00-07:30", "06-22 07:00-07:30"],
        NONE,
        {"start_off_rule"},
    ),
    "case_24_exdate_kinds": (["06-08 07:00-07:30", "06-11 07:00-07:30"], NONE, set()),
    "case_25_override_utc": (["06-08 07:00-07:30", "06-15 12:00-12:30"], NONE, set()),
    "case_25_override_date": (["06-08 07:00-07:30", "06-16 12:00-12:30"], NONE, set()),
    "case_25_override_midnight": (["06-08 07:00-07:30", "06-15 12:00-12:30"], NONE, set()),
    "case_26_override_gone": (["06-08 07:00-07:30"], {"a": "cancelled"}, set()),
    "case_27_this_and_future": (
        ["06-08 07:00-07:30", "06-15 08:00-08:45", "06-22 08:00-08:45", "06-29 14:00-14:30"],
        NONE,
        set(),
    ),
    "case_28_override_alone": (["06-15 12:00-12:30"], NONE, set()),
    "case_29_rdate_period": (
        ["06-08 07:00-07:30", "06-09 07:00-07:45", "06-10 07:00-08:00", "06-11 07:00-07:30"],
        NONE,
        set(),
    ),
    "case_30_exclusion_rule": (["06-08 08:00-08:30"], {"a": "exclusion_rule"}, {"refused_entries"}),
    "case_32_same_uid": (["06-08 07:00-07:30", "06-09 07:00-07:30", "06-10 07:00-07:30"], NONE, set()),
    "case_32_revisions": (["06-08 09:00-09:30"], {"a": "superseded"}, set()),
    "case_33_no_uid": (["06-08 07:00-07:30", "06-08 08:00-08:30"], NONE, {"no_uid"}),
    "case_34_cancelled": (["06-08 08:00-08:30"], {"a": "cancelled"}, set()),
    "case_34_method_cancel": ([], {"a": "cancelled"}, set()),
    "case_35_bad_among_good": (
        [
            "06-08 07:00-07:30",
            "06-08 09:00-09:30",
            "06-08 11:00-11:30",
            "06-09 07:00-07:30",
        ],
        {"date": "bad_date", "sans-debut": "no_start", "regle": "bad_rule", "ouvert": "unclosed"},
        {"refused_entries"},
    ),
    "case_36_accents": (["06-08 07:00-07:30"], NONE, set()),
    "case_37_raw_newline": (["06-08 07:00-07:30"], NONE, set()),
    "case_39_valid_empty": ([], NONE, set()),
}


@pytest.mark.parametrize("order", [bytes, turned], ids=["as-written", "reversed"])
@pytest.mark.parametrize("name", CASES)
def test_case_is_read_right(name, order):
    reading = read(order(load(name)))
    expected_open, expected_reasons, expected_warnings = CASES[name]
    assert opened(reading) == expected_open
    assert reasons(reading) == expected_reasons
    assert warned(reading) == expected_warnings


@pytest.mark.parametrize("name", CASES)
def test_the_order_of_components_changes_nothing(name):
    assert read(load(name)) == read(turned(load(name)))


def test_every_case_has_its_sentences():
    for name in CASES:
        reading = read(load(name))
        assert all(entry.sentence for entry in reading.entries)
        assert all(
            warning.sentence and "{" not in warning.sentence and warning.num > 0
            for warning in reading.warnings
        )


def test_case_03_one_calendar_leaves_nothing_for_the_next():
    paris, new_york = load("case_03_customized_zone_paris"), load("case_03_customized_zone_new_york")
    first = read(paris)
    assert opened(read(new_york)) == ["06-08 13:00-13:30"]
    assert read(paris) == first


def test_case_10_says_from_what_hour_to_what_hour():
    (warning,) = read(load("case_10_utc_series")).warnings
    assert warning.code == "hour_will_change"
    assert "09:00 deviendra 08:00 le 25 octobre 2026" in warning.sentence


def test_case_18_never_gives_a_slot_with_swapped_ends():
    reading = read(load("case_18_not_positive"), mode="dedicated-all")
    assert opened(reading) == []
    assert {warning.num for warning in reading.warnings} == {4}


def test_case_31_bombs_are_refused_one_by_one_and_cost_little(time_limit):
    with time_limit(1.0):
        reading = read(load("case_31_bombs"))
    refused = {entry.uid: str(entry.reason) for entry in reading.entries if entry.state is State.REFUSED}
    assert refused == {
        "bombe-0": "rule_too_frequent",
        "bombe-1": "rule_too_frequent",
        "bombe-2": "rule_too_frequent",
        "bombe-3": "rule_too_dense",
        "bombe-4": "rule_too_dense",
        "bombe-5": "bad_rule",
        "bombe-6": "rule_too_dense",
        "bombe-7": "too_many_occurrences",
    }
    assert {entry.uid for entry in reading.entries if entry.state is State.OPEN} == {"compte"}


def test_case_33_stand_in_identifiers_stay_and_keep_no_text():
    body = load("case_33_no_uid")
    first, second = read(body, source="7"), read(turned(body), source="7")
    assert [entry.uid for entry in first.entries] == [entry.uid for entry in second.entries]
    assert all(entry.uid.startswith("sans-uid-") for entry in first.entries)
    assert [entry.uid for entry in read(body, source="8").entries] != [entry.uid for entry in first.entries]
