"""The hard rules between one patient and one GP, as the judge reads them."""

from collections.abc import Iterator
from datetime import timedelta

from matching.model import Instance, Patient, Practitioner
from matching.policy import Policy


def broken_rules(
    patient: Patient, practitioner: Practitioner, distance_m: int, instance: Instance, policy: Policy
) -> Iterator[str]:
    """Yield the codes of the hard rules that forbid a pair."""
    reach, needs, age = policy.reach, patient.needs, patient.age
    allowed_km = reach.max_km if patient.max_km is None else min(patient.max_km, reach.max_km_with_consent)
    horizon = instance.on + timedelta(days=reach.leaving_horizon_days)
    sees_every_age = (practitioner.age_min or 0) == 0 and (practitioner.age_max or 130) >= 130
    holds = {
        "distance": distance_m <= round(allowed_km * 1000),
        "consent": patient.consent,
        "leaving": practitioner.leaving_on is None or practitioner.leaving_on > horizon,
        "age_unknown": age is not None or sees_every_age,
        "age_range": age is None
        or (
            (practitioner.age_min or 0) <= age
            and (practitioner.age_max is None or age <= practitioner.age_max)
        ),
        "home_visits": not needs.home_bound or practitioner.home_visits,
        "wheelchair": not needs.wheelchair or practitioner.wheelchair_access,
        "practitioner_distance": practitioner.max_km is None
        or distance_m <= round(practitioner.max_km * 1000),
        "no_places": practitioner.places > 0,
    }
    yield from (code for code, held in holds.items() if not held)
