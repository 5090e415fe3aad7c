"""In which language a person reads the pages: French, or English when they have asked for it."""

from typing import Literal
from urllib.parse import urlencode

from fastapi import Request

Language = Literal["fr", "en"]

LANGUAGE_COOKIE = "relais_langue"
NAMES: dict[Language, str] = {"fr": "Français", "en": "English"}


def language_of(request: Request) -> Language:
    """Give the language a browser has asked for; French unless it is English."""
    return "en" if request.cookies.get(LANGUAGE_COOKIE) == "en" else "fr"


def other(language: Language) -> Language:
    """Give the language of the switch."""
    return "fr" if language == "en" else "en"


def switch_href(request: Request) -> str:
    """Give the address that changes the language and comes back: only to what a link can open."""
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    back = here if request.method in {"GET", "HEAD"} else "/"
    return f"/langue/{other(language_of(request))}?" + urlencode({"suite": back})
