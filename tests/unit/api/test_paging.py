from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.errors import InvalidCursor
from api.paging import Paging, instant, page, read_cursor, whole, write_cursor
from scheduler.listing import Listed


@given(st.lists(st.text(), min_size=1, max_size=4).map(tuple))
def test_a_cursor_reads_back_as_it_was_written(key: tuple[str, ...]) -> None:
    cursor = write_cursor(key)
    assert read_cursor(cursor) == key
    assert cursor.isascii()
    assert not set(cursor) & set("=+/&? ")


@given(st.text(max_size=100))
def test_any_other_text_is_refused_not_a_crash(text: str) -> None:
    try:
        key = read_cursor(text)
    except InvalidCursor:
        return
    assert all(isinstance(part, str) for part in key)


@pytest.mark.parametrize("cursor", ["", "!!", "W10", "W10=", "bnVsbA", "WzFd", "IjEi", "eyJhIjoxfQ", "/w"])
def test_what_no_list_gave_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidCursor):
        read_cursor(cursor)


@pytest.mark.parametrize(
    ("num_read", "num_shown", "more"),
    [(0, 0, False), (2, 2, False), (3, 3, False), (4, 3, True)],
)
def test_one_row_too_many_proves_that_another_page_follows(num_read: int, num_shown: int, more: bool) -> None:
    made = page(Listed.cut(range(num_read), 3), key=lambda row: (str(row),), show=str)
    assert len(made.items) == num_shown
    assert (made.next_cursor is not None) == more
    if made.next_cursor:
        assert read_cursor(made.next_cursor) == (made.items[-1],)


def test_the_parts_of_a_marker_are_read_by_kind() -> None:
    paging = Paging(3, ("2026-11-23", "7"))
    assert paging.after_as(date.fromisoformat, whole) == (date(2026, 11, 23), 7)
    assert Paging(3, None).after_as(int) is None


@pytest.mark.parametrize(
    "parts",
    [("x", "7"), ("2026-11-23",), ("2026-11-23", "7", "8"), ("2026-11-23", "x"), ("2026-11-23", "9" * 20)],
)
def test_a_marker_of_another_list_is_refused(parts: tuple[str, ...]) -> None:
    with pytest.raises(InvalidCursor):
        Paging(3, parts).after_as(date.fromisoformat, whole)


@pytest.mark.parametrize("text", ["2026-11-23", "2026-11-23T09:00", "9999-12-31T23:59:59-14:00", "x"])
def test_an_instant_of_a_marker_is_aware_and_within_reach(text: str) -> None:
    with pytest.raises(InvalidCursor):
        Paging(3, (text,)).after_as(instant)


def test_an_instant_of_a_marker_reads_back() -> None:
    at = datetime(2026, 11, 23, 8, 0, 0, 123456, tzinfo=UTC)
    assert Paging(3, (at.isoformat(),)).after_as(instant) == (at,)
