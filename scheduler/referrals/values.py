"""What people tell Relais about a patient, as frozen values; ``checks`` says what is acceptable."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from matching.model import Needs
from scheduler.store.tables import ConsentHow, ContactPreference, Gender, SignalSource


class CorrectionReason(StrEnum):
    """Why the coordination writes something else than what was signalled."""

    COMPLETED = "completed"
    MISTAKE = "mistake"
    CHANGED = "changed"
    PATIENT_SAYS = "patient_says"
    PROFESSIONAL_SAYS = "professional_says"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who the patient is and how to reach them.

    Parameters
    ----------
    insee : str
        Commune of residence, INSEE code.
    fictitious : bool
        An invented person of the demo territory.
    contact_preference : ContactPreference or None
        How they want to be reached; None = not said.
    contact_name : str
        The relative who answers, "" when it is the patient.
    """

    family_name: str
    given_name: str
    birth_date: date | None = None
    gender: Gender | None = None
    phone: str = ""
    email: str = ""
    address: str = ""
    insee: str
    fictitious: bool = False
    contact_preference: ContactPreference | None = None
    contact_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the patient would like; only the distance ever excludes a practitioner.

    Parameters
    ----------
    languages : tuple of str
        ISO 639-1 codes the patient can be treated in; empty = no wish.
    known_practitioner_id : int or None
        A practitioner of the territory the patient already sees.
    max_km : float or None
        Longest distance the patient agrees to; None = the limit of the policy.
    together : bool
        The patient asks for the practitioner of the household, or none.
    """

    languages: tuple[str, ...] = ()
    prefers_gender: Gender | None = None
    known_practitioner_id: int | None = None
    max_km: float | None = None
    together: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentGiven:
    """The patient's agreement, as it was collected (décret 2016-1349).

    Parameters
    ----------
    notice_version : str
        Version of the information read to the patient first.
    collected_by : str
        Name or function of who collected it.
    given_at : datetime or None
        Aware instant; None = now.
    collector_role : str
        Function of who collected it, when ``collected_by`` is a name.
    representative : str
        Who agreed in the patient's place, "" when the patient did.
    told : tuple of str
        Items of the notice the patient was told (``pathways.document.NOTICE_ITEMS``).
    """

    notice_version: str
    how: ConsentHow
    collected_by: str
    given_at: datetime | None = None
    collector_role: str = ""
    representative: str = ""
    told: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A practitioner the patient has seen within a year.

    Parameters
    ----------
    practitioner_id : int or None
        One of the territory; None = another, by ``name``.
    num_visits : int
        Within the last twelve months, 1 to 99.
    """

    practitioner_id: int | None = None
    name: str = ""
    num_visits: int = 1
    last_seen_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One patient signalled as being without a GP.

    Parameters
    ----------
    household_with : UUID or None
        The referral of somebody of the same household who wishes the same GP.
    waiting_since : date or None
        First day of waiting when it began before this signal (a paper list taken over); None = today.
    pathway : str
        Code of the pathway: for whom a practitioner is looked for.
    answers : mapping of str to bool or None
        To the pathway's own questions.
    seen : tuple of Seen
        Practitioners seen lately.
    import_id : UUID or None
        The list this signal was taken over from.
    """

    identity: Identity
    needs: Needs = field(default_factory=Needs)
    wishes: Wishes = field(default_factory=Wishes)
    consent: ConsentGiven | None = None
    household_with: UUID | None = None
    waiting_since: date | None = None
    source: SignalSource = SignalSource.PROFESSIONAL
    pathway: str = "gp"
    answers: Mapping[str, bool | None] = field(default_factory=dict)
    seen: tuple[Seen, ...] = ()
    import_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrections:
    """What the coordination completes while qualifying; None leaves a part as it is.

    Parameters
    ----------
    synthesis : str or None
        The coordinator's own words; they stay in the database.
    """

    identity: Identity | None = None
    needs: Needs | None = None
    wishes: Wishes | None = None
    consent: ConsentGiven | None = None
    answers: Mapping[str, bool | None] | None = None
    synthesis: str | None = None
    reason: CorrectionReason = CorrectionReason.COMPLETED
