"""After the declaration: still followed at 3, 6 and 12 months? Who is not goes back on the list at once.

GPs are asked by one mail a day for all their patients, and answer with a button for each; one who stays
silent is work for the coordination.
"""

from calendar import monthrange
from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from scheduler.accounts.actor import Actor
from scheduler.errors import WrongState
from scheduler.messages.letters_to_gps import first_visit_asked, follow_up_asked
from scheduler.messages.outbox import ToTell, enqueue_all
from scheduler.messages.templates import Letter
from scheduler.referrals.addresses import page_address
from scheduler.referrals.ending import end
from scheduler.referrals.history import FOLLOW_UP_ASKED, FOLLOWED, note, today_in
from scheduler.referrals.recipients import recipients_of
from scheduler.referrals.relation import LossReason, lose, taken_on, who_tells
from scheduler.referrals.scope import find_referral
from scheduler.referrals.trace import trace
from scheduler.store.tables import (
    CloseReason,
    Intake,
    Offer,
    OfferState,
    Referral,
    ReferralState,
)

FOLLOW_UP_MONTHS = (3, 6, 12)
ANSWER_DAYS = 14
"""After being asked, how long a GP may take before the coordination telephones."""


def months_after(on: date, months: int) -> date:
    """Give the same day some months later, or the last one of a shorter month."""
    year, month = divmod(on.year * 12 + on.month - 1 + months, 12)
    return date(year, month + 1, min(on.day, monthrange(year, month + 1)[1]))


def ask_gps(session: Session, actor: Actor, *, now: datetime) -> int:
    """Ask the GPs of a territory what became of patients whose date has come; gives how many patients.

    First visits and declarations once their day is over, follow-ups at 3, 6 and 12 months. Each patient is
    asked about once for each date.
    """
    today = today_in(session, actor.territory_id, now)
    due = _due(session, actor.territory_id, today)
    for referral, _ in due:
        referral.asked_at = now
        referral.next_action_on = today + timedelta(days=ANSWER_DAYS)
        session.add(referral)
        if referral.state is ReferralState.DECLARED:
            note(session, actor, referral, FOLLOW_UP_ASKED, now=now, months=referral.next_follow_up)
    link = page_address(session, "/mon-accueil")
    visits = Counter(who for referral, who in due if referral.state is not ReferralState.DECLARED)
    followed = Counter(who for referral, who in due if referral.state is ReferralState.DECLARED)
    letters = [(who, first_visit_asked(num_patients=n, link=link)) for who, n in visits.items()]
    letters += [(who, follow_up_asked(num_patients=n, link=link)) for who, n in followed.items()]
    _write(session, actor, letters, today, now)
    session.flush()
    return len(due)


def still_followed(session: Session, actor: Actor, referral_id: UUID, *, now: datetime) -> Referral:
    """Write down that the GP still follows the patient; the next date is set, or the follow-up is over.

    Raises
    ------
    NotFound
        When this person may not reach the referral.
    WrongState
        When no follow-up is due: nothing is declared, or the year is over.
    """
    referral = _followed(session, actor, referral_id)
    months = referral.next_follow_up or FOLLOW_UP_MONTHS[0]
    _note_outcome(session, actor, referral, months, still=True, now=now)
    later = [more for more in FOLLOW_UP_MONTHS if more > months]
    referral.next_follow_up = later[0] if later else None
    declared_on = referral.declared_on or today_in(session, referral.territory_id, now)
    referral.next_action_on = months_after(declared_on, later[0]) if later else None
    referral.asked_at = None
    return _written(session, actor, referral, now)


def no_longer_followed(
    session: Session,
    actor: Actor,
    referral_id: UUID,
    *,
    because: LossReason | CloseReason,
    now: datetime,
) -> Referral:
    """Write down that the GP does not follow the patient: back on the list, or closed when the patient left.

    Serves from the acceptance on: a patient who never came, a GP who gives up, a follow-up answered by no.

    Raises
    ------
    NotFound
        When this person may not reach the referral.
    WrongState
        When no GP had accepted the patient.
    """
    referral = find_referral(session, actor, referral_id, lock=True)
    if referral.state is ReferralState.DECLARED:
        _note_outcome(session, actor, referral, referral.next_follow_up, still=False, now=now)
    if isinstance(because, CloseReason):
        end(session, actor, referral, because, now=now)
    else:
        lose(session, actor, referral, because, now=now)
    return _written(session, actor, referral, now)


def _due(session: Session, territory_id: int, today: date) -> list[tuple[Referral, int]]:
    query = (
        select(Referral, Intake.practitioner_id)
        .join(Offer, col(Offer.referral_id) == col(Referral.id))
        .join(Intake, col(Intake.id) == col(Offer.intake_id))
        .where(
            col(Referral.territory_id) == territory_id,
            col(Offer.state) == OfferState.ACCEPTED,
            col(Referral.state).in_((ReferralState.ACCEPTED, ReferralState.SEEN, ReferralState.DECLARED)),
            col(Referral.next_action_on) <= today,
            col(Referral.asked_at).is_(None),
        )
        .order_by(col(Referral.id))
        .with_for_update(of=Referral, key_share=True)
    )
    return [(referral, who) for referral, who in session.exec(query)]


def _write(
    session: Session, actor: Actor, letters: Sequence[tuple[int, Letter]], today: date, now: datetime
) -> None:
    whom = recipients_of(session, {who for who, _ in letters}, on=today)
    told = [
        ToTell(
            key=f"{letter.kind}:{who}:{today}:{recipient.account_id}",
            recipient=recipient.email,
            letter=letter,
        )
        for who, letter in letters
        for recipient in whom[who]
    ]
    enqueue_all(session, told, territory_id=actor.territory_id, now=now)


def _followed(session: Session, actor: Actor, referral_id: UUID) -> Referral:
    referral = find_referral(session, actor, referral_id, lock=True)
    if referral.state is not ReferralState.DECLARED or referral.next_action_on is None:
        raise WrongState("referral", referral.state.value, FOLLOWED)
    return referral


def _note_outcome(
    session: Session, actor: Actor, referral: Referral, months: int | None, *, still: bool, now: datetime
) -> None:
    taken = taken_on(session, referral)
    detail = {
        "months": months,
        "still_followed": still,
        "practitioner": None if taken is None else taken.practitioner_id,
        "by": who_tells(actor).value,
    }
    note(session, actor, referral, FOLLOWED, now=now, **detail)


def _written(session: Session, actor: Actor, referral: Referral, now: datetime) -> Referral:
    referral.updated_at = now
    session.add(referral)
    session.flush()
    trace(session, actor, "U", referral.id, referral.patient_id, now=now)
    return referral
