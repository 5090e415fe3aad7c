import pytest

from scheduler.referrals.duplicates import name_key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Lefèvre-D'Arc", "LEFEVRE DARC"),
        ("Cœur", "coeur"),
        ("Łukasz", "lukasz"),
        ("Straße", "STRASSE"),
        ("Nguye\u0302\u0303n", "Nguyễn"),
        ("Marie‑Claire", "Marie Claire"),
        ("Ｍａｒｉｅ", "marie"),
    ],
)
def test_two_spellings_of_one_name(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(
    ("one", "other"), [("Martin", "Martine"), ("أحمد", "محمد"), ("कि", "का"), ("김", "박")]
)
def test_two_names(one: str, other: str) -> None:
    assert name_key(one) != name_key(other)
    assert name_key(one)
