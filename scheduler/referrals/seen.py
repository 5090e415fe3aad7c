"""Who a patient already sees: a practitioner seen repeatedly and never declared is asked to declare first.

Administrative omissions are the cheapest attachments there are: nobody has to be found. They are counted
apart, by their own lines of history: ``declare_asked`` (request, practitioner or null, num_visits) and
``declare_answered`` (request, practitioner or null, answer); a "yes" is the step ``already_followed``.
While the question is open, and at most ``ANSWER_WITHIN``, the patient is not matched with anybody else;
the seniority runs on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import BindParameter
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from scheduler.accounts.actor import Actor, system_actor
from scheduler.clock import Clock
from scheduler.errors import Conflict, InvalidInput, NotFound, WrongState
from scheduler.messages.letters_of_signals import declare_first
from scheduler.messages.outbox import enqueue
from scheduler.referrals.addresses import page_address
from scheduler.referrals.filing import has_consent
from scheduler.referrals.history import advance, note, today_in
from scheduler.referrals.life import Step
from scheduler.referrals.pathways import Pathway, pathway_in_force
from scheduler.referrals.recipients import answers_for, recipients
from scheduler.referrals.scope import find_referral
from scheduler.referrals.trace import trace
from scheduler.store.engine import Store
from scheduler.store.tables import (
    DeclareAnswer,
    DeclareRequest,
    Patient,
    Practitioner,
    Referral,
    ReferralState,
    Role,
    SeenPractitioner,
)

ANSWER_WITHIN = timedelta(days=14)
"""How long a practitioner may think it over before the patient is matched like the others."""

DECLARE_ASKED = "declare_asked"
DECLARE_ANSWERED = "declare_answered"

_ASKABLE = frozenset({ReferralState.RECEIVED, ReferralState.QUALIFIED, ReferralState.WAITING})


class AlreadyAsked(Conflict):
    """A practitioner is being asked about this patient already."""

    code = "already_asked"

    def __init__(self) -> None:
        super().__init__("Un médecin est déjà invité à se déclarer. Attendez sa réponse ou notez-la.")


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenOften:
    """A practitioner seen so often that they are asked first; ``name`` when not of the territory."""

    practitioner_id: int | None
    name: str
    num_visits: int
    last_seen_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question put to a practitioner, with the patient it is about.

    Parameters
    ----------
    practitioner_id : int or None
        None = a practitioner Relais does not know: the patient is told to ask, by ``name``.
    """

    id: UUID
    referral_id: UUID
    family_name: str
    given_name: str
    birth_date: date | None
    practitioner_id: int | None
    name: str
    asked_at: datetime
    due_on: date


def seen_by(session: Session, referral_id: UUID) -> list[SeenPractitioner]:
    """List the practitioners a patient has seen lately, the most often seen first, of a file read before."""
    query = select(SeenPractitioner).where(col(SeenPractitioner.referral_id) == referral_id)
    return list(
        session.exec(query.order_by(col(SeenPractitioner.num_visits).desc(), col(SeenPractitioner.id)))
    )


def often_seen(seen: Sequence[SeenPractitioner], pathway: Pathway) -> SeenOften | None:
    """Give the practitioner to be asked first, when one was seen as often as the pathway says."""
    least = pathway.declare_first_from
    often = [row for row in seen if least and row.num_visits >= least]
    if not often:
        return None
    most = max(often, key=lambda row: (row.num_visits, row.practitioner_id is not None))
    return SeenOften(
        practitioner_id=most.practitioner_id,
        name=most.name,
        num_visits=most.num_visits,
        last_seen_on=most.last_seen_on,
    )


def is_asked(session: Session, referral_id: UUID) -> bool:
    """Tell whether a practitioner is being asked to declare this patient."""
    return session.exec(open_requests_of(referral_id)).first() is not None


def ask_to_declare(session: Session, actor: Actor, referral_id: UUID, *, now: datetime) -> DeclareRequest:
    """Ask the practitioner a patient sees most to declare first; a mail without any identity tells them.

    A practitioner whom Relais does not know is asked by the patient: the coordination calls, and notes the
    answer.

    Raises
    ------
    NotFound
        When this person may not reach the referral.
    WrongState
        When a GP has already been offered the patient, or the file is closed.
    InvalidInput
        When nobody was seen often enough.
    AlreadyAsked
        When a question is open.
    """
    referral = find_referral(session, actor, referral_id, lock=True)
    if referral.state not in _ASKABLE:
        raise WrongState("referral", referral.state.value, DECLARE_ASKED)
    pathway = pathway_in_force(session, referral.territory_id, referral.pathway)
    whom = often_seen(seen_by(session, referral.id), pathway)
    if whom is None:
        raise InvalidInput("seen", f"un médecin vu au moins {pathway.declare_first_from} fois en un an")
    if is_asked(session, referral.id):
        raise AlreadyAsked
    row = DeclareRequest(
        referral_id=referral.id,
        practitioner_id=whom.practitioner_id,
        name=whom.name,
        asked_by=actor.account_id,
        asked_at=now,
        due_on=today_in(session, referral.territory_id, now) + ANSWER_WITHIN,
    )
    session.add(row)
    session.flush()
    detail = {"request": str(row.id), "practitioner": whom.practitioner_id, "num_visits": whom.num_visits}
    note(session, actor, referral, DECLARE_ASKED, now=now, **detail)
    if referral.state is ReferralState.WAITING:
        advance(session, actor, referral, Step.ASK_FIRST, now=now, next_on=row.due_on)
    _tell_practitioner(session, referral, row, now=now)
    trace(session, actor, "U", referral.id, referral.patient_id, now=now)
    return row


def answer_request(
    session: Session, actor: Actor, request_id: UUID, answer: DeclareAnswer, *, now: datetime
) -> Referral:
    """Note what came of a question: by the practitioner asked, or by the coordination for them.

    A declared patient's file is done; any other answer puts the patient on the list with their seniority.

    Raises
    ------
    NotFound
        When the question is not one this person may answer.
    WrongState
        When it has been answered.
    """
    row, referral = _find_request(session, actor, request_id, now)
    if row.answer is not None:
        raise WrongState("declare_request", row.answer.value, DECLARE_ANSWERED)
    return _close(session, actor, row, referral, answer, now=now)


def end_unanswered(store: Store, *, clock: Clock) -> int:
    """Take silence for a no once the date has passed, so that nobody waits for it; gives how many."""
    now = clock()
    with store.read() as session:
        query = (
            select(DeclareRequest, Referral.territory_id)
            .join(Referral, col(Referral.id) == col(DeclareRequest.referral_id))
            .where(col(DeclareRequest.answer).is_(None))
            .order_by(col(DeclareRequest.due_on), col(DeclareRequest.id))
        )
        late = [
            (row.id, territory_id)
            for row, territory_id in session.exec(query)
            if row.due_on < today_in(session, territory_id, now)
        ]
    return sum(_end(store, request_id, territory_id, now) for request_id, territory_id in late)


def open_requests(session: Session, actor: Actor, *, now: datetime) -> list[Asked]:
    """List the questions that wait for this person's answer, each reading of a patient traced."""
    query = (
        select(DeclareRequest, Referral, Patient)
        .join(Referral, col(Referral.id) == col(DeclareRequest.referral_id))
        .join(Patient, col(Patient.id) == col(Referral.patient_id))
        .where(col(Referral.territory_id) == actor.territory_id, col(DeclareRequest.answer).is_(None))
        .order_by(col(DeclareRequest.due_on), col(DeclareRequest.id))
    )
    if actor.role is not Role.COORDINATOR:
        own = answers_for(session, actor, on=today_in(session, actor.territory_id, now))
        query = query.where(col(DeclareRequest.practitioner_id).in_(own))
    asked = []
    for row, referral, patient in session.exec(query):
        trace(session, actor, "R", referral.id, patient.id, now=now)
        asked.append(
            Asked(
                id=row.id,
                referral_id=referral.id,
                family_name=patient.family_name,
                given_name=patient.given_name,
                birth_date=patient.birth_date,
                practitioner_id=row.practitioner_id,
                name=row.name or _name_of(session, row.practitioner_id),
                asked_at=row.asked_at,
                due_on=row.due_on,
            )
        )
    return asked


def _end(store: Store, request_id: UUID, territory_id: int, now: datetime) -> int:
    actor = system_actor("declare_requests", territory_id)
    with store.write() as session:
        row, referral = _find_request(session, actor, request_id, now)
        if row.answer is not None:
            return 0  # answered while we looked
        _close(session, actor, row, referral, DeclareAnswer.NO_ANSWER, now=now)
    return 1


def _find_request(
    session: Session, actor: Actor, request_id: UUID, now: datetime
) -> tuple[DeclareRequest, Referral]:
    """Load a question and its referral, locked: the practitioner's own, or any of the coordination's."""
    row = session.get(DeclareRequest, request_id)
    if row is None:
        raise NotFound("declare_request")
    locked = (
        select(Referral)
        .where(col(Referral.id) == row.referral_id, col(Referral.territory_id) == actor.territory_id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    referral = session.exec(locked).first()
    own = row.practitioner_id in answers_for(session, actor, on=today_in(session, actor.territory_id, now))
    everybody = actor.role is Role.COORDINATOR or actor.key.startswith("system:")
    if referral is None or not (own or everybody):
        raise NotFound("declare_request")
    session.refresh(row)
    return row, referral


def _close(
    session: Session,
    actor: Actor,
    row: DeclareRequest,
    referral: Referral,
    answer: DeclareAnswer,
    *,
    now: datetime,
) -> Referral:
    row.answer, row.answered_at = answer, now
    session.add(row)
    told = {"request": str(row.id), "practitioner": row.practitioner_id, "answer": answer.value}
    note(session, actor, referral, DECLARE_ANSWERED, now=now, **told)
    session.flush()
    if answer is DeclareAnswer.DECLARED and referral.state in _ASKABLE:
        detail = {"practitioner": row.practitioner_id}
        referral.declared_on = today_in(session, referral.territory_id, now)
        advance(session, actor, referral, Step.ALREADY_FOLLOWED, now=now, detail=detail)
    elif referral.state is ReferralState.QUALIFIED and has_consent(session, referral.id):
        advance(session, actor, referral, Step.ENLIST, now=now)
    session.flush()
    trace(session, actor, "U", referral.id, referral.patient_id, now=now)
    return referral


def _tell_practitioner(session: Session, referral: Referral, row: DeclareRequest, *, now: datetime) -> None:
    if row.practitioner_id is None:
        return  # the patient asks; the coordination calls and notes the answer
    letter = declare_first(due_on=row.due_on, link=page_address(session, "/a-declarer"))
    on = today_in(session, referral.territory_id, now)
    for each in recipients(session, row.practitioner_id, on=on):
        enqueue(
            session,
            territory_id=referral.territory_id,
            key=f"declare_first:{row.id}:{each.account_id}",
            recipient=each.email,
            letter=letter,
            now=now,
        )


def _name_of(session: Session, practitioner_id: int | None) -> str:
    row = session.get(Practitioner, practitioner_id) if practitioner_id else None
    return f"Dr {row.given_name} {row.family_name}" if row else ""


def open_requests_of(referral_id: UUID | BindParameter[UUID]) -> SelectOfScalar[UUID]:
    """Select the questions put about a patient that nobody has answered."""
    return select(DeclareRequest.id).where(
        col(DeclareRequest.referral_id) == referral_id, col(DeclareRequest.answer).is_(None)
    )
