"""Every open case of a territory, without a name, with the facts that decide its worklist."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, exists, or_
from sqlalchemy import select as columns
from sqlmodel import Session, col, select

from matching import Needs, Policy
from matching.priority import tier_of
from scheduler.referrals.duplicates import undecided_pairs
from scheduler.referrals.history import REVIEWED, today_in
from scheduler.referrals.instance import NEEDS, age_on, consented
from scheduler.referrals.life import OPEN, STANDINGS
from scheduler.referrals.pathways.kept import GP
from scheduler.referrals.places import takes_patients
from scheduler.referrals.policies import in_force
from scheduler.referrals.scope import BY_ID
from scheduler.referrals.worklists import Facts, Worklist, worklist_of
from scheduler.rows import id_of
from scheduler.store.tables import (
    Booking,
    BookingState,
    Bridge,
    DeclareRequest,
    Intake,
    Offer,
    OfferLink,
    OfferState,
    Patient,
    Practitioner,
    Referral,
    ReferralEvent,
    ReferralState,
    Role,
    SlotConflict,
)

LONGEST_SNOOZE_DAYS = 90
_READ = (
    *("id", "patient_id", "state", "pathway", "tier", "waiting_since", "next_action_on", "snoozed_until"),
    *("unplaced_because", "unreachable_since", "reconfirm_due_on", "owner_id"),
)
"""What is read of each referral: whole rows would cost four times as much, some thousands a page."""
_HELD = (OfferState.OPEN, OfferState.ACCEPTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One open case: where it stands, who acts next, by when; no identity.

    Parameters
    ----------
    owner : Role
        Who acts next; somebody of the coordination may have taken charge of it, ``owner_id``.
    practitioner_id : int or None
        The GP who was asked, or has accepted.
    """

    referral_id: UUID
    patient_id: UUID
    facts: Facts
    worklist: Worklist | None
    tier: int
    waiting_since: date
    owner: Role
    owner_id: UUID | None
    practitioner_id: int | None


def all_cases(session: Session, territory_id: int, *, only: UUID | None = None, now: datetime) -> list[Case]:
    """Give every case of a territory in which somebody has something to do, the longest wait first.

    Of those with a GP, the ones whose next date has come; ``only`` gives one case, whatever its date.
    """
    today = today_in(session, territory_id, now)
    policy = in_force(session, territory_id).policy
    concerned = _with_a_day(today) if only is None else (col(Referral.id) == only,)
    known = _Known.read(session, territory_id, concerned, now)
    asked = [*(getattr(Referral, name) for name in _READ), Patient.birth_date, consented().label("agrees")]
    asked += [getattr(Referral, need) for need in NEEDS]
    query = (
        columns(*asked)
        .join(Patient, col(Patient.id) == col(Referral.patient_id))
        .where(
            col(Referral.territory_id) == territory_id,
            col(Referral.state) != ReferralState.CLOSED,
            or_(col(Referral.state) != ReferralState.DECLARED, col(Referral.next_action_on).is_not(None)),
        )
    )
    rows = [row for each in concerned for row in session.execute(query.where(each))]
    return [_case(row, known, policy, today) for row in sorted(rows, key=_longest_wait_first)]


def _with_a_day(today: date) -> tuple[ColumnElement[bool], ...]:
    """Keep who is searched for, and of the declared, thousands after a year, those whose day has come.

    Two conditions, for two questions: together SQLite would answer them by reading every file.
    """
    declared = (col(Referral.state) == ReferralState.DECLARED) & (col(Referral.next_action_on) <= today)
    return col(Referral.state).in_(OPEN), declared


def _longest_wait_first(row: Row[Any]) -> tuple[date, UUID]:
    return row.waiting_since, row.id


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What surrounds the referrals of a territory, by referral."""

    offers: Mapping[UUID, Row[Any]]
    intakes: Mapping[int, Intake]
    told: Collection[UUID]
    declines: Mapping[UUID, int]
    in_conflict: Collection[UUID]
    duplicates: Collection[UUID]
    declare_asked: Collection[UUID]
    now: datetime

    @classmethod
    def read(
        cls, session: Session, territory_id: int, concerned: Sequence[ColumnElement[bool]], now: datetime
    ) -> "_Known":
        return cls(
            offers=_offers(session, territory_id, concerned),
            intakes=_intakes(session, territory_id),
            told=_told(session, territory_id),
            declines=_declines(session, territory_id),
            in_conflict=_in_conflict(session, territory_id),
            duplicates=_duplicates(session, territory_id),
            declare_asked=_declare_asked(session, territory_id, today_in(session, territory_id, now)),
            now=now,
        )


def _case(referral: Row[Any], known: _Known, policy: Policy, today: date) -> Case:
    born: date | None = referral.birth_date
    needs = Needs(**dict(zip(NEEDS, referral[-len(NEEDS) :], strict=True)))
    own = None if referral.pathway == GP else referral.tier  # of its pathway, kept by ``ranking``
    tier = own or tier_of(needs, None if born is None else age_on(born, today), policy.tiers)
    offer = known.offers.get(referral.id)
    intake = None if offer is None else known.intakes[offer.intake_id]
    is_open = offer is not None and offer.state is OfferState.OPEN
    facts = Facts(
        state=referral.state,
        today=today,
        next_on=referral.next_action_on,
        snoozed_until=referral.snoozed_until,
        consent=referral.agrees,
        waited_days=(today - referral.waiting_since).days,
        longest_wait_days=policy.tiers.longest_wait_days[tier - 1],
        num_declines=known.declines.get(referral.id, 0),
        unplaced_because=referral.unplaced_because,
        unreachable_since=referral.unreachable_since,
        reconfirm_due_on=referral.reconfirm_due_on,
        undelivered=is_open and referral.id not in known.told,
        offer_over=is_open and offer is not None and offer.expires_at <= known.now,
        gp_gone=intake is not None and _gone(intake, today, is_open=is_open),
        booking_in_conflict=referral.id in known.in_conflict,
        duplicate=referral.id in known.duplicates,
        declare_asked=referral.id in known.declare_asked,
    )
    return Case(
        referral_id=referral.id,
        patient_id=referral.patient_id,
        facts=facts,
        worklist=worklist_of(facts),
        tier=tier,
        waiting_since=referral.waiting_since,
        owner=STANDINGS[referral.state].owner,
        owner_id=referral.owner_id,
        practitioner_id=None if intake is None else intake.practitioner_id,
    )


def _gone(intake: Intake, today: date, *, is_open: bool) -> bool:
    """Tell whether the GP takes nobody any more, or, once they accepted, has left."""
    if is_open:
        return not takes_patients(intake, today)
    return intake.leaving_on is not None and intake.leaving_on <= today


def _offers(
    session: Session, territory_id: int, concerned: Sequence[ColumnElement[bool]]
) -> dict[UUID, Row[Any]]:
    asked: list[Any] = [Offer.referral_id, Offer.intake_id, Offer.state, Offer.expires_at]
    query = (
        columns(*asked)
        .join(Referral, col(Referral.id) == col(Offer.referral_id))
        .where(
            col(Referral.territory_id) == territory_id,
            col(Offer.state).in_(_HELD),
        )
    )
    return {offer.referral_id: offer for each in concerned for offer in session.execute(query.where(each))}


def _intakes(session: Session, territory_id: int) -> dict[int, Intake]:
    query = (
        select(Intake)
        .join(Practitioner, col(Practitioner.id) == col(Intake.practitioner_id))
        .where(col(Practitioner.territory_id) == territory_id)
    )
    return {id_of(intake): intake for intake in session.exec(query)}


def _told(session: Session, territory_id: int) -> set[UUID]:
    query = (
        select(Offer.referral_id)
        .join(OfferLink, col(OfferLink.group_id) == col(Offer.group_id))
        .join(Referral, col(Referral.id) == col(Offer.referral_id))
        .where(
            col(Referral.territory_id) == territory_id,
            col(Referral.state) == ReferralState.OFFERED,
            col(Offer.state) == OfferState.OPEN,
        )
    )
    return set(session.exec(query))


def _declines(session: Session, territory_id: int) -> dict[UUID, int]:
    """Count the declines of those who wait, since a person last looked at the case for them."""
    waiting = (col(Referral.territory_id) == territory_id) & (col(Referral.state) == ReferralState.WAITING)
    declined = (
        select(Offer.referral_id, Offer.answered_at)
        .join(Referral, col(Referral.id) == col(Offer.referral_id))
        .where(waiting, col(Offer.state) == OfferState.DECLINED)
    )
    reviewed = (
        select(ReferralEvent.referral_id, ReferralEvent.at, ReferralEvent.detail)
        .join(Referral, col(Referral.id) == col(ReferralEvent.referral_id))
        .where(waiting, col(ReferralEvent.kind) == REVIEWED)
        .order_by(col(ReferralEvent.id))
    )
    looked_at = {
        referral_id: at
        for referral_id, at, detail in session.exec(reviewed)
        if detail.get("worklist") == Worklist.THREE_DECLINES.value
    }
    counted: Counter[UUID] = Counter()
    for referral_id, at in session.exec(declined):
        since = looked_at.get(referral_id)
        counted[referral_id] += since is None or (at is not None and at > since)
    return dict(counted)


def _in_conflict(session: Session, territory_id: int) -> set[UUID]:
    query = (
        select(Bridge.referral_id)
        .join(Booking, col(Booking.id) == col(Bridge.booking_id))
        .join(SlotConflict, col(SlotConflict.slot_id) == col(Booking.slot_id))
        .join(Referral, col(Referral.id) == col(Bridge.referral_id))
        .with_hint(Referral, BY_ID, "sqlite")
        .where(
            col(Referral.territory_id) == territory_id,
            col(Booking.state) == BookingState.BOOKED,
            col(SlotConflict.resolved_at).is_(None),
        )
    )
    return set(session.exec(query))


def _duplicates(session: Session, territory_id: int) -> set[UUID]:
    pairs = session.exec(undecided_pairs(territory_id))
    return {referral_id for pair in pairs for referral_id in (pair.referral_id, pair.other_id)}


def _declare_asked(session: Session, territory_id: int, today: date) -> set[UUID]:
    query = select(DeclareRequest.referral_id).where(
        col(DeclareRequest.answer).is_(None),
        col(DeclareRequest.due_on) >= today,
        exists().where(  # not joined: SQLite would read every file, and look for a request of each
            col(Referral.id) == col(DeclareRequest.referral_id), col(Referral.territory_id) == territory_id
        ),
    )
    return set(session.exec(query))
