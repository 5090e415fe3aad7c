"""Offers answered from the mail, on every kind of screen; and what a practice does once signed in."""

import re
from datetime import timedelta
from uuid import UUID

import pytest
from playwright.sync_api import expect
from sqlmodel import select

from scheduler.clock import local_day, utc_now
from scheduler.referrals.decide import validate
from scheduler.store.tables import Offer, Role
from tests import factories
from tests.acceptance.web.conftest import Arrive, Site, Visitor
from tests.acceptance.web.mailbox import path_in
from tests.acceptance.web.town import Town, build_town

pytestmark = pytest.mark.xdist_group("chromium")

SCREENS = pytest.mark.parametrize(("width", "javascript"), [(390, False), (1440, True)])
ALL_SCREENS = pytest.mark.parametrize(
    ("width", "javascript"), [(390, False), (390, True), (1440, False), (1440, True)]
)


def offered(site: Site, town: Town, name: str) -> UUID:
    """Offer somebody to the GP of the town."""
    now = utc_now()
    with site.store.write() as session:
        patient = factories.patient(session, family_name=name, phone="0199004455")
        referral = factories.referral(
            session, territory_id=town.territory_id, patient_id=patient.id, state="proposed", ald=True
        )
        proposal = factories.proposal(
            session, referral_id=referral.id, intake_id=town.intake_ids[0], created_at=now
        )
        validate(session, town.actor(Role.COORDINATOR), proposal.id, now=now)
        return referral.id


def link_to(site: Site, town: Town) -> str:
    """Give the address of the offer the GP has just been mailed."""
    (mail,) = site.mailed_to(town.email(Role.GP))
    return path_in(mail, "/offre/")


@ALL_SCREENS
def test_an_offer_is_answered_from_the_mail(
    visitor: Arrive, site: Site, width: int, javascript: bool
) -> None:
    town = build_town(site.store, places=3)
    one = visitor(width, javascript=javascript)

    offered(site, town, "PREMIERE")
    taken = link_to(site, town)
    one.open(taken)  # first click: the link of the mail
    expect(one.page.get_by_role("heading", name=re.compile("^Devenir le médecin traitant"))).to_be_visible()
    expect(one.page.get_by_text("Affection de longue durée").first).to_be_visible()
    one.page.get_by_role("button", name="J’accepte de suivre ce patient").click()  # second click
    expect(one.page.get_by_role("heading", name="C’est accepté. Merci !")).to_be_visible()
    _names_nobody(one)

    offered(site, town, "DEUXIEME")
    one.open(link_to(site, town))
    one.page.get_by_text("Je ne peux pas…").click()
    expect(one.page.get_by_text("Un confrère sera sollicité aussitôt.")).to_be_visible()
    one.check()
    one.page.get_by_role("button", name="Trop loin de mon cabinet").click()
    expect(one.page.get_by_role("heading", name="C’est noté")).to_be_visible()
    expect(one.page.get_by_text("le patient garde son ancienneté")).to_be_visible()
    _names_nobody(one)

    one.open(taken)  # a link that was used
    expect(one.page.get_by_role("heading", name="Cette demande a été acceptée")).to_be_visible()
    expect(one.page.get_by_role("link", name="Voir mes nouveaux patients")).to_be_visible()
    expect(one.page.get_by_role("button", name=re.compile("J’accepte"))).to_have_count(0)
    _names_nobody(one)

    late = offered(site, town, "TROISIEME")
    with site.store.write() as session:
        session.exec(select(Offer).where(Offer.referral_id == late)).one().expires_at = utc_now()
    one.open(link_to(site, town))  # a link that came too late
    expect(one.page.get_by_role("heading", name="Le délai de réponse est passé")).to_be_visible()
    expect(one.page.get_by_text("appelez la coordination de votre CPTS")).to_be_visible()
    _names_nobody(one)


def _names_nobody(one: Visitor) -> None:
    """Check a page that anybody with the link can read."""
    page = one.page.content()
    assert not [word for word in ("PREMIERE", "DEUXIEME", "TROISIEME", "0199004455", "44 55") if word in page]
    one.check()


@SCREENS
def test_a_secretary_answers_for_the_gp_and_follows_to_the_declaration(
    visitor: Arrive, site: Site, width: int, javascript: bool
) -> None:
    town = build_town(site.store)
    offered(site, town, "AMANDE")
    one = town.sign_in(visitor(width, javascript=javascript), Role.SECRETARY)
    one.page.get_by_role("link", name="Mon accueil").first.click()
    expect(one.page.get_by_text("1 demande attend votre réponse")).to_be_visible()
    expect(one.page.get_by_text("AMANDE")).to_have_count(0)
    one.check()
    one.page.get_by_role("button", name="J’accepte de suivre ce patient").click()
    expect(one.page.get_by_role("link", name=re.compile("AMANDE"))).to_be_visible()
    one.check()
    one.page.get_by_role("button", name=re.compile("Vu aujourd’hui")).click()
    expect(one.page.get_by_text("Il reste la déclaration de médecin traitant.")).to_be_visible()
    one.page.get_by_role("button", name=re.compile("Déclaration faite")).click()
    expect(one.page.get_by_text("Les patients que vous acceptez apparaissent ici")).to_be_visible()
    one.check()


@SCREENS
def test_a_gp_says_what_they_take_pauses_and_ends(
    visitor: Arrive, site: Site, width: int, javascript: bool
) -> None:
    town = build_town(site.store)
    one = town.sign_in(visitor(width, javascript=javascript), Role.GP)
    one.page.get_by_role("link", name="Mon accueil").first.click()
    one.page.get_by_role("link", name="Régler ce que je prends").click()
    one.page.get_by_label("Nouveaux patients en tout").fill("douze")
    one.page.get_by_label("Distance au plus").fill("7,5")
    one.page.get_by_role("button", name="Enregistrer", exact=True).click()
    expect(one.page.get_by_role("alert")).to_contain_text("1 point à corriger")
    expect(one.page.get_by_label("Distance au plus")).to_have_value("7,5")
    one.check()
    one.page.get_by_label("Nouveaux patients en tout").fill("12")
    one.page.get_by_role("button", name="Enregistrer", exact=True).click()
    expect(one.page.get_by_role("status")).to_contain_text("Enregistré")
    until = local_day(utc_now(), "Europe/Paris") + timedelta(days=30)
    one.page.get_by_label("Pause jusqu’au").fill(until.isoformat())
    one.page.get_by_role("button", name="Mettre en pause").click()
    expect(one.page.get_by_text(re.compile("^En pause jusqu’au"))).to_be_visible()
    one.check()
    one.page.get_by_role("button", name="Reprendre maintenant").click()
    expect(one.page.get_by_text(re.compile("^En pause jusqu’au"))).to_have_count(0)
    one.page.get_by_label("Dernier jour").fill((until + timedelta(days=200)).isoformat())
    one.page.get_by_role("button", name="Annoncer").click()
    expect(one.page.get_by_text("Dernier jour annoncé")).to_be_visible()
    one.check()
    one.page.get_by_role("link", name="Mon accueil").first.click()
    expect(one.page.get_by_text("0 patient accepté sur 12")).to_be_visible()
    one.check()
