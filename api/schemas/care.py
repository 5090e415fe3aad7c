"""Unscheduled care: requests, offers of freed slots, rounds, the rules of a CPTS; the health of calendars."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from api.schemas.common import Id, Insee, Instant, Moment, Wire
from api.schemas.feeds import FeedOut, ReadingOut, feed_out, reading_out
from scheduler.agenda.health import FeedHealth
from scheduler.care.listing import RequestShown, Standing, standing_of
from scheduler.care.requests import CancelledBecause
from scheduler.care.rules import RefillMode, Rules, as_document
from scheduler.store.tables import (
    CareOfferState,
    CareRequest,
    CareState,
    FillRound,
    Message,
    Modality,
    RoundState,
)

Minutes = Annotated[list[Annotated[int, Field(ge=0, le=2880)]], Field(min_length=3, max_length=3)]


class CareRequestIn(Wire):
    """Somebody to be seen before a deadline."""

    insee: Insee
    latitude: float | None = Field(default=None, ge=-90, le=90)
    longitude: float | None = Field(default=None, ge=-180, le=180)
    urgency: Literal[1, 2, 3] = Field(description="1 : 4 heures ; 2 : dans la journée ; 3 : 48 heures")
    deadline_at: Instant | None = Field(default=None, description="Par défaut : selon l'urgence")
    modalities: list[Modality] = Field(default=[Modality.AMB], min_length=1, max_length=3)
    usual_practitioner_id: Id | None = Field(default=None, description="Médecin habituel, servi d'abord")
    patient_id: UUID | None = None
    promised: bool = Field(default=False, description="Un créneau a été promis au patient")
    age: int | None = Field(default=None, ge=0, le=130, description="Du patient, en années")


class CareRequestOut(Wire):
    """A request; the slot kept for it, if any, is not told: it may still change."""

    id: UUID
    state: CareState
    standing: Standing = Field(description="without : sans créneau ; kept : un créneau lui est gardé")
    insee: str
    urgency: int
    modalities: list[Modality]
    usual_practitioner_id: int | None
    received_at: Moment
    deadline_at: Moment
    promised: bool
    booking_id: UUID | None
    reason: str | None = Field(description="Pourquoi la dernière recherche n'a rien trouvé")
    owner_id: UUID | None
    next_action_at: Moment | None


class CareEventOut(Wire):
    """One line of the history of a request."""

    at: Moment
    kind: str
    actor: str
    from_state: CareState | None
    to_state: CareState
    slot_id: int | None


class CareOfferOut(Wire):
    """A freed slot that is offered now."""

    id: UUID
    slot_id: int
    state: CareOfferState
    start_at: Moment
    end_at: Moment
    practitioner_id: int
    expires_at: Moment


class CareRequestWhole(CareRequestOut):
    """A request with its history and what is offered to it."""

    patient_id: UUID | None
    history: list[CareEventOut]
    offers: list[CareOfferOut]


class CancelRequestIn(Wire):
    """Why a request is given up."""

    reason: CancelledBecause


class ExtendIn(Wire):
    """A later deadline, agreed with the patient."""

    deadline_at: Instant


class BookForIn(Wire):
    """Which slot a person found for the request."""

    slot_id: Id
    by_phone: bool = Field(default=False, description="Le cabinet, appelé, a dit que le créneau est libre")


class CareRulesIn(Wire):
    """Rules to change; those left out stay."""

    usual_min: Minutes | None = None
    near_min: Minutes | None = None
    near_travel_min: int | None = None
    max_travel_min: int | None = None
    notice_min: int | None = None
    announce_lead_min: int | None = None
    wait_travel_min: int | None = None
    lookahead_min: Minutes | None = None
    auto_fill: bool | None = None
    promise_when_planned: bool | None = None
    promise_when_scarce: bool | None = None
    refill: RefillMode | None = None
    offer_min: int | None = None

    def changes(self) -> dict[str, Any]:
        """Give what is to change."""
        return self.model_dump(exclude_none=True, mode="json")


class CareRulesOut(Wire):
    """What the CPTS has decided about unscheduled care."""

    usual_min: list[int] = Field(description="Minutes réservées au médecin habituel, par urgence")
    near_min: list[int] = Field(description="Minutes réservées ensuite aux cabinets proches, par urgence")
    near_travel_min: int
    max_travel_min: int
    notice_min: int
    announce_lead_min: int
    wait_travel_min: int = Field(description="Minutes de trajet que vaut une heure d'attente")
    lookahead_min: list[int] = Field(
        description="Minutes d'avance sur lesquelles les semaines passées gardent des créneaux, par urgence"
    )
    auto_fill: bool
    promise_when_planned: bool
    promise_when_scarce: bool = Field(
        description="Promettre aussi à 48 heures quand on attend plus de demandes que de créneaux"
    )
    refill: RefillMode
    offer_min: int


class FillRoundOut(Wire):
    """What one round of filling did."""

    id: int
    state: RoundState
    started_at: Moment
    ended_at: Moment | None
    status: str | None
    num_requests: int
    num_slots: int
    num_planned: int
    num_changed: int
    num_announced: int
    failure: str | None


class DeadMailOut(Wire):
    """A mail that was given up; its text stays here."""

    id: UUID
    kind: str
    subject: str
    recipient: str
    num_attempts: int
    last_failure: str | None
    created_at: Moment


class FeedHealthOut(Wire):
    """How one calendar does, and its last readings."""

    feed: FeedOut
    trouble: str | None = Field(description="Ce qui ne va pas à la dernière lecture, et que faire")
    alerted_at: Moment | None = Field(description="Depuis quand le médecin en est averti")
    share_good: float | None = Field(description="Part de bonnes lectures sur 7 jours, de 0 à 1")
    outcomes: dict[str, int] = Field(description="Lectures des 7 derniers jours, par résultat")
    to_confirm_at: Moment | None = Field(description="À partir de quand ses créneaux sont à confirmer")
    hidden_at: Moment | None = Field(description="À partir de quand ses créneaux sont masqués")
    readings: list[ReadingOut]


def request_out(request: CareRequest) -> CareRequestOut:
    """Write a request to the wire."""
    return CareRequestOut(**_columns(CareRequestOut, request), standing=standing_of(request))


def request_whole(shown: RequestShown) -> CareRequestWhole:
    """Write a request with all that is known of it."""
    return CareRequestWhole(
        **_columns(CareRequestWhole, shown.request),
        standing=shown.standing,
        history=[CareEventOut.of(event) for event in shown.history],
        offers=[
            CareOfferOut(
                id=offer.id,
                slot_id=offer.slot_id,
                state=offer.state,
                expires_at=offer.expires_at,
                start_at=slot.start_at,
                end_at=slot.end_at,
                practitioner_id=slot.practitioner_id,
            )
            for offer, slot in shown.offers
        ],
    )


def rules_out(rules: Rules) -> CareRulesOut:
    """Write the rules to the wire."""
    return CareRulesOut(**as_document(rules))


def round_out(done: FillRound) -> FillRoundOut:
    """Write a round to the wire."""
    return FillRoundOut.of(done)


def mail_out(mail: Message) -> DeadMailOut:
    """Write a mail that was given up to the wire."""
    return DeadMailOut.of(mail)


def health_out(health: FeedHealth) -> FeedHealthOut:
    """Write the health of a calendar to the wire."""
    last = health.readings[0] if health.readings else None
    return FeedHealthOut(
        feed=feed_out(health.feed, last),
        trouble=health.trouble,
        alerted_at=None if health.alert is None else health.alert.raised_at,
        share_good=health.share_good,
        outcomes=dict(health.outcomes),
        to_confirm_at=health.to_confirm_at,
        hidden_at=health.hidden_at,
        readings=[reading_out(reading) for reading in health.readings],
    )


def _columns(schema: type[Wire], request: CareRequest) -> dict[str, Any]:
    return schema.columns(request)
