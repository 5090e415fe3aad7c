"""The design system, shown to whoever writes or checks a page."""

from datetime import timedelta
from functools import cache

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from api.security import PUBLIC
from api.services import Here
from api.web.errors import PageRoute
from api.web.forms import Form
from api.web.maps import Area, Drawing, Flow, Mark, Ring, map_svg
from api.web.rendering import render

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_EXAMPLE = Form(
    values={"commune": "Combs"},
    errors={"commune": "Aucune commune de ce nom. Vérifiez l'orthographe ou donnez le code postal."},
)


_WAITING = {
    "77445": 143, "77122": 96, "77296": 88, "77251": 41, "77067": 37, "77326": 12, "77495": 25, "77384": 7,
}  # fmt: skip


@cache
def _example_map() -> Drawing:
    return map_svg(
        (Area(insee=insee, value=count, told=f"{count} patients") for insee, count in _WAITING.items()),
        marks=[
            Mark(name="Cabinet du Moulin", latitude=48.668, longitude=2.562, size=4, told="4 places"),
            Mark(name="Maison de santé", latitude=48.584, longitude=2.583, kind="chosen", told="choisi"),
        ],
        rings=[Ring(latitude=48.584, longitude=2.583, road_km=10)],
        flows=[Flow(insee="77296", latitude=48.584, longitude=2.583, count=3)],
    )


@router.get("/styleguide", dependencies=[PUBLIC])
def styleguide(request: Request, here: Here) -> HTMLResponse:
    """Show every element of the pages, with invented content."""
    return render(
        request,
        "styleguide.html",
        visitor=None,
        now=here.clock(),
        zone=here.settings.zone,
        values={
            "form": _EXAMPLE,
            "drawing": _example_map(),
            "held_until": here.clock() + timedelta(minutes=4, seconds=30),
        },
    )
