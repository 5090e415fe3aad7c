"""Finding, booking, losing and giving back a slot, on pages."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlmodel import func, select

from scheduler.store.engine import Store
from scheduler.store.tables import AgendaRules, Booking, Role
from tests import factories
from tests.factories import NOW
from tests.integration.web.browser import Browser, Page
from tests.integration.web.conftest import Town


def form_to(page: Page, word: str) -> str:
    """Give where the form of the booking on a page goes, by its last word."""
    (action,) = [
        form.action for form in page.forms if re.fullmatch(f"/rendez-vous/[^/]+/{word}", form.action)
    ]
    return action


SEARCH = "/creneaux?ou=Savigny-le-Temple&quand=48h"


def test_results_are_grouped_by_delay(browser_of: Callable[[Role], Browser], slots: list[int]) -> None:
    page = browser_of(Role.REGULATOR).open(SEARCH)
    assert "3 créneaux dans les 48 h" in page.text
    order = [page.text.index(label) for label in ("Dans les 4 heures", "4 à 8 heures", "24 à 48 heures")]
    assert order == sorted(order)
    assert "8 à 12 heures" not in page.text
    assert "Dr Hélène LEROY" in page.text
    assert "Vu il y a 3 min" in page.text
    assert len(page.forms) == 3 + len(slots)  # signing out, the search, a care request


@pytest.mark.usefixtures("slots")
def test_today_ends_at_midnight_of_the_territory(browser_of: Callable[[Role], Browser]) -> None:
    page = browser_of(Role.REGULATOR).open("/creneaux?ou=Savigny-le-Temple&quand=jour")
    assert "2 créneaux aujourd’hui" in page.text


def test_an_unknown_place_keeps_what_was_typed(browser_of: Callable[[Role], Browser]) -> None:
    page = browser_of(Role.REGULATOR).open("/creneaux?ou=%3Cscript%3Exyz&quand=72h")
    assert page.status == 422
    assert "Aucune commune de ce nom" in page.text
    assert page.form("/creneaux").values == {
        "ou": "<script>xyz",
        "quand": "72h",
        "comment": "",
        "age": "",
        "habituel": "",
    }
    assert "<script>x" not in page.html


def test_an_empty_answer_offers_wider_searches(browser_of: Callable[[Role], Browser]) -> None:
    page = browser_of(Role.REGULATOR).open("/creneaux?ou=Savigny-le-Temple&quand=jour&comment=HH")
    assert "Aucun créneau libre aujourd’hui" in page.text
    assert "Chercher toutes les modalités" in page.text
    assert "Chercher sur 72 h" in page.text


def test_book_see_it_taken_and_give_it_back(browser_of: Callable[[Role], Browser], slots: list[int]) -> None:
    browser = browser_of(Role.REGULATOR)
    booked = browser.send(browser.open(SEARCH), f"/creneaux/{slots[0]}/reserver")
    assert "Rendez-vous réservé" in booked.text
    assert "lundi 23 novembre, 10 h" in booked.text
    assert "01 60 00 00 00" in booked.text
    assert f"/creneaux/{slots[0]}/reserver" not in browser.open(SEARCH).html
    cancelled = browser.send(booked, form_to(booked, "annuler"))
    assert "Le rendez-vous est annulé" in cancelled.text
    assert f"/creneaux/{slots[0]}/reserver" in browser.open(SEARCH).html


def test_a_double_click_books_once(
    browser_of: Callable[[Role], Browser], slots: list[int], store: Store
) -> None:
    browser = browser_of(Role.REGULATOR)
    page = browser.open(SEARCH)
    first, second = (browser.send(page, f"/creneaux/{slots[1]}/reserver") for _ in range(2))
    assert first.path == second.path
    with store.read() as session:
        assert session.exec(select(func.count()).select_from(Booking)).one() == 1


def test_a_slot_that_was_taken_says_so_and_shows_the_next(
    browser_of: Callable[[Role], Browser], slots: list[int]
) -> None:
    quick, slow = browser_of(Role.REGULATOR), browser_of(Role.COORDINATOR)
    page = slow.open(SEARCH)
    quick.send(quick.open(SEARCH), f"/creneaux/{slots[0]}/reserver")
    refused = slow.send(page, f"/creneaux/{slots[0]}/reserver")
    assert refused.status == 409
    assert "Ce créneau vient d’être pris" in refused.text
    assert "2 créneaux dans les 48 h" in refused.text
    assert "Rendez-vous réservé" in slow.send(refused, f"/creneaux/{slots[1]}/reserver").text


def test_a_slot_that_has_begun_is_no_longer_offered(
    browser_of: Callable[[Role], Browser], slots: list[int], town: Town
) -> None:
    browser = browser_of(Role.REGULATOR)
    page = browser.open(SEARCH)
    town.now += timedelta(minutes=61 - 1)
    refused = browser.send(page, f"/creneaux/{slots[0]}/reserver")
    assert refused.status == 409
    assert "n’est plus proposé" in refused.text


def test_a_booking_is_shown_to_those_concerned_only(
    browser_of: Callable[[Role], Browser], slots: list[int]
) -> None:
    regulator = browser_of(Role.REGULATOR)
    booked = regulator.send(regulator.open(SEARCH), f"/creneaux/{slots[0]}/reserver")
    statuses = {
        role: browser_of(role).open(form_to(booked, "annuler").removesuffix("/annuler")).status
        for role in (Role.COORDINATOR, Role.GP, Role.SECRETARY, Role.SIGNALLER, Role.BUREAU)
    }
    assert statuses == {
        Role.COORDINATOR: 200,
        Role.GP: 200,
        Role.SECRETARY: 200,
        Role.SIGNALLER: 404,
        Role.BUREAU: 403,
    }


def test_the_gp_sees_free_and_booked_slots(browser_of: Callable[[Role], Browser], slots: list[int]) -> None:
    regulator = browser_of(Role.REGULATOR)
    regulator.send(regulator.open(SEARCH), f"/creneaux/{slots[0]}/reserver")
    page = browser_of(Role.GP).open("/")
    assert "2 créneaux libres et 1 rendez-vous réservé" in page.text
    assert "Réservé" in page.text


def test_names_are_escaped(browser_of: Callable[[Role], Browser], store: Store, town: Town) -> None:
    with store.write() as session:
        gp = factories.practitioner(
            session,
            territory_id=town.territory_id,
            family_name="<script>alert(1)</script>",
            given_name="&amp;",
        )
        practice = factories.practice(session, practitioner_id=gp.id, address='"><img src=x>')
        feed = factories.feed(session, practice_id=practice.id, practitioner_id=gp.id, ok_at=NOW)
        slot = factories.slot(session, feed=feed)
        slot_id = slot.id
    browser = browser_of(Role.REGULATOR)
    page = browser.open(SEARCH)
    assert "<script>alert" not in page.html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.html
    booked = browser.send(page, f"/creneaux/{slot_id}/reserver")
    assert "<img src=x>" not in booked.html
    assert "&amp;amp;" in booked.html


def test_hold_agree_and_confirm(browser_of: Callable[[Role], Browser], slots: list[int], town: Town) -> None:
    browser, other = browser_of(Role.REGULATOR), browser_of(Role.COORDINATOR)
    page = browser.open(SEARCH)
    held = browser.post(
        f"/creneaux/{slots[0]}/retenir", dict(page.form(f"/creneaux/{slots[0]}/reserver").fields)
    )
    assert "Créneau retenu" in held.text
    assert "Retenu jusqu’à 9 h 05 : encore 5 min 00 s" in held.text
    assert f"/creneaux/{slots[0]}/reserver" not in other.open(SEARCH).html
    town.now += timedelta(minutes=4, seconds=30)
    assert "encore 30 s" in browser.open(str(held.answer.url)).text
    confirmed = browser.send(held, form_to(held, "confirmer"))
    assert "Rendez-vous réservé" in confirmed.text
    assert "Le créneau est à vous" in browser.send(held, form_to(held, "confirmer")).text  # pressed twice


def test_a_hold_nobody_confirms_is_over_at_its_instant(
    browser_of: Callable[[Role], Browser], slots: list[int], town: Town
) -> None:
    browser = browser_of(Role.REGULATOR)
    page = browser.open(SEARCH)
    held = browser.post(
        f"/creneaux/{slots[0]}/retenir", dict(page.form(f"/creneaux/{slots[0]}/reserver").fields)
    )
    town.now += timedelta(minutes=5)
    assert "Retenue expirée" in browser.open(str(held.answer.url)).text
    late = browser.send(held, form_to(held, "confirmer"))
    assert late.status == 409
    assert "La retenue de 5 minutes est terminée" in late.text
    assert f"/creneaux/{slots[0]}/reserver" in browser_of(Role.COORDINATOR).open(SEARCH).html


def test_past_the_limit_a_reason_is_asked_for(
    browser_of: Callable[[Role], Browser], slots: list[int], store: Store, town: Town
) -> None:
    with store.write() as session:
        session.add(AgendaRules(practitioner_id=town.practitioner_id, cancel_hours=2, updated_at=NOW))
    browser = browser_of(Role.REGULATOR)
    booked = browser.send(browser.open(SEARCH), f"/creneaux/{slots[0]}/reserver")
    assert "Le délai d’annulation de ce médecin est passé" in booked.text
    refused = browser.send(booked, form_to(booked, "annuler"))
    assert refused.status == 409
    assert "choisissez un motif" in refused.text
    assert (
        "Le rendez-vous est annulé" in browser.send(booked, form_to(booked, "annuler"), motif="mistake").text
    )
