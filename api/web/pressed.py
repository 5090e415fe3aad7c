"""A button pressed twice: the second press is shown where the first one led, whatever the form.

Every form carries a number of its own, new each time it is shown. The place a form led to is kept under that
number and what was sent: the same form sent again, by a double click or on a bad line, is not done again; one
that was corrected after going back is another. Presses that overlap wait for each other in one process; in
several, the state of what is acted upon refuses the second, and ``once.do_once`` guards what has no state.
"""

import asyncio
import hashlib
from contextlib import AsyncExitStack
from dataclasses import dataclass
from http import HTTPStatus
from weakref import WeakValueDictionary

from fastapi import FastAPI, Request, Response
from fastapi.responses import RedirectResponse
from sqlmodel import Session
from starlette.concurrency import run_in_threadpool

from api.services import Services, services_of
from matching.errors import RelaisError
from scheduler.store.tables import IdempotencyRecord


class AlreadyDone(RelaisError):
    """The very same form was sent and done before.

    Attributes
    ----------
    location : str
        Where it led.
    """

    code = "already_done"

    def __init__(self, location: str) -> None:
        self.location = location
        super().__init__("Ce formulaire a déjà été envoyé.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Press:
    """One sending of one form by one person, until it is answered."""

    actor: str
    key: str
    done: AsyncExitStack


def prepare(app: FastAPI) -> None:
    """Give an application the place where the forms under way are known."""
    app.state.forms_under_way = WeakValueDictionary[str, asyncio.Lock]()


async def press(request: Request, shown: str, what: object) -> None:
    """Note that a form is being sent, after any other sending of it.

    Parameters
    ----------
    shown
        The number the form was shown with.
    what
        All that was sent with it.

    Raises
    ------
    AlreadyDone
        When it was sent and done before.
    """
    actor = getattr(request.state, "actor_key", "")
    if not (actor and shown):
        return
    digest = hashlib.sha256(repr((request.url.path, shown, what)).encode()).hexdigest()
    done = AsyncExitStack()
    under_way = request.app.state.forms_under_way
    await done.enter_async_context(under_way.setdefault(f"{actor} {digest}", asyncio.Lock()))
    pressed = Press(actor=actor, key=f"form-{digest}", done=done)
    request.state.press = pressed
    if location := await run_in_threadpool(_location, services_of(request), pressed):
        raise AlreadyDone(location)


async def answered(request: Request, answer: Response) -> Response:
    """Keep where a form led, so that the same one sent again leads there too; gives the answer."""
    pressed: Press | None = getattr(request.state, "press", None)
    if pressed is not None and answer.status_code == HTTPStatus.SEE_OTHER:
        await run_in_threadpool(_keep, services_of(request), pressed, answer.headers["location"])
    return answer


async def over(request: Request) -> None:
    """Let the next sending of the same form go on."""
    if (pressed := getattr(request.state, "press", None)) is not None:
        await pressed.done.aclose()


def to_where_it_led(again: AlreadyDone) -> Response:
    """Lead to where the form led the first time."""
    return RedirectResponse(again.location, status_code=HTTPStatus.SEE_OTHER)


def _location(here: Services, pressed: Press) -> str:
    with here.store.read() as session:
        kept = _kept(session, pressed)
        return str(kept.answer["location"]) if kept else ""


def _keep(here: Services, pressed: Press, location: str) -> None:
    with here.store.write() as session:
        if _kept(session, pressed) is None:
            session.add(
                IdempotencyRecord(
                    actor=pressed.actor,
                    key=pressed.key,
                    route="form",
                    body_sha256=pressed.key.removeprefix("form-"),
                    status=int(HTTPStatus.SEE_OTHER),
                    answer={"location": location},
                    created_at=here.clock(),
                )
            )


def _kept(session: Session, pressed: Press) -> IdempotencyRecord | None:
    return session.get(IdempotencyRecord, (pressed.actor, pressed.key))
