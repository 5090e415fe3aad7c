"""The public slots for anybody, as SMART Scheduling Links wants them: a manifest and files of lines.

An open channel beside the platform's: no certificate, no account, nothing but slots that practitioners open
to the public, and the telephone to book them by. Written at most once a minute, whoever asks.

References
----------
SMART Scheduling Links, "Slot Publisher" (https://github.com/smart-on-fhir/smart-scheduling-links).
"""

import hashlib
from typing import Annotated

from fastapi import APIRouter, Header
from fastapi.responses import Response

from api.fhir.publication import KEPT_FOR, MANIFEST, Published
from api.security import PUBLIC
from api.services import Here, Services

_NDJSON = "application/fhir+ndjson"

router = APIRouter(prefix="/smart", include_in_schema=False, dependencies=[PUBLIC])


@router.get(f"/{MANIFEST}")
def manifest(here: Here, if_none_match: Annotated[str, Header()] = "") -> Response:
    """List the files, and as of when they are."""
    published = _published(here)
    return _answer(published.manifest, "application/json", published, if_none_match)


@router.get("/locations.ndjson")
def locations(here: Here, if_none_match: Annotated[str, Header()] = "") -> Response:
    """List the places, one a line."""
    return _file(here, "Location", if_none_match)


@router.get("/schedules.ndjson")
def schedules(here: Here, if_none_match: Annotated[str, Header()] = "") -> Response:
    """List the agendas, one a line."""
    return _file(here, "Schedule", if_none_match)


@router.get("/slots.ndjson")
def slots(here: Here, if_none_match: Annotated[str, Header()] = "") -> Response:
    """List the free public slots of the coming fortnight, one a line."""
    return _file(here, "Slot", if_none_match)


def _published(here: Services) -> Published:
    return here.publication.of(here.store, here.settings, here.clock())


def _file(here: Services, kind: str, if_none_match: str) -> Response:
    published = _published(here)
    return _answer(published.files[kind], _NDJSON, published, if_none_match)


def _answer(text: str, media_type: str, published: Published, if_none_match: str) -> Response:
    tag = f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'
    headers = {
        "ETag": tag,
        "Cache-Control": f"public, max-age={round(KEPT_FOR.total_seconds())}",
        "Last-Modified": f"{published.at:%a, %d %b %Y %T} GMT",
        "Access-Control-Allow-Origin": "*",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    if tag in [one.strip().removeprefix("W/") for one in if_none_match.split(",")]:
        return Response(status_code=304, headers=headers)
    return Response(text, media_type=media_type, headers=headers)
