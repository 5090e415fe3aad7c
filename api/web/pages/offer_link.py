"""Answering an offer by the link of a mail, without signing in: a profile, two clicks, and what became of it.

Opening the page changes nothing, whatever a mail scanner opens. The link itself is the proof of who sends
the form; the identity of the patient is never on this page.
"""

import hmac
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.security import PUBLIC, refuse_cross_site
from api.services import Here, Services
from api.web.acts import answer
from api.web.errors import PageRoute
from api.web.guests import form_token
from api.web.life_words import DECLINES, profile_words
from api.web.rendering import render
from api.web.sent import Sent, read_sent
from scheduler.errors import NotFound
from scheduler.referrals.answers import (
    OfferShown,
    behind_link,
    mark_used,
    show_offer,
)
from scheduler.referrals.errors import IntakeFull, OfferAnswered, OfferOver
from scheduler.store.tables import OfferState, Territory

router = APIRouter(route_class=PageRoute, include_in_schema=False, dependencies=[PUBLIC])

Secret = Annotated[str, Path(max_length=100)]


@router.get("/offre/{secret}")
def show(secret: Secret, request: Request, here: Here, fait: str = "") -> HTMLResponse:
    """Show the profile, or what became of the offer."""
    now = here.clock()
    try:
        with here.store.write() as session:
            who, offer_id = behind_link(session, secret)
            shown = show_offer(session, who, offer_id, now=now)
            zone = session.get_one(Territory, who.territory_id).zone
    except NotFound:
        return _page(request, here, "unknown", zone=here.settings.zone, status=HTTPStatus.NOT_FOUND)
    if fait == "complet" and shown.open:
        return _page(request, here, "full", zone=zone, back_href=f"/offre/{secret}")
    return _page(request, here, _state(shown), zone=zone, shown=shown, secret=secret, just_now=bool(fait))


async def _from_link(secret: Secret, request: Request, here: Here) -> Sent | None:
    """Read the form of this page; None when it is not one of ours: nothing is done with it then."""
    refuse_cross_site(request, here, vouched=False)
    sent = await read_sent(request)
    return sent if hmac.compare_digest(sent.token.encode(), form_token(here, secret).encode()) else None


@router.post("/offre/{secret}/{word}")
def receive_answer(
    secret: Secret,
    word: Annotated[str, Path(pattern="^(accepter|decliner)$")],
    sent: Annotated[Sent | None, Depends(_from_link)],
    here: Here,
) -> Response:
    """Answer; sent twice, or by two people, it has one effect and both read what it was."""
    done = "" if sent is None else _answered(secret, word, sent, here)
    return RedirectResponse(
        f"/offre/{secret}" + (f"?fait={done}" if done else ""), status_code=HTTPStatus.SEE_OTHER
    )


def _answered(secret: str, word: str, sent: Sent, here: Services) -> str:
    """Give a word for the page that follows; "" when it has to say what became of the offer before."""
    try:
        with here.store.write() as session:
            who, offer_id = behind_link(session, secret)
            answer(session, who, offer_id, word, sent.values, now=here.clock())
            mark_used(session, secret, now=here.clock())
    except (OfferAnswered, OfferOver, NotFound):
        return ""
    except IntakeFull:
        return "complet"
    return "oui"


def _state(shown: OfferShown) -> str:
    if shown.over:
        return OfferState.EXPIRED.value
    return shown.state.value


def _page(
    request: Request,
    here: Services,
    state: str,
    *,
    zone: str,
    shown: OfferShown | None = None,
    secret: str = "",
    just_now: bool = False,
    back_href: str = "",
    status: int = HTTPStatus.OK,
) -> HTMLResponse:
    values: dict[str, object] = {"state": state, "just_now": just_now, "back_href": back_href}
    if shown is not None:
        values |= {
            "members": [profile_words(member) for member in shown.members] if state == "open" else [],
            "num_members": len(shown.members),
            "practitioner": shown.practitioner_name,
            "expires_at": shown.expires_at,
            "answered_at": shown.answered_at,
            "declines": DECLINES,
            "accept_href": f"/offre/{secret}/accepter",
            "decline_href": f"/offre/{secret}/decliner",
        }
    return render(
        request,
        "offer.html",
        visitor=None,
        now=here.clock(),
        zone=zone,
        status=status,
        form_token=form_token(here, secret) if secret else "",
        values=values,
    )
