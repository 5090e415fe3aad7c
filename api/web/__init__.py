"""The pages: server-rendered French HTML over the same use cases as the API, working without JavaScript.

``router`` holds the pages; ``mount_static`` adds what they stand on: the static files, and error pages for
people (programs keep their problem documents).
"""

from fastapi import APIRouter, FastAPI

from api.web.assets import serve_assets
from api.web.errors import answer_with_pages
from api.web.pages import (
    access,
    admin_community,
    admin_people,
    admin_places,
    admin_service,
    admin_tokens,
    admin_traces,
    agenda_watch,
    bookings,
    bridging,
    care,
    explanations,
    feeds,
    home,
    hygiene,
    indicators,
    intake_settings,
    messages,
    my_intake,
    my_signals,
    offer_link,
    own_slots,
    patients,
    policies,
    proposal_table,
    proposals,
    qualify,
    retention,
    runs,
    sas_check,
    session,
    signal,
    slots,
    studies,
    styleguide,
    to_do,
    waiting_list,
    what_if,
)

__all__ = ["LARGE_BODIES", "mount_static", "router"]

LARGE_BODIES: tuple[str, ...] = (*feeds.LARGE_BODIES, *intake_settings.LARGE_BODIES, *my_signals.LARGE_BODIES)
"""Paths that take a calendar file, or a list of patients."""

router = APIRouter()
for _page in (
    session,
    access,
    admin_traces,
    admin_tokens,
    admin_service,
    sas_check,
    admin_community,
    admin_places,
    admin_people,
    home,
    own_slots,
    agenda_watch,
    slots,
    bookings,
    waiting_list,
    patients,
    proposal_table,
    proposals,
    explanations,
    runs,
    what_if,
    studies,
    policies,
    my_signals,
    signal,
    qualify,
    hygiene,
    feeds,
    care,
    indicators,
    retention,
    messages,
    bridging,
    to_do,
    my_intake,
    intake_settings,
    offer_link,
    styleguide,
):
    router.include_router(_page.router)


def mount_static(app: FastAPI) -> None:
    """Add the static files and the error pages; call it once the errors of the API are set."""
    serve_assets(app)
    answer_with_pages(app)
