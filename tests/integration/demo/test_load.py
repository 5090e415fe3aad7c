"""The demo territory in a real store, through the use cases that real people go through."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlmodel import col, func, select

from scheduler.accounts.sessions import Limits, sign_in
from scheduler.demo.calendars import demo_calendars
from scheduler.demo.feeds import read_demo_calendars
from scheduler.demo.load import PASSWORD, load_demo
from scheduler.demo.people import demo_territory
from scheduler.demo.store import DemoLoaded, NotADemo, erase_demo, open_demo_store
from scheduler.demo.values import DemoTerritory
from scheduler.errors import InvalidSetting
from scheduler.settings import Settings
from scheduler.store.engine import Store
from scheduler.store.tables import Account, Intake, Practitioner, Referral, ReferralState, Slot, SlotState
from scheduler.territory.registry import register_territory

TODAY = date(2026, 11, 21)
NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def demo() -> DemoTerritory:
    """Forty patients of the demo are enough here."""
    whole = demo_territory(7, TODAY)
    return replace(whole, referrals=whole.referrals[:40])


def test_the_demo_is_whole_lets_people_in_and_fills_its_agendas(store: Store, demo: DemoTerritory) -> None:
    """All about one load: it takes longer than what is asked of it."""
    with store.write() as session:
        load_demo(session, demo, now=NOW)
    everybody_is_in_the_store(store, demo)
    every_account_signs_in_with_the_printed_password(store, demo)
    each_calendar_gives_slots_and_says_what_it_left_out(store, demo)


def everybody_is_in_the_store(store: Store, demo: DemoTerritory) -> None:
    with store.read() as session:
        states = Counter(session.exec(select(Referral.state)).all())
        assert session.exec(select(func.count(col(Practitioner.id)))).one() == 40
        assert sum(session.exec(select(Intake.places)).all()) == sum(i.places for i in demo.intakes)
        assert set(session.exec(select(Account.email)).all()) == {a.email for a in demo.accounts}
        households = set(session.exec(select(Referral.household_id)).all()) - {None}
    consents = sum(referral.consent for referral in demo.referrals)
    assert states == Counter(
        {ReferralState.WAITING: consents, ReferralState.QUALIFIED: 40 - consents}
    ) - Counter({ReferralState.QUALIFIED: 0})
    assert len(households) == len({k for k, m in demo.households().items() if len(m) > 1})


def every_account_signs_in_with_the_printed_password(store: Store, demo: DemoTerritory) -> None:
    limits = Limits.of(Settings())
    for account in demo.accounts:
        signed_in = sign_in(
            store, email=account.email, password=PASSWORD, client="192.0.2.1", now=NOW, limits=limits
        )
        assert signed_in.token


def each_calendar_gives_slots_and_says_what_it_left_out(store: Store, demo: DemoTerritory) -> None:
    lines = read_demo_calendars(store, demo, now=NOW)
    assert len(lines) == len(demo_calendars(demo, TODAY)) == 8
    assert all(line.num_open > 0 for line in lines)
    assert sum(line.num_soon for line in lines) > 0
    assert any(line.left_out for line in lines)
    with store.read() as session:
        num_open = session.exec(select(func.count()).where(col(Slot.state) == SlotState.OPEN)).one()
    assert num_open >= sum(line.num_open for line in lines)


@pytest.fixture
def settings(tmp_path) -> Settings:
    return Settings(data_dir=tmp_path)


def test_the_demo_is_loaded_once_and_erased_on_demand(settings: Settings, demo: DemoTerritory) -> None:
    with open_demo_store(settings) as store, store.write() as session:
        load_demo(session, replace(demo, referrals=()), now=NOW)
    with pytest.raises(DemoLoaded), open_demo_store(settings):
        pytest.fail("a second demo must not open")
    erase_demo(settings)
    with open_demo_store(settings) as store, store.read() as session:
        assert session.exec(select(func.count(col(Practitioner.id)))).one() == 0


def test_a_real_territory_is_never_erased(settings: Settings) -> None:
    with open_demo_store(settings) as store, store.write() as session:
        register_territory(session, slug="cpts-reelle", name="CPTS réelle", insee=["77445"])
    with pytest.raises(NotADemo):
        erase_demo(settings)
    assert (settings.data_dir / "relais.db").exists()


def test_the_demo_stays_out_of_production(tmp_path) -> None:
    with pytest.raises(InvalidSetting):
        erase_demo(Settings(data_dir=tmp_path, environment="production"))
