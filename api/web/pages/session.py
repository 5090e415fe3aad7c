"""Signing in and out."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.routes.sessions import set_session_cookie
from api.security import COOKIE, PUBLIC, client_of, refuse_cross_site
from api.services import Here, Services
from api.web.errors import PageRoute
from api.web.guests import AnyoneHere, form_token
from api.web.kept import Kept, local_path, read_kept
from api.web.language import LANGUAGE_COOKIE, Language
from api.web.rendering import render
from api.web.sent import FromForm, FromSignInForm, Sent
from api.web.sign_in import show_sign_in
from scheduler.accounts.sessions import Limits, SignedIn, act_as, sign_in, sign_out
from scheduler.errors import Forbidden, TooManyAttempts, WrongPassword
from scheduler.store.tables import Role

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_YEAR_S = 365 * 24 * 3600


@router.get("/connexion", dependencies=[PUBLIC])
def show(
    request: Request, here: Here, suite: Annotated[str, Query(max_length=2000)] = "/", fin: str = ""
) -> HTMLResponse:
    """Show the sign-in form."""
    wanted = local_path(suite)
    ended = {"mot-de-passe": "Votre mot de passe est enregistré. Connectez-vous avec lui."}
    message = ended.get(fin, "Vous êtes déconnecté.") if fin else "Connectez-vous pour ouvrir cette page."
    return show_sign_in(request, here, next_path=wanted, message=message if fin or wanted != "/" else "")


@router.post("/connexion", dependencies=[PUBLIC])
def open_session(request: Request, here: Here, sent: FromSignInForm) -> Response:
    """Sign in, then go where the person was going; a form they had filled in is offered again."""
    refuse_cross_site(request, here, vouched=False)
    try:
        signed_in = sign_in(
            here.store,
            email=sent.values.get("email", "")[:200],
            password=sent.values.get("password", "")[:200],
            client=client_of(request),
            now=here.clock(),
            limits=Limits.of(here.settings),
        )
    except WrongPassword as refusal:
        return _again(request, here, sent, str(refusal), HTTPStatus.UNPROCESSABLE_ENTITY)
    except TooManyAttempts as refusal:
        return _again(request, here, sent, str(refusal), HTTPStatus.TOO_MANY_REQUESTS)
    kept = read_kept(sent.values.get("kept", ""))
    answer = _resend(request, here, kept, signed_in) if kept else _go_to(sent.values.get("next", "/"))
    set_session_cookie(answer, signed_in, here)
    return answer


@router.get("/langue/{language}", dependencies=[PUBLIC])
def choose_language(
    language: Language, here: Here, suite: Annotated[str, Query(max_length=2000)] = "/"
) -> RedirectResponse:
    """Remember in which language this browser reads the pages; a preference, no more."""
    answer = _go_to(suite)
    answer.set_cookie(
        LANGUAGE_COOKIE,
        language,
        path="/",
        max_age=_YEAR_S,
        httponly=True,
        samesite="lax",
        secure=here.settings.in_production,
    )
    return answer


@router.post("/deconnexion")
def close_session(guest: AnyoneHere, _sent: FromForm) -> Response:
    """Sign out."""
    with guest.here.store.write() as session:
        sign_out(session, guest.request.cookies[COOKIE])
    answer = _go_to("/connexion?fin=1")
    answer.delete_cookie(
        COOKIE, path="/", httponly=True, samesite="lax", secure=guest.here.settings.in_production
    )
    return answer


@router.post("/role")
def change_role(guest: AnyoneHere, sent: FromForm) -> Response:
    """Act in another of one's roles or territories from now on, in this browser."""
    role, territory = sent.values.get("role", ""), sent.values.get("territory", "")
    if role not in set(Role) or not territory.isdecimal():
        raise Forbidden
    with guest.here.store.write() as session:
        act_as(session, guest.request.cookies[COOKIE], role=Role(role), territory_id=int(territory))
    return _go_to("/")


def _again(request: Request, here: Services, sent: Sent, sentence: str, status: HTTPStatus) -> HTMLResponse:
    return show_sign_in(
        request,
        here,
        next_path=local_path(sent.values.get("next", "/")),
        kept=sent.values.get("kept", ""),
        refusal=sentence,
        email=sent.values.get("email", ""),
        status=status,
    )


def _go_to(path: str) -> RedirectResponse:
    return RedirectResponse(local_path(path), status_code=HTTPStatus.SEE_OTHER)


def _resend(request: Request, here: Services, kept: Kept, signed_in: SignedIn) -> HTMLResponse:
    return render(
        request,
        "resend.html",
        visitor=None,
        now=here.clock(),
        zone=here.settings.zone,
        form_token=form_token(here, signed_in.token),
        values={
            "title": "Vous êtes connecté",
            "sentence": "Il reste à envoyer votre formulaire.",
            "action": kept.action,
            "fields": kept.pairs,
        },
    )
