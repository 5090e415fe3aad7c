"""Rounds of filling: slots kept for waiting requests, announced only when they must be.

A round reads, solves outside any transaction, then writes what changed. Kept slots are internal: nobody is
told, and a later round may find better. What is announced is a booking, which no round touches again. The
database holds one round at a time on a territory.
"""

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, func, or_, select

from matching.fill import FillSolution, Placement, fill
from scheduler.accounts.actor import Actor
from scheduler.care.follow import SYSTEM
from scheduler.care.instance import Round, build_round
from scheduler.care.life import Kind, step
from scheduler.care.requests import booked, lock_care, next_action_at
from scheduler.care.rules import Rules, rules_of
from scheduler.clock import Clock
from scheduler.errors import NotFound, SlotNotOpen, SlotTaken
from scheduler.rows import id_of
from scheduler.store.engine import Store
from scheduler.store.tables import CareRequest, CareState, FillRound, Role, RoundState
from scheduler.store.violations import broken_invariant
from scheduler.territory.travel import TravelTimes

log = structlog.get_logger()

EVERY = timedelta(minutes=3)
"""Between two rounds on a territory where nothing happens; measured gain from late commitment needs 5."""

ABANDONED_AFTER = timedelta(minutes=10)
"""A round that never ended, because its process died, no longer keeps others from starting."""


def is_due(session: Session, territory_id: int, *, now: datetime) -> bool:
    """Tell whether a round is due: requests wait, and time has passed or something happened since."""
    rules = rules_of(session, territory_id)
    waiting = select(func.count()).where(
        col(CareRequest.territory_id) == territory_id, col(CareRequest.state) == CareState.WAITING
    )
    if not rules.auto_fill or not session.exec(waiting).one():
        return False
    last = session.exec(
        select(func.max(FillRound.started_at)).where(col(FillRound.territory_id) == territory_id)
    ).one()
    if last is None or last <= now - EVERY:
        return True
    since = waiting.where(or_(col(CareRequest.updated_at) > last, col(CareRequest.received_at) > last))
    return bool(session.exec(since.where(col(CareRequest.planned_slot_id).is_(None))).one())


def run_round(
    store: Store, territory_id: int, *, clock: Clock, travel: TravelTimes | None = None
) -> FillRound | None:
    """Run one round on a territory; None when another one is under way.

    The instance is bounded (``MOST_REQUESTS``, ``MOST_SLOTS``): such a round takes tens of milliseconds,
    which a process of its own would multiply.
    """
    started_at = clock()
    round_id = _begin(store, territory_id, started_at)
    if round_id is None:
        return None
    try:
        with store.read() as session:
            rules = rules_of(session, territory_id)
            found = build_round(session, territory_id, rules, now=started_at, travel=travel)
        solution = fill(found.instance, rules.policy())
        with store.write() as session:
            changed = _keep(session, territory_id, found, solution, rules, now=started_at)
        announced = sum(
            _announce(store, territory_id, UUID(placement.request_id), int(placement.slot_id or 0), clock())
            for placement in solution.placements
            if placement.announce
        )
    except Exception as fault:
        _end(store, round_id, clock(), state=RoundState.FAILED, failure=type(fault).__name__)
        raise
    return _end(
        store,
        round_id,
        clock(),
        state=RoundState.DONE,
        status=solution.status.value,
        num_requests=len(found.requests),
        num_slots=len(found.instance.slots),
        num_planned=sum(
            placement.slot_id is not None for placement in solution.placements[: len(found.requests)]
        ),
        num_changed=changed,
        num_announced=announced,
    )


def _begin(store: Store, territory_id: int, now: datetime) -> int | None:
    """Take the one place of the territory."""
    try:
        with store.write() as session:
            for abandoned in session.exec(
                select(FillRound).where(
                    col(FillRound.territory_id) == territory_id,
                    col(FillRound.state) == RoundState.RUNNING,
                    col(FillRound.started_at) <= now - ABANDONED_AFTER,
                )
            ):
                log.warning("fill_round_abandoned", round_id=abandoned.id)
                abandoned.state, abandoned.ended_at, abandoned.failure = RoundState.FAILED, now, "abandoned"
                session.add(abandoned)
            session.flush()
            begun = FillRound(territory_id=territory_id, state=RoundState.RUNNING, started_at=now)
            session.add(begun)
            session.flush()
            return id_of(begun)
    except IntegrityError as error:
        if broken_invariant(error) == "fill_round_one_running":
            return None
        raise


def _end(store: Store, round_id: int, now: datetime, **values: object) -> FillRound:
    with store.write() as session:
        ended = session.get_one(FillRound, round_id)
        for name, value in (values | {"ended_at": now}).items():
            setattr(ended, name, value)
        session.add(ended)
        session.flush()
        log.info("fill_round", round_id=round_id, state=ended.state.value, num_announced=ended.num_announced)
        return ended


def _keep(
    session: Session, territory_id: int, found: Round, solution: FillSolution, rules: Rules, *, now: datetime
) -> int:
    """Write which slot is kept for whom; gives the number of requests for which that changed."""
    lock_care(session, territory_id)
    seen = {str(request.id): request.updated_at for request in found.requests}
    placed = {placement.request_id: placement for placement in solution.placements}
    waiting = (
        select(CareRequest)
        .where(
            col(CareRequest.id).in_([request.id for request in found.requests]),
            col(CareRequest.state) == CareState.WAITING,
        )
        .order_by(col(CareRequest.id))
    )
    num_changed = 0
    for request in session.exec(waiting):
        if request.updated_at == seen[str(request.id)]:  # else the next round sees what has changed
            num_changed += _keep_one(session, request, placed[str(request.id)], rules, now)
    return num_changed


def _keep_one(
    session: Session, request: CareRequest, placement: Placement, rules: Rules, now: datetime
) -> bool:
    before = request.planned_slot_id
    after = None if placement.slot_id is None else int(placement.slot_id)
    reason = None if after is not None else placement.reason.code
    if before == after:
        request.reason = reason  # said without a line in the history: nothing happened
        request.next_action_at = None if after is not None else next_action_at(request, rules, now)
        session.add(request)
        if placement.promise and not request.promised:
            step(session, request, Kind.PROMISED, actor=SYSTEM, now=now, slot_id=after, promised=True)
        return False
    kind = Kind.PLANNED if before is None else Kind.REPLANNED if after is not None else Kind.UNPLANNED
    if after is None and request.promised:
        log.warning("promise_at_risk", request_id=str(request.id), reason=reason)
    step(
        session,
        request,
        kind,
        actor=SYSTEM,
        now=now,
        slot_id=after,
        detail={"reason": reason} if reason else {},
        planned_slot_id=after,
        reason=reason,
        promised=request.promised or placement.promise,
        next_action_at=None if after is not None else next_action_at(request, rules, now),
    )
    return True


def _announce(store: Store, territory_id: int, request_id: UUID, slot_id: int, now: datetime) -> bool:
    """Book the slot that is kept for a request; False when it has just gone, or the request changed."""
    actor = Actor(key=SYSTEM, role=Role.REGULATOR, territory_id=territory_id)
    try:
        with store.write() as session:
            lock_care(session, territory_id)
            request = _still_kept(session, request_id, slot_id)
            if request is None:
                return False
            request.promised = True  # whoever was told keeps their rank should the booking be lost
            booked(session, actor, request, Kind.ANNOUNCED, slot_id=slot_id, by=SYSTEM, now=now)
            return True
    except (NotFound, SlotNotOpen, SlotTaken) as refusal:
        with store.write() as session:
            lock_care(session, territory_id)
            if (request := _still_kept(session, request_id, slot_id)) is not None:
                step(
                    session,
                    request,
                    Kind.NOT_ANNOUNCED,
                    actor=SYSTEM,
                    now=now,
                    slot_id=slot_id,
                    detail={"refusal": refusal.code},
                    planned_slot_id=None,
                    next_action_at=now,
                )
        return False


def _still_kept(session: Session, request_id: UUID, slot_id: int) -> CareRequest | None:
    query = select(CareRequest).where(
        col(CareRequest.id) == request_id,
        col(CareRequest.state) == CareState.WAITING,
        col(CareRequest.planned_slot_id) == slot_id,
    )
    return session.exec(query).first()


def last_rounds(session: Session, actor: Actor, *, limit: int = 20) -> tuple[FillRound, ...]:
    """List the newest rounds of the actor's territory, for whoever wonders what the engine does."""
    query = select(FillRound).where(col(FillRound.territory_id) == actor.territory_id)
    return tuple(session.exec(query.order_by(col(FillRound.id).desc()).limit(limit)))
