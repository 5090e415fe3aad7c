"""Patients who need a GP, from the signal to the answer of a practitioner."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import JSON, CheckConstraint, Index, Text, text
from sqlmodel import Field, SQLModel

from scheduler.store.tables.columns import Instant, choice
from scheduler.store.tables.directory import Gender


class ReferralState(StrEnum):
    """Where a referral stands; the allowed steps are in ``scheduler.referrals.life``."""

    RECEIVED = "received"
    QUALIFIED = "qualified"
    WAITING = "waiting"
    PROPOSED = "proposed"
    OFFERED = "offered"
    ACCEPTED = "accepted"
    SEEN = "seen"
    DECLARED = "declared"
    SUSPENDED = "suspended"
    CLOSED = "closed"


class CloseReason(StrEnum):
    """Why a referral ended without a declaration."""

    FOUND_ALONE = "found_alone"
    MOVED = "moved"
    DIED = "died"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    DUPLICATE = "duplicate"
    DECLARED_ELSEWHERE = "declared_elsewhere"
    NO_LONGER_WANTED = "no_longer_wanted"
    LOST_CONTACT = "lost_contact"


class ConsentHow(StrEnum):
    """By what means a consent was given (décret 2016-1349: any means, traced)."""

    ORAL = "oral"
    WRITTEN = "written"
    REPRESENTATIVE = "representative"
    ELECTRONIC = "electronic"


class SignalSource(StrEnum):
    """Where a signal comes from: a professional, a partner of the CPTS, the patient's GP, or a list."""

    PROFESSIONAL = "professional"
    DAC = "dac"
    CPAM = "cpam"
    PRADO = "prado"
    EHPAD = "ehpad"
    IMPORT = "import"
    GP = "gp"


class ContactPreference(StrEnum):
    """How a patient wants to be reached; letter is for those without phone or mail."""

    PHONE = "phone"
    SMS = "sms"
    EMAIL = "email"
    LETTER = "letter"
    RELATIVE = "relative"


class OfferState(StrEnum):
    """What a practitioner answered; ``ended`` is an acceptance that no longer holds: its place is free."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    ENDED = "ended"


class Patient(SQLModel, table=True):
    """The identity of a patient: shown only where needed, each read audited.

    ``contact_name`` is the relative who answers the phone, where the patient does not. From ``erased_at`` on
    only what statistics are broken down by is left: see ``scheduler.retention``.
    """

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    family_name: str = Field(max_length=100)
    given_name: str = Field(max_length=100)
    birth_date: date | None = Field(default=None, index=True)
    gender: Gender | None = Field(default=None, sa_type=choice(Gender, "patient_gender"))
    phone: str = Field(default="", max_length=20, index=True)
    email: str = Field(default="", max_length=200)
    address: str = Field(default="", max_length=200)
    insee: str = Field(max_length=5)
    fictitious: bool = False
    contact_preference: ContactPreference | None = Field(
        default=None, sa_type=choice(ContactPreference, "patient_contact_preference")
    )
    contact_name: str = Field(default="", max_length=100)
    created_at: datetime = Field(sa_type=Instant)
    erased_at: datetime | None = Field(default=None, sa_type=Instant)


class Household(SQLModel, table=True):
    """Patients who wish the same practitioner."""

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    territory_id: int = Field(foreign_key="territory.id", index=True)
    always_together: bool = False


class Referral(SQLModel, table=True):
    """One patient's request for a practitioner, from signal to outcome.

    Needs are yes, no, or ``None`` for a question nobody answered: a missing answer never lowers a rank.
    ``together`` is true for somebody who asks to have the GP of the household or none. ``answers`` holds
    what a pathway asks beyond these needs. ``tier`` and ``rank`` are those last recorded in the history;
    ``synthesis`` is the coordinator's own text, which never leaves the database. ``returned_state`` is the
    last outcome the sender was told. ``first_visit_on`` is the day agreed for the first visit;
    ``next_follow_up`` the months after the declaration (3, 6, 12) at which the GP is asked next, ``asked_at``
    when they were asked last. ``unplaced_because`` is what the last run of the engine said of somebody it
    placed nowhere; ``snoozed_until`` the day before which a person who looked at the case need not again.
    From ``set_aside_at`` on, a file that is over is hidden as if its consent were withdrawn; ``erased_at``
    says when its identity and needs were erased.
    """

    __table_args__ = (
        CheckConstraint("(state = 'closed') = (close_reason IS NOT NULL)", name="referral_close_reason"),
        CheckConstraint("chronic_needs IS NULL OR chronic_needs >= 0", name="referral_chronic_needs"),
        CheckConstraint("max_km IS NULL OR max_km > 0", name="referral_max_km"),
        CheckConstraint("next_follow_up IN (3, 6, 12)", name="referral_next_follow_up"),
        CheckConstraint("num_failed_contacts >= 0", name="referral_num_failed_contacts"),
        CheckConstraint(
            "merged_into IS NULL OR (state = 'closed' AND merged_into <> id)", name="referral_merged_into"
        ),
        CheckConstraint("set_aside_at IS NULL OR state IN ('declared', 'closed')", name="referral_set_aside"),
        CheckConstraint("erased_at IS NULL OR set_aside_at IS NOT NULL", name="referral_erased"),
        Index("referral_by_state", "territory_id", "state", "waiting_since"),
        Index("referral_by_next_action", "territory_id", "state", "next_action_on"),
        Index(
            "referral_one_open",
            "patient_id",
            "pathway",
            unique=True,
            sqlite_where=text("state NOT IN ('declared', 'closed')"),
            postgresql_where=text("state NOT IN ('declared', 'closed')"),
        ),
        Index(
            "referral_untold",
            "territory_id",
            "state",
            sqlite_where=text("returned_state IS NOT CAST(state AS VARCHAR)"),
            postgresql_where=text("returned_state IS DISTINCT FROM CAST(state AS VARCHAR)"),
        ),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    territory_id: int = Field(foreign_key="territory.id")
    patient_id: UUID = Field(foreign_key="patient.id")
    household_id: UUID | None = Field(default=None, foreign_key="household.id", index=True)
    pathway: str = Field(default="gp", max_length=40)
    state: ReferralState = Field(sa_type=choice(ReferralState, "referral_state"))
    close_reason: CloseReason | None = Field(
        default=None, sa_type=choice(CloseReason, "referral_close_reason_word")
    )
    ald: bool | None = None
    treatment_running_out: bool | None = None
    recent_discharge: bool | None = None
    pregnancy: bool | None = None
    home_bound: bool | None = None
    palliative: bool | None = None
    disability: bool | None = None
    c2s: bool | None = None
    ame: bool | None = None
    wheelchair: bool | None = None
    chronic_needs: int | None = None
    languages: list[str] = Field(default=[], sa_type=JSON)
    prefers_gender: Gender | None = Field(default=None, sa_type=choice(Gender, "referral_prefers_gender"))
    known_practitioner_id: int | None = Field(default=None, foreign_key="practitioner.id")
    max_km: float | None = None
    together: bool = False
    waiting_since: date
    source: SignalSource = Field(
        default=SignalSource.PROFESSIONAL, sa_type=choice(SignalSource, "referral_source")
    )
    import_id: UUID | None = Field(default=None, foreign_key="signal_import.id")
    answers: dict[str, bool | None] = Field(default={}, sa_type=JSON)
    tier: int | None = None
    rank: int | None = None
    synthesis: str = Field(default="", sa_type=Text)
    synthesis_by: UUID | None = Field(default=None, foreign_key="account.id")
    synthesis_at: datetime | None = Field(default=None, sa_type=Instant)
    merged_into: UUID | None = Field(default=None, foreign_key="referral.id", index=True)
    unreachable_since: date | None = None
    reconfirm_due_on: date | None = None
    last_confirmed_on: date | None = None
    num_failed_contacts: int = 0
    returned_state: str | None = Field(default=None, max_length=24)
    signalled_by: UUID | None = Field(default=None, foreign_key="account.id", index=True)
    owner_id: UUID | None = Field(default=None, foreign_key="account.id")
    next_action_on: date | None = None
    created_at: datetime = Field(sa_type=Instant)
    updated_at: datetime = Field(sa_type=Instant)
    first_visit_on: date | None = None
    declared_on: date | None = None
    next_follow_up: int | None = None
    asked_at: datetime | None = Field(default=None, sa_type=Instant)
    unplaced_because: str | None = Field(default=None, max_length=40)
    snoozed_until: date | None = None
    set_aside_at: datetime | None = Field(default=None, sa_type=Instant)
    erased_at: datetime | None = Field(default=None, sa_type=Instant)


class Consent(SQLModel, table=True):
    """A patient's agreement that professionals share what the match needs.

    Décret 2016-1349: informed first on which information, which professionals, what medium and what
    security (the notice, by version); valid until withdrawn. ``told`` holds the items of the notice that
    were told, ``representative`` who agreed in the patient's place.
    """

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    referral_id: UUID = Field(foreign_key="referral.id", index=True)
    notice_version: str = Field(max_length=20)
    how: ConsentHow = Field(sa_type=choice(ConsentHow, "consent_how"))
    collected_by: str = Field(max_length=200)
    collector_role: str = Field(default="", max_length=60)
    representative: str = Field(default="", max_length=200)
    told: list[str] = Field(default=[], sa_type=JSON)
    given_at: datetime = Field(sa_type=Instant)
    withdrawn_at: datetime | None = Field(default=None, sa_type=Instant)


class ReferralEvent(SQLModel, table=True):
    """One line of a referral's history; the database refuses to change or delete it."""

    __tablename__ = "referral_event"

    id: int | None = Field(default=None, primary_key=True)
    referral_id: UUID = Field(foreign_key="referral.id", index=True)
    at: datetime = Field(sa_type=Instant, index=True)
    actor: str = Field(max_length=80)
    kind: str = Field(max_length=40)
    from_state: ReferralState | None = Field(
        default=None, sa_type=choice(ReferralState, "referral_event_from")
    )
    to_state: ReferralState = Field(sa_type=choice(ReferralState, "referral_event_to"))
    detail: dict[str, Any] = Field(default={}, sa_type=JSON)


class Offer(SQLModel, table=True):
    """What a practitioner receives and answers.

    A referral has at most one open or accepted offer; an intake never has more accepted offers than
    places. Both are held by the database. Offers of one ``group_id`` are answered together: a household.
    """

    __table_args__ = (
        Index(
            "offer_one_open",
            "referral_id",
            unique=True,
            sqlite_where=text("state IN ('open', 'accepted')"),
            postgresql_where=text("state IN ('open', 'accepted')"),
        ),
        CheckConstraint("(state = 'open') = (answered_at IS NULL)", name="offer_answered_at"),
        Index("offer_by_intake", "intake_id", "state"),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    proposal_id: UUID = Field(foreign_key="proposal.id", unique=True)
    referral_id: UUID = Field(foreign_key="referral.id", index=True)
    intake_id: int = Field(foreign_key="intake.id")
    state: OfferState = Field(sa_type=choice(OfferState, "offer_state"))
    sent_at: datetime = Field(sa_type=Instant)
    expires_at: datetime = Field(sa_type=Instant)
    answered_at: datetime | None = Field(default=None, sa_type=Instant)
    decline_reason: str | None = Field(default=None, max_length=40)
    group_id: UUID | None = Field(default=None, index=True)
    reminded_at: datetime | None = Field(default=None, sa_type=Instant)
    answered_by: str | None = Field(default=None, max_length=80)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
