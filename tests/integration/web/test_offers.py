"""The link of an offer, the GP's own page, the coordination's day, and what is done from a patient's file."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import httpx
import pytest
from sqlmodel import select

from scheduler.referrals.decide import validate
from scheduler.store.engine import Store
from scheduler.store.tables import Intake, Message, Offer, Patient, Referral, ReferralEvent, Role
from tests import factories
from tests.acceptance.http.serving import served
from tests.factories import NOW
from tests.integration.referrals.offered import scene, secrets_mailed, states
from tests.integration.web.browser import Browser, Page
from tests.integration.web.conftest import Town


@pytest.fixture
def store(sqlite_store: Store) -> Store:
    """Test on one engine: nothing of this file depends on which."""
    return sqlite_store


@pytest.fixture
def offered(store: Store, town: Town) -> Offer:
    """Offer somebody called CANARI to the GP of the town."""
    with store.write() as session:
        who = factories.patient(session, family_name="CANARI", phone="0199004455")
        referral = factories.referral(
            session,
            territory_id=town.territory_id,
            patient_id=who.id,
            state="proposed",
            ald=True,
            next_action_on=NOW.date(),
        )
        proposal = factories.proposal(session, referral_id=referral.id, intake_id=town.intake_id, tier=1)
        account = town.accounts[Role.COORDINATOR]
        coordinator = factories.actor(
            territory_id=town.territory_id, key=f"account:{account}", account_id=account
        )
        return validate(session, coordinator, proposal.id, now=NOW)


def link(store: Store, town: Town, role: Role = Role.GP) -> str:
    return f"/offre/{secrets_mailed(store)[town.emails[role]][-1]}"


def state_of(store: Store, offer: Offer) -> str:
    return states(store, [offer.referral_id])[0]


def test_a_gp_answers_in_two_clicks_and_is_told_who_it_is_only_behind_sign_in(
    store: Store, town: Town, offered: Offer, anonymous: Browser, browser_of: Callable[[Role], Browser]
) -> None:
    page = anonymous.open(link(store, town))  # first click: the link of the mail
    assert "de 30 à 49 ans" in page.text
    assert "Affection de longue durée" in page.text
    assert "CANARI" not in page.html
    assert "0199004455" not in page.html.replace("\u202f", "")
    done = anonymous.send(page, f"{link(store, town)}/accepter")  # second click
    assert "C’est accepté" in done.text
    assert "CANARI" not in done.html
    assert state_of(store, offered) == "accepted"
    assert "CANARI" in browser_of(Role.GP).open("/mon-accueil").text
    again = anonymous.send(page, f"{link(store, town)}/decliner", reason="full")
    assert "Cette demande a été acceptée" in again.text
    secretary = anonymous.open(link(store, town, Role.SECRETARY))
    assert "Cette demande a été acceptée" in secretary.text
    assert not [form for form in secretary.forms if "/offre/" in form.action]


def test_opening_the_link_changes_nothing_and_a_form_of_another_site_neither(
    store: Store, town: Town, offered: Offer, anonymous: Browser
) -> None:
    address = link(store, town)
    for _ in range(3):
        assert anonymous.client.head(address).status_code in {200, 405}
        page = anonymous.open(address)
    stolen = page.form(f"{address}/accepter").values | {"form_token": "0" * 64}
    anonymous.post(f"{address}/accepter", stolen)
    foreign = page.form(f"{address}/accepter").values
    anonymous.post(f"{address}/accepter", foreign, **{"sec-fetch-site": "cross-site"})
    assert state_of(store, offered) == "offered"


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("unknown", "Ce lien n’est pas reconnu"),
        ("over", "Le délai de réponse est passé"),
        ("withdrawn", "Cette demande a été retirée"),
        ("declined", "Cette demande a été déclinée"),
        ("full", "Vos places sont toutes prises"),
    ],
)
def test_a_link_that_no_longer_answers_says_what_happened_and_what_to_do(
    store: Store, town: Town, offered: Offer, anonymous: Browser, what: str, said: str
) -> None:
    address = link(store, town)
    page = anonymous.open(address)
    with store.write() as session:
        row = session.get_one(Offer, offered.id)
        if what in {"withdrawn", "declined"}:
            row.state, row.answered_at = what, NOW
        if what == "over":
            row.expires_at = NOW
        if what == "full":
            session.get_one(Intake, town.intake_id).places = 0
    if what == "full":
        after = anonymous.send(page, f"{address}/accepter")
        assert state_of(store, offered) == "offered"
    else:
        after = anonymous.open("/offre/inconnu" if what == "unknown" else address)
    assert said in after.text
    assert "CANARI" not in after.html
    assert 'class="button' in after.html  # something to do


def test_the_gps_page_shows_accepts_and_follows(
    store: Store, offered: Offer, browser_of: Callable[[Role], Browser]
) -> None:
    browser = browser_of(Role.SECRETARY)
    page = browser.open("/mon-accueil")
    assert "1 demande attend votre réponse" in page.text
    assert "CANARI" not in page.text
    page = browser.send(page, f"/mon-accueil/offres/{offered.id}/accepter")
    assert "CANARI" in page.text
    one = offered.referral_id
    for act, state in (("visite", "accepted"), ("vu", "seen"), ("declare", "declared")):
        form = page.form(f"/mon-accueil/patients/{one}/{act}").values
        page = browser.post(f"/mon-accueil/patients/{one}/{act}", form)
        twice = browser.post(f"/mon-accueil/patients/{one}/{act}", form)  # pressed twice: done once
        assert (page.status, twice.status) == (200, 200)
        assert state_of(store, offered) == state
    with store.read() as session:
        steps = select(ReferralEvent.kind).where(ReferralEvent.referral_id == one).order_by("id")
        kinds = session.exec(steps).all()
    assert kinds[-4:] == ["accept", "visit_planned", "see", "declare"]


def test_what_a_gp_takes_is_kept_and_nothing_typed_is_lost(
    store: Store, town: Town, browser_of: Callable[[Role], Browser]
) -> None:
    browser = browser_of(Role.GP)
    page = browser.open("/mon-accueil/reglages")
    wrong = browser.send(page, "/mon-accueil/places", places="douze", age_max="17", max_km="7,5")
    assert wrong.status == 422
    assert wrong.form("/mon-accueil/places").values["places"] == "douze"
    assert wrong.form("/mon-accueil/places").values["max_km"] == "7,5"
    kept = browser.send(wrong, "/mon-accueil/places", places="12")
    assert "Enregistré" in kept.text
    paused = browser.send(kept, "/mon-accueil/pause", paused_until="24/12/2026")
    assert "En pause jusqu’au 24 décembre 2026" in paused.text
    left = browser.send(paused, "/mon-accueil/depart", leaving_on="30/06/2027")
    panel = {"panel": ("liste.csv", "nom;prénom;naissance;code insee\nA;B;1/2/1950;77445\n".encode())}
    imported = browser.send(left, "/mon-accueil/depart/patients", files=panel)
    assert "Liste importée" in imported.text
    bad = {"panel": ("liste.csv", "nom;prénom;naissance;code insee\nCANARI;B;hier;77445\n".encode())}
    refused = browser.send(imported, "/mon-accueil/depart/patients", files=bad)
    assert refused.status == 422
    assert "ligne 2, colonne naissance" in refused.text
    assert "CANARI" not in refused.html
    with store.read() as session:
        intake = session.get_one(Intake, town.intake_id)
        assert (intake.places, intake.age_max, intake.max_km) == (12, 17, 7.5)


def test_the_coordination_has_its_day_and_acts_from_the_file(
    store: Store, town: Town, offered: Offer, browser_of: Callable[[Role], Browser]
) -> None:
    browser, one = browser_of(Role.COORDINATOR), offered.referral_id
    with store.write() as session:
        session.get_one(Offer, offered.id).expires_at = NOW
    page = browser.open("/a-faire")
    assert "Sans réponse" in page.text
    assert "CANARI" in page.text
    taken = browser.send(page, f"/a-faire/no_answer/{one}/prendre")
    assert "Suivi par vous" in taken.text
    looked = browser.send(taken, f"/a-faire/no_answer/{one}/regarde", until="30/11/2026")
    assert "CANARI" not in looked.text
    file = browser.open(f"/patients/{one}")
    back = act(browser, file, one, "retirer", reason="mistake")
    assert state_of(store, offered) == "waiting"
    sent = act(browser, back, one, "adresser", reason="patient_wish", practitioner=str(town.practitioner_id))
    assert state_of(store, offered) == "offered"
    rests = act(browser, sent, one, "suspendre", reason="away")
    resumed = act(browser, rests, one, "reprendre")
    assert state_of(store, offered) == "waiting"
    gone = act(browser, resumed, one, "retrait")
    assert gone.path == "/a-faire"
    assert browser.open(f"/patients/{one}").status == 404
    assert browser_of(Role.GP).post(f"/patients/{one}/faire/clore", {}).status in {404, 409, 422}


def act(browser: Browser, page: Page, one: object, name: str, **typed: str) -> Page:
    done = browser.send(page, f"/patients/{one}/faire/{name}", **typed)
    assert done.status == 200, (name, done.text)
    return done


@pytest.mark.usefixtures("slots")
def test_a_consultation_is_booked_once_and_the_rank_stays(
    store: Store, town: Town, browser_of: Callable[[Role], Browser]
) -> None:
    with store.write() as session:
        one = factories.referral(session, territory_id=town.territory_id, next_action_on=NOW.date()).id
    browser = browser_of(Role.COORDINATOR)
    page = browser.open(f"/patients/{one}/consultation")
    form = page.form(f"/patients/{one}/consultation").values
    for _ in range(2):
        assert "garde son rang" in browser.post(f"/patients/{one}/consultation", form).text
    with store.read() as session:
        kinds = list(session.exec(select(ReferralEvent.kind).where(ReferralEvent.referral_id == one)))
        assert kinds == ["bridged"]
        assert session.get_one(Referral, one).state == "waiting"


def test_ten_answers_at_once_through_real_http_have_one_effect(sqlite_url: str, tmp_path: Path) -> None:
    """The GP and the secretary, five times each, half of them yes: one answer, everybody reads it."""
    store = Store.open(sqlite_url)
    try:
        with store.write() as session:
            here = scene(session, num=2, home=True)
            name = session.get_one(
                Patient, session.get_one(Referral, here.referral_ids[0]).patient_id
            ).family_name
            for offer in session.exec(select(Offer)):
                offer.expires_at = offer.expires_at.replace(year=2036)
        secrets = [own[0] for own in secrets_mailed(store).values()]
        with served(sqlite_url, tmp_path) as server:
            pages = {one: Page(httpx.get(f"{server.url}/offre/{one}", timeout=60)) for one in secrets}
            start = Barrier(10)

            def answer(number: int) -> httpx.Response:
                secret = secrets[number % 2]
                what = "accepter" if number % 4 < 2 else "decliner"
                fields = pages[secret].form(f"/offre/{secret}/{what}").values | {"reason": "full"}
                start.wait()
                return httpx.post(
                    f"{server.url}/offre/{secret}/{what}", data=fields, follow_redirects=True, timeout=60
                )

            with ThreadPoolExecutor(10) as pool:
                answers = list(pool.map(answer, range(10)))
        assert {one.status_code for one in answers} == {200}
        after = states(store, here.referral_ids)
        assert after in (["accepted"] * 2, ["waiting"] * 2)
        said = "accepté" if after[0] == "accepted" else "noté"
        told = "acceptée" if after[0] == "accepted" else "déclinée"
        assert all(said in one.text or told in one.text for one in answers)
        assert all(name not in one.text for one in answers)
        with store.read() as session:
            for one in here.referral_ids:
                kinds = session.exec(select(ReferralEvent.kind).where(ReferralEvent.referral_id == one))
                assert len([kind for kind in kinds if kind in {"accept", "decline"}]) == 1
            assert all(name not in mail.body + mail.subject for mail in session.exec(select(Message)))
        log = (tmp_path / "server.log").read_text(encoding="utf-8")
        assert not [secret for secret in secrets if secret in log]
    finally:
        store.close()
