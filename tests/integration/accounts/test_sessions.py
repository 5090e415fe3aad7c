import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlmodel import select

from scheduler.accounts import passwords, sessions
from scheduler.accounts.passwords import PasswordHasher
from scheduler.accounts.people import deactivate, set_password
from scheduler.accounts.sessions import (
    Limits,
    SignedIn,
    Visit,
    sign_in,
    sign_out,
    touch,
    visit_of_session,
)
from scheduler.errors import Forbidden, NotSignedIn, TooManyAttempts, WrongPassword
from scheduler.settings import Settings
from scheduler.store.engine import Store
from scheduler.store.tables import Account, Role, SignInFailure, Territory, WebSession
from tests import factories
from tests.factories import NOW, PASSWORD

EMAIL = "ide@exemple.test"
LIMITS = Limits()
MINUTE = timedelta(minutes=1)


@pytest.fixture
def territory(store: Store) -> Territory:
    with store.write() as session:
        return factories.territory(session)


@pytest.fixture
def account(store: Store, territory: Territory) -> Account:
    with store.write() as session:
        account = factories.account(session, email=EMAIL, password=PASSWORD)
        factories.grant(session, account=account, territory=territory)
        return account


def enter(store: Store, password: str = PASSWORD, *, email: str = EMAIL, now: datetime = NOW) -> SignedIn:
    return sign_in(store, email=email, password=password, client="", now=now, limits=LIMITS)


def visit(store: Store, token: str, now: datetime = NOW, **wish: object) -> Visit:
    with store.read() as session:
        return visit_of_session(session, token, now=now, limits=LIMITS, **wish)


def num_failures(store: Store) -> int:
    with store.read() as session:
        return len(session.exec(select(SignInFailure)).all())


# --- signing in ------------------------------------------------------------------------------------------


def test_the_right_password_opens_a_session(store: Store, account: Account, territory: Territory) -> None:
    signed_in = enter(store, email=" IDE@exemple.test ")
    actor = visit(store, signed_in.token, request_id="r1").actor
    assert actor.key == f"account:{account.id}"
    assert (actor.account_id, actor.territory_id) == (account.id, territory.id)
    assert (actor.role, actor.request_id) == (Role.COORDINATOR, "r1")
    assert signed_in.account_id == account.id
    assert signed_in.expires_at == NOW + LIMITS.absolute


@pytest.mark.usefixtures("account")
def test_the_token_is_long_and_only_its_hash_is_kept(store: Store) -> None:
    first, second = enter(store).token, enter(store).token
    assert first != second
    assert len(first) == 43  # 256 bits, six to a character
    with store.read() as session:
        kept = {one.token_hash for one in session.exec(select(WebSession))}
    assert {len(one) for one in kept} == {64}
    assert first not in kept


@pytest.mark.parametrize("email", [EMAIL, "inconnu@exemple.test"])
@pytest.mark.usefixtures("account")
def test_a_refusal_is_counted_and_says_nothing(store: Store, email: str) -> None:
    with pytest.raises(WrongPassword) as refusal:
        enter(store, "pas celui-là", email=email)
    assert str(refusal.value) == "Adresse ou mot de passe incorrect."
    with store.read() as session:
        (failure,) = session.exec(select(SignInFailure)).all()
    assert "@" not in failure.email_hash
    assert failure.at == NOW


def test_a_closed_account_does_not_sign_in(store: Store, account: Account) -> None:
    with store.write() as session:
        deactivate(session, account.id)
    with pytest.raises(WrongPassword):
        enter(store)


@pytest.mark.usefixtures("account")
def test_success_forgets_the_failures(store: Store) -> None:
    for _ in range(4):
        with pytest.raises(WrongPassword):
            enter(store, "pas celui-là")
    enter(store)
    assert num_failures(store) == 0


@pytest.mark.parametrize("email", [EMAIL, "inconnu@exemple.test"])
@pytest.mark.usefixtures("account")
def test_five_failures_close_the_address_for_a_quarter_of_an_hour(store: Store, email: str) -> None:
    for minutes in range(5):
        with pytest.raises(WrongPassword):
            enter(store, "pas celui-là", email=email, now=NOW + minutes * MINUTE)
    with pytest.raises(TooManyAttempts) as refusal:
        enter(store, email=email, now=NOW + 5 * MINUTE)
    assert refusal.value.retry_after_s == 600
    with pytest.raises(TooManyAttempts):
        enter(store, email=email, now=NOW + 15 * MINUTE - timedelta(microseconds=1))
    if email == EMAIL:
        enter(store, email=email, now=NOW + 15 * MINUTE)
    else:
        with pytest.raises(WrongPassword):
            enter(store, email=email, now=NOW + 15 * MINUTE)


@pytest.mark.usefixtures("account")
def test_one_closed_address_leaves_the_others_open(store: Store) -> None:
    for _ in range(5):
        with pytest.raises(WrongPassword):
            enter(store, "pas celui-là", email="autre@exemple.test")
    enter(store)


@pytest.mark.usefixtures("account")
def test_failures_are_not_kept_longer_than_they_count(store: Store) -> None:
    for _ in range(3):
        with pytest.raises(WrongPassword):
            enter(store, "pas celui-là", email="autre@exemple.test")
    enter(store, now=NOW + LIMITS.attempts.window)
    assert num_failures(store) == 0


def test_parallel_guesses_do_not_slip_through_the_count(store: Store, account: Account) -> None:
    barrier = threading.Barrier(20)

    def guess(_: int) -> str:
        barrier.wait(timeout=10)
        try:
            enter(store, "pas celui-là")
        except (WrongPassword, TooManyAttempts) as refusal:
            return refusal.code
        return "in"

    with ThreadPoolExecutor(20) as pool:
        seen = Counter(pool.map(guess, range(20)))
    assert seen == {"wrong_password": 5, "too_many_attempts": 15}
    assert account.email == EMAIL


def test_a_password_changed_while_it_was_checked_opens_nothing(store: Store, account, monkeypatch) -> None:
    def check(password: str, kept: str | None) -> passwords.Checked:
        outcome = original(password, kept)
        with store.write() as session:
            set_password(session, account.id, "un tout autre mot de passe")
        return outcome

    original = sessions.check_password
    monkeypatch.setattr(sessions, "check_password", check)
    with pytest.raises(WrongPassword):
        enter(store)
    with store.read() as session:
        assert session.exec(select(WebSession)).all() == []


def test_the_single_writer_is_free_while_a_password_is_checked(store: Store, account, monkeypatch) -> None:
    def check(password: str, kept: str | None) -> passwords.Checked:
        with store.write() as session:
            factories.territory(session)
        return original(password, kept)

    original = sessions.check_password
    monkeypatch.setattr(sessions, "check_password", check)
    assert enter(store).account_id == account.id


def test_a_dated_hash_is_renewed_at_sign_in(store: Store, account: Account) -> None:
    dated = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    with store.write() as session:
        session.get_one(Account, account.id).password_hash = dated
    enter(store)
    with store.read() as session:
        assert session.get_one(Account, account.id).password_hash != dated
    enter(store)


# --- staying signed in -----------------------------------------------------------------------------------


@pytest.fixture
def token(store: Store, account: Account) -> str:
    assert account.active
    return enter(store).token


def test_a_session_ends_when_idle(store: Store, token: str) -> None:
    visit(store, token, NOW + LIMITS.idle)
    with pytest.raises(NotSignedIn):
        visit(store, token, NOW + LIMITS.idle + timedelta(microseconds=1))


def test_use_keeps_a_session_awake_until_its_end(store: Store, token: str) -> None:
    now = NOW
    while now < NOW + LIMITS.absolute - LIMITS.idle:
        now += LIMITS.idle
        assert visit(store, token, now).to_touch
        with store.write() as session:
            touch(session, token, now=now)
    visit(store, token, NOW + LIMITS.absolute - timedelta(microseconds=1))
    with pytest.raises(NotSignedIn):
        visit(store, token, NOW + LIMITS.absolute)


def test_a_visit_within_the_minute_needs_no_write(store: Store, token: str) -> None:
    assert not visit(store, token, NOW + MINUTE - timedelta(microseconds=1)).to_touch
    assert visit(store, token, NOW + MINUTE).to_touch


def test_touching_never_goes_back_in_time(store: Store, token: str) -> None:
    with store.write() as session:
        touch(session, token, now=NOW + 30 * MINUTE)
        touch(session, token, now=NOW)
        touch(session, "inconnu", now=NOW)
    visit(store, token, NOW + 90 * MINUTE)


@pytest.mark.parametrize("bad", ["", "x", "é", "a" * 43])
def test_an_invented_token_is_nobody(store: Store, token: str, bad: str) -> None:
    with pytest.raises(NotSignedIn):
        visit(store, bad)
    with store.read() as session:
        kept = session.exec(select(WebSession.token_hash)).one()
    with pytest.raises(NotSignedIn):
        visit(store, kept)  # what the database holds opens nothing
    visit(store, token)


def test_signing_out_ends_this_session_only(store: Store, token: str) -> None:
    other = enter(store).token
    with store.write() as session:
        sign_out(session, token)
        sign_out(session, token)
    with pytest.raises(NotSignedIn):
        visit(store, token)
    visit(store, other)


def test_closing_the_account_ends_its_sessions(store: Store, account: Account, token: str) -> None:
    with store.write() as session:
        session.get_one(Account, account.id).active = False
    with pytest.raises(NotSignedIn):
        visit(store, token)


def test_expired_sessions_are_removed_at_the_next_sign_in(store: Store, token: str) -> None:
    assert token
    enter(store, now=NOW + LIMITS.absolute)
    with store.read() as session:
        assert len(session.exec(select(WebSession)).all()) == 1


# --- roles -----------------------------------------------------------------------------------------------


@pytest.fixture
def second(store: Store, account: Account, territory: Territory) -> Territory:
    with store.write() as session:
        second = factories.territory(session)
        for where, role in ((territory, Role.ADMIN), (territory, Role.SIGNALLER), (second, Role.GP)):
            factories.grant(session, account=account, territory=where, role=role)
        return second


def test_somebody_with_several_roles_begins_with_the_daily_one(store, token, territory, second) -> None:
    seen = visit(store, token)
    assert (seen.actor.role, seen.actor.territory_id) == (Role.COORDINATOR, territory.id)
    assert seen.grants == (
        (territory.id, Role.COORDINATOR),
        (second.id, Role.GP),
        (territory.id, Role.SIGNALLER),
        (territory.id, Role.ADMIN),
    )


def test_a_role_and_a_territory_may_be_asked_for(store, token, territory, second) -> None:
    assert visit(store, token, role=Role.ADMIN).actor.role == Role.ADMIN
    assert visit(store, token, territory_id=second.id).actor.role == Role.GP
    asked = visit(store, token, role=Role.SIGNALLER, territory_id=territory.id).actor
    assert (asked.role, asked.territory_id) == (Role.SIGNALLER, territory.id)


def test_a_role_that_is_not_held_there_is_forbidden(store, token, territory, second) -> None:
    for wish in (
        {"role": Role.BUREAU},
        {"territory_id": second.id + 1},
        {"role": Role.ADMIN, "territory_id": second.id},
    ):
        with pytest.raises(Forbidden):
            visit(store, token, **wish)
    assert territory.id != second.id


def test_an_account_without_any_role_may_do_nothing(store: Store) -> None:
    with store.write() as session:
        factories.account(session, email=EMAIL, password=PASSWORD)
    with pytest.raises(Forbidden):
        visit(store, enter(store).token)


def test_every_role_has_its_place_in_the_order() -> None:
    assert set(sessions.ROLE_ORDER) == set(Role)


def test_the_operator_sets_the_limits() -> None:
    limits = Limits.of(Settings(session_hours=2, session_idle_minutes=15))
    assert (limits.absolute, limits.idle) == (timedelta(hours=2), timedelta(minutes=15))
    assert (limits.attempts.per_account, limits.attempts.window) == (5, timedelta(minutes=15))
