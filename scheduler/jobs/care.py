"""Every minute: requests kept in step with their bookings, freed slots offered, a round when it is due."""

import structlog
from sqlmodel import col, select

from scheduler.care.follow import follow
from scheduler.care.refill import refill
from scheduler.care.rounds import is_due, run_round
from scheduler.clock import Clock
from scheduler.jobs.faults import where
from scheduler.store.engine import Store
from scheduler.store.tables import CareRequest, CareState

log = structlog.get_logger()


def look_after_requests(store: Store, *, public_url: str, clock: Clock) -> int:
    """Look after the care requests of every territory that has any open; gives how many territories had.

    Raises
    ------
    ExceptionGroup
        The faults met, one per territory: one does not keep the others from being looked after.
    """
    territory_ids, faults = _territories(store), []
    for territory_id in territory_ids:
        try:
            _look_after(store, territory_id, public_url=public_url, clock=clock)
        except Exception as fault:  # noqa: BLE001 — raised below, once the others have been looked after
            log.error("care_fault", territory_id=territory_id, fault=where(fault))  # noqa: TRY400 — the text may quote rows
            faults.append(fault)
    if faults:
        raise ExceptionGroup("territories whose requests could not be looked after", faults)
    return len(territory_ids)


def _look_after(store: Store, territory_id: int, *, public_url: str, clock: Clock) -> None:
    with store.write() as session:
        follow(session, territory_id, now=clock())
        refill(session, territory_id, public_url=public_url, now=clock())
    with store.read() as session:
        due = is_due(session, territory_id, now=clock())
    if due:
        run_round(store, territory_id, clock=clock)


def _territories(store: Store) -> list[int]:
    open_states = (CareState.WAITING, CareState.BOOKED)
    query = select(CareRequest.territory_id).where(col(CareRequest.state).in_(open_states)).distinct()
    with store.read() as session:
        return sorted(session.exec(query))
