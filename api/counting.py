"""Counting what was listed, without ever keeping somebody waiting for it."""

from collections.abc import Iterable

import structlog

from api.services import Services
from scheduler.agenda.search import FoundSlot
from scheduler.agenda.shown import new_to_all, note_shown
from scheduler.errors import StoreBusy

log = structlog.get_logger()

_PATIENCE_S = 0.02


def keep_count(here: Services, slots: Iterable[FoundSlot]) -> None:
    """Remember which slots were listed for the first time; the next search tells a database that is busy."""
    slot_ids = new_to_all(slots)
    if not slot_ids:
        return
    try:
        with here.store.write(patience_s=_PATIENCE_S) as session:
            note_shown(session, slot_ids, now=here.clock())
    except StoreBusy:
        log.info("not_counted", num_slots=len(slot_ids))
