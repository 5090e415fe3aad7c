import time

import pytest

from scheduler.accounts import passwords
from scheduler.accounts.passwords import check_password, hash_password, require_strong
from scheduler.errors import InvalidInput

EMAIL = "camille.durand@exemple.test"
GOOD = "quatre mots au hasard"


@pytest.fixture(scope="module")
def kept() -> str:
    return hash_password(GOOD)


def test_the_right_password_is_right(kept: str) -> None:
    assert check_password(GOOD, kept).right
    assert check_password(GOOD, kept).new_hash is None


@pytest.mark.parametrize("typed", ["", "quatre mots au hasar", "Quatre mots au hasard", "x" * 10_000, "\x00"])
def test_any_other_is_wrong(kept: str, typed: str) -> None:
    assert not check_password(typed, kept).right


@pytest.mark.parametrize("nothing", [None, "", "!"])
def test_without_a_hash_nothing_is_right(nothing: str | None) -> None:
    assert not check_password("le mot de passe de personne", nothing).right


def test_accents_may_be_typed_in_two_ways() -> None:
    assert check_password("e\u0301te\u0301 a\u0300 la mer", hash_password("été à la mer")).right


def test_a_hash_says_nothing_of_the_password_and_differs_each_time(kept: str) -> None:
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert hash_password(GOOD) != kept


def test_a_dated_hash_is_renewed(kept: str) -> None:
    weak = passwords.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(GOOD)
    renewed = check_password(GOOD, weak).new_hash
    assert renewed is not None
    assert renewed.startswith(kept[:30])
    assert check_password(GOOD, renewed) == check_password(GOOD, kept)


def test_the_hash_of_nobody_costs_what_every_hash_costs() -> None:
    assert not passwords._hasher.check_needs_rehash(passwords._NOBODY)


def test_an_unknown_account_takes_as_long_as_a_known_one(kept: str) -> None:
    """Processor time, the least of several tries each: other work on the machine does not count."""

    def fastest_s(against: str | None) -> float:
        durations = []
        for _ in range(8):
            begun = time.process_time()
            check_password("un autre mot de passe", against)
            durations.append(time.process_time() - begun)
        return min(durations)

    known, unknown, without = fastest_s(kept), fastest_s(None), fastest_s("!")
    assert unknown > 0.5 * known
    assert without > 0.5 * known


@pytest.mark.parametrize("password", [GOOD, "0123456789ab", "é" * 6 + "abcdef", "x" * 190 + "abcde"])
def test_strong_enough(password: str) -> None:
    require_strong(password, EMAIL)


@pytest.mark.parametrize(
    "password",
    [
        "",
        "onze lettre",
        "x" * 196 + "abcde",
        EMAIL,
        EMAIL.upper(),
        "camille.durand",
        "aaaaaaaaaaaa",
        "abababababab",
    ],
)
def test_too_weak(password: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        require_strong(password, EMAIL)
    assert refusal.value.field == "mot de passe"
    assert password == "" or password not in str(refusal.value)
