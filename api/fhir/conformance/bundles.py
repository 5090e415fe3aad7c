"""Holding a whole answer against the guide: the Bundle, each resource in it, and what ties them."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from api.fhir.conformance.checker import Flaw, Json, check, declared
from api.fhir.conformance.profiles import LATEST, Version


def check_bundle(bundle: Any, *, version: Version = LATEST) -> list[Flaw]:
    """List the flaws of a Bundle, of its resources by their own profiles, and of its references."""
    flaws = check(bundle, version=version)
    if not isinstance(bundle, dict):
        return flaws
    resources = list(_resources(bundle))
    for resource in resources:
        flaws += check(resource, version=version)
        for contained in _contained(resource):
            flaws += check(contained, version=version)
    return [*flaws, *_ties(resources)]


def _resources(bundle: Json) -> Iterator[Json]:
    for entry in bundle.get("entry") or ():
        resource = entry.get("resource") if isinstance(entry, dict) else None
        if isinstance(resource, dict):
            yield resource


def _contained(resource: Json) -> Iterator[Json]:
    """Give the contained resources that name a profile: the guide's examples leave some without."""
    for contained in resource.get("contained") or ():
        if isinstance(contained, dict) and declared(contained):
            yield contained


def _ties(resources: list[Json]) -> Iterator[Flaw]:
    sent = Counter(f"{resource.get('resourceType')}/{resource.get('id')}" for resource in resources)
    for name, number in sent.items():
        if number > 1:
            yield Flaw(path=f"Bundle.entry({name.partition('/')[0]})", rule="sent-twice")
    for resource in resources:
        inside = {f"#{contained.get('id')}" for contained in resource.get("contained") or ()}
        for path, reference in references(resource, str(resource.get("resourceType"))):
            if reference not in sent and reference not in inside:
                yield Flaw(path=path, rule="leads-nowhere")


def references(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Give every literal reference in a value, with its path."""
    if isinstance(value, dict):
        for name, below in value.items():
            if name == "reference" and isinstance(below, str):
                yield path, below
            else:
                yield from references(below, f"{path}.{name}")
    elif isinstance(value, list):
        for below in value:
            yield from references(below, path)
