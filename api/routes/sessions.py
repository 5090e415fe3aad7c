"""Signing in and out of a browser session, and who one is."""

from typing import Annotated

from fastapi import APIRouter, Cookie, Request, Response, status

from api.dependencies import Anyone
from api.schemas.access import GrantOut, Me, SignIn
from api.security import COOKIE, PUBLIC, client_of, refuse_cross_site
from api.services import Here, Services
from scheduler.accounts.actor import Actor
from scheduler.accounts.sessions import Limits, SignedIn, Visit, sign_in, sign_out

router = APIRouter(prefix="/api/v1", tags=["session"])


@router.post(
    "/sessions", status_code=status.HTTP_204_NO_CONTENT, response_class=Response, dependencies=[PUBLIC]
)
def open_session(given: SignIn, request: Request, response: Response, here: Here) -> None:
    """Sign in: the session comes back as a cookie that scripts cannot read."""
    refuse_cross_site(request, here, vouched=False)
    signed_in = sign_in(
        here.store,
        email=given.email,
        password=given.password.get_secret_value(),
        client=client_of(request),
        now=here.clock(),
        limits=Limits.of(here.settings),
    )
    set_session_cookie(response, signed_in, here)


@router.delete("/sessions/current", status_code=status.HTTP_204_NO_CONTENT, response_class=Response)
def close_session(
    _actor: Anyone, response: Response, here: Here, token: Annotated[str | None, Cookie(alias=COOKIE)] = None
) -> None:
    """Sign out; a machine's token has no session, nothing happens then."""
    if token:
        with here.store.write() as session:
            sign_out(session, token)
    response.delete_cookie(
        COOKIE, path="/", httponly=True, samesite="lax", secure=here.settings.in_production
    )


@router.get("/me")
def me(actor: Anyone, request: Request) -> Me:
    """Say who is asking, as what, and what else they may act as (header ``X-Relais-Role``)."""
    return _shown(actor, getattr(request.state, "visit", None))


def set_session_cookie(response: Response, signed_in: SignedIn, here: Services) -> None:
    """Put a new session into a browser; it ends with the browser, or when the server says so."""
    response.set_cookie(
        COOKIE, signed_in.token, path="/", httponly=True, samesite="lax", secure=here.settings.in_production
    )


def _shown(actor: Actor, visit: Visit | None) -> Me:
    held = visit.grants if visit else ((actor.territory_id, actor.role),)
    return Me(
        actor=actor.key,
        account_id=actor.account_id,
        name=visit.name if visit else None,
        role=actor.role,
        territory_id=actor.territory_id,
        practitioner_id=actor.practitioner_id,
        grants=[GrantOut(territory_id=territory_id, role=role) for territory_id, role in held],
    )
