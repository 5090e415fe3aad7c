import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn

from scheduler.territory.errors import InvalidIdentifier
from scheduler.territory.identifiers import (
    parse_adeli,
    parse_finess,
    parse_nir,
    parse_rpps,
    parse_siren,
    parse_siret,
)

RPPS = ["10002909371", "10101215225", "10005681340", "99700427885"]
FINESS = ["950047225", "950046227", "010780195", "010000156", "750712184", "2B0000020", "2A0000014"]
SIRET = ["34173748400020", "40426662900033"]
NIR = ["295109912611193", "253072B07300470", "253072A07300443", "255081416802538"]


def mutations(number):
    """Every number that differs in one figure."""
    for place, figure in enumerate(number):
        if figure.isdigit():
            for other in "0123456789".replace(figure, ""):
                yield number[:place] + other + number[place + 1 :]


@pytest.mark.parametrize("number", RPPS)
def test_rpps_is_read(number):
    assert parse_rpps(number) == number


@pytest.mark.parametrize("number", RPPS)
def test_rpps_with_one_wrong_figure_is_refused(number):
    for wrong in mutations(number):
        with pytest.raises(InvalidIdentifier, match="clé de contrôle"):
            parse_rpps(wrong)


@pytest.mark.parametrize(
    "text",
    [
        "100 0290 9371",
        " 10002909371 ",
        "10.002.909.371",
        "10002909371\n",
        "100-029-09371",
        "10\u00a0002\u202f909371",
    ],
)
def test_separators_do_not_matter(text):
    assert parse_rpps(text) == "10002909371"


def test_national_form_of_the_rpps_is_accepted():
    assert parse_rpps("810002909371") == "10002909371"


@pytest.mark.parametrize(
    "text", ["", "1000290937", "100029093711", "1000290937A", "910002909371", "１0002909371"]
)
def test_rpps_of_the_wrong_form_is_refused(text):
    with pytest.raises(InvalidIdentifier, match="11 chiffres") as caught:
        parse_rpps(text)
    assert caught.value.code == "invalid_identifier"
    assert caught.value.kind == "RPPS"


@given(st.integers(0, 10**10 - 1))
def test_every_rpps_with_its_check_digit_is_read(number):
    body = f"{number:010d}"
    assert parse_rpps(body + luhn.calc_check_digit(body)) == body + luhn.calc_check_digit(body)


@pytest.mark.parametrize("number", FINESS)
def test_finess_is_read_without_warning(number):
    assert parse_finess(number.lower()).number == number
    assert parse_finess(number).warning is None


@pytest.mark.parametrize("number", FINESS)
def test_finess_with_one_wrong_figure_is_kept_with_a_warning(number):
    for wrong in mutations(number):
        finess = parse_finess(wrong)
        assert finess.number == wrong
        assert finess.warning is not None
        assert "FINESS" in finess.warning


def test_finess_with_another_letter_than_corsica_has_a_warning():
    assert parse_finess("2C0000014").warning is not None


@pytest.mark.parametrize("text", ["", "95004722", "9500472255", "A50047225", "95A047225", "9é0047225"])
def test_finess_of_the_wrong_form_is_refused(text):
    with pytest.raises(InvalidIdentifier, match="9 chiffres"):
        parse_finess(text)


@pytest.mark.parametrize("number", SIRET)
def test_siret_and_its_siren_are_read(number):
    assert parse_siret(f"{number[:3]} {number[3:6]} {number[6:9]} {number[9:]}") == number
    assert parse_siren(number[:9]) == number[:9]


@pytest.mark.parametrize("number", SIRET)
def test_siret_or_siren_with_one_wrong_figure_is_refused(number):
    for wrong in mutations(number):
        with pytest.raises(InvalidIdentifier, match="SIRET"):
            parse_siret(wrong)
    for wrong in mutations(number[:9]):
        with pytest.raises(InvalidIdentifier, match="SIREN"):
            parse_siren(wrong)


@pytest.mark.parametrize("number", NIR)
def test_nir_is_read_corsica_included(number):
    assert parse_nir(f"{number[0]} {number[1:3]} {number[3:5]} {number[5:13]} {number[13:]}") == number
    assert parse_nir(number.lower()) == number


@pytest.mark.parametrize("number", NIR)
def test_nir_with_one_wrong_figure_is_refused_and_never_repeated(number, caplog):
    caplog.set_level(logging.DEBUG)
    for wrong in mutations(number):
        with pytest.raises(InvalidIdentifier) as caught:
            parse_nir(wrong)
        told = f"{caught.value!s} {caught.value!r} {vars(caught.value)} {caught.value.args}"
        assert wrong not in told
        assert wrong[:7] not in told
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__
    assert caplog.records == []


@pytest.mark.parametrize("text", ["", "2955109", "NIR", "2" * 15])
def test_nir_of_the_wrong_form_is_refused(text):
    with pytest.raises(InvalidIdentifier, match="15 caractères"):
        parse_nir(text)


@pytest.mark.parametrize(
    ("text", "number"),
    [("77 1 00123 4", "771001234"), ("2a1001234", "2A1001234"), ("0771001234", "771001234")],
)
def test_adeli_form(text, number):
    assert parse_adeli(text) == number


@pytest.mark.parametrize("text", ["", "77100123", "7710012345", "2C1001234", "7A1001234"])
def test_adeli_of_the_wrong_form_is_refused(text):
    with pytest.raises(InvalidIdentifier, match="ADELI"):
        parse_adeli(text)


def answer(parse, text):
    """Return what a rule makes of a text: the number, or the refusal; anything else is a failure."""
    try:
        return parse(text)
    except InvalidIdentifier as refused:
        return refused


@given(st.text(max_size=20))
def test_any_text_is_read_or_refused_in_a_sentence(text):
    for parse in (parse_rpps, parse_finess, parse_siren, parse_siret, parse_nir, parse_adeli):
        told = answer(parse, text)
        assert not isinstance(told, InvalidIdentifier) or told.expected.endswith(".")
