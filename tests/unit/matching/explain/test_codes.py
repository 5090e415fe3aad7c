"""Codes are published: none twice, none unlisted, none silently renamed."""

import pytest

from matching.codes import CODES, FACTS, PAIRS, REMEDIES, RULE_CODES, VERDICTS, say


def test_a_code_means_one_thing() -> None:
    # "full", "reserved" are said of a patient as a whole and of one GP; rules keep their own names.
    shared = set(VERDICTS) & set(PAIRS)
    assert shared == {"full"}
    assert not (set(FACTS) | set(REMEDIES)) & (set(VERDICTS) | set(PAIRS) | set(RULE_CODES))


def test_an_unlisted_code_cannot_be_said() -> None:
    with pytest.raises(KeyError):
        say("somehow", "…")


def test_published_codes_stay() -> None:
    published = {
        "placed", "no_consent", "nobody_in_reach", "excluded", "full", "household", "tier", "wait", "travel",
        "wish_met", "wish_unmet", "pinned", "next_best", "only_option", "household_together",
        "household_bound", "household_apart", "proposed", "no_travel", "full_tier1", "full_workload",
        "full_at_once", "held", "household_rule", "household_room", "household_promised", "free", "reserved",
        "as_good", "worse", "more_places", "go_farther", "lift_rule", "ask_consent", "ask_age",
        "nothing_alone", "distance", "consent", "leaving", "age_unknown", "age_range", "home_visits",
        "wheelchair", "practitioner_distance", "no_places",
    }  # fmt: skip
    assert published <= CODES
