"""Accounts of regulators (INT_R02) and bookings told back (INT_R03)."""

import copy
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx

from api.fhir.checklist.ground import Ground, NothingToSee, require
from api.fhir.conformance import check
from scheduler.sas.appointment import STATUS, Told, appointment, identified
from scheduler.sas.codes import IDENTIFIER_TYPES, PLATFORM_SYSTEM, PRACTITIONER_SYSTEM
from scheduler.sas.regulators import Identifier

_HEADERS = {"Accept": "application/fhir+json", "Content-Type": "application/fhir+json"}
_TYPES = {PLATFORM_SYSTEM: "INTRN", PRACTITIONER_SYSTEM: "IDNPS"}


def life_of_an_account(ground: Ground) -> str:
    """Open, change, rename and close an account; every message twice where it may be repeated."""
    _allowed(ground)
    mark = uuid4()
    first, national = str(mark), f"3009990{mark.int % 10**3:03d}/{mark}"
    email = f"controle-{mark}@example.org"
    body = _regulator(PLATFORM_SYSTEM, first, email)
    opened = _post(ground, body)
    require(opened.status_code == 201, f"création : {opened.status_code}")
    require("/Practitioner/" in opened.headers.get("location", ""), "création sans Location")
    require(_post(ground, body).is_client_error, "le doublon a été accepté")
    changed = _regulator(PLATFORM_SYSTEM, first, f"autre-{email}")
    renamed = _regulator(PRACTITIONER_SYSTEM, national, f"autre-{email}")
    closed = renamed | {"active": False}
    for system, value, sent in (
        (PLATFORM_SYSTEM, first, changed),
        (PLATFORM_SYSTEM, first, renamed),
        (PRACTITIONER_SYSTEM, national, closed),
    ):
        for _ in range(2):
            answer = _put(ground, system, value, sent)
            require(answer.is_success, f"mise à jour : {answer.status_code}")
            require(answer.headers.get("location") == opened.headers["location"], "Location a changé")
            require(not check(answer.json()), "la réponse n'est pas conforme à FrPractitionerRegul")
    return "créé, modifié, réidentifié, fermé"


def refused_accounts(ground: Ground) -> str:
    """Send accounts that the profile forbids."""
    _allowed(ground)
    value, email = str(uuid4()), f"refus-{uuid4()}@example.org"
    whole = _regulator(PLATFORM_SYSTEM, value, email)
    broken = [{name: part for name, part in whole.items() if name != gone} for gone in _MANDATORY]
    broken += [_changed(whole, *change) for change in _FORBIDDEN]
    for body in broken:
        for answer in (_post(ground, body), _put(ground, PLATFORM_SYSTEM, value, body)):
            require(answer.is_client_error, f"accepté ({answer.status_code}) malgré un élément fautif")
            require(answer.json().get("resourceType") == "OperationOutcome", "refus sans OperationOutcome")
    return f"{len(broken)} comptes fautifs"


_MANDATORY = ("identifier", "name", "telecom", "active")
_FORBIDDEN: tuple[tuple[tuple[Any, ...], Any], ...] = (
    (("name", 0, "family"), ""),
    (("telecom", 0, "value"), ""),
    (("telecom", 0, "system"), "phone"),
    (("identifier", 0, "system"), PRACTITIONER_SYSTEM),
    (("identifier", 0, "type", "coding", 0, "code"), "IDNPS"),
)


def told_bookings(ground: Ground) -> str:
    """Hold what is told of a booking against its profile, in each of its states."""
    for state in STATUS:
        told = Told(
            state=state,
            operator=Identifier(system=PLATFORM_SYSTEM, value=str(uuid4())),
            rpps=ground.rpps[0],
            start_at=ground.now,
            end_at=ground.now + timedelta(minutes=15),
            created_at=ground.now,
            zone="Europe/Paris",
        )
        flaws = check(identified(appointment(told), f"{ground.base}/Appointment", uuid4()))
        require(not flaws, "; ".join(map(str, flaws[:3])))
    return f"{len(STATUS)} états"


def _allowed(ground: Ground) -> None:
    if not ground.may_write:
        raise NothingToSee("écriture non demandée (--write)")


def _regulator(system: str, value: str, email: str) -> dict[str, Any]:
    coding = {"system": IDENTIFIER_TYPES, "code": _TYPES[system]}
    return {
        "resourceType": "Practitioner",
        "meta": {"source": PLATFORM_SYSTEM},
        "identifier": [{"type": {"coding": [coding]}, "system": system, "value": value}],
        "active": True,
        "name": [{"family": "CONTROLE", "given": ["Relais"]}],
        "telecom": [{"system": "email", "value": email}],
    }


def _changed(body: dict[str, Any], path: tuple[Any, ...], to: Any) -> dict[str, Any]:
    changed: Any = copy.deepcopy(body)
    inner = changed
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = to
    return dict(changed)


def _post(ground: Ground, body: dict[str, Any]) -> httpx.Response:
    return ground.client.post(f"{ground.base}/Practitioner", json=body, headers=_HEADERS)


def _put(ground: Ground, system: str, value: str, body: dict[str, Any]) -> httpx.Response:
    return ground.client.put(
        f"{ground.base}/Practitioner",
        params={"identifier": f"{system}|{value}"},
        json=body,
        headers=_HEADERS,
    )
