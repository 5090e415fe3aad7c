"""Who looks at a page: the signed-in person, their territory, and everything a page of theirs needs."""

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Annotated

from fastapi import Depends, Request
from fastapi.responses import HTMLResponse

from api.security import COOKIE, require
from api.services import Here, Services
from api.web.rendering import OtherRole, Visitor, render
from scheduler.accounts.actor import Actor
from scheduler.accounts.sessions import Visit, names_of
from scheduler.agenda.kept import ground_of
from scheduler.clock import local_day
from scheduler.errors import NotSignedIn
from scheduler.store.tables import Role

NO_NAMES: Mapping[int, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    """A person in front of a page.

    Parameters
    ----------
    now
        Instant of the request; the page tells every delay from it.
    zone
        IANA zone of the territory.
    insee
        Communes of the territory.
    """

    request: Request
    here: Services
    actor: Actor
    visitor: Visitor
    now: datetime
    zone: str
    insee: tuple[str, ...]

    @property
    def today(self) -> date:
        """The day people of the territory see now."""
        return local_day(self.now, self.zone)

    def page(self, template: str, *, status: int = 200, **values: object) -> HTMLResponse:
        """Make a page for this person."""
        return render(
            self.request,
            template,
            visitor=self.visitor,
            now=self.now,
            zone=self.zone,
            status=status,
            values={"today": self.today, **values},
        )


def guest(*roles: Role) -> Callable[..., Guest]:
    """Write the access rule of a page: ``Depends(guest(Role.COORDINATOR))``."""

    def known(request: Request, actor: Annotated[Actor, Depends(require(*roles))], here: Here) -> Guest:
        visit = getattr(request.state, "visit", None)
        if visit is None:
            raise NotSignedIn  # a machine's token: pages are for people
        with here.store.read() as session:
            territory, insee = ground_of(session, actor)
            names = names_of(session, visit.grants)
        return Guest(
            request=request,
            here=here,
            actor=actor,
            visitor=_visitor(request, here, visit, territory.name, names),
            now=here.clock(),
            zone=territory.zone,
            insee=insee,
        )

    return known


def visitor_of(request: Request, here: Services) -> Visitor | None:
    """Give the person a request comes from, once they are known, even where the page is not theirs."""
    visit: Visit | None = getattr(request.state, "visit", None)
    return None if visit is None else _visitor(request, here, visit, "")


def _visitor(
    request: Request, here: Services, visit: Visit, territory_name: str, names: Mapping[int, str] = NO_NAMES
) -> Visitor:
    return Visitor(
        name=visit.name,
        role=visit.actor.role,
        territory_name=territory_name,
        form_token=form_token(here, request.cookies[COOKIE]),
        others=_others(visit, names),
    )


def _others(visit: Visit, names: Mapping[int, str]) -> tuple[OtherRole, ...]:
    """Give the roles one may change to; the territory is named only when there are several."""
    several = len({territory_id for territory_id, _ in visit.grants}) > 1
    acting = (visit.actor.territory_id, visit.actor.role)
    return tuple(
        OtherRole(
            role=role,
            territory_id=territory_id,
            territory_name=names.get(territory_id, "") if several else "",
        )
        for territory_id, role in visit.grants
        if (territory_id, role) != acting
    )


def form_token(here: Services, secret: str) -> str:
    """Compute the token that the forms of one browser session carry.

    It is a keyed hash of the session's own secret (OWASP Cross-Site Request Forgery Prevention,
    "HMAC-based token pattern"): nothing to store, and worthless in another session.
    """
    key = here.settings.secret_key.get_secret_value().encode()
    return hmac.new(key, b"relais form\0" + secret.encode(), hashlib.sha256).hexdigest()


AnyoneHere = Annotated[Guest, Depends(guest(*Role))]
CoordinatorHere = Annotated[Guest, Depends(guest(Role.COORDINATOR))]
SignallerHere = Annotated[Guest, Depends(guest(Role.SIGNALLER, Role.COORDINATOR))]
RequesterHere = Annotated[Guest, Depends(guest(Role.SIGNALLER, Role.COORDINATOR, Role.GP, Role.SECRETARY))]
FileReaderHere = Annotated[Guest, Depends(guest(Role.SIGNALLER, Role.GP, Role.SECRETARY, Role.COORDINATOR))]
RunReaderHere = Annotated[Guest, Depends(guest(Role.COORDINATOR, Role.BUREAU))]
BookerHere = Annotated[
    Guest,
    Depends(guest(Role.REGULATOR, Role.SIGNALLER, Role.GP, Role.SECRETARY, Role.COORDINATOR)),
]
AdminHere = Annotated[Guest, Depends(guest(Role.ADMIN))]
DirectoryKeeperHere = Annotated[Guest, Depends(guest(Role.COORDINATOR, Role.ADMIN))]
CalendarKeeperHere = Annotated[Guest, Depends(guest(Role.GP, Role.SECRETARY, Role.COORDINATOR))]
