"""Coming from the national SAS platform: ``origin=sas`` in the address of somebody's agenda."""

from fastapi import Request

from api.security import COOKIE
from api.services import Here
from scheduler.sas.arrivals import arrive

_LARGEST_ID = 2**31 - 1


def agenda_asked(request: Request) -> int | None:
    """Give the practitioner whose agenda an address is; None for any other search."""
    return whole_id(request.query_params.get("medecin", ""))


def whole_id(given: str) -> int | None:
    """Read the number of a row; None when it cannot be one."""
    usable = given.isascii() and given.isdecimal() and len(given) <= 10
    return int(given) if usable and 0 < int(given) <= _LARGEST_ID else None


def note_arrival(request: Request, here: Here) -> None:
    """Let a regulator of the platform act as one, before the page asks for their rights.

    The platform writes "origin=sas", its trial grounds "origin=sas-preprod" and the like. Somebody who has
    not signed in is asked to, then comes back to the same address.
    """
    practitioner_id, token = agenda_asked(request), request.cookies.get(COOKIE)
    origin = request.query_params.get("origin", "")
    if practitioner_id is None or not token or not (origin == "sas" or origin.startswith("sas-")):
        return
    with here.store.write() as session:
        arrive(session, token, practitioner_id=practitioner_id, now=here.clock())
