"""What the agenda did, in numbers, for the indicators."""

from typing import Annotated

from fastapi import APIRouter, Query

from api.dependencies import RunReader
from api.schemas.by_hand import AgendaDay
from api.schemas.counters import CountersOut, CountOut, count_out
from api.services import Here
from scheduler.agenda.counters import Counts, count_slots

router = APIRouter(prefix="/api/v1/agenda-counters", tags=["agenda partagé"])


@router.get("")
def count(
    actor: RunReader,
    here: Here,
    from_on: Annotated[AgendaDay, Query(alias="from", description="Premier jour")],
    to_on: Annotated[AgendaDay, Query(alias="to", description="Dernier jour, compris")],
) -> CountersOut:
    """Count by practitioner, week and commune, with the total; all of it on one page."""
    with here.store.read() as session:
        lines = count_slots(session, actor, from_on=from_on, to_on=to_on)
    total = sum((line.counts for line in lines), Counts())
    return CountersOut(lines=[count_out(line) for line in lines], total=CountOut.of_counts(total))
