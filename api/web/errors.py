"""What can go wrong, as a page that says what happened and what to do."""

from collections.abc import Awaitable, Callable, Coroutine
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException

from api.errors import rule_of
from api.services import services_of
from api.web.guests import visitor_of
from api.web.kept import kept_from, local_path
from api.web.pressed import AlreadyDone, answered, over, prepare, to_where_it_led
from api.web.rendering import render
from api.web.sent import FormExpired, read_sent
from api.web.sign_in import show_sign_in
from matching.errors import RelaisError
from scheduler.errors import NotSignedIn

log = structlog.get_logger("relais.pages")

Handler = Callable[[Request, Any], Response | Awaitable[Response]]

_PROGRAMS = ("/api/", "/fhir/", "/smart/", "/ical/", "/static/", "/health", "/metrics")
_SIGN_OUT = "/deconnexion"
_TITLES = {
    HTTPStatus.FORBIDDEN: "Cette page ne vous est pas ouverte",
    HTTPStatus.NOT_FOUND: "Rien à cette adresse",
    HTTPStatus.METHOD_NOT_ALLOWED: "Cette adresse ne s’ouvre pas ainsi",
    HTTPStatus.CONFLICT: "Impossible dans l’état actuel",
    HTTPStatus.GONE: "Ce lien ne s’ouvre plus",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "Fichier trop volumineux",
    HTTPStatus.UNPROCESSABLE_ENTITY: "Demande à corriger",
    HTTPStatus.TOO_MANY_REQUESTS: "Trop d’essais",
    HTTPStatus.INTERNAL_SERVER_ERROR: "Une erreur est survenue de notre côté",
    HTTPStatus.SERVICE_UNAVAILABLE: "Le service est très sollicité",
}
_SENTENCES = {
    HTTPStatus.NOT_FOUND: "La page n’existe pas, ou ce dossier n’est pas l’un des vôtres.",
    HTTPStatus.METHOD_NOT_ALLOWED: "Revenez à la page précédente et utilisez son bouton.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "Un agenda pèse 2 Mo au plus. Exportez une période plus courte.",
}
_ADVICE: dict[int, tuple[str, ...]] = {
    HTTPStatus.FORBIDDEN: (
        "Si votre travail demande cette page, demandez ce rôle à la coordination de votre CPTS.",
        "Si vous avez un autre compte, déconnectez-vous puis connectez-vous avec celui-ci.",
    ),
    HTTPStatus.NOT_FOUND: ("Vérifiez l’adresse, ou repartez de l’accueil.",),
    HTTPStatus.CONFLICT: ("Quelqu’un d’autre a peut-être agi entre-temps : rechargez la page précédente.",),
    HTTPStatus.INTERNAL_SERVER_ERROR: (
        "Réessayez dans une minute.",
        "Si vous veniez d’envoyer un formulaire, vérifiez sur votre accueil s’il a été pris en compte.",
    ),
    HTTPStatus.SERVICE_UNAVAILABLE: ("Attendez quelques secondes, puis réessayez.",),
}


class PageRoute(APIRoute):
    """A route that answers people: an exception nobody expected becomes a page too."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the route; expected errors go on to the handlers of the application."""
        answer = super().get_route_handler()

        async def as_page(request: Request) -> Response:
            try:
                return await answered(request, await answer(request))
            except AlreadyDone as again:
                return to_where_it_led(again)
            except (RelaisError, RequestValidationError, HTTPException) as error:
                if isinstance(error, RelaisError) and rule_of(type(error)) is None and not _own(error):
                    log.exception("request_failed", route=self.path)
                    return error_page(request, HTTPStatus.INTERNAL_SERVER_ERROR)
                raise
            except Exception:
                log.exception("request_failed", route=self.path)
                return error_page(request, HTTPStatus.INTERNAL_SERVER_ERROR)
            finally:
                await over(request)

        return as_page


def answer_with_pages(app: FastAPI) -> None:
    """Make the errors of pages leave as pages; those of programs stay as they were."""
    prepare(app)
    for kind in (RelaisError, RequestValidationError, HTTPException):
        before: Handler = app.exception_handlers[kind]
        app.add_exception_handler(kind, _pages_first(before))


def _pages_first(before: Handler) -> Handler:
    async def answer(request: Request, error: Exception) -> Response:
        if not _for_people(request):
            return await _as_before(before, request, error)
        if isinstance(error, NotSignedIn):
            return await _ask_to_sign_in(request)
        if isinstance(error, FormExpired):
            return _offer_again(request, error)
        return _page_of(request, error) or await _as_before(before, request, error)

    return answer


async def _as_before(before: Handler, request: Request, error: Exception) -> Response:
    answer = before(request, error)
    return answer if isinstance(answer, Response) else await answer


def _for_people(request: Request) -> bool:
    if request.url.path.startswith(_PROGRAMS):
        return False
    page = isinstance(request.scope.get("route"), PageRoute)
    return page or "text/html" in request.headers.get("accept", "")


def _own(error: RelaisError) -> bool:
    return isinstance(error, FormExpired)


def _page_of(request: Request, error: Exception) -> HTMLResponse | None:
    if isinstance(error, RequestValidationError):
        return error_page(request, HTTPStatus.NOT_FOUND)  # an id that cannot be one
    if isinstance(error, HTTPException):
        return error_page(request, HTTPStatus(error.status_code))
    if isinstance(error, RelaisError) and (rule := rule_of(type(error))):
        return error_page(request, rule.status, sentence=str(error))
    return None


def error_page(request: Request, status: HTTPStatus, *, sentence: str = "") -> HTMLResponse:
    """Show an error: what happened in a sentence, then what to do."""
    here = services_of(request)
    return render(
        request,
        "error.html",
        visitor=visitor_of(request, here),
        now=here.clock(),
        zone=here.settings.zone,
        status=int(status),
        values={
            "status_code": int(status),
            "title": _TITLES.get(status, "Demande refusée"),
            "sentence": sentence
            if status != HTTPStatus.NOT_FOUND and sentence
            else _SENTENCES.get(status, ""),
            "advice": _ADVICE.get(status, ()),
            "tone": "danger" if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "warn",
            "request_id": request.state.request_id if status >= HTTPStatus.INTERNAL_SERVER_ERROR else "",
        },
    )


async def _ask_to_sign_in(request: Request) -> Response:
    """Lead to the sign-in page; a form whose session has ended is kept and sent again afterwards."""
    if request.method in {"GET", "HEAD"}:
        wanted = local_path(request.url.path + (f"?{request.url.query}" if request.url.query else ""))
        query = "" if wanted == "/" else "?" + urlencode({"suite": wanted})
        return RedirectResponse("/connexion" + query, status_code=HTTPStatus.SEE_OTHER)
    if request.url.path == _SIGN_OUT:
        return RedirectResponse("/connexion?fin=1", status_code=HTTPStatus.SEE_OTHER)
    kept = kept_from(request.url.path, await read_sent(request))
    return show_sign_in(
        request,
        services_of(request),
        kept=kept.write(),
        message="Votre session a pris fin. Connectez-vous : ce que vous avez saisi est conservé.",
        status=HTTPStatus.FORBIDDEN,
    )


def _offer_again(request: Request, expired: FormExpired) -> Response:
    """Show a form that was made for another session again, to be sent by a click."""
    here = services_of(request)
    if (visitor := visitor_of(request, here)) is None:
        return show_sign_in(
            request,
            here,
            message="Cette page de connexion a expiré. Recommencez.",
            status=HTTPStatus.CONFLICT,
        )
    kept = kept_from(request.url.path, expired.sent)
    return render(
        request,
        "resend.html",
        visitor=visitor,
        now=here.clock(),
        zone=here.settings.zone,
        status=HTTPStatus.CONFLICT,
        values={
            "title": "Ce formulaire a expiré",
            "sentence": "Il a été ouvert dans une autre session.",
            "action": kept.action,
            "fields": kept.pairs,
        },
    )
