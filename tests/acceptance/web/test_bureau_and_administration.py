"""What the bureau and the administration come to do, from signing in to done."""

import csv
import io
import re
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from scheduler.clock import utc_now
from scheduler.store.tables import JobRun, JobRunState, Role
from tests.acceptance.web.conftest import Arrive, Site
from tests.acceptance.web.mailbox import path_in
from tests.acceptance.web.town import Town, build_town, six_wait

pytestmark = pytest.mark.xdist_group("chromium")

SCREENS = pytest.mark.parametrize(("width", "javascript"), [(390, False), (1440, True)])


def downloaded(page: Page, link: str) -> list[list[str]]:
    """Follow a link to a file for a spreadsheet, and read it."""
    with page.expect_download() as awaited:
        page.get_by_role("link", name=link).click()
    text = awaited.value.path().read_text(encoding="utf-8-sig")
    return list(csv.reader(io.StringIO(text), delimiter=";"))


@SCREENS
def test_the_bureau_reads_the_report_rehearses_a_policy_and_takes_both_away(
    visitor: Arrive, site: Site, width: int, javascript: bool
) -> None:
    town = build_town(site.store, gps=("LEROY", "BENALI", "NGUYEN"))
    six_wait(site.store, town)
    one = town.sign_in(visitor(width, javascript=javascript), Role.BUREAU)
    one.page.get_by_role("link", name="Indicateurs").click()
    one.page.get_by_label("Trimestre").select_option(index=1)
    one.page.get_by_role("button", name="Afficher").click()
    expect(one.page).to_have_url(re.compile("periode="))
    chart = one.page.get_by_role("figure").first
    expect(chart.get_by_role("table")).to_be_hidden()
    chart.get_by_text("Lire en tableau").click()
    expect(chart.get_by_role("columnheader").last).to_be_visible()
    expect(chart.get_by_role("cell").last).to_be_visible()
    one.check()
    assert any("Patients signalés" in row for row in downloaded(one.page, "Télécharger (CSV)"))

    one.page.get_by_role("link", name="Règles").first.click()
    one.page.get_by_role("link", name=re.compile("^Essayer")).click()
    one.page.get_by_role("button", name="Comparer", exact=True).click()
    expect(one.page.get_by_role("alert")).to_be_visible()  # with what?
    one.page.get_by_label("Les règles écrites ci-dessous").check()
    rules = one.page.get_by_label("Règles à essayer")
    nearer = re.sub(r"(?m)^max_km = .*$", "max_km = 5.0", rules.input_value())
    rules.fill(re.sub(r"(?m)^version = .*$", 'version = "plus-pres"', nearer))
    one.check()
    one.page.get_by_role("button", name="Comparer", exact=True).click()
    expect(one.page.get_by_role("heading", name="Qui gagne, qui perd ?")).to_be_visible(timeout=60_000)
    expect(one.page.get_by_role("table").first).to_contain_text("plus-pres")
    expect(one.page.get_by_text(re.compile(r"ATTENTE\d"))).to_have_count(0)  # nobody is named
    one.check()
    assert any("plus-pres" in row for row in downloaded(one.page, "CSV"))


@SCREENS
def test_the_administration_lets_somebody_in_makes_a_key_and_looks_things_up(
    visitor: Arrive, site: Site, width: int, javascript: bool
) -> None:
    town = build_town(site.store)
    new = f"nouvelle-{town.territory_id}@exemple.test"
    one = town.sign_in(visitor(width, javascript=javascript), Role.ADMIN)
    one.page.get_by_role("link", name="Comptes").first.click()
    one.page.get_by_label("Nom").fill("Inès Nouvelle")
    one.page.get_by_label("Adresse électronique").fill(new)
    one.page.get_by_label("Rôle", exact=True).select_option(label="Régulation")
    one.page.get_by_role("button", name="Envoyer l’invitation").click()
    expect(one.page.get_by_role("heading", name="Inès Nouvelle")).to_be_visible()
    one.check()
    _comes_in(visitor, site, width, javascript, new)

    one.page.get_by_role("link", name="Clés").click()
    one.page.get_by_label("Programme").fill("Logiciel de la MSP")
    one.page.get_by_label("Rôle", exact=True).select_option(label="Coordination")
    one.page.get_by_role("button", name="Faire la clé").click()
    expect(one.page.get_by_text("Copiez-la maintenant")).to_be_visible()
    one.check()
    one.page.get_by_role("link", name="Clés").click()
    expect(one.page.get_by_text("Copiez-la maintenant")).to_have_count(0)  # shown once
    expect(one.page.get_by_role("row", name=re.compile("Logiciel de la MSP"))).to_be_visible()

    _a_job_ran(site, town)
    one.page.get_by_role("link", name="Service").click()
    one.page.get_by_role("link", name="Tâches de fond").click()
    expect(one.page.get_by_role("row", name=re.compile("mail.*Fait.*3")).first).to_be_visible()
    one.check()
    one.page.get_by_role("link", name="Traces").click()
    one.page.get_by_label("Adresse de la personne").fill(town.email(Role.ADMIN))
    one.page.get_by_label("Ce qui a été fait").select_option(label="Création")
    one.page.get_by_role("button", name="Chercher").click()
    for made in ("Compte", "Clé d’un programme"):
        expect(one.page.get_by_role("row", name=re.compile(f"Essai admin.*Création.*{made}"))).to_be_visible()
    one.check()


def _comes_in(visitor: Arrive, site: Site, width: int, javascript: bool, email: str) -> None:
    """Let the person who was invited choose a password and see their pages."""
    (mail,) = site.mailed_to(email)
    other = visitor(width, javascript=javascript)
    other.open(path_in(mail, "/acces/"))
    other.page.get_by_label("Nouveau mot de passe").fill("quatre mots faciles ensemble")
    other.page.get_by_label("Le même, encore une fois").fill("quatre mots faciles ensemble")
    other.page.get_by_role("button", name="Enregistrer").click()
    other.page.get_by_label("Adresse électronique").fill(email)
    other.page.get_by_label("Mot de passe").fill("quatre mots faciles ensemble")
    other.page.get_by_role("button", name="Se connecter").click()
    expect(other.page.get_by_role("heading", name="Trouver un créneau")).to_be_visible()
    other.check()


def _a_job_ran(site: Site, town: Town) -> None:
    now = utc_now()
    with site.store.write() as session:
        tick = now - timedelta(minutes=town.territory_id)
        session.add(
            JobRun(
                job_id="mail",
                tick=tick,
                term=1,
                state=JobRunState.DONE,
                started_at=tick,
                ended_at=now,
                count=3,
            )
        )
