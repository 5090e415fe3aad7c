"""Choosing one's password by a link of one use: for a new account, or a password that is forgotten."""

import secrets
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.security import PUBLIC, refuse_cross_site
from api.services import Here, Services
from api.web.errors import PageRoute
from api.web.forms import Form
from api.web.guests import form_token
from api.web.rendering import render
from api.web.sent import VISIT_COOKIE, FromSignInForm
from scheduler.accounts.links import LinkHolder, choose_password, holder_of
from scheduler.errors import InvalidInput

router = APIRouter(route_class=PageRoute, include_in_schema=False)

LinkSecret = Annotated[str, Path(min_length=20, max_length=100, pattern=r"^[\w-]+$")]
_LABELS = {"password": "Nouveau mot de passe", "again": "Le même, encore une fois"}


@router.get("/acces/{secret}", dependencies=[PUBLIC])
def show(secret: LinkSecret, request: Request, here: Here) -> HTMLResponse:
    """Show the form; looking at it does not use the link, so that mail scanners do no harm."""
    with here.store.read() as session:
        holder = holder_of(session, secret, now=here.clock())
    return _form(request, here, holder)


@router.post("/acces/{secret}", dependencies=[PUBLIC])
def choose(secret: LinkSecret, request: Request, here: Here, sent: FromSignInForm) -> Response:
    """Keep the new password and lead to the sign-in page."""
    refuse_cross_site(request, here, vouched=False)
    password, again = sent.values.get("password", ""), sent.values.get("again", "")
    with here.store.read() as session:
        holder = holder_of(session, secret, now=here.clock())
    if password != again:
        return _form(request, here, holder, {"again": "Les deux mots de passe sont différents."})
    try:
        with here.store.write() as session:
            choose_password(session, secret, password, now=here.clock())
    except InvalidInput as refusal:
        return _form(request, here, holder, {"password": f"Attendu : {refusal.expected}."})
    return RedirectResponse("/connexion?fin=mot-de-passe", status_code=HTTPStatus.SEE_OTHER)


def _form(
    request: Request, here: Services, holder: LinkHolder, errors: dict[str, str] | None = None
) -> HTMLResponse:
    secret = request.cookies.get(VISIT_COOKIE) or secrets.token_urlsafe(32)
    page = render(
        request,
        "access.html",
        visitor=None,
        now=here.clock(),
        zone=here.settings.zone,
        status=HTTPStatus.UNPROCESSABLE_ENTITY if errors else HTTPStatus.OK,
        form_token=form_token(here, secret),
        values={"holder": holder, "form": Form(errors=errors or {}, labels=_LABELS)},
    )
    page.set_cookie(
        VISIT_COOKIE, secret, path="/", httponly=True, samesite="lax", secure=here.settings.in_production
    )
    return page
