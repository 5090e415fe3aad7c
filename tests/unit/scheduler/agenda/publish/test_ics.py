"""Lines as RFC 5545 wants them: CRLF, folded between characters, escaped."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.agenda.feeds import FeedSettings, Window, read_calendar
from scheduler.agenda.publish.ics import fold, instant, text, write_calendar
from tests.factories import NOW


@given(st.text(st.characters(blacklist_categories=("Cs", "Cc")), max_size=400))
def test_a_line_of_any_length_is_folded_between_characters(value: str) -> None:
    written = fold(f"SUMMARY:{value}")
    pieces = written.removesuffix(b"\r\n").split(b"\r\n ")
    assert all(len(piece) <= 75 for piece in pieces[:1])
    assert all(len(piece) <= 74 for piece in pieces[1:])
    assert "".join(piece.decode() for piece in pieces) == f"SUMMARY:{value}"


@pytest.mark.parametrize(("length", "num_lines"), [(75, 1), (76, 2), (149, 2), (150, 3)])
def test_75_octets_are_one_line(length: int, num_lines: int) -> None:
    assert fold("x" * length).count(b"\r\n") == num_lines


def test_text_is_escaped_and_its_controls_left_out() -> None:
    assert text("a;b,c\\d\r\ne\rf\x00g\x1b") == "a\\;b\\,c\\\\d\\ne\\nfg"


def test_instants_are_written_in_utc() -> None:
    assert instant(NOW) == "20261123T080000Z"


def test_a_calendar_has_no_mark_no_bare_line_feed_and_is_read_by_our_reader() -> None:
    body = write_calendar(
        [("VERSION", "2.0"), ("PRODID", "-//Relais//FR")],
        [
            [
                ("UID", "a@b"),
                ("DTSTART", "20261123T090000Z"),
                ("DTEND", "20261123T091500Z"),
                ("SUMMARY", "SNP é"),
            ]
        ],
    )
    assert body.startswith(b"BEGIN:VCALENDAR\r\n")
    assert body.replace(b"\r\n", b"").count(b"\n") == 0
    window = Window(from_at=NOW, to_at=NOW.replace(day=25))
    assert [entry.label for entry in read_calendar(body, FeedSettings(), window).entries] == ["SNP é"]
