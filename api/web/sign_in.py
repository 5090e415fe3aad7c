"""The sign-in page: shown when asked for, and whenever somebody must sign in first."""

import secrets

from fastapi import Request
from fastapi.responses import HTMLResponse

from api.services import Services
from api.web.forms import Form
from api.web.guests import form_token
from api.web.rendering import render
from api.web.sent import VISIT_COOKIE


def show_sign_in(
    request: Request,
    here: Services,
    *,
    next_path: str = "/",
    kept: str = "",
    message: str = "",
    refusal: str = "",
    email: str = "",
    status: int = 200,
) -> HTMLResponse:
    """Show the sign-in form.

    Parameters
    ----------
    next_path
        Where to go afterwards, a path of this service.
    refusal
        Why the last attempt did not open a session.
    kept
        A form that waits to be sent again, as ``Kept.write`` wrote it.
    """
    secret = request.cookies.get(VISIT_COOKIE) or secrets.token_urlsafe(32)
    page = render(
        request,
        "sign_in.html",
        visitor=None,
        now=here.clock(),
        zone=here.settings.zone,
        status=status,
        form_token=form_token(here, secret),
        values={
            "next": next_path,
            "kept": kept,
            "message": message,
            "refusal": refusal,
            "form": Form(values={"email": email}),
        },
    )
    page.set_cookie(
        VISIT_COOKIE, secret, path="/", httponly=True, samesite="lax", secure=here.settings.in_production
    )
    return page
