"""Holding one resource against one profile, element by element, slice by slice."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.fhir.conformance.codes import PLAIN, TEXT_IS_ENOUGH, VALUE_SETS, admits
from api.fhir.conformance.profiles import LATEST, Node, Version, profile_types, profiles

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """One thing that a profile forbids; ``rule`` is a stable word, ``path`` never holds a value."""

    path: str
    rule: str
    detail: str = ""

    def __str__(self) -> str:
        """Write it in a line."""
        return f"{self.path}: {self.rule}" + (f" ({self.detail})" if self.detail else "")


_PRIMITIVES: Mapping[str, re.Pattern[str]] = {
    "instant": re.compile(
        r"\d{4}-(0[1-9]|1[0-2])-([0-2]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d+)?(Z|[+-]\d{2}:\d{2})"
    ),
    "dateTime": re.compile(r"\d{4}(-\d{2}(-\d{2}(T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2}))?)?)?"),
    "date": re.compile(r"\d{4}(-\d{2}(-\d{2})?)?"),
    "time": re.compile(r"\d{2}:\d{2}:\d{2}(\.\d+)?"),
    "code": re.compile(r"\S+( \S+)*"),
    "id": re.compile(r"[A-Za-z0-9\-.]{1,64}"),
    "uri": re.compile(r"\S+"),
    "canonical": re.compile(r"\S+"),
    "string": re.compile(r"[\s\S]+"),
    "markdown": re.compile(r"[\s\S]+"),
}
_NUMBERS = {"unsignedInt": 0, "positiveInt": 1}

# Rules that the guide writes as FHIRPath invariants, by the profile and the path of the element
_INVARIANTS: Mapping[tuple[str, str], re.Pattern[str]] = {
    ("sas-cpts-organization-aggregator", "Organization.identifier.value"): re.compile(r"1[0-9]{9}"),
    ("sas-sos-organization-aggregator", "Organization.identifier.value"): re.compile(r"3[0-9]{14}"),
}


def check(resource: Any, profile: str | None = None, *, version: Version = LATEST) -> list[Flaw]:
    """List what a profile forbids in a resource; empty when it conforms.

    Parameters
    ----------
    profile
        Canonical address; by default the one the resource says it follows.

    Returns
    -------
    Flaws in the order of the resource; a resource that names no known profile has one flaw.
    """
    if not isinstance(resource, dict):
        return [Flaw(path="", rule="type", detail="resource")]
    address = profile or declared(resource)
    root = profiles(version).get(address)
    if root is None:
        return [Flaw(path=str(resource.get("resourceType", "")), rule="profile", detail="unknown or absent")]
    if resource.get("resourceType") != root.name:
        return [Flaw(path=root.name, rule="type", detail="resourceType")]
    return list(_Check(address.rpartition("/")[2], version).node(resource, root, root.name))


def declared(resource: Json) -> str:
    """Give the profile a resource says it follows, "" when it names none or several."""
    meta = resource.get("meta")
    named = meta.get("profile") if isinstance(meta, dict) else None
    return named[0] if isinstance(named, list) and len(named) == 1 and isinstance(named[0], str) else ""


class _Check:
    def __init__(self, profile: str, version: Version) -> None:
        self._profile, self._version = profile, version

    def node(self, value: Any, node: Node, path: str) -> Iterator[Flaw]:
        """Check one value, then what is in it."""
        if value in ("", [], {}, None):
            yield Flaw(path=path, rule="empty")
            return
        yield from self._type(value, node, path)
        yield from self._wanted(value, node, path)
        yield from self._binding(value, node, path)
        if isinstance(value, dict):
            yield from self._children(value, node, path)

    def _children(self, value: Json, node: Node, path: str) -> Iterator[Flaw]:
        known: set[str] = set()
        for child in node.children.values():
            names = [name for name in value if _is(name, child)]
            known.update(names)
            yield from self._child([(name, value[name]) for name in names], child, path)
        if _is_complete(node):
            for name in value.keys() - known - {"resourceType", "id", "extension", "modifierExtension"}:
                if not name.startswith("_"):
                    yield Flaw(path=f"{path}.{name}", rule="unknown")
        for name in value.keys() - known:  # what the tables do not go into is at least not empty
            yield from _empty(value[name], f"{path}.{name}")

    def _child(self, found: Sequence[tuple[str, Any]], child: Node, path: str) -> Iterator[Flaw]:
        where = f"{path}.{child.name}"
        items: list[tuple[str, Any]] = []
        for name, value in found:
            if child.is_described and child.is_list != isinstance(value, list):
                yield Flaw(path=where, rule="list" if child.is_list else "not-list")
            items += (
                [(name, item) for item in value] if isinstance(value, list) and value else [(name, value)]
            )
        yield from _counted(len(items), child, where)
        for _, item in items:
            yield from self.node(item, child, where)
        for slice_name, part in child.slices.items():
            yield from self._slice(items, part, f"{where}:{slice_name}")

    def _slice(self, items: Sequence[tuple[str, Any]], part: Node, where: str) -> Iterator[Flaw]:
        mine = [item for name, item in items if _belongs(name, item, part, where)]
        if not _can_be_told(part):
            return
        yield from _counted(len(mine), part, where)
        for item in mine:
            yield from self.node(item, part, where)

    def _type(self, value: Any, node: Node, path: str) -> Iterator[Flaw]:
        for kind in node.types:
            if not _is_of_type(value, kind):
                yield Flaw(path=path, rule="type", detail=kind)
            elif kind == "Reference":
                yield from self._target(value, node, path)
        pattern = _INVARIANTS.get((self._profile, path))
        if pattern is not None and not (isinstance(value, str) and pattern.fullmatch(value)):
            yield Flaw(path=path, rule="invariant")

    def _target(self, value: Json, node: Node, path: str) -> Iterator[Flaw]:
        reference = value.get("reference")
        if not isinstance(reference, str) or reference.startswith("#") or not node.targets:
            return
        kind = reference.rpartition("/")[0].rpartition("/")[2]
        types = {
            profile_types(self._version).get(target, target.removeprefix("Fr")) for target in node.targets
        }
        if kind and "Resource" not in types and kind not in types:
            yield Flaw(path=path, rule="reference", detail=kind)

    def _wanted(self, value: Any, node: Node, path: str) -> Iterator[Flaw]:
        if node.wanted is None:
            return
        if not (value == node.wanted if node.is_fixed else _holds(value, node.wanted)):
            yield Flaw(path=path, rule="fixed" if node.is_fixed else "pattern")

    def _binding(self, value: Any, node: Node, path: str) -> Iterator[Flaw]:
        if node.binding not in VALUE_SETS:
            return
        codings = _codings(value)
        if not codings and node.binding in TEXT_IS_ENOUGH and isinstance(value, dict) and value.get("text"):
            return
        if not any(admits(node.binding, system, code) for system, code in codings):
            yield Flaw(path=path, rule="binding", detail=node.binding.rpartition("/")[2])


def _belongs(name: str, item: Any, part: Node, where: str) -> bool:
    """Tell whether an item is of a slice, by what tells its slices apart."""
    if not isinstance(item, dict):
        return False
    slice_name = where.rpartition(":")[2]
    if part.name.endswith("[x]"):
        return name == slice_name
    if (told := part.children.get("resource")) is not None:
        resource = item.get("resource")
        return isinstance(resource, dict) and declared(resource).rpartition("/")[2] in told.targets
    for key in ("url", "system"):
        if (told := part.children.get(key)) is not None and told.wanted is not None:
            return bool(item.get(key) == told.wanted)
    return _has_code(item, part)


def _is(name: str, child: Node) -> bool:
    if not child.name.endswith("[x]"):
        return name == child.name
    stem = child.name.removesuffix("[x]")
    return name.startswith(stem) and name[len(stem) :][:1].isupper()


def _is_complete(node: Node) -> bool:
    """Tell whether the table lists what is in an element, and not only its extensions."""
    return any(name not in {"extension", "modifierExtension", "id"} for name in node.children)


def _counted(number: int, node: Node, path: str) -> Iterator[Flaw]:
    if number < node.least:
        yield Flaw(path=path, rule="min", detail=str(node.least))
    if node.most is not None and number > node.most:
        yield Flaw(path=path, rule="max", detail=str(node.most))


def _can_be_told(part: Node) -> bool:
    """Tell whether the table says what makes an item part of a slice."""
    told = any(part.children.get(key, part).wanted is not None for key in ("url", "system"))
    return told or part.name.endswith("[x]") or "resource" in part.children or bool(_code_rule(part))


def _code_rule(part: Node) -> str:
    coding = part.children.get("coding")
    system = coding.children.get("system") if coding is not None else None
    if system is not None and system.wanted is not None:
        return str(system.wanted)
    return part.binding if part.binding in VALUE_SETS else ""


def _has_code(item: Json, part: Node) -> bool:
    rule = _code_rule(part)
    return any(
        system == rule or (rule in VALUE_SETS and admits(rule, system, code))
        for system, code in _codings(item)
    )


def _codings(value: Any) -> list[tuple[str, str]]:
    """Give (system, code) of a code, a Coding or a CodeableConcept."""
    if isinstance(value, str):
        return [(PLAIN, value)]
    if not isinstance(value, dict):
        return []
    codings = value.get("coding") if "coding" in value else [value]
    if not isinstance(codings, list):
        return []
    return [
        (str(coding.get("system", "")), str(coding["code"]))
        for coding in codings
        if isinstance(coding, dict) and "code" in coding
    ]


def _holds(value: Any, wanted: Any) -> bool:
    """Tell whether a value holds a pattern (FHIR R4 ElementDefinition.pattern[x])."""
    if isinstance(wanted, dict):
        return isinstance(value, dict) and all(
            key in value and _holds(value[key], below) for key, below in wanted.items()
        )
    if isinstance(wanted, list):
        return isinstance(value, list) and all(any(_holds(one, item) for one in value) for item in wanted)
    return bool(value == wanted)


def _is_of_type(value: Any, kind: str) -> bool:
    if kind == "boolean":
        return isinstance(value, bool)
    if kind in _NUMBERS:
        return isinstance(value, int) and not isinstance(value, bool) and value >= _NUMBERS[kind]
    if kind == "decimal":
        return isinstance(value, int | float) and not isinstance(value, bool)
    if kind in _PRIMITIVES:
        return isinstance(value, str) and _PRIMITIVES[kind].fullmatch(value) is not None
    return isinstance(value, dict)


def _empty(value: Any, path: str) -> Iterator[Flaw]:
    if value in ("", [], {}, None):
        yield Flaw(path=path, rule="empty")
    elif isinstance(value, dict):
        for name, below in value.items():
            yield from _empty(below, f"{path}.{name}")
    elif isinstance(value, list):
        for below in value:
            yield from _empty(below, path)
