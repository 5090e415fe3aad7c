"""The addresses under ``/fhir``: a signature, one use case each."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from api.fhir.capabilities import capabilities
from api.fhir.errors import NotServed
from api.fhir.outcome import MEDIA_TYPE, FhirJson, FhirRoute
from api.fhir.proxy import from_platform
from api.fhir.query import read_search
from api.fhir.regulators import location_of, read_regulator, read_target, write_regulator
from api.fhir.slots import SlotAnswer
from api.security import PUBLIC
from api.services import Here, Services
from scheduler.sas.availability import available
from scheduler.sas.regulators import open_regulator, put_regulator
from scheduler.store.tables import SasRegulator

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
def search_slots(request: Request, here: Here) -> Response:
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
    return Response(answer.text(_self_link(request, public_url)), media_type=MEDIA_TYPE)


async def _body(request: Request) -> bytes:
    return await request.body()


Body = Annotated[bytes, Depends(_body)]


@router.post("/Practitioner")
def open_account(body: Body, here: Here) -> FhirJson:
    """Open the account of a regulator (INT_R02)."""
    given = read_regulator(body)
    with here.store.write() as session:
        row = open_regulator(session, given, now=here.clock())
    return _account(row, here, created=True)


@router.put("/Practitioner")
def put_account(request: Request, body: Body, here: Here) -> FhirJson:
    """Change, close or open the account of a regulator, known by one identifier (INT_R02)."""
    target = read_target(request.scope["query_string"])
    given = read_regulator(body)
    with here.store.write() as session:
        row, created = put_regulator(session, target, given, now=here.clock())
    return _account(row, here, created=created)


@router.get("/metadata")
def metadata(here: Here) -> FhirJson:
    """Say what is served here."""
    return FhirJson(capabilities(_base(here)))


@router.api_route("/{rest:path}", methods=["GET", "POST", "PUT", "PATCH", "DELETE"])
def nothing_else(rest: str) -> Response:  # noqa: ARG001 - the path is not repeated
    """Refuse in FHIR's words what is not served."""
    raise NotServed("not-supported", "", "Ceci n'est pas servi ici ; voir /fhir/metadata.")


def _account(row: SasRegulator, here: Services, *, created: bool) -> FhirJson:
    return FhirJson(
        write_regulator(row),
        status_code=201 if created else 200,
        headers={"Location": location_of(_base(here), row.account_id)},
    )


def _base(here: Services) -> str:
    return here.settings.public_url.rstrip("/") + "/fhir"


def _self_link(request: Request, public_url: str) -> str:
    """Return the request as received; what no address may hold is encoded, the rest stays as it is."""
    query = request.scope["query_string"].decode("latin-1")
    for raw, encoded in (("|", "%7C"), (" ", "%20"), ('"', "%22"), ("<", "%3C"), (">", "%3E")):
        query = query.replace(raw, encoded)
    return f"{public_url}{request.scope['path']}?{query}"
