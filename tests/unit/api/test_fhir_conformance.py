"""The checker of our own: it accepts what the guide publishes and refuses broken variants of it."""

import copy
import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from api.fhir.conformance import check, check_bundle
from api.fhir.conformance.checker import declared
from api.fhir.conformance.codes import UNKNOWN, VALUE_SETS
from api.fhir.conformance.profiles import Node, profiles

DATA = Path(__file__).parents[2] / "data" / "sas"
VERSIONS = ("1.1.0", "1.2.0")
EXAMPLES = [
    pytest.param(version, path, id=f"{version}-{path.stem}")
    for version in VERSIONS
    for path in sorted((DATA / f"examples-{version}").glob("*.json"))
]


def example(name: str, version: str = "1.2.0") -> dict[str, Any]:
    found: dict[str, Any] = json.loads((DATA / f"examples-{version}" / f"{name}.json").read_text())
    return found


def flaws(resource: Any, version: Any = "1.2.0") -> list[str]:
    whole = isinstance(resource, dict) and resource.get("resourceType") == "Bundle"
    found = check_bundle(resource, version=version) if whole else check(resource, version=version)
    return [str(flaw) for flaw in found]


@pytest.mark.parametrize(("version", "path"), EXAMPLES)
def test_published_examples_are_accepted(version: str, path: Path) -> None:
    assert flaws(json.loads(path.read_text()), version) == []


def test_the_empty_answer_of_the_faq_is_accepted() -> None:
    assert flaws(json.loads((DATA / "Bundle-empty-faq.json").read_text())) == []


def _required(value: Any, node: Node, path: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """Give the path of each element that is there and must be."""
    for name, child in node.children.items():
        if name not in value:
            continue
        if child.least:
            yield (*path, name)
        items = value[name] if isinstance(value[name], list) else [value[name]]
        for number, item in enumerate(items):
            if isinstance(item, dict):
                inner = (number,) if isinstance(value[name], list) else ()
                yield from _required(item, child, (*path, name, *inner))


@pytest.mark.parametrize(
    "name",
    [
        "Appointment-1",
        "Practitioner-ExamplePractitionerRegul4",
        "Slot-ExampleSlotCPTS2",
        "Slot-ExampleSlotPSIndiv1",
        "Bundle-ExampleBundleCPTS1",
    ],
)
def test_no_required_element_may_go(name: str) -> None:
    whole = example(name)
    paths = list(_required(whole, profiles()[declared(whole)], ()))
    assert paths
    for path in paths:
        broken = copy.deepcopy(whole)
        _delete(broken, path)
        assert any("min" in flaw or "empty" in flaw for flaw in flaws(broken)), path


def _at(value: Any, path: tuple[Any, ...]) -> Any:
    for step in path:
        value = value[step]
    return value


def _delete(value: Any, path: tuple[Any, ...]) -> None:
    del _at(value, path[:-1])[path[-1]]


def _set(*path: Any, to: Any) -> Callable[[Any], None]:
    def change(value: Any) -> None:
        _at(value, path[:-1])[path[-1]] = to

    return change


def _again(*path: Any) -> Callable[[Any], None]:
    """Write the first of a list twice."""
    return lambda value: _at(value, path).append(copy.deepcopy(_at(value, path)[0]))


CPTS, SLOT, APPOINTMENT = "Bundle-ExampleBundleCPTS1", "Slot-ExampleSlotCPTS2", "Appointment-1"
REGULATOR = "Practitioner-ExamplePractitionerRegul4"
BROKEN: list[tuple[str, Callable[[Any], None], str]] = [
    (SLOT, _set("status", to="busy"), "Slot.status: pattern"),
    (SLOT, _set("start", to="2024-06-12T16:40:00"), "Slot.start: type (instant)"),
    (SLOT, _set("start", to=20240612), "Slot.start: type (instant)"),
    (SLOT, _set("schedule", to={"reference": "Location/1"}), "Slot.schedule: reference (Location)"),
    (SLOT, _set("schedule", to=[{"reference": "Schedule/1"}]), "Slot.schedule: not-list"),
    (SLOT, _set("specialty", to={"text": "médecine"}), "Slot.specialty: list"),
    (SLOT, _set("meta", "security", 0, "code", to="SECRET"), "Slot.meta.security: binding"),
    (SLOT, _set("serviceType", 0, "coding", 0, "code", to="MOON"), "TypeConsultation: binding"),
    (SLOT, _set("appointmentType", "coding", 0, "code", to="CHECKUP"), "appointmentType.coding: binding"),
    (SLOT, _set("serviceType", 1, "extension", to=[]), "Slot.serviceType.extension: empty"),
    (SLOT, _again("serviceType", 1, "extension"), "extension:sas-servicetype-r5: max (1)"),
    (SLOT, _set("identifier", to=[]), "Slot.identifier: empty"),
    (SLOT, _set("place", to="ici"), "Slot.place: unknown"),
    (SLOT, _set("overbooked", to="non"), "Slot.overbooked: type (boolean)"),
    (CPTS, _set("type", to="collection"), "Bundle.type: pattern"),
    (CPTS, _set("total", to=-1), "Bundle.total: type (unsignedInt)"),
    (CPTS, _again("link"), "Bundle.link: max (1)"),
    (CPTS, _again("entry"), "Bundle.entry(Slot): sent-twice"),
    (CPTS, _set("entry", 0, "search", "mode", to="found"), "Bundle.entry.search.mode: binding"),
    (CPTS, _set("entry", 0, "resource", "schedule", "reference", to="Schedule/9"), "leads-nowhere"),
    (CPTS, _set("entry", 0, "resource", "meta", "profile", to=["http://none"]), "Slot: profile"),
    (CPTS, lambda one: _of(one, "Organization")["identifier"][0].update(value="395004722"), "invariant"),
    (
        CPTS,
        lambda bundle: _of(bundle, "Practitioner")["identifier"][0].update(system="urn:oid:1.2.3"),
        "Practitioner.identifier.system: pattern",
    ),
    (
        CPTS,
        lambda bundle: _of(bundle, "PractitionerRole").pop("contained"),
        "PractitionerRole.contained: min (1)",
    ),
    (APPOINTMENT, _set("status", to="done"), "Appointment.status: binding"),
    (APPOINTMENT, _set("participant", 0, "status", to="declined"), "Appointment.participant.status: binding"),
    (APPOINTMENT, _again("identifier"), "Appointment.identifier: max (1)"),
    (
        APPOINTMENT,
        _set("participant", 0, "actor", "identifier", "type", "coding", 0, "code", to="IDNST"),
        "Appointment.participant.actor.identifier.type.coding: pattern",
    ),
    (APPOINTMENT, _set("extension", 0, "url", to="http://other"), "extension:appointmentOperator: min (1)"),
    (REGULATOR, _set("telecom", 0, "system", to="phone"), "Practitioner.telecom.system: pattern"),
    (REGULATOR, _set("identifier", 0, "type", "coding", 0, "code", to="IDNPS"), "Interne.type: pattern"),
    (REGULATOR, _set("name", 0, "given", to=["Sébastien", "Jean"]), "Practitioner.name.given: max (1)"),
    (REGULATOR, _set("gender", to="homme"), "Practitioner.gender: binding"),
]  # fmt: skip


def _of(bundle: Any, kind: str) -> Any:
    found = (entry["resource"] for entry in bundle["entry"])
    return next(resource for resource in found if resource["resourceType"] == kind)


@pytest.mark.parametrize(("name", "change", "expected"), BROKEN)
def test_broken_variants_are_refused(name: str, change: Callable[[Any], None], expected: str) -> None:
    broken = example(name)
    change(broken)
    assert any(expected in flaw for flaw in flaws(broken)), flaws(broken)


@pytest.mark.parametrize(
    "resource", [None, [], "Slot", {}, {"resourceType": "Slot"}, {"meta": {"profile": 3}}]
)
def test_what_follows_no_profile_is_refused(resource: Any) -> None:
    assert flaws(resource)


def test_every_required_binding_is_checked_or_said_not_to_be() -> None:
    folder = Path(str(profiles.__wrapped__.__code__.co_filename)).parent / "data"
    for version in VERSIONS:
        with (folder / f"elements-{version}.tsv").open(encoding="utf-8", newline="") as table:
            rows = csv.DictReader(table, delimiter="\t", quoting=csv.QUOTE_NONE)
            bound = {row["required_binding"] for row in rows} - {""}
        assert bound <= VALUE_SETS.keys() | UNKNOWN
    assert not VALUE_SETS.keys() & UNKNOWN
