"""What the service can do, as it really does it: tested against the routes."""

from typing import Any

from api.fhir.regulators import PROFILE

VERSION_DATE = "2026-11-22"


def capabilities(base: str) -> dict[str, Any]:
    """Return the CapabilityStatement of the service at ``base``."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": VERSION_DATE,
        "kind": "instance",
        "software": {"name": "Relais"},
        "implementation": {"description": "Agenda partagé de CPTS", "url": base},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json"],
        "rest": [
            {
                "mode": "server",
                "security": {"description": "TLS mutuel terminé par le proxy, certificat de l'IGC-Santé."},
                "resource": [_slot(), _practitioner()],
            }
        ],
    }


def _slot() -> dict[str, Any]:
    return {
        "type": "Slot",
        "interaction": [{"code": "search-type"}],
        "searchInclude": ["Slot:schedule", "Slot:service-type-reference"],
        "searchParam": [
            {"name": "start", "type": "date"},
            {"name": "status", "type": "token"},
            {"name": "schedule.actor:Practitioner.identifier", "type": "token"},
        ],
    }


def _practitioner() -> dict[str, Any]:
    """Describe the accounts of regulators."""
    return {
        "type": "Practitioner",
        "profile": PROFILE,
        "interaction": [{"code": "create"}, {"code": "update"}],
        "conditionalUpdate": True,
        "searchParam": [{"name": "identifier", "type": "token"}],
    }
