"""From readings to slots: the grid, what closes them, keys that stay."""

import itertools

from scheduler.agenda.feeds import cut_slots
from tests.unit.scheduler.agenda.feeds.kit import calendar, event, load, read, times, turned


def at(hour: str, minutes: int = 30) -> tuple[str, str]:
    return (f"DTSTART;TZID=Europe/Paris:20260608T{hour}00", f"DURATION:PT{minutes}M")


def shown(slots) -> list[tuple[str, str]]:
    return [(times(slot), str(slot.state)) for slot in slots]


def test_ranges_are_cut_and_the_rest_is_dropped():
    slots = cut_slots([read(load("cut"))])
    assert shown(slots) == [
        ("06-08 07:00-07:15", "closed"),
        ("06-08 07:15-07:30", "closed"),
        ("06-08 07:30-07:45", "open"),
        ("06-08 09:00-09:10", "open"),
    ]
    assert [slot.capacity for slot in slots] == [2, 2, 2, 1]
    assert [str(slot.reason) for slot in slots] == ["overlapped", "overlapped"] + ["marked_by_title"] * 2
    assert all(slot.sentence for slot in slots)


def test_less_than_a_minute_of_overlap_closes_nothing():
    open_slot = event(*at("0900"))
    almost = event("DTSTART:20260608T072901Z", "DURATION:PT59S", uid="b", title="x")
    enough = event("DTSTART:20260608T072900Z", "DURATION:PT60S", uid="b", title="x")
    assert shown(cut_slots([read(calendar(open_slot, almost))])) == [("06-08 07:00-07:30", "open")]
    assert shown(cut_slots([read(calendar(open_slot, enough))])) == [("06-08 07:00-07:30", "closed")]


def test_short_busy_stretches_add_up():
    busy = [
        event(f"DTSTART:20260608T07{minute}00Z", "DURATION:PT20S", uid=minute, title="x")
        for minute in ("05", "10", "15")
    ]
    assert shown(cut_slots([read(calendar(event(*at("0900")), *busy))])) == [("06-08 07:00-07:30", "closed")]


def test_busy_time_of_any_calendar_closes_and_touching_does_not():
    slots = read(calendar(event(*at("0900")), event(*at("1000"), uid="b")), source="1")
    personal = read(calendar(event(*at("0930"), title="Dentiste")), source="2", mode="busy")
    assert shown(cut_slots([slots, personal])) == [
        ("06-08 07:00-07:30", "open"),
        ("06-08 08:00-08:30", "open"),
    ]
    leave = read(calendar(event("DTSTART;VALUE=DATE:20260608", "TRANSP:OPAQUE")), source="3")
    assert [slot.state for slot in cut_slots([leave, slots])] == ["closed", "closed"]


def test_a_slot_setting_cuts_ranges_longer_than_it():
    body = calendar(event(*at("0900", 60)), event(*at("1100", 20), uid="b"))
    starts = [slot.start_at.minute for slot in cut_slots([read(body, slot_minutes=20)])]
    assert starts == [0, 20, 40, 0]


def test_the_same_times_twice_are_one_slot_with_the_larger_capacity():
    body = calendar(event(*at("0900")), event(*at("0900"), "X-RELAIS-CAPACITY:3", uid="b"))
    (slot,) = cut_slots([read(body)])
    assert slot.capacity == 3
    assert cut_slots([read(turned(body))]) == (slot,)


def test_the_same_times_in_two_calendars_stay_two_drafts_with_two_keys():
    body = calendar(event(*at("0900")))
    slots = cut_slots([read(body, source="1"), read(body, source="2")])
    assert len({slot.key for slot in slots}) == 2
    assert {slot.source for slot in slots} == {"1", "2"}


def test_keys_are_short_and_tell_nothing():
    for slot in cut_slots([read(load("cut"))]):
        assert len(slot.key) == 32
        assert int(slot.key, 16)


def test_a_second_reading_changes_nothing():
    for name in ("cut", "case_27_this_and_future", "case_32_same_uid", "case_33_no_uid", "outlook_week"):
        slots = cut_slots([read(load(name), source="1", slot_minutes=15)])
        assert slots
        assert cut_slots([read(turned(load(name)), source="1", slot_minutes=15)]) == slots
        assert len({slot.key for slot in slots}) == len(slots)


def test_a_moved_occurrence_keeps_its_key():
    series = load("case_25_override_utc")
    moved_again = series.replace(b"T140000", b"T150000")
    before, after = (
        {slot.key: times(slot) for slot in cut_slots([read(body)])} for body in (series, moved_again)
    )
    assert before.keys() == after.keys()
    assert set(before.values()) ^ set(after.values()) == {"06-15 12:00-12:30", "06-15 13:00-13:30"}


def test_a_moved_single_event_is_another_slot():
    keys = [cut_slots([read(calendar(event(*at(hour))))])[0].key for hour in ("0900", "1000")]
    assert keys[0] != keys[1]


def test_a_longer_range_keeps_the_keys_of_its_first_slots():
    short, long = (
        [slot.key for slot in cut_slots([read(calendar(event(*at("0900", minutes))), slot_minutes=15)])]
        for minutes in (30, 60)
    )
    assert long[:2] == short


def test_two_lengths_at_one_start_have_two_keys():
    events = [event(*at("0900", minutes)) for minutes in (10, 20, 30)]
    for order in itertools.permutations(events):
        slots = cut_slots([read(calendar(*order))])
        assert [slot.end_at.minute for slot in slots] == [10, 20, 30]
        assert len({slot.key for slot in slots}) == 3


def test_slots_of_a_range_that_began_before_the_window_keep_the_grid():
    from datetime import UTC, datetime

    from scheduler.agenda.feeds import Window

    body = calendar(event(*at("0900", 60)))
    late = Window(from_at=datetime(2026, 6, 8, 7, 20, tzinfo=UTC), to_at=datetime(2026, 6, 9, tzinfo=UTC))
    assert [times(slot) for slot in cut_slots([read(body, window=late, slot_minutes=15)])] == [
        "06-08 07:15-07:30",
        "06-08 07:30-07:45",
        "06-08 07:45-08:00",
    ]


def test_no_reading_no_slot():
    assert cut_slots([]) == ()
