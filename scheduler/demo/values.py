"""What the demo territory is made of: frozen values that know neither store nor web."""

from dataclasses import dataclass, field
from datetime import date

from matching import Needs
from matching.model import Gender
from scheduler.territory.communes import Commune


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoStructure:
    """A maison de santé or a cabinet that does not exist.

    Parameters
    ----------
    finess : str
        Valid check digit, department "00": no real structure can bear it.
    kind : str
        "msp" or "cabinet".
    latitude, longitude : float
        Within a kilometre or two of the centre of its commune, degrees.
    """

    finess: str
    name: str
    kind: str
    insee: str
    address: str
    latitude: float
    longitude: float
    wheelchair_access: bool
    fictitious: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoPractitioner:
    """A GP who does not exist.

    Parameters
    ----------
    rpps : str
        Valid check digit, begins with "9990"; also the id of the practitioner.
    finess : str
        The structure where they practise.
    languages : tuple of str
        ISO 639-1 codes.
    phone : str
        From the block that ARCEP keeps for fiction.
    """

    rpps: str
    family_name: str
    given_name: str
    gender: Gender
    languages: tuple[str, ...]
    finess: str
    phone: str
    email: str
    fictitious: bool = True

    @property
    def name(self) -> str:
        """Name as it is shown: "Dr Camille Véga"."""
        return f"Dr {self.given_name} {self.family_name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoIntake:
    """What a volunteer accepts now; the words are those of ``matching.Practitioner``."""

    practitioner_id: str = ""
    places: int
    max_tier1: int | None = None
    workload: int | None = None
    age_min: int | None = None
    age_max: int | None = None
    home_visits: bool = False
    max_km: float | None = None
    paused_until: date | None = None
    leaving_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoReferral:
    """A signalled patient who does not exist; the words are those of ``matching.Patient``.

    Parameters
    ----------
    id : str
        "D-001" …, in the order of signalling.
    household : str or None
        Key shared by the members of a household ("F-001" …); None when alone.
    consent : bool
        False = was informed and has not agreed (yet): never matched.
    together : bool
        Asks for the GP of the household, or none.
    signalled_by : str
        Who signalled: "infirmier", "pharmacie", "dac", "cpam", "prado", "hopital", "ccas".
    """

    id: str
    family_name: str
    given_name: str
    gender: Gender
    birth_date: date
    phone: str
    email: str
    address: str
    insee: str
    household: str | None
    needs: Needs
    languages: tuple[str, ...]
    prefers_gender: Gender | None
    known_practitioner: str | None
    max_km: float | None
    consent: bool
    together: bool
    waiting_since: date
    signalled_by: str
    fictitious: bool = True

    def age(self, on: date) -> int:
        """Age in whole years on a day."""
        had_birthday = (on.month, on.day) >= (self.birth_date.month, self.birth_date.day)
        return on.year - self.birth_date.year - (not had_birthday)


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoAccount:
    """Who signs in to see a role; the password is set by the command that creates the account."""

    email: str
    name: str
    role: str
    practitioner_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoTerritory:
    """The CPTS of the demo.

    Parameters
    ----------
    inhabitants : int
        Of the communes, real.
    num_without_gp : int
        Inhabitants without a médecin traitant, from the share the CPTS published.
    num_ald_without_gp : int
        Of these, in long-term illness (ALD), likewise.
    """

    seed: int
    today: date
    slug: str
    name: str
    zone: str
    communes: tuple[Commune, ...]
    inhabitants: int
    num_without_gp: int
    num_ald_without_gp: int
    structures: tuple[DemoStructure, ...]
    practitioners: tuple[DemoPractitioner, ...]
    intakes: tuple[DemoIntake, ...]
    referrals: tuple[DemoReferral, ...]
    accounts: tuple[DemoAccount, ...]
    fictitious: bool = field(default=True, init=False)

    def structure_of(self, practitioner: DemoPractitioner) -> DemoStructure:
        """Return where a practitioner practises."""
        return next(s for s in self.structures if s.finess == practitioner.finess)

    def households(self) -> dict[str, tuple[DemoReferral, ...]]:
        """Return the members of each household of two or more, by its key."""
        members: dict[str, list[DemoReferral]] = {}
        for referral in self.referrals:
            if referral.household is not None:
                members.setdefault(referral.household, []).append(referral)
        return {key: tuple(found) for key, found in members.items()}
