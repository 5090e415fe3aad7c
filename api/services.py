"""What a running application is made of, handed to the routes that need it."""

from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from api.fhir.publication import Publication
from api.fhir.room import Room
from api.reading import Readers
from scheduler.agenda.reread import Rereads
from scheduler.clock import Clock
from scheduler.referrals.workbench import Workbench
from scheduler.settings import Settings
from scheduler.store.engine import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The parts of one application: nothing of it is global, so that two may live side by side."""

    settings: Settings
    store: Store
    clock: Clock
    readers: Readers
    rereads: Rereads = field(default_factory=Rereads)
    fhir_room: Room = field(default_factory=Room)
    publication: Publication = field(default_factory=Publication)
    workbench: Workbench = field(default_factory=Workbench)


def services_of(request: Request) -> Services:
    """Give the parts of the application that answers a request."""
    services: Services = request.app.state.services
    return services


async def _services(request: Request) -> Services:
    return services_of(request)


Here = Annotated[Services, Depends(_services)]
