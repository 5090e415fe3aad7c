"""Signalling a patient on a page, and what the signaller sees afterwards."""

from collections.abc import Callable

import pytest
from sqlmodel import col, func, select

from scheduler.store.engine import Store
from scheduler.store.tables import AuditEntry, Consent, Patient, Referral, ReferralState, Role
from tests.integration.web.browser import Browser

GIVEN = {
    "family_name": "Durand",
    "given_name": "Zoé",
    "birth_date": "7/3/1951",
    "commune": "Savigny-le-Temple",
    "phone": "01 60 00 00 00",
    "ald": "oui",
    "consent": "oui",
    "consent_how": "oral",
}


@pytest.fixture
def store(sqlite_store: Store) -> Store:
    """Test on one engine: the use cases are tested on both."""
    return sqlite_store


def signal(browser: Browser, **changed: str):
    return browser.send(browser.open("/signaler"), "/signaler", **(GIVEN | changed))


def test_a_signal_is_received_with_its_consent(browser_of: Callable[[Role], Browser], store: Store) -> None:
    receipt = signal(browser_of(Role.SIGNALLER))
    assert "Signalement envoyé" in receipt.text
    with store.read() as session:
        patient = session.exec(select(Patient).where(col(Patient.family_name) == "Durand")).one()
        referral = session.exec(select(Referral).where(col(Referral.patient_id) == patient.id)).one()
        consent = session.exec(select(Consent).where(col(Consent.referral_id) == referral.id)).one()
    assert patient.insee == "77445"
    assert (referral.state, referral.ald, referral.c2s) == (ReferralState.RECEIVED, True, None)
    assert (consent.how, consent.collected_by) == ("oral", "Essai signaller")


def test_errors_keep_what_was_typed(browser_of: Callable[[Role], Browser]) -> None:
    page = signal(
        browser_of(Role.SIGNALLER), birth_date="31/02/1951", commune="Nulle-Part", family_name='<b>"Durand"'
    )
    assert page.status == 422
    assert "2 points à corriger" in page.text
    kept = page.form("/signaler").values
    assert kept["family_name"] == '<b>"Durand"'
    assert kept["birth_date"] == "31/02/1951"
    assert kept["ald"] == "oui"
    assert kept["consent"] == "oui"
    assert 'aria-invalid="true"' in page.html
    assert "<b>" not in page.html


def test_nothing_is_sent_without_a_consent(browser_of: Callable[[Role], Browser], store: Store) -> None:
    page = signal(browser_of(Role.SIGNALLER), consent="")
    assert page.status == 422
    assert "Sans l’accord du patient" in page.text
    with store.read() as session:
        assert session.exec(select(func.count()).select_from(Referral)).one() == 0


def test_a_double_click_signals_once(browser_of: Callable[[Role], Browser], store: Store) -> None:
    browser = browser_of(Role.SIGNALLER)
    page = browser.open("/signaler")
    first, second = (browser.send(page, "/signaler", **GIVEN) for _ in range(2))
    assert first.answer.url == second.answer.url
    with store.read() as session:
        assert session.exec(select(func.count()).select_from(Referral)).one() == 1


def test_somebody_signalled_twice_is_refused_in_words(browser_of: Callable[[Role], Browser]) -> None:
    browser = browser_of(Role.SIGNALLER)
    signal(browser)
    page = signal(browser)
    assert page.status == 409
    assert "déjà une demande en cours" in page.text
    assert page.form("/signaler").values["given_name"] == "Zoé"


def test_somebody_of_the_same_household(browser_of: Callable[[Role], Browser], store: Store) -> None:
    browser = browser_of(Role.SIGNALLER)
    receipt = signal(browser)
    referral_id = receipt.answer.url.params["dossier"]
    page = browser.open(f"/signaler?foyer={referral_id}")
    assert "même foyer" in page.text
    browser.send(page, "/signaler", **(GIVEN | {"given_name": "Léo", "birth_date": "01/02/2015"}))
    with store.read() as session:
        households = set(session.exec(select(Referral.household_id)))
    assert len(households) == 1
    assert None not in households


def test_the_signaller_sees_where_it_stands_and_the_reading_is_traced(
    browser_of: Callable[[Role], Browser], store: Store
) -> None:
    browser = browser_of(Role.SIGNALLER)
    receipt = signal(browser)
    home = browser.open("/")
    assert "DURAND Zoé" in home.text
    assert "La coordination vérifie les réponses" in home.text
    referral_id = receipt.answer.url.params["dossier"]
    file = browser.open(f"/patients/{referral_id}")
    assert "Affection de longue durée (ALD)" in file.text
    assert "Signalement reçu." in file.text
    with store.read() as session:
        actions = session.exec(
            select(AuditEntry.action).where(col(AuditEntry.object_id) == referral_id).order_by("id")
        ).all()
    assert actions[0] == "C"
    assert actions.count("R") >= 3  # receipt, home, file


def test_a_file_of_somebody_else_does_not_exist(browser_of: Callable[[Role], Browser]) -> None:
    receipt = signal(browser_of(Role.COORDINATOR))
    page = browser_of(Role.SIGNALLER).open(f"/patients/{receipt.answer.url.params['dossier']}")
    assert page.status == 404


def test_a_gp_asks_for_their_own_patient_where_the_pathway_says_so(
    browser_of: Callable[[Role], Browser], store: Store
) -> None:
    surgery = browser_of(Role.GP)
    form = surgery.open("/signaler")
    assert "Orthophonie" in form.text
    assert "Médecin traitant" not in form.text, "a GP's own patient has one"
    answers = {name: value for name, value in GIVEN.items() if name != "ald"}
    receipt = surgery.send(form, "/signaler", **answers)
    assert "Signalement envoyé" in receipt.text
    assert "DURAND Zoé" in surgery.open("/mes-signalements").text
    for refused in ("/signaler?filiere=gp", "/signaler/liste"):
        assert surgery.open(refused).status in {403, 404}
    claimed = surgery.send(form, "/signaler", **(answers | {"given_name": "Léo", "source": "professional"}))
    assert claimed.status == 422
    with store.read() as session:
        (referral,) = session.exec(select(Referral))
    assert (referral.pathway, referral.source) == ("orthophoniste", "gp")
