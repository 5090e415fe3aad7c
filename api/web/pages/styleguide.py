"""The design system, shown to whoever writes or checks a page."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from api.security import PUBLIC
from api.services import Here
from api.web.errors import PageRoute
from api.web.forms import Form
from api.web.rendering import render

router = APIRouter(route_class=PageRoute, include_in_schema=False)

_EXAMPLE = Form(
    values={"commune": "Combs"},
    errors={"commune": "Aucune commune de ce nom. Vérifiez l'orthographe ou donnez le code postal."},
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
        values={"form": _EXAMPLE},
    )
