"""Every form pressed twice does its work once and leads to the same page: at once or later."""

import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urljoin

import pytest
from sqlmodel import select

from api.web.english_missing import TEMPLATES
from scheduler.store.engine import Store
from scheduler.store.tables import Account, Role, SignalDraft
from tests.integration.web.browser import Browser, Page

BrowserOf = Callable[[Role], Browser]
INVITED = {"email": "nouvelle@exemple.test", "name": "Nouvelle Personne", "role": "coordinator"}


def test_every_form_that_changes_something_is_numbered() -> None:
    forms = [
        (template.name, form)
        for template in sorted(TEMPLATES.rglob("*.html"))
        for form in re.findall(r"<form\b[^>]*method=\"post\".*?</form>", template.read_text(), re.DOTALL)
    ]
    assert len(forms) > 50
    assert [name for name, form in forms if not re.search(r"csrf_field\(\)|{{ token }}", form)] == []


def test_a_form_that_has_no_number_of_its_own_is_done_once(browser_of: BrowserOf) -> None:
    """The second press would be refused by the state of things: it leads where the first one led instead."""
    browser = browser_of(Role.ADMIN)
    page = browser.open("/administration/comptes")
    first = browser.send(page, "/administration/comptes", **INVITED)
    second = browser.send(page, "/administration/comptes", **INVITED)
    assert (first.status, second.status) == (200, 200)
    assert first.answer.url == second.answer.url
    assert "Rôle donné." in second.text


def test_a_form_corrected_after_going_back_is_another(browser_of: BrowserOf, store: Store) -> None:
    browser = browser_of(Role.ADMIN)
    page = browser.open("/administration/comptes")
    browser.send(page, "/administration/comptes", **INVITED)
    other = INVITED | {"email": "autre@exemple.test"}
    assert "Rôle donné." in browser.send(page, "/administration/comptes", **other).text
    with store.read() as session:
        emails = set(session.exec(select(Account.email)).all())
    assert {"nouvelle@exemple.test", "autre@exemple.test"} <= emails


def test_a_form_shown_again_may_be_sent_again(browser_of: BrowserOf) -> None:
    browser = browser_of(Role.ADMIN)
    browser.send(browser.open("/administration/comptes"), "/administration/comptes", **INVITED)
    again = browser.send(browser.open("/administration/comptes"), "/administration/comptes", **INVITED)
    assert again.status == 409
    assert "Cette personne a déjà ce rôle ici." in again.text
    assert again.form("/administration/comptes").values["name"] == INVITED["name"]


@pytest.mark.usefixtures("town")
def test_two_presses_at_the_same_moment_keep_one_draft(browser_of: BrowserOf, store: Store) -> None:
    browser = browser_of(Role.SIGNALLER)
    page = browser.open("/signaler")
    typed = page.form("/signaler").values | {"family_name": "Deux fois"}
    together = threading.Barrier(2)

    def press(_: int) -> Page:
        together.wait(timeout=30)
        return browser.post(urljoin(page.path, "/signaler/brouillon"), typed)

    with ThreadPoolExecutor(2) as pool:
        shown = list(pool.map(press, range(2)))
    assert [one.status for one in shown] == [200, 200]
    assert len({str(one.answer.url) for one in shown}) == 1
    with store.read() as session:
        assert len(session.exec(select(SignalDraft)).all()) == 1
