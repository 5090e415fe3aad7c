"""The pages in English: nothing is missing, nothing typed is touched, every template still compiles."""

import re
from collections.abc import Callable

import pytest

from api.web import english
from api.web.english import catalogue, translated, translated_source
from api.web.english_missing import TEMPLATES, missing
from api.web.language import LANGUAGE_COOKIE
from api.web.rendering import environment
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


def test_the_english_has_the_places_of_its_french() -> None:
    def places(text: str) -> list[str]:
        return sorted(re.findall(r"\{\d\}", text))

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


def test_sentences_the_program_has_filled_in_are_recognised(monkeypatch: pytest.MonkeyPatch) -> None:
    known = {"{0} propositions validées.": "{0} proposals validated."}
    monkeypatch.setattr(english, "catalogue", lambda: known)
    english._patterns.cache_clear()
    try:
        assert translated("12 propositions validées.") == "12 proposals validated."
        assert translated("Autre phrase.") == "Autre phrase."
    finally:
        english._patterns.cache_clear()


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
