"""A regulator of the platform, read from a FHIR Practitioner (FrPractitionerRegul) and written as one."""

import json
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import unquote
from uuid import UUID

from api.fhir.errors import BadResource, BadSearch, RefusedByRule
from scheduler.sas.codes import IDENTIFIER_TYPES, PLATFORM_SYSTEM, TYPE_OF_SYSTEM
from scheduler.sas.regulators import Identifier, Regulator
from scheduler.store.tables import SasRegulator

Json = dict[str, Any]

PROFILE = "https://interop.esante.gouv.fr/ig/fhir/sas/StructureDefinition/FrPractitionerRegul"
_LONGEST = {"identifier.value": 80, "name.family": 100, "name.given": 100, "telecom.value": 200}


def read_regulator(body: bytes) -> Regulator:
    """Read the body of a request.

    Raises
    ------
    BadResource
        When it is not a FHIR Practitioner, or an element is not of its type.
    RefusedByRule
        When an element that the profile wants is missing, empty, or not what the profile says.
    """
    resource = _practitioner(body)
    name = _one(resource, "name")
    active = resource.get("active")
    if not isinstance(active, bool):
        raise _refusal("active", active)
    return Regulator(
        identifier=_identifier(resource),
        family_name=_text(name, "name.family"),
        given_name=_given(name),
        email=_email(resource),
        active=active,
    )


def read_target(raw: bytes) -> Identifier:
    """Read the query of a conditional update: ``identifier=<system>|<value>``.

    Raises
    ------
    BadSearch
        When it is missing, comes twice, or names a system by which the platform knows nobody.
    """
    pairs = [part.partition("=") for part in raw.decode("latin-1").split("&")]
    values = [unquote(value) for name, _, value in pairs if unquote(name).lower() == "identifier"]
    if len(values) != 1:
        raise BadSearch("required", "identifier", "« identifier=système|valeur » est attendu une fois")
    system, _, value = values[0].partition("|")
    if system not in TYPE_OF_SYSTEM or not value or not value.isprintable():
        raise BadSearch("value", "identifier", "un identifiant national ou de la plateforme SAS")
    return Identifier(system=system, value=value)


def write_regulator(row: SasRegulator) -> Json:
    """Write an account as the platform knows it."""
    return {
        "resourceType": "Practitioner",
        "id": str(row.account_id),
        "meta": {"source": PLATFORM_SYSTEM, "profile": [PROFILE]},
        "identifier": [
            {
                "type": {"coding": [{"system": IDENTIFIER_TYPES, "code": TYPE_OF_SYSTEM[row.system]}]},
                "system": row.system,
                "value": row.value,
            }
        ],
        "active": row.active,
        "name": [{"family": row.family_name, "given": [row.given_name]}],
        "telecom": [{"system": "email", "value": row.email}],
    }


def location_of(base: str, account_id: UUID) -> str:
    """Give the address of an account."""
    return f"{base}/Practitioner/{account_id}"


def _practitioner(body: bytes) -> Json:
    try:
        resource = json.loads(body)
    except (ValueError, RecursionError):
        raise BadResource("structure", "", "Un document JSON en UTF-8 est attendu.") from None
    if not isinstance(resource, dict) or resource.get("resourceType") != "Practitioner":
        raise BadResource("structure", "Practitioner", "Une ressource Practitioner est attendue.")
    return resource


def _identifier(resource: Json) -> Identifier:
    """Read the one identifier; its type must be that of its system."""
    found = _one(resource, "identifier")
    system, value = found.get("system"), _text(found, "identifier.value")
    type_ = found.get("type")
    coding = _first(type_ if isinstance(type_, dict) else {}, "coding")
    if not isinstance(system, str) or system not in TYPE_OF_SYSTEM:
        raise _refusal("identifier.system", system)
    if coding.get("code") != TYPE_OF_SYSTEM[system] or coding.get("system") != IDENTIFIER_TYPES:
        raise _refusal("identifier.type", coding)
    return Identifier(system=system, value=value)


def _given(name: Json) -> str:
    given = _list(name, "given", "name.given")
    if len(given) != 1:
        raise _refusal("name.given", given or None)
    return _text({"given": given[0]}, "name.given")


def _email(resource: Json) -> str:
    found = _one(resource, "telecom", such=lambda telecom: telecom.get("system") == "email")
    return _text(found, "telecom.value")


def _one(resource: Json, name: str, such: Callable[[Json], bool] = lambda _: True) -> Json:
    found = [one for one in _list(resource, name, name) if isinstance(one, dict) and such(one)]
    if len(found) != 1:
        raise _refusal(name, found or None)
    return found[0]


def _first(value: Json, name: str) -> Json:
    found = [one for one in _list(value, name, name) if isinstance(one, dict)]
    return found[0] if found else {}


def _list(value: Json, name: str, where: str) -> Sequence[Any]:
    found = value.get(name, [])
    if not isinstance(found, list):
        raise BadResource("structure", f"Practitioner.{where}", "Une liste est attendue ici.")
    return found


def _text(value: Json, where: str) -> str:
    text = value.get(where.rpartition(".")[2])
    if not isinstance(text, str):
        raise _refusal(where, text)
    if not text.strip() or not text.isprintable() or len(text) > _LONGEST[where]:
        raise RefusedByRule("value", f"Practitioner.{where}", "Cet élément est vide, trop long ou illisible.")
    return text.strip()


def _refusal(where: str, found: object) -> RefusedByRule:
    issue = "required" if found is None else "business-rule"
    return RefusedByRule(
        issue, f"Practitioner.{where}", "Cet élément est absent, ou n'est pas celui que le profil demande."
    )
