"""How an error of any layer becomes an answer: one table, one form (RFC 9457 problem details).

The errors that only exist because of HTTP are defined here too:

RelaisError (matching.errors)
├── InvalidCursor        a page marker that this list did not give
├── KeyMissing           no usable ``Idempotency-Key`` on a request that books or sends
└── Forbidden (scheduler.errors)
    └── CrossSiteRequest a browser brought the session along from another site
"""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import OperationalError
from starlette.exceptions import HTTPException

from api.logging import describe
from api.wording import french_problems
from matching.errors import InvalidPolicy, RelaisError
from scheduler.accounts.links import LinkUnusable
from scheduler.agenda.feeds.errors import FeedError, PlatformUnsupported
from scheduler.errors import (
    Conflict,
    Forbidden,
    InvalidInput,
    InvalidSetting,
    KeyReused,
    NotFound,
    NotSignedIn,
    StoreBusy,
    TooManyAttempts,
)

log = structlog.get_logger("relais.http")

PROBLEM_TYPE = "application/problem+json"
_RETRY_S = 2


class InvalidCursor(RelaisError):
    """A page marker that this list did not give."""

    code = "invalid_cursor"

    def __init__(self) -> None:
        super().__init__("Repère de page illisible. Reprenez la liste depuis le début, sans « cursor ».")


class KeyMissing(RelaisError):
    """A request that books or sends came without a usable idempotency key."""

    code = "idempotency_key_missing"

    def __init__(self) -> None:
        super().__init__(
            "Ajoutez un en-tête Idempotency-Key propre à cette demande (1 à 255 caractères ASCII visibles, "
            "par exemple un UUID) ; gardez le même pour la répéter sans risque de doublon."
        )


class CrossSiteRequest(Forbidden):
    """A browser brought the session cookie along from another site, or nothing proves it did not."""

    code = "cross_site_request"

    def __init__(self) -> None:
        RelaisError.__init__(
            self,
            "Demande refusée : elle ne vient pas des pages de ce service. Rechargez la page ; un programme "
            "s'identifie par un jeton (Authorization: Bearer …).",
        )


@dataclass(frozen=True, slots=True)
class Rule:
    """How one class of errors, with those under it, is answered."""

    status: HTTPStatus
    title: str


STATUS_OF: dict[type[RelaisError], Rule] = {
    NotFound: Rule(HTTPStatus.NOT_FOUND, "Introuvable"),
    Forbidden: Rule(HTTPStatus.FORBIDDEN, "Action non permise"),
    NotSignedIn: Rule(HTTPStatus.UNAUTHORIZED, "Connexion nécessaire"),
    TooManyAttempts: Rule(HTTPStatus.TOO_MANY_REQUESTS, "Trop d'essais"),
    InvalidInput: Rule(HTTPStatus.UNPROCESSABLE_ENTITY, "Données à corriger"),
    InvalidCursor: Rule(HTTPStatus.UNPROCESSABLE_ENTITY, "Données à corriger"),
    InvalidPolicy: Rule(HTTPStatus.UNPROCESSABLE_ENTITY, "Règles à corriger"),
    LinkUnusable: Rule(HTTPStatus.GONE, "Lien périmé"),
    Conflict: Rule(HTTPStatus.CONFLICT, "Impossible dans l'état actuel"),
    # IETF draft idempotency-key-header-07, section 2.6: 422 for the same key with another payload
    KeyReused: Rule(HTTPStatus.UNPROCESSABLE_ENTITY, "Clé déjà utilisée"),
    FeedError: Rule(HTTPStatus.UNPROCESSABLE_ENTITY, "Agenda illisible"),
    PlatformUnsupported: Rule(HTTPStatus.NOT_IMPLEMENTED, "Non disponible sur ce serveur"),
    StoreBusy: Rule(HTTPStatus.SERVICE_UNAVAILABLE, "Service très sollicité"),
    KeyMissing: Rule(HTTPStatus.BAD_REQUEST, "Clé d'idempotence absente"),
}
"""The one table from error class to status; the nearest class above decides. A class without any rule
is a fault of ours: 500, and its text stays inside."""

_FAULT = Rule(HTTPStatus.INTERNAL_SERVER_ERROR, "Erreur interne")
_OURS = (InvalidSetting,)  # below InvalidInput, yet never the fault of who asks

_ROUTING = {
    400: ("bad_request", "Demande illisible", "Cette demande n'a pas pu être lue. Vérifiez son contenu."),
    404: ("not_found", "Introuvable", "Rien à cette adresse. Vérifiez-la ou revenez à l'accueil."),
    405: ("method_not_allowed", "Méthode non permise", "Cette adresse n'accepte pas cette méthode HTTP."),
    413: ("body_too_large", "Envoi trop volumineux", "Cet envoi dépasse la taille acceptée ici."),
}


def rule_of(kind: type[BaseException]) -> Rule | None:
    """Find how a class of errors is answered; ``None`` when it is a fault of ours."""
    if issubclass(kind, _OURS):
        return None
    return next((STATUS_OF[above] for above in kind.__mro__ if above in STATUS_OF), None)


def problem(
    request: Request,
    *,
    status: int,
    code: str,
    title: str,
    detail: str,
    errors: list[dict[str, str]] | None = None,
    headers: dict[str, str] | None = None,
) -> JSONResponse:
    """Write one problem document (RFC 9457 §3.1); ``instance`` names the request in the logs."""
    body: dict[str, Any] = {
        "type": f"urn:relais:problem:{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        "instance": f"urn:uuid:{request.state.request_id}",
    }
    if errors is not None:
        body["errors"] = errors
    return JSONResponse(body, status_code=status, media_type=PROBLEM_TYPE, headers=headers)


async def _relais_error(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RelaisError) or (rule := rule_of(type(error))) is None:
        raise error  # the edge logs it and answers 500 without its text
    return problem(
        request,
        status=rule.status,
        code=error.code,
        title=rule.title,
        detail=str(error),
        errors=_field_errors(error),
        headers=_headers(error),
    )


def _field_errors(error: RelaisError) -> list[dict[str, str]] | None:
    if not isinstance(error, InvalidInput):
        return None
    return [{"field": error.field, "code": error.code, "message": f"Attendu : {error.expected}."}]


def _headers(error: RelaisError) -> dict[str, str] | None:
    if isinstance(error, NotSignedIn):
        return {"WWW-Authenticate": 'Bearer realm="relais"'}
    if isinstance(error, TooManyAttempts):
        return {"Retry-After": str(error.retry_after_s)}
    if isinstance(error, StoreBusy):
        return {"Retry-After": str(_RETRY_S)}
    return None


async def _malformed(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RequestValidationError):
        raise error
    return problem(
        request,
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        code="malformed_request",
        title="Données à corriger",
        detail="Corrigez les champs listés dans « errors », puis renvoyez la demande.",
        errors=french_problems(error.errors()),
    )


async def _routing_error(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise error
    fallback = ("http_error", "Demande refusée", "Cette demande n'a pas pu être traitée.")
    code, title, detail = _ROUTING.get(error.status_code, fallback)
    return problem(
        request,
        status=error.status_code,
        code=code,
        title=title,
        detail=detail,
        headers=dict(error.headers) if error.headers else None,
    )


async def _store_unavailable(request: Request, error: Exception) -> JSONResponse:
    """Answer 503 while the database cannot be reached; what it said stays inside, it may quote a row."""
    log.error("store_unavailable", **describe(error))
    return problem(
        request,
        status=HTTPStatus.SERVICE_UNAVAILABLE,
        code="store_unavailable",
        title="Service momentanément indisponible",
        detail="Les données ne sont pas joignables pour l'instant. Réessayez dans quelques minutes.",
        headers={"Retry-After": str(_RETRY_S)},
    )


def fault(request: Request) -> JSONResponse:
    """Answer 500: the request id is all that is said, the cause is in the logs."""
    return problem(
        request,
        status=_FAULT.status,
        code="internal_error",
        title=_FAULT.title,
        detail="Une erreur est survenue de notre côté. Réessayez ; si elle revient, transmettez "
        f"le numéro {request.state.request_id} à la coordination.",
    )


def answer_errors(app: FastAPI) -> None:
    """Make every error of an application leave as a problem document."""
    app.add_exception_handler(RelaisError, _relais_error)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_exception_handler(HTTPException, _routing_error)
    app.add_exception_handler(OperationalError, _store_unavailable)
