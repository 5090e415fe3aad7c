"""What a GP sees of a patient before accepting: enough to decide, not enough to know who it is."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from scheduler.referrals.instance import NEEDS, age_on
from scheduler.store.tables import Offer, Patient, Proposal, Referral

_BANDS = ((0, 15), (16, 29), (30, 49), (50, 69), (70, 79))
_OLDEST_BAND = "80+"
_COUNTED = "chronic_needs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """One patient without identity.

    Parameters
    ----------
    age_band : str or None
        As ``age_band`` gives it; None when the birth date is not known.
    insee : str
        Commune of residence.
    needs : mapping of str to bool or None
        Yes, no, or None for a question nobody answered; several chronic diseases count as a yes.
    sees_you : bool
        The patient said they already consult this practitioner.
    """

    offer_id: UUID
    age_band: str | None
    insee: str
    needs: dict[str, bool | None]
    languages: tuple[str, ...]
    sees_you: bool
    tier: int
    distance_m: int
    travel_s: int


def age_band(age: int) -> str:
    """Give the band of an age in years, both ends included: ``"50-69"``, ``"80+"``."""
    return next((f"{first}-{last}" for first, last in _BANDS if first <= age <= last), _OLDEST_BAND)


def profile_of(
    offer: Offer,
    proposal: Proposal,
    referral: Referral,
    patient: Patient,
    *,
    practitioner_id: int,
    today: date,
) -> Profile:
    """Describe one offered patient."""
    born = patient.birth_date
    needs = {need: getattr(referral, need) for need in NEEDS if need != _COUNTED}
    number = referral.chronic_needs
    return Profile(
        offer_id=offer.id,
        age_band=None if born is None else age_band(age_on(born, today)),
        insee=patient.insee,
        needs=needs | {_COUNTED: None if number is None else number > 0},
        languages=tuple(referral.languages),
        sees_you=referral.known_practitioner_id == practitioner_id,
        tier=proposal.tier,
        distance_m=proposal.distance_m,
        travel_s=proposal.travel_s,
    )
