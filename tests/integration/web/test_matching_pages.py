"""The pages around the matching: runs, proposals, reasons, what-if, rules and their rehearsal."""

from collections.abc import Callable
from datetime import date, timedelta
from uuid import UUID

import pytest
from sqlmodel import col, func, select

from matching import Policy
from scheduler.store.engine import Store
from scheduler.store.tables import (
    Offer,
    PolicyDocument,
    Proposal,
    ProposalOrigin,
    ProposalState,
    ReferralState,
    Role,
    RunState,
    Study,
    StudyKind,
)
from tests import factories
from tests.factories import NOW
from tests.integration.web.browser import Browser
from tests.integration.web.conftest import Town

BrowserOf = Callable[[Role], Browser]
HALF = {"median": 0.5, "least": 0.5, "most": 0.5}
ZERO = {"median": 0.0, "least": 0.0, "most": 0.0}


@pytest.fixture
def store(sqlite_store: Store) -> Store:
    """Test on one engine: what these pages stand on is tested on both where it lives."""
    return sqlite_store


@pytest.fixture
def proposals(store: Store, town: Town) -> list[UUID]:
    """Propose three patients to the GP of the town, the first of tier 1; run with a small tier."""
    with store.write() as session:
        run = factories.matching_run(
            session,
            territory_id=town.territory_id,
            state=RunState.DONE,
            status="optimal",
            started_at=NOW - timedelta(minutes=5),
            ended_at=NOW - timedelta(minutes=4),
            best="7", objective="7", bound="7", num_patients=60, num_placed=52,
            warnings=["2 dossier(s) en attente sans consentement valable."],
            outcome={
                "changes": {"kept": 1, "moved": 0, "withdrawn": 0, "new": 2, "reasons": {}},
                "tiers": [
                    {"tier": tier, "num_patients": patients, "num_placed": placed,
                     "median_travel_s": 600, "farthest_m": 4000}
                    for tier, patients, placed in ((1, 12, 12), (2, 18, 16), (3, 30, 24))
                ],
            },
        )  # fmt: skip
        found = []
        for number in range(3):
            patient = factories.patient(session, family_name=f"PATIENT{number}", insee="77445")
            referral = factories.referral(
                session,
                patient_id=patient.id,
                territory_id=town.territory_id,
                state=ReferralState.PROPOSED,
                waiting_since=date(2026, 9, 1 + number),
            )
            proposal = factories.proposal(
                session,
                run_id=run.id,
                referral_id=referral.id,
                intake_id=town.intake_id,
                tier=1 if number == 0 else 3,
                reason="Médecin le plus proche.",
            )
            found.append(proposal.id)
        return found


@pytest.mark.usefixtures("proposals")
def test_runs_are_listed_and_the_bureau_sees_no_small_number(browser_of: BrowserOf) -> None:
    coordinator, bureau = browser_of(Role.COORDINATOR), browser_of(Role.BUREAU)
    listed = coordinator.open("/appariements")
    assert "Prouvé le meilleur" in listed.text
    assert "52" in listed.text
    listed.form("/appariements")
    assert not any(form.action == "/appariements" for form in bureau.open("/appariements").forms)
    path = next(part for part in listed.html.split('"') if part.startswith("/appariements/"))
    whole, partly = coordinator.open(path), bureau.open(path)
    assert "Priorité 2 fragile 16 2" in whole.text
    assert "sans consentement" in whole.text
    assert "Priorité 2 fragile · ·" in partly.text
    assert "Priorité 1 le plus fragile 12 0" in partly.text
    # the next smallest too, or the missing two would follow from the total
    assert "Priorité 3 sans critère de fragilité connu · ·" in partly.text
    assert "sans consentement" not in partly.text


def test_what_was_ticked_is_shown_again_then_validated_and_can_be_taken_back(
    browser_of: BrowserOf, proposals: list[UUID], store: Store
) -> None:
    browser = browser_of(Role.COORDINATOR)
    page = browser.open("/propositions?priorite=1")
    assert "PATIENT0" in page.text
    assert "PATIENT1" not in page.text
    page = browser.open("/propositions?tri=attente")
    asked = browser.post(
        "/propositions/verifier",
        {
            "form_token": page.form("/propositions/verifier").values["form_token"],
            "proposal_id": str(proposals[0]),
        },
    )
    assert "Valider 1 proposition ?" in asked.text
    done = browser.send(asked, "/propositions/valider")
    assert "1 proposition validée." in done.text
    assert "2 propositions à valider" in done.text
    late_page = browser.open("/propositions")
    back = browser.send(done, "/propositions/reprendre")
    assert "rien n’est parti" in back.text
    assert "3 propositions à valider" in back.text
    late = browser.send(late_page, "/propositions/reprendre")
    assert late.status == 409
    fields = back.form("/propositions/verifier").fields
    page_ids = [value for name, value in fields if name == "page_id"]
    form_token = back.form("/propositions/verifier").values["form_token"]
    whole = browser.post(
        "/propositions/verifier", {"form_token": form_token, "page": "oui", "page_id": page_ids}
    )
    assert "Valider 3 propositions ?" in whole.text
    assert "Aucune proposition ne répond" in browser.open("/propositions?priorite=2").text
    chart = browser.open("/propositions/carte")
    assert "Savigny-le-Temple" in chart.text
    assert "Dr Hélène LEROY" in chart.text
    with store.read() as session:
        assert session.exec(select(func.count()).select_from(Offer)).one() == 1


def test_a_patient_is_given_to_another_gp_for_a_reason(
    browser_of: BrowserOf, proposals: list[UUID], store: Store, town: Town
) -> None:
    with store.write() as session:
        free, full = (
            factories.practitioner(session, territory_id=town.territory_id, family_name=name)
            for name in ("LIBRE", "PLEIN")
        )
        factories.intake(session, practitioner_id=free.id, places=1)
        factories.intake(session, practitioner_id=full.id, places=0)
        ids = (str(free.id), str(full.id))
    browser = browser_of(Role.COORDINATOR)
    page = browser.open(f"/propositions/{proposals[0]}")
    give = f"/propositions/{proposals[0]}/confier"
    unsaid = browser.send(page, give, practitioner_id=ids[0], because="")
    assert (unsaid.status, unsaid.form(give).values["practitioner_id"]) == (422, ids[0])
    assert "Choisissez une raison" in unsaid.text
    refused = browser.send(page, give, practitioner_id=ids[1], because="closer")
    assert (refused.status, refused.form(give).values["because"]) == (409, "closer")
    done = browser.send(page, give, practitioner_id=ids[0], because="patient_wish")
    assert "au médecin que vous avez choisi" in done.text
    with store.read() as session:
        chosen = session.exec(select(Proposal).where(col(Proposal.origin) == ProposalOrigin.OVERRIDE)).one()
        assert (chosen.state, chosen.chosen_because) == (ProposalState.VALIDATED, "patient_wish")
    assert browser.open(f"/propositions/{proposals[0]}").status == 404  # decided


def test_reasons_come_when_asked(
    browser_of: BrowserOf, proposals: list[UUID], town: Town, store: Store
) -> None:
    with store.write() as session:
        other = factories.practitioner(session, territory_id=town.territory_id, family_name="AILLEURS").id
        referral_id = session.get_one(Proposal, proposals[0]).referral_id
    browser = browser_of(Role.COORDINATOR)
    page = browser.open(f"/patients/{referral_id}/pourquoi")
    assert 'id="explication"' in page.html
    assert "Dr Hélène LEROY" in page.text
    refused = browser.open(f"/patients/{referral_id}/pourquoi?medecin={other}")
    assert "AILLEURS ne prend pas de nouveau patient en ce moment" in refused.text


def test_more_places_are_asked_and_told_with_their_alds(
    browser_of: BrowserOf, store: Store, town: Town
) -> None:
    browser = browser_of(Role.COORDINATOR)
    wrong = browser.send(browser.open("/places"), "/places", more="beaucoup")
    assert (wrong.status, wrong.form("/places").values["more"]) == (422, "beaucoup")
    checked = {"placed": 9, "by_tier": [4, 3, 2], "ald": 4, "proven": True, "sentence": ""}
    line = {
        "practitioner_id": "1", "name": "Dr Inès Un", "commune": "Combs-la-Ville", "rank": 1, "minutes": 0.0,
        "basis": "exact", "sentence": "Une place.", "checked": checked,
    }  # fmt: skip
    unchecked = line | {
        "practitioner_id": "2",
        "name": "Dr Omar Deux",
        "commune": "Savigny-le-Temple",
        "checked": None,
    }
    page = browser.open(_kept(store, town, StudyKind.PLACES, {
        "more": 2, "communes": [unchecked, line], "practitioners": [line, unchecked],
    }))  # fmt: skip
    assert "2 places de plus à Combs-la-Ville placeraient 9 patients de plus, dont 4 en ALD." in page.text
    running = browser.send(browser.open("/places"), "/places", more="1")
    assert running.path.startswith("/etudes/")


def test_a_projection_is_asked_with_what_is_announced_and_told_month_by_month(
    browser_of: BrowserOf, store: Store, town: Town
) -> None:
    with store.write() as session:
        soon = factories.practitioner(session, territory_id=town.territory_id, family_name="PARTANT")
        factories.intake(session, practitioner_id=soon.id, leaving_on=date(2027, 3, 31))
    browser = browser_of(Role.COORDINATOR)
    page = browser.open("/departs")
    assert (page.form("/departs").values["gp-0"], page.form("/departs").values["on-0"]) == (
        str(soon.id),
        "2027-03-31",
    )
    wrong = browser.send(page, "/departs", **{"on-0": "2020-01-01", "months": "0", "panel-0": "plein"})
    assert wrong.status == 422
    assert "Attendu : un jour à venir" in wrong.text
    assert wrong.form("/departs").values["panel-0"] == "plein"
    grows = {"median": 31.0, "least": 28.0, "most": 35.0}
    months = [
        {"on": f"2026-{month}-23", "arrived": ZERO, "placed": ZERO, "waiting": grows,
         "waiting_by_tier": [ZERO, ZERO, grows], "share_placed_by_tier": [ZERO, ZERO, HALF]}
        for month in (11, 12)
    ]  # fmt: skip
    commune = {
        "label": "Combs-la-Ville", "waiting_first": ZERO, "waiting_last": grows, "share_placed": ZERO,
        "runs_short": True, "longer_from": "2026-12-23",
    }  # fmt: skip
    told = browser.open(_kept(store, town, StudyKind.DEMOGRAPHY, {
        "months": months, "communes": [commune], "scenarios": 5, "text": "",
    }))  # fmt: skip
    assert "1 commune manque de places" in told.text
    assert "Combs-la-Ville : de 0 à 31 (28 à 35) en attente, la liste s’allonge depuis déc. 2026" in told.text
    assert "50 %" in told.text


def test_rules_are_read_changed_and_compared(browser_of: BrowserOf, store: Store) -> None:
    coordinator, bureau = browser_of(Role.COORDINATOR), browser_of(Role.BUREAU)
    read = bureau.open("/regles")
    assert "Plus longue distance, en km, pour qui n’a rien dit 10 de 0,1 à 200" in read.text
    assert bureau.open("/regles/modifier").status == 403
    edit = coordinator.open("/regles/modifier")
    wrong = coordinator.send(
        edit, "/regles", version="2027-1", **{"reach.max_km": "500", "tiers.over_age": "vieux"}
    )
    assert wrong.status == 422
    assert wrong.form("/regles").values["tiers.over_age"] == "vieux"
    far = coordinator.send(edit, "/regles", version="2027-1", **{"reach.max_km": "500"})
    assert "Un nombre entre 0.1 et 200 est attendu" in far.text
    kept = coordinator.send(edit, "/regles", version="2027-1", note="vote du 12", **{"reach.max_km": "8,5"})
    assert "Règles adoptées" in kept.text
    assert "vote du 12" in kept.text
    assert "Essai coordinator" in kept.text
    again = coordinator.send(edit, "/regles", version="2027-1", **{"reach.max_km": "9"})
    assert "Une version porte déjà ce nom" in again.text
    text = coordinator.open("/regles/modifier?texte=1")
    broken = coordinator.send(text, "/regles", document='version = "x"\n[reach]\nmax_miles = 3\n')
    assert "max_miles" in broken.text
    assert "max_miles" in broken.form("/regles").values["document"]
    compared = bureau.open("/regles/comparer")
    assert f"1 règle change de « {Policy.default().version} » à « 2027-1 »" in compared.text
    assert "10 8,5" in compared.text
    with store.read() as session:
        (version,) = session.exec(select(PolicyDocument))
    assert "vote du 12" in bureau.open(f"/regles/versions/{version.id}").text


def test_a_rehearsal_hides_small_counts_from_the_bureau_on_the_page_and_in_the_file(
    browser_of: BrowserOf, store: Store, town: Town
) -> None:
    coordinator, bureau = browser_of(Role.COORDINATOR), browser_of(Role.BUREAU)
    asked = bureau.send(bureau.open("/regles/essai"), "/regles/essai")
    assert asked.status == 422
    assert "Choisissez une à 5 versions" in asked.text
    path = _kept(store, town, StudyKind.REHEARSAL, {
        "proven": True,
        "policies": [_trial("défaut-2", 0), _trial("près", 3)],
    })  # fmt: skip
    whole, partly = coordinator.open(path), bureau.open(path)
    assert "près 40 23 3 0 0" in whole.text
    assert "près 40 · · 0 0" in partly.text
    sheet = bureau.client.get(f"{path}/resultat.csv")
    assert sheet.content.decode("utf-8-sig").splitlines()[3].startswith("Priorité;priorité 1;près;40;·")
    assert bureau.client.get(f"{path}/resultat.xlsx").content[:2] == b"PK"
    assert bureau.open(_kept(store, town, StudyKind.PLACES, {})).status == 404


def _trial(version: str, more: int) -> dict:
    outcome = {
        "dimension": "priorité", "label": "priorité 1", "patients": 40, "placed": 20 + more,
        "median_min": 9.0, "farthest_min": 20.0, "median_wait_days": 30.0, "median_wait_left_days": 12.0,
        "gained": more, "lost": 0, "moved": 0,
    }  # fmt: skip
    parts = ("least_filled", "median_filled", "most_filled", "most_tier1", "tier1_at_busiest")
    load = dict.fromkeys(parts, 0.5)
    other = outcome | {
        "label": "priorité 2",
        "patients": 60,
        "placed": 57 if more else 40,
        "gained": 17 if more else 0,
    }
    return {"version": version, "status": "optimal", "load": load, "outcomes": [outcome, other]}


def _kept(store: Store, town: Town, kind: StudyKind, answer: dict) -> str:
    """Keep a finished study, and give the address of its page."""
    with store.write() as session:
        study: Study = factories.study(
            session, territory_id=town.territory_id, kind=kind, state=RunState.DONE, answer=answer,
            started_at=NOW, ended_at=NOW,
        )  # fmt: skip
        return f"/etudes/{study.id}"
