"""Every error under ``/fhir`` as an OperationOutcome, whatever layer it comes from."""

from collections.abc import Awaitable, Callable
from typing import Any

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException

from api.errors import rule_of
from api.fhir.errors import FhirRefusal
from matching.errors import RelaisError

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
            try:
                return await answer(request)
            except FhirRefusal as error:
                return outcome(error.status, error.issue, str(error), where=error.where)
            except RelaisError as error:
                if (rule := rule_of(type(error))) is None:
                    raise
                return outcome(rule.status, _ISSUES.get(rule.status, "processing"), str(error))
            except (RequestValidationError, HTTPException):
                return outcome(400, "invalid", "Cette demande n'a pas pu être lue.")
            except OperationalError:
                return outcome(503, "transient", "Les données ne sont pas joignables pour l'instant.")

        return answer_in_fhir


_ISSUES = {404: "not-found", 403: "forbidden", 409: "conflict", 422: "business-rule", 503: "transient"}


def outcome(status: int, issue: str, message: str, *, where: str = "") -> FhirJson:
    """Write a refusal; ``where`` names a parameter or an element, never a value."""
    said: dict[str, Any] = {"severity": "error", "code": issue, "diagnostics": message}
    if where:
        said["expression"] = [where]
    headers = {"Retry-After": _RETRY_S} if status == 503 else None
    return FhirJson(
        {"resourceType": "OperationOutcome", "issue": [said]}, status_code=status, headers=headers
    )
