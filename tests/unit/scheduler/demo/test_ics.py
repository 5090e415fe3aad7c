from datetime import datetime

import pytest

from scheduler.demo.ics import guid, text, utc, wall, written


def test_lines_end_with_crlf():
    assert written(["A:1", "B:2"]) == b"A:1\r\nB:2\r\n"


@pytest.mark.parametrize("length", [74, 75, 76, 149, 150, 500])
@pytest.mark.parametrize("letter", ["a", "é", "→", "𝕏"])
def test_folding_keeps_75_octets_and_whole_characters(length, letter):
    line = "SUMMARY:" + letter * length
    body = written([line])
    pieces = body.split(b"\r\n")
    assert pieces.pop() == b""
    assert all(len(piece) <= 75 for piece in pieces)
    assert all(piece.startswith(b" ") for piece in pieces[1:])
    assert body.replace(b"\r\n ", b"").decode() == line + "\r\n"
    for piece in pieces:
        piece.decode()  # no character is cut


def test_text_is_escaped():
    assert text("a, b; c\\d\ne") == "a\\, b\\; c\\\\d\\ne"


def test_wall_clock_and_utc_in_summer_and_winter():
    assert wall(datetime(2026, 7, 1, 8, 30)) == "20260701T083000"  # noqa: DTZ001  # a wall clock
    assert utc(datetime(2026, 7, 1, 8, 30)) == "20260701T063000Z"  # noqa: DTZ001  # a wall clock
    assert utc(datetime(2026, 12, 1, 8, 30)) == "20261201T073000Z"  # noqa: DTZ001  # a wall clock


def test_guid_depends_on_its_parts_only():
    assert guid("a", "b") == guid("a", "b") != guid("ab")
    assert [len(part) for part in guid("a").split("-")] == [8, 4, 4, 4, 12]
