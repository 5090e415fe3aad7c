"""The promises of the style sheet: contrast in both themes, nothing from elsewhere, nothing inline."""

import re
from pathlib import Path

import pytest

import api.web.rendering as web

CSS = (web.STATIC / "relais.css").read_text(encoding="utf-8")
EVERY_STYLE = "".join(path.read_text(encoding="utf-8") for path in sorted(web.STATIC.glob("*.css")))
TEMPLATES = sorted((web.HERE / "templates").rglob("*.html"))

TEXT_PAIRS = [
    ("ink", "paper"), ("ink", "surface"), ("ink", "sunken"),
    ("ink", "brand-tint"), ("ink", "ok-tint"), ("ink", "warn-tint"), ("ink", "danger-tint"),
    ("ink-soft", "paper"), ("ink-soft", "surface"), ("ink-soft", "sunken"),
    ("brand", "paper"), ("brand", "surface"), ("brand", "brand-tint"),
    ("brand-deep", "brand-tint"), ("brand-deep", "surface"),
    ("on-brand", "brand"), ("on-brand", "brand-deep"),
    ("danger", "surface"), ("danger", "paper"), ("danger", "danger-tint"), ("on-danger", "danger"),
    ("ok", "ok-tint"), ("warn", "warn-tint"), ("focus", "surface"),
]  # fmt: skip
EDGE_PAIRS = [
    ("edge", "surface"), ("edge", "paper"), ("focus", "surface"), ("focus", "paper"), ("brand", "paper"),
]  # fmt: skip


def themes() -> dict[str, dict[str, str]]:
    blocks = re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)
    light, dark = (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block)) for block in blocks[:2])
    return {"light": light, "dark": light | dark}


def luminance(colour: str) -> float:
    """Relative luminance, WCAG 2.1."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_computed_as_wcag_does() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_text_is_legible(theme: str) -> None:
    colours = themes()[theme]
    faint = {
        pair: round(ratio, 2)
        for pair in TEXT_PAIRS
        if (ratio := contrast(colours[pair[0]], colours[pair[1]])) < 4.5
    }
    assert faint == {}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_edges_of_controls_are_visible(theme: str) -> None:
    colours = themes()[theme]
    faint = {
        pair: round(ratio, 2)
        for pair in EDGE_PAIRS
        if (ratio := contrast(colours[pair[0]], colours[pair[1]])) < 3
    }
    assert faint == {}


def test_the_style_sheet_fetches_nothing() -> None:
    assert not re.search(r"url\(|@import|https?:", EVERY_STYLE)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_templates_hold_nothing_inline_and_nothing_foreign(template: Path) -> None:
    text = template.read_text(encoding="utf-8")
    assert not re.search(r"\sstyle=|<style|\son[a-z]+=|javascript:", text)
    assert not re.search(r"""(?:src|href|action)=["']?(?:https?:)?//""", text)
    assert all("asset(" in tag for tag in re.findall(r"<script[^>]*>", text))


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_every_form_that_sends_carries_its_token(template: Path) -> None:
    for form in re.findall(
        r"<form[^>]*method=\"post\".*?</form>", template.read_text(encoding="utf-8"), re.DOTALL
    ):
        assert "csrf_field()" in form or "{{ token }}" in form  # a macro is given the field


def test_every_class_used_has_a_style() -> None:
    styled = set(re.findall(r"\.([a-z][\w-]*)", EVERY_STYLE))
    used: set[str] = set()
    for template in TEMPLATES:
        markup = re.sub(r"\{\{.*?\}\}|\{%.*?%\}", " ", template.read_text(encoding="utf-8"))
        for value in re.findall(r'class="([^"]*)"', markup):
            used |= set(value.split())
    assert used - styled == set()
