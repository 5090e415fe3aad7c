"""Calendars on pages: tried out, registered, read, suspended."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlmodel import col, func, select

from scheduler.store.engine import Store
from scheduler.store.tables import Feed, FeedState, Role, Slot, SlotState
from tests import factories
from tests.factories import NOW
from tests.integration.web.browser import Browser, Page
from tests.integration.web.conftest import Town


def calendar(*events: str) -> bytes:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//essai//FR", *events, "END:VCALENDAR", ""]
    return "\r\n".join(lines).encode()


def event(uid: str, hours: float, summary: str) -> str:
    start_at = NOW + timedelta(hours=hours)
    written = [
        "BEGIN:VEVENT",
        f"UID:{uid}",
        f"DTSTAMP:{NOW:%Y%m%dT%H%M%SZ}",
        f"DTSTART:{start_at:%Y%m%dT%H%M%SZ}",
        f"DTEND:{start_at + timedelta(minutes=30):%Y%m%dT%H%M%SZ}",
        f"SUMMARY:{summary}",
        "END:VEVENT",
    ]
    return "\r\n".join(written)


TWO_SLOTS = calendar(event("a", 1, "SNP"), event("b", 25, "SNP"), event("c", 3, "Durand <b>secret</b>"))


def tried_out(browser: Browser, body: bytes, **changed: str) -> Page:
    page = browser.open("/agendas")
    files = {"file": ("agenda.ics", body, "text/calendar")}
    return browser.send(page, "/agendas/apercu", files=files, **({"name": "Mes créneaux"} | changed))


def test_a_file_is_tried_out_then_registered(
    browser_of: Callable[[Role], Browser], store: Store, town: Town
) -> None:
    browser = browser_of(Role.GP)
    preview = tried_out(browser, TWO_SLOTS)
    assert preview.status == 200, preview.text
    assert "2 créneaux" in preview.text
    assert "rien n’annonce un créneau" in preview.text
    assert "secret" not in preview.html
    with store.read() as session:
        assert session.exec(select(func.count()).select_from(Feed)).one() == 0

    done = browser.send(preview, "/agendas")
    assert "Agenda relié et lu" in done.text
    assert "2 créneaux ouverts , 1 événement occupé , 0 événement ignoré" in done.text
    browser.send(preview, "/agendas")  # the button pressed twice
    with store.read() as session:
        feed = session.exec(select(Feed)).one()
        opened = session.exec(select(func.count()).where(col(Slot.state) == SlotState.OPEN)).one()
    assert (feed.practitioner_id, feed.name, feed.address) == (town.practitioner_id, "Mes créneaux", None)
    assert opened == 2


def test_a_file_that_is_no_calendar_says_so_and_keeps_the_form(
    browser_of: Callable[[Role], Browser],
) -> None:
    page = tried_out(browser_of(Role.GP), b"<html>bonjour</html>", slot_minutes="20")
    assert page.status == 422
    assert "page web et non un agenda" in page.text
    assert page.form("/agendas/apercu").values["name"] == "Mes créneaux"
    assert page.form("/agendas/apercu").values["slot_minutes"] == "20"


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("https://127.0.0.1/agenda.ics", "Adresse refusée ou injoignable"),
        ("ftp://agenda.exemple.test/a.ics", "doit commencer par « https:// »"),
        ("", "l’un des deux"),
    ],
)
def test_an_address_that_is_not_acceptable(
    browser_of: Callable[[Role], Browser], address: str, sentence: str
) -> None:
    browser = browser_of(Role.COORDINATOR)
    page = browser.send(browser.open("/agendas"), "/agendas/apercu", name="Agenda", address=address)
    assert page.status == 422
    assert sentence in page.text
    assert page.form("/agendas/apercu").values["address"] == address


def test_a_gp_reaches_their_own_calendars_only(
    browser_of: Callable[[Role], Browser], store: Store, town: Town
) -> None:
    with store.write() as session:
        other = factories.practitioner(session, territory_id=town.territory_id, family_name="AUTRE")
        practice = factories.practice(session, practitioner_id=other.id)
        feed = factories.feed(session, practice_id=practice.id, practitioner_id=other.id, name="Agenda caché")
        feed_id, practice_id = feed.id, practice.id
    browser = browser_of(Role.GP)
    page = browser.open("/agendas")
    assert "Agenda caché" not in page.text
    assert "AUTRE" not in page.text
    token = page.form("/agendas/apercu").values["form_token"]
    assert browser.post(f"/agendas/{feed_id}/suspendre", {"form_token": token}).status == 404
    preview = tried_out(browser, TWO_SLOTS)
    assert browser.send(preview, "/agendas", practice_id=str(practice_id)).status == 404
    with store.read() as session:
        assert session.get_one(Feed, feed_id).state is FeedState.ACTIVE


def test_suspended_and_resumed(browser_of: Callable[[Role], Browser], slots: list[int], store: Store) -> None:
    browser = browser_of(Role.COORDINATOR)
    page = browser.open("/agendas")
    assert "agenda.exemple.test" in page.text
    assert "secret.ics" not in page.html
    with store.read() as session:
        feed_id = session.exec(select(Slot.feed_id).where(col(Slot.id) == slots[0])).one()
    suspended = browser.send(page, f"/agendas/{feed_id}/suspendre")
    assert "Agenda suspendu" in suspended.text
    assert "Aucun créneau libre" in browser.open("/creneaux?ou=Savigny-le-Temple").text
    assert f"/agendas/{feed_id}/reprendre" in suspended.html
