"""What routes ask for in their signatures: who may, and the key that makes a request safe to repeat."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Header, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from sqlmodel import Session

from api.errors import KeyMissing
from api.security import require
from scheduler.accounts.actor import Actor
from scheduler.idempotency import once
from scheduler.store.tables import Role

Anyone = Annotated[Actor, Depends(require(*Role))]
Coordinator = Annotated[Actor, Depends(require(Role.COORDINATOR))]
DirectoryKeeper = Annotated[Actor, Depends(require(Role.COORDINATOR, Role.ADMIN))]
CalendarKeeper = Annotated[Actor, Depends(require(Role.GP, Role.SECRETARY, Role.COORDINATOR))]
Surgery = Annotated[Actor, Depends(require(Role.GP, Role.SECRETARY))]
AgendaWatcher = Annotated[Actor, Depends(require(Role.GP, Role.SECRETARY, Role.COORDINATOR, Role.REGULATOR))]
Signaller = Annotated[Actor, Depends(require(Role.SIGNALLER, Role.COORDINATOR))]
FileReader = Annotated[Actor, Depends(require(Role.SIGNALLER, Role.GP, Role.SECRETARY, Role.COORDINATOR))]
RunReader = Annotated[Actor, Depends(require(Role.COORDINATOR, Role.BUREAU))]
Attested = Annotated[Actor, Depends(require(Role.COORDINATOR, Role.BUREAU, Role.GP, Role.SECRETARY))]
Booker = Annotated[
    Actor, Depends(require(Role.REGULATOR, Role.SIGNALLER, Role.GP, Role.SECRETARY, Role.COORDINATOR))
]

_LONGEST_KEY = 255

REPLAYED = "Idempotency-Replayed"
"""Header of an answer that was given before: nothing was done again."""


@dataclass(frozen=True, slots=True)
class Keyed:
    """A request with an idempotency key: done once, answered the same as often as it is sent.

    Parameters
    ----------
    key
        1 to 255 printable ASCII characters, chosen by the client; "" where a route may do without: it is
        then done as often as it is sent.
    route
        Method and path, with the ids in it.
    body
        The request as it came, byte for byte.
    """

    key: str
    route: str
    body: bytes

    def answer(
        self,
        session: Session,
        actor: Actor,
        *,
        now: datetime,
        effect: Callable[[], BaseModel],
        status: int = 201,
    ) -> JSONResponse:
        """Run an effect unless the key has had one, in the caller's transaction.

        Parameters
        ----------
        effect
            Does the thing and gives what is answered, and kept: ids and states, never an identity.

        Returns
        -------
        JSONResponse
            To be sent once the transaction is committed; ``Idempotency-Replayed: true`` when the effect
            took place before.
        """

        def kept() -> tuple[int, dict[str, Any]]:
            return status, effect().model_dump(mode="json")

        if not self.key:
            done, body = kept()
            return JSONResponse(body, done)
        told = once(session, actor, key=self.key, route=self.route, body=self.body, now=now, effect=kept)
        return JSONResponse(told.body, told.status, headers={REPLAYED: "true"} if told.replayed else None)


async def _keyed(
    request: Request,
    idempotency_key: Annotated[
        str, Header(description="Propre à la demande ; la même clé redonne la même réponse")
    ] = "",
) -> Keyed:
    visible = idempotency_key.isascii() and idempotency_key.isprintable()
    if not visible or not 1 <= len(idempotency_key) <= _LONGEST_KEY:
        raise KeyMissing
    # the body was read to be parsed, and Starlette has kept it
    return Keyed(idempotency_key, f"{request.method} {request.url.path}", await request.body())


async def _perhaps_keyed(
    request: Request,
    idempotency_key: Annotated[
        str, Header(description="Facultatif : la même clé redonne la même réponse, sans refaire")
    ] = "",
) -> Keyed:
    if "idempotency-key" in request.headers:
        return await _keyed(request, idempotency_key)
    return Keyed("", f"{request.method} {request.url.path}", await request.body())


Once = Annotated[Keyed, Depends(_keyed)]
OnceIfKeyed = Annotated[Keyed, Depends(_perhaps_keyed)]
"""For what is refused by its own state when it is sent twice: a client may do without a key."""
