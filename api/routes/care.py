"""Care requests, the offers made to them, the rounds, and what the CPTS has decided about all that."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Path, Query, status
from fastapi.responses import JSONResponse

from api.dependencies import CalendarKeeper, Coordinator, Once, OnceIfKeyed
from api.paging import Paged, instant, page
from api.reading import read_once_more
from api.schemas.care import (
    BookForIn,
    CancelRequestIn,
    CareRequestIn,
    CareRequestOut,
    CareRequestWhole,
    CareRulesIn,
    CareRulesOut,
    DeadMailOut,
    ExtendIn,
    FeedHealthOut,
    FillRoundOut,
    health_out,
    mail_out,
    request_out,
    request_whole,
    round_out,
    rules_out,
)
from api.schemas.common import Id, Page
from api.security import require
from api.services import Here
from scheduler.accounts.actor import Actor
from scheduler.agenda.health import health_of
from scheduler.care.listing import RequestLine, open_requests, read_request, worklist
from scheduler.care.refill import accept_offer, decline_offer, slot_of_offer
from scheduler.care.requests import (
    Given,
    book_for,
    cancel_request,
    create_request,
    extend,
    promise,
    take_over,
)
from scheduler.care.rounds import last_rounds
from scheduler.care.rules import change_rules, rules_of
from scheduler.messages import list_dead, send_again
from scheduler.store.tables import Role

router = APIRouter(prefix="/api/v1/care-requests", tags=["soins non programmés"])
offers = APIRouter(prefix="/api/v1/care-offers", tags=["soins non programmés"])
rules = APIRouter(prefix="/api/v1", tags=["soins non programmés"])
mails = APIRouter(prefix="/api/v1/dead-mails", tags=["courriels"])
health = APIRouter(prefix="/api/v1/feeds", tags=["agenda partagé"])

# Not those who signal only: slots kept for regulated care are not theirs to see
CareKeeper = Annotated[Actor, Depends(require(Role.REGULATOR, Role.GP, Role.SECRETARY, Role.COORDINATOR))]
RequestId = Annotated[UUID, Path()]
OfferId = Annotated[UUID, Path()]


@router.get("")
def list_all(
    actor: CareKeeper,
    here: Here,
    paging: Paged,
    without_slot: Annotated[bool, Query(description="Seulement celles sans créneau")] = False,
) -> Page[CareRequestOut]:
    """List the requests this person sees to, the nearest deadline first."""
    after = paging.after_as(instant, UUID)
    listing = worklist if without_slot else open_requests
    with here.store.read() as session:
        listed = listing(session, actor, limit=paging.limit, after=after)
    return page(listed, key=_key, show=lambda line: request_out(line.request))


@router.post("", status_code=status.HTTP_201_CREATED, response_model=CareRequestOut)
def create(given: CareRequestIn, actor: CareKeeper, once: Once, here: Here) -> JSONResponse:
    """Take in a request that finds no slot at once; a slot is looked for from now on."""
    now = here.clock()
    with here.store.write() as session:
        return once.answer(
            session,
            actor,
            now=now,
            effect=lambda: request_out(create_request(session, actor, Given(**given.model_dump()), now=now)),
        )


@router.get("/{request_id}")
def read(request_id: RequestId, actor: CareKeeper, here: Here) -> CareRequestWhole:
    """Read one request with its history and the slots offered to it now."""
    with here.store.write() as session:
        return request_whole(read_request(session, actor, request_id, now=here.clock()))


@router.post("/{request_id}/cancel", response_model=CareRequestOut)
def cancel(
    request_id: RequestId, given: CancelRequestIn, actor: CareKeeper, once: OnceIfKeyed, here: Here
) -> JSONResponse:
    """Give a request up."""
    now = here.clock()
    with here.store.write() as session:
        return once.answer(
            session,
            actor,
            now=now,
            status=status.HTTP_200_OK,
            effect=lambda: request_out(
                cancel_request(session, actor, request_id, reason=given.reason, now=now)
            ),
        )


@router.post("/{request_id}/promise")
def note_promise(request_id: RequestId, actor: CareKeeper, here: Here) -> CareRequestOut:
    """Note that the patient was told a slot will be found."""
    with here.store.write() as session:
        return request_out(promise(session, actor, request_id, now=here.clock()))


@router.post("/{request_id}/extend")
def give_time(request_id: RequestId, given: ExtendIn, actor: CareKeeper, here: Here) -> CareRequestOut:
    """Give a request a later deadline, agreed with the patient."""
    with here.store.write() as session:
        now = here.clock()
        return request_out(extend(session, actor, request_id, deadline_at=given.deadline_at, now=now))


@router.post("/{request_id}/take-over")
def own(request_id: RequestId, actor: CareKeeper, here: Here) -> CareRequestOut:
    """Become the person expected to see to a request."""
    with here.store.write() as session:
        return request_out(take_over(session, actor, request_id, now=here.clock()))


@router.post("/{request_id}/book", response_model=CareRequestOut)
def book(request_id: RequestId, given: BookForIn, actor: CareKeeper, once: Once, here: Here) -> JSONResponse:
    """Book a slot that a person found for a request."""
    now = here.clock()
    read_once_more(here, actor, given.slot_id, key=once.key, by_phone=given.by_phone)
    with here.store.write() as session:
        return once.answer(
            session,
            actor,
            now=now,
            status=status.HTTP_200_OK,
            effect=lambda: request_out(
                book_for(session, actor, request_id, slot_id=given.slot_id, by_phone=given.by_phone, now=now)
            ),
        )


@offers.post("/{offer_id}/accept", response_model=CareRequestOut)
def accept(offer_id: OfferId, actor: CareKeeper, once: Once, here: Here) -> JSONResponse:
    """Take the freed slot that was offered: the first to accept has it, the others a 409."""
    now = here.clock()
    with here.store.read() as session:
        slot_id = slot_of_offer(session, actor, offer_id)
    read_once_more(here, actor, slot_id, key=once.key)
    with here.store.write() as session:
        return once.answer(
            session,
            actor,
            now=now,
            status=status.HTTP_200_OK,
            effect=lambda: request_out(accept_offer(session, actor, offer_id, now=now)),
        )


@offers.post("/{offer_id}/decline", response_model=CareRequestOut)
def decline(offer_id: OfferId, actor: CareKeeper, once: OnceIfKeyed, here: Here) -> JSONResponse:
    """Leave the freed slot to others; the request waits on."""
    now = here.clock()
    with here.store.write() as session:
        return once.answer(
            session,
            actor,
            now=now,
            status=status.HTTP_200_OK,
            effect=lambda: request_out(decline_offer(session, actor, offer_id, now=now)),
        )


@rules.get("/care-rules")
def read_care_rules(actor: CareKeeper, here: Here) -> CareRulesOut:
    """Read what the CPTS has decided about unscheduled care."""
    with here.store.read() as session:
        return rules_out(rules_of(session, actor.territory_id))


@rules.put("/care-rules")
def change_care_rules(given: CareRulesIn, actor: Coordinator, here: Here) -> CareRulesOut:
    """Change the rules that are given, the others stay; the next round follows them."""
    with here.store.write() as session:
        return rules_out(change_rules(session, actor, given.changes(), now=here.clock()))


@rules.get("/fill-rounds")
def list_rounds(actor: Coordinator, here: Here) -> Page[FillRoundOut]:
    """List the last rounds of filling, the newest first, on one page."""
    with here.store.read() as session:
        return Page(items=[round_out(done) for done in last_rounds(session, actor)])


@mails.get("")
def list_dead_mails(actor: Coordinator, here: Here) -> Page[DeadMailOut]:
    """List the mails that could not be sent, the newest first, on one page."""
    with here.store.read() as session:
        return Page(items=[mail_out(mail) for mail in list_dead(session, actor)])


@mails.post("/{message_id}/send-again")
def try_again(message_id: Annotated[UUID, Path()], actor: Coordinator, here: Here) -> DeadMailOut:
    """Try a mail that was given up once more."""
    with here.store.write() as session:
        return mail_out(send_again(session, actor, message_id, now=here.clock()))


@health.get("/{feed_id}/health")
def feed_health(feed_id: Annotated[Id, Path()], actor: CalendarKeeper, here: Here) -> FeedHealthOut:
    """Say how a calendar does, with its last hundred readings."""
    with here.store.read() as session:
        return health_out(health_of(session, actor, feed_id, now=here.clock()))


def _key(line: RequestLine) -> tuple[str, str]:
    return line.request.deadline_at.isoformat(), str(line.request.id)
