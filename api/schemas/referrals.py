"""Patients signalled as being without a GP: what is sent, what is shown."""

from dataclasses import asdict
from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import Field

from api.schemas.common import Id, Insee, Instant, Moment, Name, Text, Version, Wire
from matching.model import Needs
from scheduler.referrals.read import ReferralFile
from scheduler.referrals.values import (
    ConsentGiven,
    CorrectionReason,
    Corrections,
    Identity,
    Seen,
    Signal,
    Wishes,
)
from scheduler.store.tables import (
    CloseReason,
    ConsentHow,
    ContactPreference,
    Gender,
    ReferralState,
    Role,
    SignalSource,
)

Language = Annotated[str, Field(pattern=r"^[A-Za-z]{2}$", description="Code ISO 639-1 : fr, ar, pt")]
Answer = Annotated[bool | None, Field(description="true, false, ou null : question non posée")]


class PatientIn(Wire):
    """Who the patient is and how to reach them; only what the search needs."""

    family_name: Name
    given_name: Name
    birth_date: date | None = None
    gender: Gender | None = None
    phone: Text = Field(default="", max_length=30)
    email: Text = Field(default="", max_length=200)
    address: Text = Field(default="", max_length=200)
    insee: Insee
    contact_preference: ContactPreference | None = Field(
        default=None, description="Comment le joindre ; null : peu importe"
    )
    contact_name: Text = Field(default="", max_length=100, description="Le proche qui répond")


class NeedsIn(Wire):
    """Yes, no, or null for a question nobody asked: a missing answer never lowers a rank."""

    ald: Answer = None
    treatment_running_out: Answer = None
    recent_discharge: Answer = None
    pregnancy: Answer = None
    home_bound: Answer = None
    palliative: Answer = None
    disability: Answer = None
    c2s: Answer = None
    ame: Answer = None
    wheelchair: Answer = None
    chronic_needs: int | None = Field(
        default=None, ge=0, le=50, description="Nombre de besoins chroniques hors ALD"
    )


class WishesIn(Wire):
    """What the patient would like; only the distance ever excludes a practitioner."""

    languages: list[Language] = Field(default_factory=list, max_length=10)
    prefers_gender: Gender | None = None
    known_practitioner_id: Id | None = Field(default=None, description="Un médecin déjà consulté")
    max_km: float | None = Field(
        default=None,
        gt=0,
        le=100,
        description="Distance acceptée, en km ; null : celle de la CPTS",
    )
    together: bool = Field(
        default=False, description="Demande le même médecin que son foyer (qui le demande aussi), ou aucun"
    )


class ConsentIn(Wire):
    """The patient's agreement, as it was collected."""

    notice_version: Version
    how: ConsentHow
    collected_by: Text = Field(min_length=1, max_length=200)
    given_at: Instant | None = Field(default=None, description="null : maintenant")
    collector_role: Text = Field(default="", max_length=60)
    representative: Text = Field(default="", max_length=200)
    told: list[Literal["information", "professionals", "medium", "security"]] = Field(
        default_factory=list, max_length=4, description="Points du décret n° 2016-1349 dits au patient"
    )


class SeenIn(Wire):
    """A practitioner seen within a year: one of the territory, or a name."""

    practitioner_id: Id | None = None
    name: Text = Field(default="", max_length=200)
    num_visits: int = Field(default=1, ge=1, le=99)
    last_seen_on: date | None = None


class SignalIn(Wire):
    """One patient signalled as being without a GP."""

    patient: PatientIn
    needs: NeedsIn = Field(default_factory=NeedsIn)
    wishes: WishesIn = Field(default_factory=WishesIn)
    consent: ConsentIn | None = None
    household_with: UUID | None = Field(
        default=None, description="Dossier d'une personne du même foyer qui souhaite le même médecin"
    )
    waiting_since: date | None = Field(default=None, description="null : aujourd'hui")
    source: SignalSource = SignalSource.PROFESSIONAL
    pathway: Text = Field(default="gp", max_length=40, description="Filière : gp, orthophoniste…")
    answers: dict[str, bool | None] = Field(
        default_factory=dict, max_length=12, description="Réponses aux questions propres à la filière"
    )
    seen: list[SeenIn] = Field(default_factory=list, max_length=5)


class QualifyIn(Wire):
    """What the coordination completes; a part left out stays as it is."""

    patient: PatientIn | None = None
    needs: NeedsIn | None = None
    wishes: WishesIn | None = None
    consent: ConsentIn | None = None
    answers: dict[str, bool | None] | None = Field(default=None, max_length=12)
    synthesis: Text | None = Field(default=None, max_length=2000, description="Reste dans la base")
    reason: CorrectionReason = CorrectionReason.COMPLETED


class ReferralRef(Wire):
    """A referral by its id, and where it stands; never an identity."""

    id: UUID
    state: ReferralState


class ReferralLineOut(Wire):
    """A referral in a list: enough to recognise the patient and see what is to be done."""

    id: UUID
    patient_id: UUID
    family_name: str
    given_name: str
    birth_date: date | None
    insee: str
    fictitious: bool
    state: ReferralState
    consent: bool = Field(description="Consentement au partage valable à ce jour")
    waiting_since: date
    next_action_on: date | None
    next_owner: Role = Field(description="Le rôle qui doit agir")
    late: bool = Field(description="La date de la prochaine action est passée")


class PatientOut(Wire):
    """Who the patient is and how to reach them."""

    family_name: str
    given_name: str
    birth_date: date | None
    gender: Gender | None
    phone: str
    email: str
    address: str
    insee: str
    fictitious: bool
    contact_preference: ContactPreference | None
    contact_name: str


class NeedsOut(Wire):
    """Yes, no, or null for a question nobody asked."""

    ald: bool | None
    treatment_running_out: bool | None
    recent_discharge: bool | None
    pregnancy: bool | None
    home_bound: bool | None
    palliative: bool | None
    disability: bool | None
    c2s: bool | None
    ame: bool | None
    wheelchair: bool | None
    chronic_needs: int | None


class WishesOut(Wire):
    """What the patient would like."""

    languages: list[str]
    prefers_gender: Gender | None
    known_practitioner_id: int | None
    max_km: float | None
    together: bool


class ConsentOut(Wire):
    """One consent, as it was collected."""

    notice_version: str
    how: ConsentHow
    collected_by: str
    given_at: Moment
    withdrawn_at: Moment | None
    collector_role: str
    representative: str
    told: list[str]


class ReferralOut(Wire):
    """All that is known of one referral; each reading of it is traced."""

    id: UUID
    patient_id: UUID
    state: ReferralState
    close_reason: CloseReason | None
    waiting_since: date
    next_action_on: date | None
    next_owner: Role
    late: bool
    patient: PatientOut
    needs: NeedsOut
    wishes: WishesOut
    consents: list[ConsentOut]
    household_id: UUID | None
    owner_id: UUID | None = Field(description="Compte qui suit le dossier ; null : personne encore")
    created_at: Moment
    updated_at: Moment
    pathway: str
    source: SignalSource
    answers: dict[str, bool | None]


class HistoryLineOut(Wire):
    """One thing that happened to a referral; codes and internal ids, no identity."""

    at: Moment
    actor: str
    kind: str
    from_state: ReferralState | None
    to_state: ReferralState
    detail: dict[str, Any]


def signal_of(given: SignalIn) -> Signal:
    """Read a signal off the wire."""
    return Signal(
        identity=_identity(given.patient),
        needs=Needs(**given.needs.model_dump()),
        wishes=_wishes(given.wishes),
        consent=_consent(given.consent),
        household_with=given.household_with,
        waiting_since=given.waiting_since,
        source=given.source,
        pathway=given.pathway,
        answers=given.answers,
        seen=tuple(Seen(**each.model_dump()) for each in given.seen),
    )


def corrections_of(given: QualifyIn) -> Corrections:
    """Read off the wire what the coordination completes."""
    return Corrections(
        identity=None if given.patient is None else _identity(given.patient),
        needs=None if given.needs is None else Needs(**given.needs.model_dump()),
        wishes=None if given.wishes is None else _wishes(given.wishes),
        consent=_consent(given.consent),
        answers=given.answers,
        synthesis=given.synthesis,
        reason=given.reason,
    )


def referral_out(file: ReferralFile) -> ReferralOut:
    """Write a file to the wire."""
    return ReferralOut(
        id=file.line.id,
        patient_id=file.line.patient_id,
        state=file.line.state,
        close_reason=file.close_reason,
        waiting_since=file.line.waiting_since,
        next_action_on=file.line.next_action_on,
        next_owner=file.line.next_owner,
        late=file.line.late,
        patient=PatientOut(**asdict(file.identity)),
        needs=NeedsOut(**asdict(file.needs)),
        wishes=WishesOut(**asdict(file.wishes)),
        consents=[ConsentOut(**asdict(consent)) for consent in file.consents],
        household_id=file.household_id,
        owner_id=file.owner_id,
        created_at=file.created_at,
        updated_at=file.updated_at,
        pathway=file.pathway,
        source=file.source,
        answers=dict(file.answers),
    )


def _identity(given: PatientIn) -> Identity:
    return Identity(**given.model_dump())


def _wishes(given: WishesIn) -> Wishes:
    return Wishes(**given.model_dump() | {"languages": tuple(given.languages)})


def _consent(given: ConsentIn | None) -> ConsentGiven | None:
    if given is None:
        return None
    return ConsentGiven(**given.model_dump() | {"told": tuple(given.told)})
