"""The page of the SAS interface: its checklist from inside, and the reports that a person must look at."""

from collections.abc import Callable, Iterator
from itertools import count

import pytest
from pydantic import SecretStr

from api.app import create_app
from api.fhir.checklist import door
from scheduler.settings import Settings
from scheduler.store.engine import Store
from scheduler.store.tables import ReportState, Role, SasReport
from tests import factories
from tests.factories import NOW
from tests.integration.api.client import Clients, clients_of
from tests.integration.web.browser import Browser
from tests.integration.web.conftest import Town

BrowserOf = Callable[[Role], Browser]


@pytest.fixture
def settings(request: pytest.FixtureRequest) -> Settings:
    secret = getattr(request, "param", "known to the proxy and to the service only")
    return Settings(fhir_proxy_secret=SecretStr(secret), fhir_client_cn="sas, essai", fhir_client_ou="3187")


@pytest.fixture
def clients(store: Store, town: Town, settings: Settings) -> Iterator[Clients]:
    with clients_of(create_app(settings, store, clock=town.clock)) as clients:
        yield clients


@pytest.fixture(autouse=True)
def searches_take(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Let the checklist's repeated search take a tenth of a second, whatever this machine does besides."""

    def take(seconds: float) -> None:
        looked_at = count()
        monkeypatch.setattr(door, "perf_counter", lambda: seconds * next(looked_at))

    monkeypatch.setattr(door, "_NUM_SEARCHES", 3)
    take(0.1)
    return take


@pytest.mark.usefixtures("slots")
def test_slow_answers_are_told(browser_of: BrowserOf, searches_take: Callable[[float], None]) -> None:
    searches_take(1.5)
    browser = browser_of(Role.ADMIN)
    page = browser.send(browser.open("/sas/controle"), "/sas/controle")
    assert "1500 ms pour la plus lente" in page.text


@pytest.mark.usefixtures("slots")
def test_the_checklist_from_inside(browser_of: BrowserOf) -> None:
    browser = browser_of(Role.ADMIN)
    page = browser.send(browser.open("/sas/controle"), "/sas/controle")
    assert page.status == 200
    assert "Tout ce qui a pu être contrôlé d’ici est conforme" in page.text
    assert "Non conforme" not in page.text
    assert page.text.count("Conforme") > 12


@pytest.mark.usefixtures("slots")
@pytest.mark.parametrize("settings", [""], indirect=True)
def test_what_is_not_set_shows_red(browser_of: BrowserOf) -> None:
    browser = browser_of(Role.ADMIN)
    page = browser.open("/sas/controle")
    assert "À régler RELAIS_FHIR_PROXY_SECRET" in page.text
    assert "ne sont pas conformes" in browser.send(page, "/sas/controle").text


def test_nobody_to_ask_for(browser_of: BrowserOf) -> None:
    browser = browser_of(Role.ADMIN)
    page = browser.send(browser.open("/sas/controle"), "/sas/controle")
    assert "Aucun médecin n’a de créneau libre" in page.text
    assert browser_of(Role.COORDINATOR).open("/sas/controle").status == 403


def test_a_refused_report_is_sent_again_by_a_click(
    browser_of: BrowserOf, store: Store, slots: list[int]
) -> None:
    with store.write() as session:
        booking = factories.booking(session, slot_id=slots[0])
        report = SasReport(
            booking_id=booking.id,
            sequence=1,
            resource={"status": "booked"},
            state=ReportState.DEAD,
            last_failure="http_422",
            created_at=NOW,
            due_at=NOW,
        )
        session.add(report)
        session.flush()
        action = f"/sas/comptes-rendus/{report.id}/renvoyer"
    browser = browser_of(Role.ADMIN)
    page = browser.open("/sas/controle")
    assert "http_422" in page.text
    late_page = browser.open("/sas/controle")
    for _ in range(2):  # a double click
        assert "repartira dans la minute" in browser.send(page, action).text
    assert "1 en attente" in browser.open("/sas/controle").text
    assert browser.send(late_page, action).status == 409  # nothing waits to be sent again
