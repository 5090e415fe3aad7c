"""The answer to a slot search: one Bundle, each resource once, no empty element.

Profiles are those of ans.fhir.fr.sas; mixed canonicals are the guide's own. Exactly one profile a resource:
the official kit compares the whole list.
"""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from api.fhir.phones import international
from scheduler.sas.appointment import instant
from scheduler.sas.availability import Availability, Cpts, Opening, Place, Professional
from scheduler.sas.codes import IDENTIFIER_TYPES, PRACTITIONER_SYSTEM, STRUCTURE_SYSTEM

Json = dict[str, Any]

_OLD, _NEW = (
    "http://sas.fr/fhir/StructureDefinition/",
    "https://interop.esante.gouv.fr/ig/fhir/sas/StructureDefinition/",
)
SLOT_TYPES = "https://mos.esante.gouv.fr/NOS/TRE_R314-TypeCreneau/FHIR/TRE-R314-TypeCreneau"
CATEGORIES = (
    "https://mos.esante.gouv.fr/NOS/TRE_R66-CategorieEtablissement/FHIR/TRE-R66-CategorieEtablissement"
)
SPECIALTIES = "https://mos.esante.gouv.fr/NOS/TRE_R38-SpecialiteOrdinale/FHIR/TRE-R38-SpecialiteOrdinale"
_CPTS = "604"
_SERVICE_TYPE = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Slot.serviceType"
_CONTAINED = "lieu"


class SlotAnswer:
    """Builds the Bundle of one search, as text.

    A busy day of 25 professionals is a thousand slots that differ by some words: everything else of a slot is
    written once for all of its kind, and the instants once for all who begin together.

    Parameters
    ----------
    base : str
        Address of the FHIR service, without a slash at the end.
    agenda : str
        Address of the booking page; the professional is added to it as a query, so that the platform
        can append its own parameter.
    for_communities : bool
        Whether the communities of the slots and their organisations are wanted too.
    """

    def __init__(self, found: Availability, *, base: str, agenda: str, for_communities: bool) -> None:
        self._found, self._base = found, base
        self._agenda = _text(f"{agenda}?medecin=")[:-1]
        self._communities = found.communities if for_communities else {}
        self._kinds: dict[tuple[str, str, tuple[int, ...]], tuple[str, str]] = {}
        self._instants: dict[tuple[datetime, str], str] = {}

    def text(self, self_link: str) -> str:
        """Return the Bundle in JSON; ``self_link`` is the request as it was received."""
        openings = self._found.openings
        slots = [self._slot(opening) for opening in openings]
        others = [self._included(resource) for resource in self._resources()]
        head = _text(
            {
                "resourceType": "Bundle",
                "meta": {"profile": [self._profile()]},
                "type": "searchset",
                "total": len(openings),
                "link": [{"relation": "self", "url": self_link}],
            }
        )
        entries = ",".join([*slots, *others])
        return f'{head[:-1]},"entry":[{entries}]}}' if entries else head

    def _profile(self) -> str:
        shared = any(self._of(opening) for opening in self._found.openings)
        return _NEW + "sas-cpts-bundle-aggregator" if shared else _OLD + "BundleAgregateur"

    def _of(self, opening: Opening) -> tuple[int, ...]:
        """Give the communities of a slot that the platform can know, none when they are not asked for."""
        if not opening.communities or not self._communities:
            return ()
        return tuple(key for key in opening.communities if key in self._communities)

    def _resources(self) -> Iterator[Json]:
        found = self._found
        yield from map(_schedule, found.places.values())
        yield from map(_practitioner, found.professionals.values())
        for place in found.places.values():
            yield _role(place, self._base)
        yield from map(_service, self._communities.values())
        yield from map(_organization, self._communities.values())

    def _included(self, resource: Json) -> str:
        address = f"{self._base}/{resource['resourceType']}/{resource['id']}"
        return _text({"fullUrl": address, "resource": resource, "search": {"mode": "include"}})

    def _slot(self, opening: Opening) -> str:
        kind = (opening.visibility.value, opening.modality.value, self._of(opening))
        before, after = self._kinds.get(kind) or self._kinds.setdefault(kind, self._written(*kind))
        start, end = (
            self._instant(opening.start_at, opening.zone),
            self._instant(opening.end_at, opening.zone),
        )
        return (
            f'{before}{opening.id}","resource":{{"resourceType":"Slot","id":"{opening.id}",{after}'
            f'"schedule":{{"reference":"Schedule/{opening.practice_id}"}},"status":"free",'
            f'"start":"{start}","end":"{end}",'
            f'"comment":{self._agenda}{opening.practitioner_id}"}},'
            '"search":{"mode":"match"}}'
        )

    def _written(self, visibility: str, modality: str, shared: tuple[int, ...]) -> tuple[str, str]:
        """Write what slots of one kind have in common: up to the id, and from there to the schedule."""
        profile = _NEW + "sas-cpts-slot-aggregator" if shared else _OLD + "FrSlotAgregateur"
        common = {
            "meta": {
                "profile": [profile],
                "security": [{"system": SLOT_TYPES, "code": visibility}],
            },
            "serviceType": [
                _concept("http://terminology.hl7.org/CodeSystem/v3-ActCode", modality),
                *map(_of_community, shared),
            ],
            "specialty": [_concept(SPECIALTIES, "SM54", "Médecine générale")],
            "appointmentType": _concept("http://terminology.hl7.org/CodeSystem/v2-0276", "ROUTINE"),
        }
        return f'{{"fullUrl":{_text(f"{self._base}/Slot/")[:-1]}', f"{_text(common)[1:-1]},"

    def _instant(self, at: datetime, zone: str) -> str:
        known = self._instants.get((at, zone))
        return known or self._instants.setdefault((at, zone), instant(at, zone))


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _schedule(place: Place) -> Json:
    return {
        "resourceType": "Schedule",
        "id": str(place.id),
        "meta": {"profile": [_OLD + "FrScheduleAgregateur"]},
        "actor": [
            {"reference": f"Practitioner/{place.practitioner_id}"},
            {"reference": f"PractitionerRole/{place.id}"},
        ],
    }


def _practitioner(professional: Professional) -> Json:
    return {
        "resourceType": "Practitioner",
        "id": str(professional.id),
        "meta": {"profile": [_OLD + "FrPractitionerAgregateur"]},
        "identifier": [
            {
                "type": _concept(IDENTIFIER_TYPES, "IDNPS"),
                "system": PRACTITIONER_SYSTEM,
                "value": f"8{professional.rpps}",
            }
        ],
        "name": [{"family": professional.family_name, "given": [professional.given_name]}],
    }


def _role(place: Place, base: str) -> Json:
    """Return the role of a professional at one place, which it contains."""
    return {
        "resourceType": "PractitionerRole",
        "id": str(place.id),
        "meta": {"profile": [_OLD + "FrPractitionerRoleExerciceAgregateur"]},
        "contained": [_location(place, base)],
        "practitioner": {"reference": f"Practitioner/{place.practitioner_id}"},
        **_organization_of(place),
        "location": [{"reference": f"#{_CONTAINED}"}],
        **_phone(place.phone),
    }


def _organization_of(place: Place) -> Json:
    """Name the structure by its number alone: it is not a resource of ours."""
    if not place.finess:
        return {}
    number = {
        "type": _concept(IDENTIFIER_TYPES, "IDNST"),
        "system": STRUCTURE_SYSTEM,
        "value": f"1{place.finess}",
    }
    return {"organization": {"identifier": number}}


def _location(place: Place, base: str) -> Json:
    return {
        "resourceType": "Location",
        "id": _CONTAINED,
        "meta": {"profile": [_OLD + "FrLocationAgregateur"]},
        "identifier": [
            {
                "type": _concept(
                    "http://interopsante.org/fhir/CodeSystem/fr-location-identifier-type", "INTRN"
                ),
                "system": f"{base}/Location",
                "value": str(place.id),
            }
        ],
        **({"name": place.name} if place.name else {}),
        "address": {
            "line": [place.address or place.name or place.city],
            "city": place.city,
            "postalCode": place.postcode,
        },
        "position": {"longitude": place.longitude, "latitude": place.latitude},
    }


def _service(community: Cpts) -> Json:
    return {
        "resourceType": "HealthcareService",
        "id": str(community.id),
        "meta": {"profile": [_NEW + "sas-cpts-healthcareservice-aggregator"]},
        "providedBy": {"reference": f"Organization/{community.id}"},
    }


def _organization(community: Cpts) -> Json:
    """Return a community; its identifier is typed in the words of both versions of the guide."""
    return {
        "resourceType": "Organization",
        "id": str(community.id),
        "meta": {"profile": [_NEW + "sas-cpts-organization-aggregator"]},
        "identifier": [
            {
                "type": {
                    "coding": [
                        {"system": system, "code": "IDNST"}
                        for system in (
                            "http://interopsante.org/fhir/CodeSystem/fr-location-identifier-type",
                            "https://hl7.fr/ig/fhir/core/CodeSystem/fr-core-cs-v2-0203",
                        )
                    ]
                },
                "system": STRUCTURE_SYSTEM,
                "value": f"1{community.finess}",
            }
        ],
        "name": community.name,
        **_phone(community.phone),
    }


def _of_community(community_id: int) -> Json:
    reference = {"reference": f"HealthcareService/{community_id}"}
    return {
        "extension": [{"url": _SERVICE_TYPE, "valueReference": reference}],
        **_concept(CATEGORIES, _CPTS),
    }


def _concept(system: str, code: str, display: str | None = None) -> Json:
    coding: Mapping[str, str] = {"system": system, "code": code} | ({"display": display} if display else {})
    return {"coding": [dict(coding)]}


def _phone(number: str) -> Json:
    written = international(number)
    return {"telecom": [{"system": "phone", "value": written, "use": "work"}]} if written else {}
