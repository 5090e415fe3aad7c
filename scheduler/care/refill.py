"""A freed slot is offered to requests that wait without one: one by one or to all, as the CPTS chooses.

An offer is a question to whoever made the request; it keeps the place from the rounds, not from people.
The first to accept has it, and the database sees to it that there is a first.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from scheduler.accounts.actor import Actor
from scheduler.care.circles import MINUTE
from scheduler.care.errors import OfferOver
from scheduler.care.follow import SYSTEM
from scheduler.care.instance import circle_of, waiting_requests, within_reach
from scheduler.care.life import Kind, step
from scheduler.care.offer import OpenSlot, Supply, free_ids, open_supply
from scheduler.care.requests import booked, lock_care, lock_request, may_see
from scheduler.care.rules import RefillMode, Rules, rules_of
from scheduler.errors import NotFound
from scheduler.messages import enqueue
from scheduler.messages.templates import slot_freed
from scheduler.store.tables import (
    Account,
    CareOffer,
    CareOfferState,
    CareRequest,
    CareState,
    Modality,
    Territory,
)
from scheduler.territory.travel import TravelTimes

log = structlog.get_logger()

_REFUSED = (CareOfferState.DECLINED, CareOfferState.EXPIRED)


def refill(
    session: Session,
    territory_id: int,
    *,
    public_url: str,
    now: datetime,
    travel: TravelTimes | None = None,
) -> int:
    """End the offers that are over, then offer what is free to who waits without a slot.

    Whoever has declined a slot, or let its offer pass, is not asked about it again.

    Returns
    -------
    How many offers were made.
    """
    lock_care(session, territory_id)
    _end_over(session, territory_id, now)
    rules = rules_of(session, territory_id)
    waiting = waiting_requests(session, territory_id)
    asked = [request for request in waiting if _is_without(request, rules)]
    if not asked:
        return 0
    last = max(request.deadline_at for request in asked)
    supply = open_supply(session, territory_id, from_at=now + rules.notice_min * MINUTE, to_at=last, now=now)
    kept = [request.planned_slot_id for request in waiting]
    chosen = _matches(session, asked, supply, kept, rules, now=now, travel=travel)
    for request, slot in chosen:
        _offer(session, request, slot, rules, public_url=public_url, now=now)
    return len(chosen)


def accept_offer(session: Session, actor: Actor, offer_id: UUID, *, now: datetime) -> CareRequest:
    """Take the slot that was offered.

    Raises
    ------
    NotFound
        When the offer is not theirs.
    OfferOver
        When it has ended: answered, too late, or the request has a slot.
    SlotNotOpen, SlotTaken
        When somebody was quicker, by another way.
    """
    offer, request = _lock_offer(session, actor, offer_id)
    _check_open(offer, now)
    booked(session, actor, request, Kind.ACCEPTED, slot_id=offer.slot_id, by=actor.key, now=now)
    _answer(session, offer, CareOfferState.ACCEPTED, now)
    for other in session.exec(_open_offers(col(CareOffer.request_id) == request.id)):
        _answer(session, other, CareOfferState.LOST, now)
    session.flush()
    _end_lost(session, [offer.slot_id], now)
    return request


def decline_offer(session: Session, actor: Actor, offer_id: UUID, *, now: datetime) -> CareRequest:
    """Leave the slot that was offered to others; the request waits on, with its seniority.

    Raises
    ------
    NotFound, OfferOver
        As ``accept_offer``.
    """
    offer, request = _lock_offer(session, actor, offer_id)
    _check_open(offer, now)
    _answer(session, offer, CareOfferState.DECLINED, now)
    step(session, request, Kind.DECLINED, actor=actor.key, now=now, slot_id=offer.slot_id)
    return request


def slot_of_offer(session: Session, actor: Actor, offer_id: UUID) -> int:
    """Give the slot that an offer is about, to read its calendar once more before it is taken.

    Raises
    ------
    NotFound
        When the offer is not theirs.
    """
    offer = session.get(CareOffer, offer_id)
    request = None if offer is None else session.get(CareRequest, offer.request_id)
    if offer is None or request is None or not may_see(actor, request):
        raise NotFound("care_offer")
    return offer.slot_id


def offers_of(session: Session, request_id: UUID, *, now: datetime) -> tuple[CareOffer, ...]:
    """List the offers of a request that may be answered, the soonest to end first."""
    query = _open_offers(col(CareOffer.request_id) == request_id, col(CareOffer.expires_at) > now)
    return tuple(session.exec(query.order_by(col(CareOffer.expires_at), col(CareOffer.id))))


def _is_without(request: CareRequest, rules: Rules) -> bool:
    """Tell whether a request waits without a slot, and a round, where there are any, has found none."""
    return request.planned_slot_id is None and (request.reason is not None or not rules.auto_fill)


def _matches(
    session: Session,
    requests: Sequence[CareRequest],
    supply: Supply,
    kept: Iterable[int | None],
    rules: Rules,
    *,
    now: datetime,
    travel: TravelTimes | None,
) -> list[tuple[CareRequest, OpenSlot]]:
    """Choose who is offered what: in the order of the waiting list, the earliest slot first."""
    trips = within_reach(requests, supply, rules, now=now, travel=travel)
    near = set(zip(trips.patient.tolist(), trips.practitioner.tolist(), strict=True))
    refused, busy = _past_offers(session, [request.id for request in requests])
    kept_ids = list(kept)
    chosen: list[tuple[CareRequest, OpenSlot]] = []
    for slot in supply.slots:
        room = slot.unoffered - kept_ids.count(slot.id)
        if room <= 0:
            continue
        place = supply.place_of[slot.practice_id]
        suited = [
            request
            for row, request in enumerate(requests)
            if request.id not in busy
            and (request.id, slot.id) not in refused
            and _suits(request, slot, (row, place) in near, circle_of(rules, request, now).usual_only)
        ]
        if rules.refill is RefillMode.ONE_BY_ONE:
            suited = suited[:room]
        chosen += [(request, slot) for request in suited]
        busy |= {request.id for request in suited}
    return chosen


def _suits(request: CareRequest, slot: OpenSlot, is_near: bool, usual_only: bool) -> bool:
    if slot.start_at > request.deadline_at or slot.modality.value not in request.modalities:
        return False
    if slot.modality is Modality.VR:
        return not usual_only or slot.practitioner_id == request.usual_practitioner_id
    return is_near


def _past_offers(session: Session, request_ids: list[UUID]) -> tuple[set[tuple[UUID, int]], set[UUID]]:
    """Give the pairs of request and slot that came to nothing, and the requests with an open offer."""
    query = select(CareOffer.request_id, CareOffer.slot_id, CareOffer.state).where(
        col(CareOffer.request_id).in_(request_ids)
    )
    rows = session.exec(query).all()
    refused = {(request_id, slot_id) for request_id, slot_id, state in rows if state in _REFUSED}
    return refused, {request_id for request_id, _, state in rows if state is CareOfferState.OPEN}


def _offer(
    session: Session, request: CareRequest, slot: OpenSlot, rules: Rules, *, public_url: str, now: datetime
) -> None:
    offer = CareOffer(
        request_id=request.id,
        slot_id=slot.id,
        state=CareOfferState.OPEN,
        sent_at=now,
        expires_at=min(now + rules.offer_min * MINUTE, slot.start_at),
    )
    session.add(offer)
    session.flush()
    step(session, request, Kind.OFFERED, actor=SYSTEM, now=now, slot_id=slot.id)
    reader = _reader(session, request)
    if reader is None:
        return  # a program asks for its offers by itself
    zone = session.get_one(Territory, request.territory_id).zone
    letter = slot_freed(
        start_at=slot.start_at,
        answer_by=offer.expires_at,
        to_all=rules.refill is RefillMode.TO_ALL,
        link=f"{public_url.rstrip('/')}/demandes/{request.id}",
        zone=zone,
    )
    enqueue(
        session,
        territory_id=request.territory_id,
        key=f"slot_freed:{offer.id}",
        recipient=reader.email,
        letter=letter,
        now=now,
    )


def _reader(session: Session, request: CareRequest) -> Account | None:
    account = None if request.owner_id is None else session.get(Account, request.owner_id)
    return account if account is not None and account.active else None


def _end_over(session: Session, territory_id: int, now: datetime) -> None:
    """End the offers nobody answered in time, and those whose request or slot is no longer to be had."""
    in_territory = select(CareRequest.id).where(col(CareRequest.territory_id) == territory_id)
    of_territory = col(CareOffer.request_id).in_(in_territory)
    for offer in session.exec(_open_offers(of_territory, col(CareOffer.expires_at) <= now)):
        _answer(session, offer, CareOfferState.EXPIRED, now)
        request = session.get_one(CareRequest, offer.request_id)
        step(session, request, Kind.OFFER_ENDED, actor=SYSTEM, now=now, slot_id=offer.slot_id)
    session.flush()
    left = session.exec(_open_offers(of_territory)).all()
    for offer in left:
        if session.get_one(CareRequest, offer.request_id).state is not CareState.WAITING:
            _answer(session, offer, CareOfferState.LOST, now)
    session.flush()
    _end_lost(session, [offer.slot_id for offer in left], now)


def _end_lost(session: Session, slot_ids: list[int], now: datetime) -> None:
    """End the open offers of those of some slots that are no longer free."""
    free = free_ids(session, slot_ids, now=now)
    for offer in session.exec(_open_offers(col(CareOffer.slot_id).in_(set(slot_ids) - free))):
        _answer(session, offer, CareOfferState.LOST, now)
    session.flush()


def _open_offers(*conditions: ColumnElement[bool]) -> SelectOfScalar[CareOffer]:
    query = select(CareOffer).where(col(CareOffer.state) == CareOfferState.OPEN, *conditions)
    return query.order_by(col(CareOffer.id))


def _lock_offer(session: Session, actor: Actor, offer_id: UUID) -> tuple[CareOffer, CareRequest]:
    found = session.get(CareOffer, offer_id)
    if found is None:
        raise NotFound("care_offer")
    try:
        request = lock_request(session, actor, found.request_id)
    except NotFound:
        raise NotFound("care_offer") from None
    return session.get_one(CareOffer, offer_id, populate_existing=True), request


def _check_open(offer: CareOffer, now: datetime) -> None:
    if offer.state is not CareOfferState.OPEN:
        raise OfferOver(offer.state.value)
    if offer.expires_at <= now:
        raise OfferOver(CareOfferState.EXPIRED.value)


def _answer(session: Session, offer: CareOffer, state: CareOfferState, now: datetime) -> None:
    offer.state, offer.answered_at = state, now
    session.add(offer)
