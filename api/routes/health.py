"""Whether the service works, in words, for whoever watches it."""

from fastapi import APIRouter, status
from fastapi.responses import JSONResponse

from api.health import examine
from api.schemas.health import Health
from api.security import PUBLIC
from api.services import Here

router = APIRouter(tags=["exploitation"])


@router.get("/health", dependencies=[PUBLIC], response_model=Health, responses={503: {"model": Health}})
def health(here: Here) -> JSONResponse:
    """Say what works and what does not: 200 when all that matters does, 503 otherwise."""
    found = examine(here)
    code = status.HTTP_200_OK if found.status == "ok" else status.HTTP_503_SERVICE_UNAVAILABLE
    return JSONResponse(found.model_dump(mode="json"), code, headers={"Cache-Control": "no-store"})
