"""Every error under ``/fhir`` as an OperationOutcome, whatever layer it comes from."""

from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException

from api.errors import rule_of
from api.fhir.errors import FhirRefusal
from api.logging import describe
from api.services import services_of
from matching.errors import RelaisError

log = structlog.get_logger("relais.fhir")

MEDIA_TYPE = "application/fhir+json; charset=utf-8"
_RETRY_S = "2"


class FhirJson(JSONResponse):
    """A FHIR resource, in UTF-8."""

    media_type = MEDIA_TYPE


class FhirRoute(APIRoute):
    """A route whose refusals are OperationOutcome resources; a fault of ours stays the edge's to log."""

    def get_route_handler(self) -> Callable[[Request], Awaitable[Response]]:  # type: ignore[override]
        """Wrap the route's own handler."""
        answer = super().get_route_handler()

        async def answer_in_fhir(request: Request) -> Response:
            here = services_of(request)
            try:
                async with here.fhir_room.turn(here.settings.fhir_at_once):
                    return await answer(request)
            except FhirRefusal as error:
                return outcome(error.status, error.issue, str(error), where=error.where)
            except RelaisError as error:
                if (rule := rule_of(type(error))) is None:
                    raise
                return outcome(rule.status, _ISSUES.get(rule.status, "processing"), str(error))
            except RequestValidationError:
                return outcome(400, "invalid", _UNREADABLE)
            except HTTPException as error:
                return outcome(error.status_code, _ISSUES.get(error.status_code, "invalid"), _UNREADABLE)
            except OperationalError:
                return outcome(503, "transient", "Les données ne sont pas joignables pour l'instant.")
            except Exception as error:  # noqa: BLE001 - a fault of ours answers in FHIR too, once logged
                # as at the edge: class and place only, the text of an exception may quote a row
                log.error("request_failed", route=self.path, **describe(error))  # noqa: TRY400
                return outcome(500, "exception", "Une erreur est survenue de notre côté.")

        return answer_in_fhir


_ISSUES = {
    403: "forbidden",
    404: "not-found",
    409: "conflict",
    413: "too-long",
    422: "business-rule",
    503: "transient",
}
_UNREADABLE = "Cette demande n'a pas pu être lue."


def outcome(status: int, issue: str, message: str, *, where: str = "") -> FhirJson:
    """Write a refusal; ``where`` names a parameter or an element, never a value."""
    said: dict[str, Any] = {"severity": "error", "code": issue, "diagnostics": message}
    if where:
        said["expression"] = [where]
    headers = {"Retry-After": _RETRY_S} if status in {429, 503} else None
    return FhirJson(
        {"resourceType": "OperationOutcome", "issue": [said]}, status_code=status, headers=headers
    )
