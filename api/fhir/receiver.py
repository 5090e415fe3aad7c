"""A stand-in for the platform's side of INT_R03: it receives the bookings told to it, checks and keeps them.

For tests and demonstrations: ``relais sas receive``. It answers as the guide says the platform does, and
refuses what the profile forbids.
"""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from api.fhir.conformance import check
from api.fhir.errors import BadSearch, FhirRefusal, RefusedByRule
from api.fhir.outcome import FhirJson, outcome

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One resource that came in, with how it came."""

    method: str
    key: str
    resource: Json


@dataclass(slots=True)
class Receiver:
    """Keeps the last state of each booking, and all that came in, in its order.

    Parameters
    ----------
    told
        Called with each resource that is accepted.
    answers
        HTTP statuses to give to the next requests instead of taking them, to try what fails.
    """

    told: Callable[[Received], None] = lambda _: None
    answers: list[int] = field(default_factory=list)
    appointments: dict[str, Json] = field(default_factory=dict)
    received: list[Received] = field(default_factory=list)

    def app(self) -> Starlette:
        """Give the application to serve."""
        return Starlette(
            routes=[
                Route("/Appointment", self._answer(self._create), methods=["POST"]),
                Route("/Appointment", self._answer(self._update), methods=["PUT"]),
            ]
        )

    def _answer(
        self, take: Callable[[Request, Json], tuple[int, str]]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            if self.answers:
                return outcome(self.answers.pop(0), "transient", "Essai de panne.")
            try:
                status, key = take(request, _checked(await request.body()))
            except FhirRefusal as error:
                return outcome(error.status, error.issue, str(error), where=error.where)
            address = f"{str(request.base_url).rstrip('/')}/Appointment/{key.rpartition('|')[2]}"
            return FhirJson(self.appointments[key], status_code=status, headers={"Location": address})

        return answer

    def _create(self, request: Request, resource: Json) -> tuple[int, str]:
        key = _key(resource)
        if key not in self.appointments:
            self._keep(request, key, resource)
            return 201, key
        if request.headers.get("if-none-exist") == f"identifier={key.replace('|', '%7C')}":
            return 200, key
        raise RefusedByRule("duplicate", "Appointment.identifier", "Ce rendez-vous est déjà connu.")

    def _update(self, request: Request, resource: Json) -> tuple[int, str]:
        key = _key(resource)
        if request.query_params.get("identifier") != key:
            raise BadSearch("invalid", "identifier", "L'identifiant demandé n'est pas celui du rendez-vous.")
        if key not in self.appointments:
            raise RefusedByRule("not-found", "identifier", "Ce rendez-vous n'est pas connu.")
        self._keep(request, key, resource)
        return 200, key

    def _keep(self, request: Request, key: str, resource: Json) -> None:
        self.appointments[key] = resource
        self.received.append(Received(method=request.method, key=key, resource=resource))
        self.told(self.received[-1])


def _checked(body: bytes) -> Json:
    try:
        resource = json.loads(body)
    except (ValueError, RecursionError):
        raise BadSearch("structure", "", "Un document JSON est attendu.") from None
    if flaws := check(resource, "http://sas.fr/fhir/StructureDefinition/FrAppointmentSAS"):
        raise RefusedByRule("invariant", flaws[0].path, str(flaws[0]))
    return dict(resource)


def _key(resource: Json) -> str:
    identifier = resource["identifier"][0]
    return f"{identifier['system']}|{identifier['value']}"
