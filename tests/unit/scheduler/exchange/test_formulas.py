import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.exchange.formulas import disarmed, harmless


@pytest.mark.parametrize("text", ["=1+1", "+33600000000", "-5", "@SUM(A1)", "\tx", "\rx", "'=1", "''=1"])
def test_what_a_spreadsheet_could_run_gets_an_apostrophe(text):
    assert harmless(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "P01", "'quoted", "a=b", "l'été", "1-2"])
def test_anything_else_is_left_as_it_is(text):
    assert harmless(text) == disarmed(text) == text


@given(st.text(alphabet="'=+-@\t\r\nab"))
def test_written_then_read_gives_the_same_text(text):
    assert disarmed(harmless(text)) == text
    assert not harmless(text).startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
