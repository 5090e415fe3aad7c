"""The pages in English: nothing is missing, nothing typed is touched, every template still compiles."""

import re
from collections.abc import Callable
from datetime import date

import pytest

from api.web.english import catalogue, plain, sentences, translated_source
from api.web.english_missing import TEMPLATES, examples, is_understood, missing
from api.web.english_sentences import Sentences
from api.web.english_sources import texts_of_program
from api.web.language import LANGUAGE_COOKIE
from api.web.rendering import environment
from matching import Needs, Patient, Policy
from matching.explain.needs import deciding_needs
from scheduler.store.engine import Store
from scheduler.store.tables import Role
from tests.integration.web.browser import Browser

KNOWN = {
    "Enregistrer": "Save",
    "Nom": "Name",
    "Bonjour {0}.": "Hello {0}.",
    "dossier": "file",
    "dossiers": "files",
    "{0} sans accord": "{0} without agreement",
    "jour": "day",
}


@pytest.fixture
def store(sqlite_store: Store) -> Store:
    """Test on one engine: nothing of this file depends on which."""
    return sqlite_store


def test_every_text_has_its_english() -> None:
    assert missing() == {}


def test_what_is_checked_is_what_the_program_says() -> None:
    """Examples stand for texts that exist, and a sentence without English would be found."""
    texts = {plain(text) for text, _ in texts_of_program()}
    assert len(texts) > 1000
    assert set(examples()) <= texts
    assert not is_understood("Aucun mot de ceci n'est connu, {0} fois.")


def test_the_english_has_the_places_of_its_french() -> None:
    def places(text: str) -> list[str]:
        without_plurals = re.sub(r"(?<=[^\W\d_])\{\d\}(?!\w)", "", text)
        return sorted(re.findall(r"\{\d\}", without_plurals))

    assert {key: text for key, text in catalogue().items() if places(key) != places(text)} == {}


def test_every_template_compiles_in_english() -> None:
    for template in sorted(TEMPLATES.rglob("*.html")):
        environment("en").get_template(template.relative_to(TEMPLATES).as_posix())


@pytest.mark.parametrize(
    ("french", "written"),
    [
        ("<p>Enregistrer</p>", "<p>Save</p>"),
        ("<p> Bonjour {{ name }}. </p>", "<p> Hello {{ name }}. </p>"),
        ('<a aria-label="Nom" class="Nom">x</a>', '<a aria-label="Name" class="Nom">x</a>'),
        (
            '{{ counted(n, "dossier", "dossiers") }} sans accord',
            '{{ counted(n, "file", "files") }} without agreement',
        ),
        ('<input value="{{ a }}-{{ b }}">', '<input value="{{ (a) | e }}-{{ (b) | e }}">'),
        ('{% if unit == "jour" %}Nom{% endif %}', '{% if unit == "jour" %}Name{% endif %}'),
        ('{{ f.field(form, "nom", "Nom") }}', '{{ f.field(form, "nom", "Name") }}'),
        ('<input value="{{ typed }}">', '<input value="{{ (typed) | e }}">'),
        ("<textarea>{{ typed }}</textarea>", "<textarea>{{ (typed) | e }}</textarea>"),
        ("<p>Inconnu ici</p>", "<p>Inconnu ici</p>"),
        ("{# Nom #}<p>{% set a = 1 %}</p>", "{# Nom #}<p>{% set a = 1 %}</p>"),
    ],
)  # fmt: skip
def test_a_template_is_translated(french: str, written: str) -> None:
    assert translated_source(french, KNOWN.get) == written


KNOWN_SENTENCES = Sentences(
    {
        "{0} propositions validées.": "{0} proposals validated.",
        "Priorité {0}, attend depuis {1}": "Priority {0}, waiting for {1}",
        "{0} de trajet ({1})": "{0} of travel ({1})",
        "Motif : {0}": "Reason: {0}",
        "trop loin": "too far",
        "À reconfirmer": "To reconfirm",
        "Réessayez dans {0} minute{1}.": "Try again in {0} minute{1}.",
        "le {0}": "on {0}",
        "{0} : proposé à ce patient.": "{0}: proposed to this patient.",
    }
)


@pytest.mark.parametrize(
    ("french", "english"),
    [
        ("12 propositions validées.", "12 proposals validated."),
        ("1 250 propositions validées", "1,250 proposals validated"),
        (
            "Priorité 1, attend depuis 1 jour ; 7 min de trajet (2,5 km).",
            "Priority 1, waiting for 1\u00a0day; 7\u00a0min of travel (2.5\u00a0km).",
        ),
        ("Motif : Trop loin.", "Reason: Too far."),
        ("à reconfirmer", "to reconfirm"),
        ("Réessayez dans 1 minute.", "Try again in 1 minute."),
        ("Réessayez dans 5 minutes. Motif : trop loin.", "Try again in 5 minutes. Reason: too far."),
        ("le samedi 1er mars 2026, 9 h 30", "on Saturday 1 March 2026, 09:30"),
        (
            "Dr Léa de la Tour (3 km) : proposé à ce patient.",
            "Dr Léa de la Tour (3 km): proposed to this patient.",
        ),
        ("Autre phrase.", None),
        ("Motif : il a plu toute la journée.", None),
        ("12 propositions validées. Le reste demain.", None),
        ("le Petit", None),
        ("DURAND Zoé", None),
    ],
)
def test_a_sentence_is_told_when_all_of_it_is_understood(french: str, english: str | None) -> None:
    assert KNOWN_SENTENCES.english(french) == english


def test_a_person_reads_english_after_asking_and_french_again(
    browser_of: Callable[[Role], Browser], anonymous: Browser
) -> None:
    browser = browser_of(Role.COORDINATOR)
    page = browser.open("/langue/en?suite=/signaler")
    assert page.path == "/signaler"
    assert '<html lang="en">' in page.html
    assert page.answer.headers["content-language"] == "en"
    assert "Family name" in page.text
    assert "Sign out" in page.text
    wrong = browser.send(page, "/signaler", family_name="Enregistrer", birth_date="31/02/1951")
    assert wrong.form("/signaler").values["family_name"] == "Enregistrer"
    assert "What you typed is kept." in wrong.text
    french = browser.open("/langue/fr?suite=//ailleurs.test")
    assert french.path == "/"
    assert '<html lang="fr">' in french.html
    assert browser.client.cookies.get(LANGUAGE_COOKIE) == "fr"
    assert anonymous.open("/langue/de").status == 404


@pytest.mark.parametrize(
    "needs",
    [
        Needs(ald=True, treatment_running_out=True, recent_discharge=True, pregnancy=True, home_bound=True),
        Needs(palliative=True),
        Needs(disability=True, c2s=True, ame=True, chronic_needs=3),
    ],
)
def test_every_reason_of_a_tier_has_its_english(needs: Needs) -> None:
    patient = Patient(id="p", age=75, waiting_since=date(2026, 11, 1), needs=needs)
    reasons = deciding_needs(patient, Policy.default().tiers)
    assert len(reasons) in {1, 5}
    for reason in reasons.values():
        assert sentences().english(f"Priorité 2 : {reason}.") is not None, reason
