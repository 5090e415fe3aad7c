"""Who is asking: a session cookie or a machine's token, a role, and a proof that no other site asks.

Deny by default. Every route declares its rule, ``require(...)`` or ``PUBLIC``; ``undeclared_routes`` finds
those that do not, and the application refuses to be built with one.

Cross-site requests. A cookie travels with every request of a browser, whoever wrote the page. A request
that changes something and leans on the cookie is accepted only when the browser itself vouches that one of
our pages sent it: ``Sec-Fetch-Site: same-origin`` (or ``none``: asked by the person), else, where browsers
leave that header out (plain HTTP), an ``Origin`` that is ours. A page of another site can set neither.
Nothing at all is a refusal: programs have tokens, which no browser adds by itself. ``SameSite=Lax`` on the
cookie is the second wall. The same method serves forms and scripts, without a secret in any page (OWASP
Cross-Site Request Forgery Prevention, "Fetch Metadata"; W3C Fetch Metadata Request Headers, section 2).

Which files, calendars and bookings a role applies to is ownership, decided once per kind by the use cases:
``referrals.scope``, ``directory.find_practitioner`` and ``agenda.booking.may_reach`` of ``scheduler``.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import Depends, FastAPI, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer

from api.errors import CrossSiteRequest
from api.services import Services, services_of
from scheduler.accounts.actor import Actor
from scheduler.accounts.sessions import Limits, touch, visit_of_session
from scheduler.accounts.tokens import actor_of_token
from scheduler.errors import Forbidden, NotSignedIn
from scheduler.store.tables import Role

COOKIE = "relais_session"
ROLE_HEADER = "X-Relais-Role"
TERRITORY_HEADER = "X-Relais-Territory"

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

_cookie = APIKeyCookie(name=COOKIE, auto_error=False, description="Posé par POST /api/v1/sessions")
_bearer = HTTPBearer(auto_error=False, description="Jeton « relais_… » donné par la commande relais token")


@dataclass(frozen=True, slots=True)
class Require:
    """The access rule of a route: signed in, in one of these roles."""

    roles: frozenset[Role]

    def __call__(
        self,
        request: Request,
        cookie: Annotated[str | None, Depends(_cookie)],
        bearer: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    ) -> Actor:
        """Give the person or machine that asks, once it is known and allowed."""
        here = services_of(request)
        if "authorization" in request.headers:
            actor = _machine(request, here, bearer)
        else:
            actor = _person(request, here, cookie)
        request.state.actor_key = actor.key
        if actor.role not in self.roles:
            raise Forbidden
        return actor


def require(*roles: Role) -> Require:
    """Write an access rule: ``Depends(require(Role.REGULATOR, Role.COORDINATOR))``."""
    return Require(frozenset(roles))


async def open_to_all() -> None:
    """Mark a route as public on purpose."""


PUBLIC = Depends(open_to_all)
"""The access rule of a public route: ``dependencies=[PUBLIC]``."""


def refuse_cross_site(request: Request, here: Services, *, vouched: bool = True) -> None:
    """Refuse a request that a page of another site may have sent.

    Parameters
    ----------
    vouched
        Whether silence is a refusal too; not so where no cookie is leaned on (signing in).

    Raises
    ------
    CrossSiteRequest
        When the browser says so, or, if ``vouched``, when nothing says otherwise.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None:
        ours = site in {"same-origin", "none"}
    elif origin is not None:
        ours = _netloc(origin) in {request.headers.get("host"), _netloc(here.settings.public_url)}
    else:
        ours = not vouched
    if not ours:
        raise CrossSiteRequest


def client_of(request: Request) -> str:
    """Give the network address a request comes from; "" where there is none.

    Behind a proxy, the server has already replaced the proxy's by the one it forwards, from the proxies it
    trusts only (``FORWARDED_ALLOW_IPS``, this machine by default): a header from anybody else is not read.
    """
    return request.client.host if request.client else ""


def rule_of_route(dependant: Dependant) -> Require | str | None:
    """Read the access rule a route declares: a ``Require``, "public", or ``None`` when it has none."""
    found = {call for call in _calls(dependant) if isinstance(call, Require) or call is open_to_all}
    if len(found) != 1:
        return None
    (rule,) = found
    return rule if isinstance(rule, Require) else "public"


def undeclared_routes(app: FastAPI) -> list[str]:
    """List the routes of an application that declare no access rule, or several."""
    return [
        f"{sorted(context.methods or ())} {context.path}"
        for context in iter_route_contexts(app.routes)
        if isinstance(context.original_route, APIRoute) and rule_of_route(context.dependant) is None
    ]


def _calls(dependant: Dependant) -> Iterator[object]:
    yield dependant.call
    for below in dependant.dependencies:
        yield from _calls(below)


def _netloc(address: str) -> str:
    try:
        return urlsplit(address).netloc
    except ValueError:
        return ""


def _machine(request: Request, here: Services, bearer: HTTPAuthorizationCredentials | None) -> Actor:
    if bearer is None:
        raise NotSignedIn
    with here.store.read() as session:
        return actor_of_token(
            session, bearer.credentials, now=here.clock(), request_id=request.state.request_id
        )


def _person(request: Request, here: Services, token: str | None) -> Actor:
    if not token:
        raise NotSignedIn
    if request.method not in _SAFE_METHODS:
        refuse_cross_site(request, here)
    role, territory_id = _wished(request)
    now = here.clock()
    with here.store.read() as session:
        visit = visit_of_session(
            session,
            token,
            now=now,
            limits=Limits.of(here.settings),
            role=role,
            territory_id=territory_id,
            request_id=request.state.request_id,
        )
    if visit.to_touch:
        with here.store.write() as session:
            touch(session, token, now=now)
    request.state.visit = visit
    return visit.actor


def _wished(request: Request) -> tuple[Role | None, int | None]:
    """Read in which role and territory a person of several wishes to act."""
    role, territory = request.headers.get(ROLE_HEADER), request.headers.get(TERRITORY_HEADER)
    try:
        return Role(role) if role else None, int(territory) if territory else None
    except ValueError:
        raise Forbidden from None
