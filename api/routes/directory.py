"""Who practises where, and how many new patients they take on."""

from typing import Annotated

from fastapi import APIRouter, Path, status

from api.dependencies import Anyone, CalendarKeeper, DirectoryKeeper
from api.listings import get_practitioner, list_practitioners, list_structures, open_intake_of
from api.paging import Paged, page, whole
from api.schemas.common import Id, Page
from api.schemas.directory import (
    IntakeIn,
    IntakeOut,
    PractitionerIn,
    PractitionerLine,
    PractitionerOut,
    PractitionerRef,
    StructureIn,
    StructureOut,
    intake_given,
    practice_given,
    practitioner_out,
)
from api.services import Here
from scheduler.directory import (
    change_intake,
    find_practitioner,
    open_intake,
    register_practice,
    register_practitioner,
    register_structure,
)
from scheduler.rows import id_of
from scheduler.store.tables import Practitioner, Structure

structures = APIRouter(prefix="/api/v1/structures", tags=["annuaire"])
practitioners = APIRouter(prefix="/api/v1/practitioners", tags=["annuaire"])

PractitionerId = Annotated[Id, Path()]


@structures.get("")
def list_places(actor: Anyone, here: Here, paging: Paged) -> Page[StructureOut]:
    """List the structures of the territory."""
    with here.store.read() as session:
        listed = list_structures(session, actor, limit=paging.limit, after=paging.after_as(whole))
    return page(listed, key=_key, show=StructureOut.of)


@structures.post("", status_code=status.HTTP_201_CREATED)
def add_structure(given: StructureIn, actor: DirectoryKeeper, here: Here) -> StructureOut:
    """Register a place of care, or a partner."""
    with here.store.write() as session:
        row = register_structure(session, actor, **given.model_dump())
        return StructureOut.of(row)


@practitioners.get("")
def list_people(actor: Anyone, here: Here, paging: Paged) -> Page[PractitionerLine]:
    """List the practitioners of the territory."""
    with here.store.read() as session:
        listed = list_practitioners(session, actor, limit=paging.limit, after=paging.after_as(whole))
    return page(listed, key=_key, show=PractitionerLine.of)


@practitioners.post("", status_code=status.HTTP_201_CREATED)
def add_practitioner(given: PractitionerIn, actor: DirectoryKeeper, here: Here) -> PractitionerRef:
    """Register a practitioner and where they see patients, all of it or nothing."""
    values = given.model_dump(exclude={"practices"}) | {"languages": tuple(given.languages)}
    with here.store.write() as session:
        practitioner_id = id_of(register_practitioner(session, actor, **values))
        practices = [
            register_practice(session, actor, practitioner_id, practice_given(practice))
            for practice in given.practices
        ]
        return PractitionerRef(id=practitioner_id, practice_ids=[id_of(practice) for practice in practices])


@practitioners.get("/{practitioner_id}")
def get_one(practitioner_id: PractitionerId, actor: Anyone, here: Here) -> PractitionerOut:
    """Read one practitioner, their places of practice, and what they take on."""
    with here.store.read() as session:
        return practitioner_out(get_practitioner(session, actor, practitioner_id))


@practitioners.put("/{practitioner_id}/intake")
def put_intake(
    practitioner_id: PractitionerId, given: IntakeIn, actor: CalendarKeeper, here: Here
) -> IntakeOut:
    """Say how many new patients a practitioner takes on from now; replaces what was said before."""
    with here.store.write() as session:
        find_practitioner(session, actor, practitioner_id)
        before = session.exec(open_intake_of(practitioner_id)).first()
        if before is None:
            intake = open_intake(session, actor, practitioner_id, intake_given(given), now=here.clock())
        else:
            intake = change_intake(session, actor, id_of(before), intake_given(given))
        return IntakeOut.of(intake)


def _key(row: Structure | Practitioner) -> tuple[str]:
    return (str(row.id),)
