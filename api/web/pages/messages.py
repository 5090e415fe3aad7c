"""What a person has to do about messages: those given up are sent again, letters are printed and posted."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.web.errors import PageRoute
from api.web.guests import CoordinatorHere
from api.web.labels import commune_name
from api.web.sent import FromForm
from scheduler.errors import InvalidInput
from scheduler.messages import send_again
from scheduler.messages.post import letter_for, letters_to_print, mailroom, mark_posted

router = APIRouter(route_class=PageRoute, include_in_schema=False)

CHANNELS = {"mail": "Courriel", "sms": "SMS", "letter": "Lettre"}
FAILURES = {
    "recipient_refused": "Adresse refusée : vérifiez-la avec la personne.",
    "content_refused": "Le serveur refuse le contenu : prévenez votre administrateur.",
    "login_refused": "Le serveur de courriel refuse notre compte : prévenez votre administrateur.",
    "server_refused": "Le serveur de courriel a refusé : réessayez.",
    "server_unreachable": "Serveur de courriel injoignable : réessayez.",
    "no_way_out": "Aucun service de SMS n’est réglé : téléphonez, ou prévenez votre administrateur.",
    "disk": "Le serveur n’a pas pu écrire : prévenez votre administrateur.",
}


@router.get("/messages")
def show(guest: CoordinatorHere) -> HTMLResponse:
    """Show the messages given up, and how many letters wait to be printed."""
    with guest.here.store.read() as session:
        room = mailroom(session, guest.actor)
    return guest.page("messages.html", room=room, channels=CHANNELS, failures=FAILURES)


@router.post("/messages/{message_id}/renvoyer")
def resend(message_id: Annotated[UUID, Path()], guest: CoordinatorHere, _sent: FromForm) -> Response:
    """Send a message that was given up once more; pressed twice, the second is refused by its state."""
    with guest.here.store.write() as session:
        send_again(session, guest.actor, message_id, now=guest.now)
    return RedirectResponse("/messages", status_code=HTTPStatus.SEE_OTHER)


@router.get("/messages/lettres")
def print_letters(guest: CoordinatorHere) -> HTMLResponse:
    """Show the letters to post, one a page, made to be printed."""
    with guest.here.store.write() as session:  # each address read is audited
        letters = letters_to_print(session, guest.actor, now=guest.now)
    return guest.page("letters.html", letters=letters, commune_name=commune_name)


@router.get("/patients/{referral_id}/lettre")
def print_one(referral_id: Annotated[UUID, Path()], guest: CoordinatorHere) -> HTMLResponse:
    """Show the letter that says where one request stands, made to be printed."""
    with guest.here.store.write() as session:
        letter = letter_for(session, guest.actor, referral_id, now=guest.now)
    return guest.page("letters.html", letters=[letter], commune_name=commune_name)


@router.post("/messages/lettres")
def posted(guest: CoordinatorHere, sent: FromForm) -> Response:
    """Note that the letters that were shown were posted; a second time changes nothing."""
    try:
        ids = [UUID(text) for text in sent.all("message_id")]
    except ValueError:
        raise InvalidInput("lettre", "le numéro d'une lettre") from None
    with guest.here.store.write() as session:
        mark_posted(session, guest.actor, ids, now=guest.now)
    return RedirectResponse("/messages", status_code=HTTPStatus.SEE_OTHER)
