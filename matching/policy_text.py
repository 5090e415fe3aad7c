"""A policy as a TOML document: read with every mistake named at once, written with what each key means."""

import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from matching.errors import InvalidPolicy
from matching.ranges import range_in_french

Sections = Mapping[str, type]


def read(text: str, sections: Sections) -> dict[str, Any]:
    """Return the version, when stated, and the sections of a TOML text, built and checked.

    Raises
    ------
    InvalidPolicy
        With every problem of the document, not only the first.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidPolicy([f"ce document n'est pas du TOML : {error}"]) from error
    problems = [f"{key} : rubrique inconnue" for key in document if key not in {*sections, "version"}]
    built: dict[str, Any] = {}
    if "version" in document:
        built["version"] = version = document["version"]
        if not isinstance(version, str) or not version.strip():
            problems.append("version : un texte est attendu")
    for name, section in sections.items():
        try:
            built[name] = _read_section(name, section, document.get(name, {}))
        except InvalidPolicy as error:
            problems.extend(error.problems)
    if problems:
        raise InvalidPolicy(problems)
    return built


def write(version: str, sections: Mapping[str, Any]) -> str:
    """Return the document that ``read`` turns back into these values, each key with its meaning."""
    lines = ["# Politique d'attribution de la CPTS.", f"version = {_quoted(version)}"]
    for name, section in sections.items():
        lines += ["", f"# {_first_line(section)}", f"[{name}]", *_keys(section)]
    return "\n".join(lines) + "\n"


def _read_section(name: str, section: type, values: object) -> Any:
    """Build one section, its problems prefixed with ``name.``."""
    if not isinstance(values, Mapping):
        raise InvalidPolicy([f"{name} : une rubrique [{name}] est attendue"])
    known = {f.name for f in fields(section)}
    problems = [f"{name}.{key} : clé inconnue" for key in values if key not in known]
    given = {key: tuple(v) if isinstance(v, list) else v for key, v in values.items() if key in known}
    built = None
    try:
        built = section(**given)
    except InvalidPolicy as error:
        problems.extend(f"{name}.{problem}" for problem in error.problems)
    if problems:
        raise InvalidPolicy(problems)
    return built


def _keys(section: Any) -> Iterator[str]:
    for f in fields(section):
        yield f"# {f.metadata['means']} ({range_in_french(f)})"
        value = getattr(section, f.name)
        yield f"{f.name} = {json.dumps(list(value) if isinstance(value, tuple) else value)}"


def _first_line(section: Any) -> str:
    return str(section.HEADING)


def _quoted(text: str) -> str:
    """Return a TOML string: JSON's escapes are TOML's, but for DEL, which JSON leaves bare."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
