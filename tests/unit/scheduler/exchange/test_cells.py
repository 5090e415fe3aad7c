from datetime import date

import pytest

from scheduler.exchange.cells import Unexpected, day, fold, gender, languages, number, text, whole, yes_no

FROM, TO = date(1900, 1, 1), date(2026, 11, 21)


@pytest.mark.parametrize("cell", ["yes", "oui", "1", "true", "x", "X", "Oui", "VRAI", "TRUE"])
def test_a_yes_in_all_its_words(cell):
    assert yes_no(cell) is True


@pytest.mark.parametrize("cell", ["no", "non", "0", "false", "NON", "Faux"])
def test_a_no_in_all_its_words(cell):
    assert yes_no(cell) is False


@pytest.mark.parametrize("cell", ["peut-être", "2", "-", "✓", "ouinon", "o u i"])
def test_other_words_are_neither(cell):
    with pytest.raises(Unexpected, match="oui ou non"):
        yes_no(cell)


@pytest.mark.parametrize(("cell", "value"), [("0", 0), ("12", 12), ("3,0", 3), ("3.00", 3), ("+4", 4)])
def test_whole_numbers(cell, value):
    assert whole(0, 130)(cell) == value


@pytest.mark.parametrize("cell", ["-1", "131", "3,5", "douze", "1e2", "٣", "1 2", "", "9" * 30])
def test_whole_refuses(cell):
    with pytest.raises(Unexpected, match="un nombre entier entre 0 et 130"):
        whole(0, 130)(cell)


@pytest.mark.parametrize(
    ("cell", "value"), [("12,5", 12.5), ("12.5", 12.5), ("-4", -4.0), ("1e-05", 1e-05), ("90", 90.0)]
)
def test_numbers(cell, value):
    assert number(-90, 90, "degrés")(cell) == value


@pytest.mark.parametrize("cell", ["90.1", "nan", "inf", "1e999", "12,5 km", "1.234,5", ""])
def test_number_refuses(cell):
    with pytest.raises(Unexpected, match="un nombre de degrés entre -90 et 90"):
        number(-90, 90, "degrés")(cell)


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("2026-11-21", date(2026, 11, 21)),
        ("21/11/2026", date(2026, 11, 21)),
        ("1/2/2024", date(2024, 2, 1)),
        ("29/02/2024", date(2024, 2, 29)),
    ],
)
def test_days(cell, value):
    assert day(FROM, TO)(cell) == value


@pytest.mark.parametrize(
    "cell",
    ["2026-11-22", "31/12/1899", "29/02/2023", "2026-13-01", "21/11/26", "20261121", "hier", "46347", ""],
)
def test_day_refuses(cell):
    with pytest.raises(Unexpected, match="une date AAAA-MM-JJ ou JJ/MM/AAAA"):
        day(FROM, TO)(cell)


@pytest.mark.parametrize(
    ("cell", "value"), [("f", "f"), ("Femme", "f"), ("H", "m"), ("Masculin", "m"), ("M", "m")]
)
def test_genders(cell, value):
    assert gender(cell) == value


def test_gender_refuses_another_word():
    with pytest.raises(Unexpected, match="femme"):
        gender("autre")


@pytest.mark.parametrize("cell", ["fr ar", "FR, AR", "ar;fr", " fr  ar "])
def test_languages_whatever_stands_between(cell):
    assert languages(cell) == {"fr", "ar"}


@pytest.mark.parametrize("cell", ["français", "fra", "jp", "fr xx"])
def test_languages_refuses_what_is_not_iso_639_1(cell):
    with pytest.raises(Unexpected, match="ISO 639-1"):
        languages(cell)


def test_text_is_kept_as_it_is():
    assert text(10)("Dr Ñandú") == "Dr Ñandú"


@pytest.mark.parametrize("cell", ["trop long d'un mot", "deux\nlignes", "un\x00nul"])
def test_text_refuses(cell):
    with pytest.raises(Unexpected, match="sur une ligne, de 10 caractères"):
        text(10)(cell)


def test_folding_forgets_case_accents_and_punctuation():
    assert fold("  N° RPPS (médecin) ") == fold("n_rpps-MEDECIN") == "n rpps medecin"
