"""From a signal to an offer, on the pages of the coordination."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest
from sqlmodel import col, func, select

from scheduler.store.engine import Store
from scheduler.store.tables import (
    AuditEntry,
    MatchingRun,
    Offer,
    Proposal,
    ProposalState,
    Referral,
    ReferralState,
    Role,
)
from tests import factories
from tests.factories import NOW
from tests.integration.web.browser import Browser, Page
from tests.integration.web.conftest import Town


@pytest.fixture
def referrals(store: Store, town: Town) -> list[UUID]:
    """Add four patients who wait, the second of them with an ALD."""
    with store.write() as session:
        found = []
        for number in range(4):
            patient = factories.patient(session, family_name=f"ATTENTE{number}", given_name="<i>")
            referral = factories.referral(
                session,
                patient_id=patient.id,
                territory_id=town.territory_id,
                ald=number == 1,
                waiting_since=NOW.date() - timedelta(days=10 - number),
                next_action_on=NOW.date() + timedelta(days=3),
                consent=False,
            )
            factories.consent(session, referral_id=referral.id)
            found.append(referral.id)
        return found


def states(store: Store, referral_ids: list[UUID]) -> list[ReferralState]:
    with store.read() as session:
        return [session.get_one(Referral, one).state for one in referral_ids]


@pytest.mark.usefixtures("referrals")
def test_home_says_what_waits(browser_of: Callable[[Role], Browser]) -> None:
    page = browser_of(Role.COORDINATOR).open("/")
    assert "Aucun dossier n’attend la coordination" in page.text
    assert "lundi 23 novembre" in page.text
    assert "Priorité 1 le plus fragile 1 9 jours" in page.text
    assert "Priorité 3 sans critère de fragilité connu 3 10 jours" in page.text


def test_a_list_shows_the_longest_wait_first_and_each_reading_is_traced(
    browser_of: Callable[[Role], Browser], referrals: list[UUID], store: Store
) -> None:
    page = browser_of(Role.COORDINATOR).open("/file-active?etat=waiting")
    places = [page.text.index(f"ATTENTE{number}") for number in range(4)]
    assert places == sorted(places)
    assert "<i>" not in page.html
    with store.read() as session:
        read = session.exec(select(AuditEntry.object_id).where(col(AuditEntry.action) == "R")).all()
    assert sorted(read) == sorted(map(str, referrals))


@pytest.mark.usefixtures("referrals")
def test_one_tier_alone(browser_of: Callable[[Role], Browser], store: Store) -> None:
    page = browser_of(Role.COORDINATOR).open("/file-active?etat=waiting&priorite=1")
    assert "ATTENTE1" in page.text
    assert "ATTENTE0" not in page.text
    with store.read() as session:
        assert session.exec(select(func.count()).select_from(AuditEntry)).one() == 1


def matched(browser: Browser) -> Page:
    """Run the matching and follow its page until it has ended; each look waits some seconds at most."""
    run = browser.send(browser.open("/"), "/appariements")
    for _ in range(10):
        if "Calcul en cours" not in run.text:
            break
        run = browser.open(f"{run.path}?attendre=1")
    return run


def test_verify_run_validate_reject(
    browser_of: Callable[[Role], Browser], referrals: list[UUID], store: Store
) -> None:
    browser = browser_of(Role.COORDINATOR)
    run = matched(browser)
    assert "2 patients sont proposés à un médecin, sur 4 en attente" in run.text
    assert "Aucune meilleure répartition n’existe" in run.text
    assert states(store, referrals) == ["proposed", "proposed", "waiting", "waiting"]

    listed = browser.open("/file-active?etat=proposed")
    first, second = (form for form in listed.forms if form.action.endswith("/valider"))
    assert "ATTENTE1" in listed.text[: listed.text.index("ATTENTE0")]
    done = browser.send(listed, first.action)
    assert "Proposition validée" in done.text
    one = browser.open(second.action.removesuffix("/valider"))
    rejected = browser.send(one, second.action.replace("/valider", "/ecarter"), reason="too_far")
    assert "retourne en attente avec son ancienneté" in rejected.text
    assert states(store, referrals) == ["waiting", "offered", "waiting", "waiting"]
    file = browser.open(f"/patients/{referrals[0]}")
    assert "Motif : trop loin." in file.text


@pytest.mark.usefixtures("referrals")
def test_validate_all_is_asked_first(browser_of: Callable[[Role], Browser], store: Store) -> None:
    browser = browser_of(Role.COORDINATOR)
    matched(browser)
    asked = browser.open("/propositions/valider")
    assert "Valider 2 propositions ?" in asked.text
    assert "Dr Hélène LEROY 2 patients" in asked.text
    with store.read() as session:
        assert session.exec(select(func.count()).select_from(Offer)).one() == 0
    meanwhile = browser.open("/propositions/valider")
    for _ in range(2):  # a double click
        done = browser.send(asked, "/propositions/valider")
        assert "2 propositions validées." in done.text
    again = browser.send(meanwhile, "/propositions/valider")
    assert "0 proposition validée. 2 n’ont pas pu l’être" in again.text
    with store.read() as session:
        validated = session.exec(select(Proposal.state)).all()
    assert validated == [ProposalState.VALIDATED] * 2


@pytest.mark.usefixtures("referrals")
def test_a_decision_taken_by_somebody_else_is_told(browser_of: Callable[[Role], Browser]) -> None:
    browser = browser_of(Role.COORDINATOR)
    matched(browser)
    page = browser.open("/file-active?etat=proposed")
    action = next(form.action for form in page.forms if form.action.endswith("/valider"))
    late_page = browser.open("/file-active?etat=proposed")
    browser.send(page, action)
    late = browser.send(late_page, action)
    assert late.status == 409
    assert "Le dossier a changé entre-temps" in late.text


def test_a_reason_is_needed_to_reject(
    browser_of: Callable[[Role], Browser], referrals: list[UUID], store: Store
) -> None:
    browser = browser_of(Role.COORDINATOR)
    matched(browser)
    page = browser.open("/file-active?etat=proposed")
    action = next(form.action for form in page.forms if form.action.endswith("/ecarter"))
    assert browser.send(page, action, reason="il est trop âgé").status == 422
    assert states(store, referrals)[:2] == ["proposed", "proposed"]


def test_verify_a_signal_with_and_without_consent(
    browser_of: Callable[[Role], Browser], store: Store, town: Town
) -> None:
    with store.write() as session:
        patient = factories.patient(session)
        referral = factories.referral(
            session,
            patient_id=patient.id,
            territory_id=town.territory_id,
            state=ReferralState.RECEIVED,
            next_action_on=NOW.date() - timedelta(days=1),
            consent=False,
        ).id
    browser = browser_of(Role.COORDINATOR)
    assert "1 dossier attend une action de la coordination, dont 1 en retard" in browser.open("/").text
    file = browser.open(f"/patients/{referral}")
    first = browser.send(file, f"/patients/{referral}/verifier", ald="oui", chronic_needs="1")
    assert "Il manque l’accord du patient" in first.text
    assert states(store, [referral]) == ["qualified"]
    assert first.form(f"/patients/{referral}/verifier").values["ald"] == "oui"
    wrong = browser.send(first, f"/patients/{referral}/verifier", chronic_needs="beaucoup")
    assert wrong.status == 422
    assert wrong.form(f"/patients/{referral}/verifier").values["chronic_needs"] == "beaucoup"
    second = browser.send(first, f"/patients/{referral}/verifier", consent_how="written")
    assert "Le patient est en attente d’un médecin" in second.text
    assert states(store, [referral]) == ["waiting"]
    assert "Par écrit, le 23 novembre 2026" in second.text


@pytest.mark.usefixtures("referrals")
def test_the_bureau_sees_numbers_and_nobodys_name(
    browser_of: Callable[[Role], Browser], store: Store
) -> None:
    page = browser_of(Role.BUREAU).open("/")
    assert "4 en attente d’un médecin" in page.text
    assert "ATTENTE" not in page.text
    with store.read() as session:
        assert session.exec(select(func.count()).select_from(AuditEntry)).one() == 0


def test_a_run_under_way_says_how_far_it_is_and_can_be_stopped(
    browser_of: Callable[[Role], Browser], store: Store, town: Town
) -> None:
    with store.write() as session:
        run_id = factories.matching_run(
            session, territory_id=town.territory_id, state="running", ended_at=None,
            best="900", bound="1000", elapsed_s=3.0,
        ).id  # fmt: skip
    browser = browser_of(Role.COORDINATOR)
    page = browser.open(f"/appariements/{run_id}")
    assert "Calcul en cours" in page.text
    assert "Gain encore possible 10 %" in page.text
    assert 'http-equiv="refresh"' in page.html
    asked = browser.send(page, f"/appariements/{run_id}/arreter", garder="oui")
    with store.read() as session:
        run = session.get_one(MatchingRun, run_id)
    assert (run.cancel_requested_at is not None, run.keep_best) == (True, True)
    assert "Arrêt demandé" in asked.text
    assert "arreter" not in browser_of(Role.BUREAU).open(f"/appariements/{run_id}").html
