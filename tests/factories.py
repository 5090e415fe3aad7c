"""Rows for tests: each function adds one row, with the rows it needs, and gives it back flushed.

Every value has a default and may be given by name, as a column of the table: ``slot(session,
start_at=…, capacity=2)``. Parents are made when they are not given. Nothing here is a real person.
"""

from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import count
from typing import Any, TypeVar
from uuid import UUID, uuid4

from sqlmodel import Session, SQLModel

from scheduler.accounts.actor import Actor
from scheduler.accounts.passwords import hash_password
from scheduler.store.tables import (
    Account,
    Booking,
    BookingState,
    ConflictKind,
    Consent,
    ConsentHow,
    Feed,
    Grant,
    Household,
    Intake,
    Leave,
    MatchingRun,
    Modality,
    Offer,
    OfferState,
    Patient,
    PolicyDocument,
    Practice,
    Practitioner,
    Proposal,
    ProposalState,
    Referral,
    ReferralState,
    Role,
    RunState,
    Slot,
    SlotConflict,
    SlotSeries,
    SlotSource,
    SlotState,
    Structure,
    Study,
    StudyKind,
    Territory,
    TerritoryCommune,
    Visibility,
)

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
"""A Monday, 9 o'clock in Paris."""

SAVIGNY_LE_TEMPLE = {"insee": "77445", "latitude": 48.5855, "longitude": 2.5813}
PASSWORD = "un mot de passe d'essai"

_numbers = count(1)
_Row = TypeVar("_Row", bound=SQLModel)


def _add(session: Session, row: _Row) -> _Row:
    session.add(row)
    session.flush()
    return row


def actor(
    role: Role = Role.COORDINATOR, *, territory_id: int = 1, key: str | None = None, **more: Any
) -> Actor:
    """Make somebody who acts, without any row behind it."""
    return Actor(key=key or f"account:{UUID(int=1)}", role=role, territory_id=territory_id, **more)


def actor_of(row: Account, role: Role, territory_id: int) -> Actor:
    """Make the actor that an account row acts as."""
    return Actor(
        key=f"account:{row.id}",
        role=role,
        territory_id=territory_id,
        account_id=row.id,
        practitioner_id=row.practitioner_id,
    )


def territory(session: Session, **values: Any) -> Territory:
    """Add a CPTS with one commune, Savigny-le-Temple."""
    number = next(_numbers)
    row = _add(session, Territory(**{"slug": f"cpts-{number}", "name": f"CPTS {number}", **values}))
    _add(session, TerritoryCommune(territory_id=row.id, insee=SAVIGNY_LE_TEMPLE["insee"]))
    return row


def structure(session: Session, **values: Any) -> Structure:
    """Add a place of care."""
    if "territory_id" not in values:
        values["territory_id"] = _id(values, "territory") or territory(session).id
    return _add(
        session, Structure(**{"name": "Maison de santé", "insee": "77445", "fictitious": True, **values})
    )


def practitioner(session: Session, **values: Any) -> Practitioner:
    """Add a GP with an invented RPPS number."""
    if "territory_id" not in values:
        values["territory_id"] = _id(values, "territory") or territory(session).id
    number = next(_numbers)
    defaults = {"rpps": f"9{number:010d}", "family_name": f"MARTIN{number}", "given_name": "Claude"}
    return _add(session, Practitioner(**{**defaults, "fictitious": True, **values}))


def practice(session: Session, **values: Any) -> Practice:
    """Add a surgery in Savigny-le-Temple, with its GP."""
    if "practitioner_id" not in values:
        values["practitioner_id"] = _id(values, "practitioner") or practitioner(session).id
    return _add(session, Practice(**{**SAVIGNY_LE_TEMPLE, **values}))


def intake(session: Session, **values: Any) -> Intake:
    """Add an open intake of three places, with its practice and GP."""
    _place(session, values)
    return _add(session, Intake(**{"places": 3, "opened_at": NOW, **values}))


def account(session: Session, **values: Any) -> Account:
    """Add an account without any role; give ``password`` for one that can sign in."""
    number = next(_numbers)
    password = values.pop("password", None)
    defaults = {
        "email": f"personne{number}@exemple.test",
        "name": f"Personne {number}",
        "password_hash": _hashed(password) if password else "!",
        "created_at": NOW,
    }
    return _add(session, Account(**{**defaults, **values}))


@cache
def _hashed(password: str) -> str:
    """Hash a password once per run: it is slow by design."""
    return hash_password(password)


def grant(session: Session, **values: Any) -> Grant:
    """Give an account a role, coordinator by default."""
    if "account_id" not in values:
        values["account_id"] = _id(values, "account") or account(session).id
    if "territory_id" not in values:
        values["territory_id"] = _id(values, "territory") or territory(session).id
    return _add(session, Grant(**{"role": Role.COORDINATOR, **values}))


def patient(session: Session, **values: Any) -> Patient:
    """Add an invented adult patient."""
    number = next(_numbers)
    defaults = {
        "family_name": f"DURAND{number}",
        "given_name": "Camille",
        "birth_date": date(1980, 1, 1),
        "insee": "77445",
        "fictitious": True,
        "created_at": NOW,
    }
    return _add(session, Patient(**{**defaults, **values}))


def household(session: Session, **values: Any) -> Household:
    """Add a household."""
    if "territory_id" not in values:
        values["territory_id"] = _id(values, "territory") or territory(session).id
    return _add(session, Household(**values))


def referral(session: Session, **values: Any) -> Referral:
    """Add a referral that waits, with its patient; ``consent=False`` leaves the consent out."""
    if "territory_id" not in values:
        values["territory_id"] = _id(values, "territory") or territory(session).id
    if "patient_id" not in values:
        values["patient_id"] = _id(values, "patient") or patient(session).id
    with_consent = values.pop("consent", True)
    defaults = {
        "state": ReferralState.WAITING,
        "waiting_since": NOW.date(),
        "created_at": NOW,
        "updated_at": NOW,
    }
    row = _add(session, Referral(**{**defaults, **values}))
    if with_consent:
        consent(session, referral_id=row.id)
    return row


def consent(session: Session, **values: Any) -> Consent:
    """Add an oral consent to a referral."""
    if "referral_id" not in values:
        values["referral_id"] = _id(values, "referral") or referral(session, consent=False).id
    defaults = {
        "notice_version": "1",
        "how": ConsentHow.ORAL,
        "collected_by": "Infirmière d'essai",
        "given_at": NOW,
    }
    return _add(session, Consent(**{**defaults, **values}))


def matching_run(session: Session, **values: Any) -> MatchingRun:
    """Add a finished run of the engine."""
    if "territory_id" not in values:
        values["territory_id"] = _id(values, "territory") or territory(session).id
    defaults = {"state": RunState.DONE, "policy_version": "1", "started_at": NOW, "ended_at": NOW}
    return _add(session, MatchingRun(**{**defaults, **values}))


def policy_document(session: Session, **values: Any) -> PolicyDocument:
    """Add a version of the default policy under another name."""
    if "territory_id" not in values:
        values["territory_id"] = _id(values, "territory") or territory(session).id
    version = f"essai-{next(_numbers)}"
    defaults = {"version": version, "document": f'version = "{version}"', "created_at": NOW}
    return _add(session, PolicyDocument(**{**defaults, **values}))


def study(session: Session, **values: Any) -> Study:
    """Add a rehearsal that has ended."""
    if "territory_id" not in values:
        values["territory_id"] = _id(values, "territory") or territory(session).id
    defaults = {"kind": StudyKind.REHEARSAL, "state": RunState.DONE, "started_at": NOW, "ended_at": NOW}
    return _add(session, Study(**{**defaults, **values}))


def proposal(session: Session, **values: Any) -> Proposal:
    """Add a pending proposal, with its run, referral and intake."""
    if "referral_id" not in values:
        values["referral_id"] = _id(values, "referral") or referral(session).id
    if "intake_id" not in values:
        values["intake_id"] = _id(values, "intake") or intake(session).id
    if "run_id" not in values:
        values["run_id"] = _id(values, "run") or matching_run(session).id
    defaults = {
        "state": ProposalState.PROPOSED,
        "tier": 3,
        "travel_s": 600,
        "distance_m": 4000,
        "reason": "proche",
        "created_at": NOW,
    }
    return _add(session, Proposal(**{**defaults, **values}))


def offer(session: Session, **values: Any) -> Offer:
    """Add an open offer, with the validated proposal it comes from."""
    for_proposal: Proposal = values.pop("proposal", None) or proposal(
        session,
        state=ProposalState.VALIDATED,
        **{name: values[name] for name in ("referral_id", "intake_id") if name in values},
    )
    state = values.get("state", OfferState.OPEN)
    defaults = {
        "proposal_id": for_proposal.id,
        "referral_id": for_proposal.referral_id,
        "intake_id": for_proposal.intake_id,
        "state": state,
        "sent_at": NOW,
        "expires_at": NOW + timedelta(days=3),
        "answered_at": None if state == OfferState.OPEN else NOW,
    }
    return _add(session, Offer(**{**defaults, **values}))


def feed(session: Session, **values: Any) -> Feed:
    """Add an active calendar, with its practice and GP."""
    _place(session, values)
    return _add(session, Feed(**{"name": "Agenda d'essai", "created_at": NOW, **values}))


def slot(session: Session, **values: Any) -> Slot:
    """Add an open slot of 15 minutes, one hour from ``NOW``, out of a feed."""
    source: Feed | None = values.pop("feed", None)
    if source is None and "feed_id" not in values and values.get("source", "feed") == "feed":
        keys = ("practitioner", "practice", "practitioner_id", "practice_id")
        source = feed(session, **{name: values[name] for name in keys if name in values})
    if source is not None:
        values = {"feed_id": source.id, "practitioner_id": source.practitioner_id} | values
        values.setdefault("practice_id", source.practice_id)
    _place(session, values)
    start_at = values.get("start_at", NOW + timedelta(hours=1))
    defaults = {
        "source": SlotSource.FEED,
        "key": uuid4().hex,
        "start_at": start_at,
        "end_at": start_at + timedelta(minutes=15),
        "modality": Modality.AMB,
        "visibility": Visibility.SNP,
        "state": SlotState.OPEN,
        "seen_at": NOW,
        "updated_at": NOW,
    }
    return _add(session, Slot(**{**defaults, **values}))


def hand_slot(session: Session, **values: Any) -> Slot:
    """Add an open slot that a person opened."""
    if "created_by" not in values:
        values["created_by"] = account(session).id
    return slot(session, source=SlotSource.HAND, **values)


def series(session: Session, **values: Any) -> SlotSeries:
    """Add a series of Mondays from nine to ten, four slots of fifteen minutes, without its slots."""
    _place(session, values)
    if "created_by" not in values:
        values["created_by"] = account(session).id
    defaults = {
        "weekdays": [1],
        "start_minute": 540,
        "end_minute": 600,
        "slot_minutes": 15,
        "first_on": NOW.date(),
        "modality": Modality.AMB,
        "visibility": Visibility.SNP,
        "created_at": NOW,
    }
    return _add(session, SlotSeries(**{**defaults, **values}))


def leave(session: Session, **values: Any) -> Leave:
    """Add a fortnight of leave in a year."""
    if "practitioner_id" not in values:
        values["practitioner_id"] = _id(values, "practitioner") or practitioner(session).id
    first_on = values.get("first_on", NOW.date() + timedelta(days=365))
    defaults = {"last_on": first_on + timedelta(days=13), "created_by": "account:1", "created_at": NOW}
    return _add(session, Leave(**{"first_on": first_on, **defaults, **values}))


def booking(session: Session, **values: Any) -> Booking:
    """Add a booking of the first place of a slot."""
    if "slot_id" not in values:
        values["slot_id"] = _id(values, "slot") or slot(session).id
    defaults = {
        "place": 1,
        "state": BookingState.BOOKED,
        "booked_by": f"account:{UUID(int=1)}",
        "created_at": NOW,
        "updated_at": NOW,
    }
    return _add(session, Booking(**{**defaults, **values}))


def conflict(session: Session, **values: Any) -> SlotConflict:
    """Add an open conflict about a slot that its calendar no longer shows."""
    if "slot_id" not in values:
        values["slot_id"] = _id(values, "slot") or slot(session).id
    session.get_one(Slot, values["slot_id"]).conflict = "deleted"
    defaults = {"kind": ConflictKind.DELETED, "raised_at": NOW, "next_action_on": NOW.date()}
    return _add(session, SlotConflict(**{**defaults, **values}))


def _id(values: dict[str, Any], name: str) -> Any:
    """Take a parent row out of the values, and give its id."""
    row = values.pop(name, None)
    return None if row is None else row.id


def _place(session: Session, values: dict[str, Any]) -> None:
    """Complete a practice and its practitioner from whichever of them is given."""
    where: Practice | None = values.pop("practice", None)
    who = _id(values, "practitioner") or values.get("practitioner_id")
    if where is None and "practice_id" not in values:
        where = practice(session, **({} if who is None else {"practitioner_id": who}))
    if where is not None:
        values["practice_id"] = where.id
        values.setdefault("practitioner_id", where.practitioner_id if who is None else who)
    elif who is None:
        found = session.get_one(Practice, values["practice_id"])
        values["practitioner_id"] = found.practitioner_id
    values.setdefault("practitioner_id", who)
