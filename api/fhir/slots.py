"""The answer to a slot search: one Bundle, each resource once, no empty element.

Profiles are those of ans.fhir.fr.sas; mixed canonicals are the guide's own. Exactly one profile a resource:
the official kit compares the whole list.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

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
    """Builds the Bundle of one search.

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
        self._found, self._base, self._agenda = found, base, agenda
        self._for_communities = for_communities

    def bundle(self, self_link: str) -> Json:
        """Return the Bundle; ``self_link`` is the request as it was received."""
        openings, entries = self._found.openings, list(self._entries())
        shared = any(map(self._communities_of, openings))
        bundle: Json = {
            "resourceType": "Bundle",
            "meta": {
                "profile": [_NEW + "sas-cpts-bundle-aggregator" if shared else _OLD + "BundleAgregateur"]
            },
            "type": "searchset",
            "total": len(openings),
            "link": [{"relation": "self", "url": self_link}],
        }
        return bundle | ({"entry": entries} if entries else {})

    def _entries(self) -> Iterator[Json]:
        found = self._found
        for opening in found.openings:
            yield self._entry(self._slot(opening), "match")
        for resource in self._included(found):
            yield self._entry(resource, "include")

    def _included(self, found: Availability) -> Iterator[Json]:
        for place in found.places.values():
            yield _schedule(place)
        for professional in found.professionals.values():
            yield _practitioner(professional)
        for place in found.places.values():
            yield _role(place, self._base)
        if self._for_communities:
            yield from map(_service, found.communities.values())
            yield from map(_organization, found.communities.values())

    def _communities_of(self, opening: Opening) -> list[Cpts]:
        """Return the communities of a slot that the platform can know, none when they are not asked for."""
        known = self._found.communities if self._for_communities else {}
        return [known[key] for key in opening.communities if key in known]

    def _entry(self, resource: Json, mode: str) -> Json:
        address = f"{self._base}/{resource['resourceType']}/{resource['id']}"
        return {"fullUrl": address, "resource": resource, "search": {"mode": mode}}

    def _slot(self, opening: Opening) -> Json:
        communities = self._communities_of(opening)
        return {
            "resourceType": "Slot",
            "id": str(opening.id),
            "meta": {
                "profile": [_NEW + "sas-cpts-slot-aggregator" if communities else _OLD + "FrSlotAgregateur"],
                "security": [{"system": SLOT_TYPES, "code": opening.visibility.value}],
            },
            "serviceType": [
                _concept("http://terminology.hl7.org/CodeSystem/v3-ActCode", opening.modality.value),
                *map(_of_community, communities),
            ],
            "specialty": [_concept(SPECIALTIES, "SM54", "Médecine générale")],
            "appointmentType": _concept("http://terminology.hl7.org/CodeSystem/v2-0276", "ROUTINE"),
            "schedule": {"reference": f"Schedule/{opening.practice_id}"},
            "status": "free",
            "start": instant(opening.start_at, opening.zone),
            "end": instant(opening.end_at, opening.zone),
            "comment": f"{self._agenda}?medecin={opening.practitioner_id}",
        }


def instant(at: datetime, zone: str) -> str:
    """Write an instant with milliseconds and a numeric offset; the platform refuses "Z"."""
    return at.astimezone(ZoneInfo(zone)).isoformat(timespec="milliseconds")


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


def _of_community(community: Cpts) -> Json:
    reference = {"reference": f"HealthcareService/{community.id}"}
    return {
        "extension": [{"url": _SERVICE_TYPE, "valueReference": reference}],
        **_concept(CATEGORIES, _CPTS),
    }


def _concept(system: str, code: str, display: str | None = None) -> Json:
    coding: Mapping[str, str] = {"system": system, "code": code} | ({"display": display} if display else {})
    return {"coding": [dict(coding)]}


def _phone(number: str) -> Json:
    written = _international(number)
    return {"telecom": [{"system": "phone", "value": written, "use": "work"}]} if written else {}


def _international(number: str) -> str:
    """Return a French number as "+33…" or with the code of its overseas department, empty when it is none."""
    digits = re.sub(r"[ .\-()]", "", number)
    if re.fullmatch(r"\+(33|262|590|594|596)\d{9}", digits):
        return digits
    if not re.fullmatch(r"0\d{9}", digits):
        return ""
    return f"+{_OVERSEAS.get(digits[1:4], '33')}{digits[1:]}"


_OVERSEAS = {
    **dict.fromkeys(("262", "263", "269", "692", "693", "639"), "262"),
    **dict.fromkeys(("590", "690", "691"), "590"),
    **dict.fromkeys(("594", "694"), "594"),
    **dict.fromkeys(("596", "696", "697"), "596"),
}
"""Country code of the departments overseas, by the first digits of a number."""
