"""What a form sends: read once, cleaned, and accepted only with the token of the page it comes from."""

import hmac
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request
from starlette.datastructures import UploadFile

from api.security import COOKIE
from api.services import Here, Services
from api.web.guests import form_token
from api.web.pressed import press
from matching.errors import RelaisError

TOKEN_FIELD = "form_token"  # noqa: S105 — the name of a field
SHOWN_FIELD = "form_shown"
VISIT_COOKIE = "relais_visit"
_MAX_FIELDS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """The fields of a form.

    Parameters
    ----------
    values
        Last text of each field.
    pairs
        Every field and text, in order, the token left out.
    files
        Content of the files that were chosen, by field.
    token
        What the form carries to prove where it comes from.
    shown
        The number it was shown with.
    """

    values: Mapping[str, str]
    pairs: tuple[tuple[str, str], ...]
    files: Mapping[str, bytes]
    token: str
    shown: str = ""

    def all(self, name: str) -> list[str]:
        """Give every text of a field that may be there several times."""
        return [value for field, value in self.pairs if field == name]


class FormExpired(RelaisError):
    """The form was made for another session, or long ago; nothing was done with it.

    Attributes
    ----------
    sent : Sent
        What it holds, so that it can be offered again.
    """

    code = "form_expired"

    def __init__(self, sent: Sent) -> None:
        self.sent = sent
        super().__init__("Ce formulaire a été ouvert dans une autre session.")


async def read_sent(request: Request) -> Sent:
    """Read a form without judging where it comes from; its temporary files are closed."""
    form = await request.form(max_files=1, max_fields=_MAX_FIELDS)
    try:
        items = form.multi_items()
        texts = [(name, _clean(value)) for name, value in items if isinstance(value, str)]
        files = {
            name: await value.read()
            for name, value in items
            if isinstance(value, UploadFile) and value.filename
        }
    finally:
        await form.close()
    pairs = tuple((name, value) for name, value in texts if name not in {TOKEN_FIELD, SHOWN_FIELD})
    named = dict(texts)
    return Sent(
        values=dict(pairs),
        pairs=pairs,
        files=files,
        token=named.get(TOKEN_FIELD, ""),
        shown=named.get(SHOWN_FIELD, ""),
    )


async def _sent(request: Request, here: Here) -> Sent:
    sent = _checked(await read_sent(request), here, request.cookies.get(COOKIE, ""))
    await press(request, sent.shown, (sent.pairs, sorted(sent.files.items())))
    return sent


async def _sent_before_sign_in(request: Request, here: Here) -> Sent:
    return _checked(await read_sent(request), here, request.cookies.get(VISIT_COOKIE, ""))


def _checked(sent: Sent, here: Services, secret: str) -> Sent:
    """Refuse a form whose token is not the one of this browser, or of a browser without a secret."""
    expected = form_token(here, secret)
    if not secret or not hmac.compare_digest(sent.token.encode(), expected.encode()):
        raise FormExpired(sent)
    return sent


FromForm = Annotated[Sent, Depends(_sent)]
FromSignInForm = Annotated[Sent, Depends(_sent_before_sign_in)]


def _clean(text: str) -> str:
    """Drop control characters, which no keyboard writes and some databases refuse; lines are kept."""
    kept = (sign for sign in text if sign in "\n\t" or unicodedata.category(sign) not in {"Cc", "Cs"})
    return "".join(kept)
