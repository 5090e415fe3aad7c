"""A list looked at, then received, and a pathway adopted, from the command line."""

from scheduler.store.engine import Store
from scheduler.store.tables import Role
from tests import factories
from tests.acceptance.cli.running import relais_here

LIST = "nom;prénom;date de naissance;commune;téléphone\nDurand;Zoé;{};Savigny-le-Temple;0160000000\n"


def test_a_list_is_looked_at_corrected_and_received_once(sqlite_url, tmp_path):
    store = Store.open(sqlite_url)
    with store.write() as session:
        person = factories.account(session, email="coord@exemple.test")
        factories.grant(session, account_id=person.id, role=Role.COORDINATOR)
    store.close()
    file = tmp_path / "liste.csv"

    def signals(*more):
        return relais_here(
            "signals", file, "--for", "coord@exemple.test", *more, RELAIS_DATABASE_URL=sqlite_url
        )

    file.write_text(LIST.format("31/02/1951"), encoding="utf-8")
    refused = signals("--receive")
    assert refused.code == 1
    assert "ligne 2, colonne date de naissance" in refused.err
    file.write_text(LIST.format("07/03/1951"), encoding="utf-8")
    assert signals().out.startswith("1 patient(s) seraient reçus ; rien n'est enregistré")
    assert signals("--receive").out == "1 patient(s) reçu(s), 0 déjà connu(s).\n"
    assert signals("--receive").out == "0 patient(s) reçu(s), 1 déjà connu(s).\n"


def test_a_pathway_is_shown_checked_and_adopted(sqlite_url, tmp_path):
    store = Store.open(sqlite_url)
    with store.write() as session:
        factories.territory(session)
    store.close()
    document = relais_here("pathway", "show", "orthophoniste").out.replace(
        'version = "2026-11"', 'version = "2"'
    )
    file = tmp_path / "ortho.toml"
    file.write_text(document.replace("under_age = 6", "under_age = 600"), encoding="utf-8")
    refused = relais_here("pathway", "check", file)
    assert (refused.code, refused.out) == (1, "")
    assert "tiers.under_age" in refused.err
    file.write_text(document, encoding="utf-8")
    assert "valable" in relais_here("pathway", "check", file).out
    adopted = relais_here("pathway", "adopt", file, RELAIS_DATABASE_URL=sqlite_url)
    assert adopted.out == "Filière « Orthophonie », version 2, en vigueur.\n"
    again = relais_here("pathway", "adopt", file, RELAIS_DATABASE_URL=sqlite_url)
    assert again.code == 1
