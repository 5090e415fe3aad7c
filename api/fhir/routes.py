"""The addresses under ``/fhir``: a signature, one use case each."""

from fastapi import APIRouter, Depends, Request

from api.fhir.capabilities import capabilities
from api.fhir.outcome import FhirJson, FhirRoute
from api.fhir.proxy import from_platform
from api.fhir.query import read_search
from api.fhir.slots import SlotAnswer
from api.security import PUBLIC
from api.services import Here
from scheduler.sas.availability import available

# "Public" towards sessions and tokens: what stands at the door is the platform's certificate.
router = APIRouter(
    prefix="/fhir",
    route_class=FhirRoute,
    include_in_schema=False,  # FHIR describes itself, at /fhir/metadata
    dependencies=[PUBLIC, Depends(from_platform)],
    default_response_class=FhirJson,
)


@router.get("/Slot")
@router.get("/Slot/")
def search_slots(request: Request, here: Here) -> FhirJson:
    """Give the free slots of up to 25 professionals (INT_R01), with their communities (INT_R04)."""
    asked = read_search(request.scope["query_string"])
    with here.store.read() as session:
        found = available(session, asked.rpps, from_at=asked.from_at, to_at=asked.to_at, now=here.clock())
    public_url = here.settings.public_url.rstrip("/")
    answer = SlotAnswer(
        found,
        base=f"{public_url}/fhir",
        agenda=f"{public_url}/creneaux",
        for_communities=asked.for_communities,
    )
    return FhirJson(answer.bundle(_self_link(request, public_url)))


@router.get("/metadata")
def metadata(here: Here) -> FhirJson:
    """Say what is served here."""
    return FhirJson(capabilities(here.settings.public_url.rstrip("/") + "/fhir"))


def _self_link(request: Request, public_url: str) -> str:
    """Return the request as received; what no address may hold is encoded, the rest stays as it is."""
    query = request.scope["query_string"].decode("latin-1")
    for raw, encoded in (("|", "%7C"), (" ", "%20"), ('"', "%22"), ("<", "%3C"), (">", "%3E")):
        query = query.replace(raw, encoded)
    return f"{public_url}{request.scope['path']}?{query}"
