"""What a check stands on: a server to ask, the numbers of professionals, and how to say what was found."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import httpx

from api.fhir.conformance import check_bundle
from scheduler.sas.codes import PRACTITIONER_SYSTEM

Json = Mapping[str, Any]

PARIS = ZoneInfo("Europe/Paris")
HEADERS = {"Accept": "application/json+fhir", "Content-Type": "application/json"}
"""What the platform sends, and its test kit on top."""

PLAIN = "_include=Slot:schedule&_include:iterate=Schedule:actor"
WITH_CPTS = f"{PLAIN}&_include=Slot:service-type-reference&_include:iterate=HealthcareService:organization"


class Verdict(StrEnum):
    """How a check ends; ``none``: nothing here to hold it against."""

    OK = "ok"
    KO = "ko"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One line of the table."""

    section: str
    title: str
    verdict: Verdict
    detail: str = ""


class Wrong(Exception):
    """What was found is not what the guide or the kit wants; says what, without any identity."""


class NothingToSee(Exception):
    """The data of the server hold no such case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A client certificate that the door must refuse, and what it is called."""

    name: str
    cert: Path
    key: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """A server under examination.

    Parameters
    ----------
    base : str
        Address of its FHIR service, without a slash at the end.
    client : httpx.Client
        Who asks as the platform would.
    pages : httpx.Client
        Who opens the addresses of agendas as a browser would, without a session.
    rpps : tuple of str
        Professionals to ask for, 1 to 25 numbers of 11 digits.
    may_write : bool
        Whether an account may be opened, changed and closed.
    limit_s : float
        Longest time of the slowest answer in a hundred.
    open_with : callable or None
        Makes a client with another certificate, or none, and limits of TLS; None where there is no TLS.
    strangers : tuple of Certificate
        Certificates that must be refused.
    """

    base: str
    client: httpx.Client
    pages: httpx.Client
    rpps: tuple[str, ...]
    now: datetime
    may_write: bool = False
    limit_s: float = 1.0
    open_with: Callable[..., httpx.Client] | None = None
    strangers: tuple[Certificate, ...] = ()
    _kept: dict[str, Any] = field(default_factory=dict)

    def get(self, target: str, client: httpx.Client | None = None) -> httpx.Response:
        """Ask for a target exactly as it is written: clients otherwise tidy addresses up."""
        path = f"{urlsplit(self.base).path}{target}"
        return (client or self.client).get(
            self.base, headers=HEADERS, extensions={"target": path.encode("ascii")}
        )

    def window(self, days: int = 2) -> str:
        """Give the bounds the test kit asks for: now, to the end of the day after tomorrow."""
        local = self.now.astimezone(PARIS)
        end = datetime.combine(local.date() + timedelta(days=days), time(23, 59, 59), PARIS)
        end = min(end, local + timedelta(hours=72))
        return f"start=ge{_instant(local)}&start=le{_instant(end)}"

    def bundle(self, target: str) -> dict[str, Any]:
        """Ask, and give the Bundle that must come."""
        answer = self.get(target)
        require(answer.status_code == 200, f"réponse {answer.status_code} au lieu de 200")
        body: dict[str, Any] = answer.json()
        require(body.get("resourceType") == "Bundle", "la réponse n'est pas un Bundle")
        return body

    def slots_of(self, rpps: Sequence[str], *, includes: str = PLAIN) -> dict[str, Any]:
        """Give the answer for some professionals over the usual window, asked for once."""
        target = f"/Slot?{includes}&{self.window()}&{who(rpps)}&status=free"
        if target not in self._kept:
            self._kept[target] = self.bundle(target)
        found: dict[str, Any] = self._kept[target]
        return found

    def each_alone(self, *, includes: str = PLAIN) -> list[dict[str, Any]]:
        """Give the answer for each professional, of those who have something free."""
        answers = [self.slots_of([number], includes=includes) for number in self.rpps]
        return [answer for answer in answers if answer["total"]]


def require(right: bool, otherwise: str) -> None:
    """Stop a check that does not hold."""
    if not right:
        raise Wrong(otherwise)


def who(rpps: Iterable[str], *, between: str = ",", bar: str = "|") -> str:
    """Write professionals as the platform does."""
    tokens = between.join(f"{PRACTITIONER_SYSTEM}{bar}8{number}" for number in rpps)
    return f"schedule.actor:Practitioner.identifier={tokens}"


def resources(bundle: Json, kind: str) -> list[dict[str, Any]]:
    """Give the resources of one type in a Bundle."""
    found = (entry["resource"] for entry in bundle.get("entry", ()))
    return [resource for resource in found if resource["resourceType"] == kind]


def ids(bundle: Json) -> list[str]:
    """Give the slots of a Bundle by their ids."""
    return sorted(slot["id"] for slot in resources(bundle, "Slot"))


def codes(slot: Json) -> set[str]:
    """Give the kinds of a slot: PUBLIC, PRO, SNP, CPTS."""
    return {label["code"] for label in slot.get("meta", {}).get("security", ())}


def communities(slot: Json) -> set[str]:
    """Give the HealthcareService references of a slot."""
    return {
        extension["valueReference"]["reference"]
        for service in slot.get("serviceType", ())
        for extension in service.get("extension", ())
    }


def conforms(bundle: Json) -> None:
    """Hold a Bundle against both versions of the guide."""
    for version in ("1.1.0", "1.2.0"):
        flaws = check_bundle(bundle, version=version)
        require(not flaws, f"{version} : {'; '.join(str(flaw) for flaw in flaws[:3])}")


def matches(pattern: str, text: object, what: str) -> None:
    """Hold a text against a pattern."""
    require(isinstance(text, str) and re.fullmatch(pattern, text) is not None, what)


def _instant(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")
