"""Guessing from one network, whatever the e-mails: closed for a while, for that network only."""

from datetime import timedelta

import pytest
from sqlmodel import select

from scheduler.accounts.attempts import Attempt, AttemptLimits, count_attempt, forget_attempt, network_of
from scheduler.errors import TooManyAttempts
from scheduler.store.engine import Store
from scheduler.store.tables import SignInFailure
from tests.factories import NOW

LIMITS = AttemptLimits(per_account=2, per_network=3)
SURGERY, ELSEWHERE = "203.0.113.7", "203.0.113.8"


def attempt(store: Store, email: str, client: str, *, minutes: int = 0) -> Attempt:
    now = NOW + timedelta(minutes=minutes)
    with store.write() as session:
        return count_attempt(session, email=email, client=client, now=now, limits=LIMITS)


def test_one_network_that_guesses_at_many_accounts_is_closed_and_no_other(store: Store) -> None:
    for number in range(3):
        attempt(store, f"compte{number}@exemple.test", SURGERY, minutes=number)
    with pytest.raises(TooManyAttempts) as refusal:
        attempt(store, "compte9@exemple.test", SURGERY, minutes=5)
    assert refusal.value.whole_network
    assert refusal.value.retry_after_s == 600
    assert str(refusal.value) == ("Trop d'essais depuis votre connexion internet. Réessayez dans 10 minutes.")
    attempt(store, "compte9@exemple.test", ELSEWHERE, minutes=5)
    attempt(store, "compte9@exemple.test", SURGERY, minutes=15)


def test_a_network_where_people_sign_in_rightly_stays_open(store: Store) -> None:
    for number in range(10):
        made = attempt(store, f"compte{number}@exemple.test", SURGERY)
        with store.write() as session:
            forget_attempt(session, made)
    attempt(store, "distrait@exemple.test", SURGERY)
    with store.read() as session:
        assert len(session.exec(select(SignInFailure)).all()) == 2


def test_what_is_kept_names_neither_account_nor_network(store: Store) -> None:
    attempt(store, "compte@exemple.test", SURGERY)
    with store.read() as session:
        kept = [row.email_hash for row in session.exec(select(SignInFailure))]
    assert len(kept) == 2
    assert not any("exemple" in one or SURGERY in one for one in kept)


@pytest.mark.parametrize(
    ("client", "network"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("testclient", "testclient"),
    ],
)
def test_what_counts_as_one_guesser(client: str, network: str) -> None:
    assert network_of(client) == network
