"""One patient through everybody's browser: signalled, qualified, matched, accepted by mail, declared."""

import re
from datetime import timedelta

import pytest
from playwright.sync_api import expect
from sqlmodel import col, select

from scheduler.audit import check_chain
from scheduler.clock import local_day, utc_now
from scheduler.store.tables import AuditEntry, Referral, ReferralEvent, ReferralState, Role
from tests.acceptance.web.conftest import Arrive, Site, Visitor
from tests.acceptance.web.mailbox import path_in
from tests.acceptance.web.town import Town, build_town

pytestmark = pytest.mark.xdist_group("chromium")

NAME = "COLIBRI Zoé"


@pytest.mark.parametrize(("width", "javascript"), [(390, False), (1440, True)])
def test_from_the_nurses_signal_to_the_declared_gp(
    visitor: Arrive, site: Site, width: int, javascript: bool
) -> None:
    town = build_town(site.store)

    def arrives(role: Role) -> Visitor:
        return town.sign_in(visitor(width, javascript=javascript), role)

    nurse = arrives(Role.SIGNALLER)
    _signals(nurse)
    coordinator = arrives(Role.COORDINATOR)
    _qualifies(coordinator)
    _runs(coordinator, site)
    _validates(coordinator)
    gp = visitor(width, javascript=javascript)
    _accepts_from_the_mail(gp, town, site)
    _sees_and_declares(gp)

    nurse.open("/mes-signalements")
    expect(nurse.page.get_by_role("link", name=re.compile(NAME))).to_be_visible()
    expect(nurse.page.get_by_text("Déclaré", exact=True).first).to_be_visible()
    nurse.check()
    _left_its_traces(site, town)


def _signals(nurse: Visitor) -> None:
    page = nurse.page
    page.get_by_role("link", name="Signaler un patient").click()
    page.get_by_label("Nom de famille").fill("Colibri")
    page.get_by_label("Prénom").fill("Zoé")
    page.get_by_label("Date de naissance").fill("07/03/1951")
    page.get_by_label("Commune où il vit").fill("Savigny-le-Temple")
    page.get_by_label("Téléphone").fill("01 99 00 44 55")
    page.get_by_role("group", name=re.compile("Affection de longue durée")).get_by_label("Oui").check()
    page.get_by_label("De vive voix").check()
    page.get_by_label(re.compile("a été informé de ces quatre points")).check()
    page.get_by_role("button", name="Envoyer le signalement").click()
    expect(page.get_by_role("heading", name="Signalement envoyé")).to_be_visible()
    nurse.check()


def _qualifies(coordinator: Visitor) -> None:
    page = coordinator.page
    page.get_by_role("link", name="à qualifier").click()
    page.get_by_role("link", name=re.compile(NAME)).click()
    page.get_by_role("button", name="Vérifié : mettre en attente").click()
    expect(page.get_by_text("En attente").first).to_be_visible()
    coordinator.check()


def _runs(coordinator: Visitor, site: Site) -> None:
    """Start a run, see it go on, and see its result come by itself."""
    page = coordinator.page
    page.get_by_role("link", name="Accueil").first.click()
    site.gate.touch()
    try:
        page.get_by_role("button", name="Lancer l’appariement").click()
        expect(page.get_by_role("heading", name="Calcul en cours")).to_be_visible()
        expect(page.get_by_role("progressbar")).to_be_visible()
        best = page.get_by_role("definition").filter(has_text=re.compile("^7$"))
        expect(best).to_be_visible()
        coordinator.check()
    finally:
        site.gate.unlink()
    proposed = page.get_by_text("1 patient est proposé à un médecin, sur 1 en attente")
    expect(proposed).to_be_visible(timeout=60_000)
    expect(page.get_by_text("Aucune meilleure répartition n’existe")).to_be_visible()
    coordinator.check()


def _validates(coordinator: Visitor) -> None:
    page = coordinator.page
    page.get_by_role("link", name="Voir et valider 1 proposition").click()
    page.get_by_role("checkbox").first.check()
    page.get_by_role("button", name="Valider les propositions cochées…").click()
    page.get_by_role("button", name="Valider 1 proposition").click()
    expect(page.get_by_text("1 proposition validée.")).to_be_visible()
    coordinator.check()


def _accepts_from_the_mail(gp: Visitor, town: Town, site: Site) -> None:
    """Answer in two clicks, then sign in to learn who it is."""
    mails = [(role, body) for role in (Role.GP, Role.SECRETARY) for body in site.mailed_to(town.email(role))]
    assert {role for role, _ in mails} == {Role.GP, Role.SECRETARY}
    assert all("Colibri" not in body and "COLIBRI" not in body for _, body in mails)
    gp.open(path_in(mails[0][1], "/offre/"))
    expect(gp.page.get_by_text("Affection de longue durée").first).to_be_visible()
    assert "COLIBRI" not in gp.page.content()
    gp.check()
    gp.page.get_by_role("button", name="J’accepte de suivre ce patient").click()
    expect(gp.page.get_by_role("heading", name="C’est accepté. Merci !")).to_be_visible()
    assert "COLIBRI" not in gp.page.content()
    gp.check()
    gp.page.get_by_role("link", name="Voir mes nouveaux patients").click()
    expect(gp.page.get_by_label("Mot de passe")).to_be_visible()
    town.sign_in(gp, Role.GP)
    gp.page.get_by_role("link", name=NAME).click()
    expect(gp.page.get_by_text(re.compile(r"01.99.00.44.55"))).to_be_visible()
    gp.check()


def _sees_and_declares(gp: Visitor) -> None:
    page = gp.page
    page.get_by_role("link", name="Mon accueil").first.click()
    on = local_day(utc_now(), "Europe/Paris") + timedelta(days=3)
    page.get_by_label(re.compile("Consultation le")).fill(on.isoformat())
    page.get_by_role("button", name=re.compile("Noter la date")).click()
    expect(page.get_by_text(re.compile("Première consultation prévue"))).to_be_visible()
    page.get_by_role("button", name=re.compile("Vu aujourd’hui")).click()
    expect(page.get_by_text("Il reste la déclaration de médecin traitant.")).to_be_visible()
    gp.check()
    page.get_by_role("button", name=re.compile("Déclaration faite")).click()
    expect(page.get_by_text("Les patients que vous acceptez apparaissent ici")).to_be_visible()
    gp.check()


def _left_its_traces(site: Site, town: Town) -> None:
    """Look at what is kept: each step once, in order, and each reading of the file by its GP."""
    with site.store.read() as session:
        (referral,) = session.exec(select(Referral).where(Referral.territory_id == town.territory_id))
        assert referral.state is ReferralState.DECLARED
        events = select(ReferralEvent.kind).where(ReferralEvent.referral_id == referral.id)
        kinds = list(session.exec(events.order_by(col(ReferralEvent.id))))
        steps = ["qualify", "propose", "offer", "accept", "visit_planned", "see", "declare"]
        assert [kind for kind in kinds if kind in steps] == steps
        read = select(AuditEntry).where(
            AuditEntry.object_id == str(referral.id), AuditEntry.action == "R", AuditEntry.role == Role.GP
        )
        assert session.exec(read).first() is not None
        assert check_chain(session) is None
