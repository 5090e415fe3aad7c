"""The rules of a CPTS in plain words, as a form, and one version beside another."""

from collections.abc import Iterator, Mapping
from dataclasses import Field, dataclass, fields
from typing import Any

from api.web.forms import Form
from matching import Policy
from matching.errors import InvalidPolicy
from matching.ranges import range_in_french

_WORDS = {
    "minors_and_asked": "Les mineurs avec un parent, et ceux qui le demandent",
    "all": "Tous les foyers, entiers ou pas du tout",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule.

    Parameters
    ----------
    name : str
        Section and key: ``reach.max_km``.
    value : str
        As French people read it: ``14, 60, 180``.
    allowed : str
        What it may hold: ``de 0,1 à 200``.
    inputs : tuple of (str, str)
        Name and label of each field of the form; several where a rule holds several numbers.
    words : tuple of (str, str)
        What a rule that is a choice may be; empty for numbers.
    """

    name: str
    means: str
    value: str
    allowed: str
    inputs: tuple[tuple[str, str], ...]
    words: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Rules that belong together."""

    heading: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One rule that two versions state differently."""

    heading: str
    means: str
    before: str
    after: str


def sections(policy: Policy) -> tuple[Section, ...]:
    """Give a policy in plain words, in the order of its document."""
    return tuple(
        Section(
            heading=str(section.HEADING),
            rules=tuple(
                _rule(name, declared, getattr(section, declared.name)) for declared in fields(section)
            ),
        )
        for name, section in _sections(policy)
    )


def differences(before: Policy, after: Policy) -> list[Difference]:
    """List what changes from one version to another."""
    return [
        Difference(heading=then.heading, means=old.means, before=old.value, after=new.value)
        for then, now in zip(sections(before), sections(after), strict=True)
        for old, new in zip(then.rules, now.rules, strict=True)
        if old.value != new.value
    ]


def values_of(policy: Policy) -> dict[str, str]:
    """Give what the fields of the form hold."""
    values: dict[str, str] = {}
    for name, section in _sections(policy):
        for declared in fields(section):
            given = getattr(section, declared.name)
            parts = given if isinstance(given, tuple) else (given,)
            inputs = _inputs(f"{name}.{declared.name}", declared)
            values |= {field: _typed(part) for (field, _), part in zip(inputs, parts, strict=True)}
    return values


def document_of(version: str, values: Mapping[str, str], note: str = "") -> tuple[str, Form]:
    """Give the TOML document that a filled-in form means, and the form with what is wrong in it.

    The document is only worth something when the form has no error.
    """
    form = Form(values={**values, "version": version, "note": note}, labels=_labels())
    lines = [f"version = {_quoted(version)}"]
    for name, section in _sections(Policy.default()):
        lines.append(f"[{name}]")
        for declared in fields(section):
            text, form = _written(f"{name}.{declared.name}", declared, values, form)
            lines.append(f"{declared.name} = {text}")
    if not version.strip():
        form = form.refused("version", "Donnez un nom à cette version, comme « 2027-1 ».")
    document = "\n".join(lines) + "\n"
    if not form.errors:
        form = refused(form, document)
    return document, form


def refused(form: Form, document: str) -> Form:
    """Give a form with what a document is refused for, each sentence beside its field where it has one."""
    try:
        Policy.from_toml(document)
    except InvalidPolicy as error:
        for problem in error.problems:
            name, _, sentence = problem.partition(" : ")
            known = next((field for field in form.labels if field in {name, f"{name}.0"}), "")
            form = form.refused(known, _sentence(sentence) if known else _sentence(problem))
    return form


def _sections(policy: Policy) -> Iterator[tuple[str, Any]]:
    for declared in fields(policy):
        if declared.name != "version":
            yield declared.name, getattr(policy, declared.name)


def _rule(section: str, declared: "Field[Any]", value: object) -> Rule:
    words = declared.metadata.get("words", ())
    name = f"{section}.{declared.name}"
    return Rule(
        name=name,
        means=declared.metadata["means"],
        value=_shown(value),
        allowed="" if words else range_in_french(declared).replace(".", ","),
        inputs=_inputs(name, declared),
        words=tuple((word, _WORDS.get(word, word)) for word in words),
    )


def _inputs(name: str, declared: "Field[Any]") -> tuple[tuple[str, str], ...]:
    if isinstance(declared.default, tuple):
        return tuple((f"{name}.{i}", f"Priorité {i + 1}") for i in range(len(declared.default)))
    return ((name, str(declared.metadata["means"])),)


def _written(name: str, declared: "Field[Any]", values: Mapping[str, str], form: Form) -> tuple[str, Form]:
    """Write what was typed for one rule as TOML; what is no number is said beside its field."""
    if declared.metadata.get("words"):
        return _quoted(values.get(name, "")), form
    parts = []
    for field, _ in _inputs(name, declared):
        text = values.get(field, "").strip().replace(",", ".").replace("\u202f", "").replace(" ", "")
        whole, _, decimals = text.partition(".")
        if not (
            whole.isascii() and whole.isdigit() and len(text) < 10 and (not decimals or decimals.isdigit())
        ):
            form = form.refused(field, f"Attendu : un nombre, {range_in_french(declared)}.")
            text = "0"
        parts.append(str(int(text)) if "." not in text else text)
    return (f"[{', '.join(parts)}]" if isinstance(declared.default, tuple) else parts[0]), form


def _labels() -> dict[str, str]:
    labels = {"version": "Nom de la version", "note": "Pourquoi"}
    for name, section in _sections(Policy.default()):
        for declared in fields(section):
            labels |= {
                field: declared.metadata["means"] for field, _ in _inputs(f"{name}.{declared.name}", declared)
            }
    return labels | {"document": "Document"}


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(_shown, value))
    return _WORDS.get(value, value) if isinstance(value, str) else _typed(value)


def _typed(value: object) -> str:
    return f"{value:g}".replace(".", ",") if isinstance(value, int | float) else str(value)


def _quoted(text: str) -> str:
    safe = "".join(sign for sign in text if sign.isprintable())
    return '"' + safe.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].rstrip(".") + "."
