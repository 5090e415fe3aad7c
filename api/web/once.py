"""A button pressed twice does its work once: the page that shows it carries the key."""

from collections.abc import Callable

from sqlmodel import Session

from api.web.guests import Guest
from scheduler.idempotency import once


def do_once(
    session: Session,
    guest: Guest,
    *,
    key: str,
    route: str,
    what: object,
    effect: Callable[[], dict[str, str]],
) -> dict[str, str]:
    """Do something at most once for one page that was shown.

    Parameters
    ----------
    key
        Hidden in the form; new each time the form is shown.
    what
        What was asked; another one under the same key is refused.
    effect
        Does it and gives what to keep: ids, never an identity.

    Raises
    ------
    KeyReused
        When the same page comes back with something else.
    """
    answer = once(
        session,
        guest.actor,
        key=kept_key(key),
        route=route,
        body=repr(what).encode(),
        now=guest.now,
        effect=lambda: (303, dict(effect())),
    )
    return {name: str(value) for name, value in answer.body.items()}


def kept_key(key: str) -> str:
    """Give the key of a page as it is kept."""
    return f"page-{key}"[:255]
