"""What people tell Relais about a patient, as frozen values; ``checks`` says what is acceptable."""

from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from matching.model import Needs
from scheduler.store.tables import ConsentHow, Gender


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who the patient is and how to reach them.

    Parameters
    ----------
    insee : str
        Commune of residence, INSEE code.
    fictitious : bool
        An invented person of the demo territory.
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
    """

    notice_version: str
    how: ConsentHow
    collected_by: str
    given_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One patient signalled as being without a GP.

    Parameters
    ----------
    household_with : UUID or None
        The referral of somebody of the same household who wishes the same GP.
    waiting_since : date or None
        First day of waiting when it began before this signal (a paper list taken over); None = today.
    """

    identity: Identity
    needs: Needs = field(default_factory=Needs)
    wishes: Wishes = field(default_factory=Wishes)
    consent: ConsentGiven | None = None
    household_with: UUID | None = None
    waiting_since: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrections:
    """What the coordination completes while qualifying; None leaves a part as it is."""

    identity: Identity | None = None
    needs: Needs | None = None
    wishes: Wishes | None = None
    consent: ConsentGiven | None = None
