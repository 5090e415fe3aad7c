"""Drafts, people who look alike, lists, the coordinator's desk, calls and doctors asked: page by page."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlmodel import col, select

from scheduler.store.engine import Store
from scheduler.store.tables import DuplicatePair, Referral, ReferralState, Role, SignalDraft
from tests.factories import NOW
from tests.integration.web.browser import Browser
from tests.integration.web.test_signalling import GIVEN, signal


@pytest.fixture
def store(sqlite_store: Store) -> Store:
    """Test on one engine: the use cases are tested on both."""
    return sqlite_store


def only(store: Store) -> Referral:
    with store.read() as session:
        return session.exec(select(Referral)).one()


def test_a_draft_is_kept_taken_up_and_gone_once_sent(
    browser_of: Callable[[Role], Browser], store: Store
) -> None:
    browser = browser_of(Role.SIGNALLER)
    page = browser.open("/signaler?filiere=orthophoniste")
    typed = {"family_name": "Durand", "swallowing": "oui"}
    kept = browser.post("/signaler/brouillon", page.form("/signaler").values | typed)
    assert "Brouillon enregistré" in kept.text
    form = kept.form("/signaler").values
    assert (form["family_name"], form["swallowing"], form["filiere"]) == ("Durand", "oui", "orthophoniste")
    assert "DURAND" in browser.open("/mes-signalements").text
    draft_id = form["brouillon"]
    assert browser_of(Role.COORDINATOR).open(f"/signaler?brouillon={draft_id}").status == 404
    script = browser.client.post(
        "/signaler/brouillon",
        data=form | {"given_name": "Zoé"},
        headers={"accept": "text/plain", "sec-fetch-site": "same-origin"},
    )
    assert script.text == draft_id
    receipt = browser.send(kept, "/signaler", **GIVEN)
    assert "orthophoniste" in receipt.text
    referral = only(store)
    assert (referral.pathway, referral.answers["swallowing"], referral.tier) == ("orthophoniste", True, 1)
    with store.read() as session:
        assert session.exec(select(SignalDraft)).all() == []


def test_one_s_own_patients_who_look_alike_are_shown_before_anything_is_sent(
    browser_of: Callable[[Role], Browser], store: Store
) -> None:
    browser = browser_of(Role.SIGNALLER)
    signal(browser)
    page = signal(browser, family_name="Durant", birth_date="3/7/1951")
    assert page.status == 409
    assert "Est-ce la même personne" in page.text
    assert "DURAND Zoé" in page.text
    only(store)
    sent = browser.send(page, "/signaler", distinct="oui")
    assert "Signalement envoyé" in sent.text
    stranger = browser_of(Role.GP)
    assert stranger.open("/doublons").status == 403


def test_the_coordination_compares_joins_and_undoes(
    browser_of: Callable[[Role], Browser], store: Store
) -> None:
    browser = browser_of(Role.SIGNALLER)
    signal(browser)
    page = signal(browser, family_name="Durant", birth_date="3/7/1951")
    browser.send(page, "/signaler", distinct="oui")
    with store.read() as session:
        pair = session.exec(select(DuplicatePair)).one()
    coordinator = browser_of(Role.COORDINATOR)
    desk = coordinator.open(f"/qualifier/{pair.referral_id}")
    assert "Ce dossier ressemble à un autre" in desk.text
    refused = coordinator.send(desk, f"/qualifier/{pair.referral_id}", synthesis="Deux lignes\nà garder")
    assert refused.status == 409
    assert refused.form(f"/qualifier/{pair.referral_id}").values["synthesis"] == "Deux lignes\nà garder"
    shown = coordinator.open(f"/doublons/{pair.id}")
    assert "Celui qui resterait" in shown.text
    joined = coordinator.send(shown, f"/doublons/{pair.id}/reunir")
    assert "n'en font plus qu'un" in joined.text.replace("’", "'")
    assert "déjà suivie" in browser.open("/mes-signalements").text
    undone = coordinator.send(coordinator.open("/doublons"), f"/doublons/{pair.id}/defaire")
    assert "retrouve son dossier" in undone.text


def test_a_list_is_corrected_previewed_and_received(
    browser_of: Callable[[Role], Browser], store: Store
) -> None:
    browser = browser_of(Role.SIGNALLER)
    page = browser.open("/signaler/liste")
    headings = browser.client.get("/signaler/liste/modele.csv").text
    assert headings.startswith("\ufeffnom;prénom;date de naissance")
    lines = "nom;prénom;date de naissance;commune;téléphone\nDurand;Zoé;{};Savigny-le-Temple;0160000000\n"
    bad = {"file": ("l.csv", lines.format("31/02/1951").encode())}
    refused = browser.send(page, "/signaler/liste", files=bad)
    assert refused.status == 422
    assert "1 cellule à corriger" in refused.text
    good = {"file": ("l.csv", lines.format("07/03/1951").encode())}
    seen = browser.send(page, "/signaler/liste", files=good)
    assert "1 patient serait reçu" in seen.text
    assert "DURAND Zoé" in seen.text
    assert "Liste reprise" in browser.send(seen, "/signaler/liste/").text
    assert only(store).source == "professional"


def test_an_answer_given_changes_with_a_reason_only_and_the_synthesis_stays_with_the_coordination(
    browser_of: Callable[[Role], Browser], store: Store
) -> None:
    browser = browser_of(Role.SIGNALLER)
    signal(browser)
    address = f"/qualifier/{only(store).id}"
    coordinator = browser_of(Role.COORDINATOR)
    refused = coordinator.send(coordinator.open(address), address, ald="non", synthesis="Vit seule.")
    assert refused.status == 422
    assert "pourquoi une réponse donnée change" in refused.text
    done = coordinator.send(refused, address, reason="mistake")
    assert "en attente" in done.text
    assert only(store).ald is False
    again = coordinator.send(done, address, ald="oui", reason="changed")
    assert "la priorité est recalculée" in again.text
    assert only(store).tier == 1
    assert "Vit seule." in again.html
    assert "Vit seule." not in browser.open(f"/patients/{only(store).id}").html


def test_a_call_in_vain_then_one_that_answers(browser_of: Callable[[Role], Browser], store: Store) -> None:
    signal(browser_of(Role.SIGNALLER))
    with store.write() as session:
        row = session.exec(select(Referral)).one()
        row.reconfirm_due_on = NOW.date() - timedelta(days=1)
    address = f"/a-reconfirmer/{row.id}"
    coordinator = browser_of(Role.COORDINATOR)
    page = coordinator.open("/a-reconfirmer")
    assert "DURAND Zoé" in page.text
    assert "Appel noté" in coordinator.send(page, address, outcome="no_answer").text
    assert only(store).num_failed_contacts == 1
    assert coordinator.post(address, page.form(address).values | {"outcome": "moved"}).status == 200
    assert only(store).state is ReferralState.CLOSED


def test_a_doctor_of_another_place_is_asked_by_the_patient_and_the_answer_noted(
    browser_of: Callable[[Role], Browser], store: Store
) -> None:
    signal(browser_of(Role.SIGNALLER), seen_name="Dr Petit", seen_visits="4")
    referral = only(store)
    coordinator = browser_of(Role.COORDINATOR)
    desk = coordinator.open(f"/qualifier/{referral.id}")
    assert "Dr Petit, 4 fois depuis un an" in desk.text
    asked = coordinator.send(desk, f"/qualifier/{referral.id}/demander")
    assert "Question posée" in asked.text
    page = coordinator.open("/a-declarer")
    form = next(form for form in page.forms if form.action.startswith("/a-declarer/"))
    noted = coordinator.post(form.action, form.values | {"answer": "declared"})
    assert "Réponse notée" in noted.text
    with store.read() as session:
        state = session.exec(select(Referral.state).where(col(Referral.id) == referral.id)).one()
    assert state is ReferralState.DECLARED
