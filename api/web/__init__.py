"""The pages: server-rendered French HTML over the same use cases as the API, working without JavaScript.

``router`` holds the pages; ``mount_static`` adds what they stand on: the static files, and error pages for
people (programs keep their problem documents).
"""

from fastapi import APIRouter, FastAPI

from api.web.assets import serve_assets
from api.web.errors import answer_with_pages
from api.web.pages import (
    bookings,
    care,
    feeds,
    home,
    patients,
    proposals,
    runs,
    session,
    signal,
    slots,
    styleguide,
    waiting_list,
)

__all__ = ["LARGE_BODIES", "mount_static", "router"]

LARGE_BODIES = feeds.LARGE_BODIES
"""Paths that take a calendar file."""

router = APIRouter()
for _page in (
    session,
    home,
    slots,
    bookings,
    waiting_list,
    patients,
    proposals,
    runs,
    signal,
    feeds,
    care,
    styleguide,
):
    router.include_router(_page.router)


def mount_static(app: FastAPI) -> None:
    """Add the static files and the error pages; call it once the errors of the API are set."""
    serve_assets(app)
    answer_with_pages(app)
