"""What one more place would be worth, as lines of French or as data, for a matching of files."""

from typing import Any

from matching import Instance, Policy, Solution
from scheduler.referrals.more_places import Checked, more_places
from scheduler.referrals.study_answers import of_places


def place_lines(
    instance: Instance, policy: Policy, solution: Solution, communes: tuple[str, ...]
) -> list[str]:
    """Say what one more place is worth per commune, then per practitioner; checked as time allows.

    Parameters
    ----------
    communes
        One per practitioner.
    """
    found = more_places(instance, policy, solution, communes)
    per_commune = [f"{one.commune} : {_said(one)}" for one in found.communes]
    return per_commune + [_said(one) for one in found.practitioners]


def places_as_data(
    instance: Instance, policy: Policy, solution: Solution, communes: tuple[str, ...]
) -> dict[str, Any]:
    """Give the same as values ready for JSON."""
    return of_places(more_places(instance, policy, solution, communes), instance)


def _said(one: Checked) -> str:
    return one.value.sentence if one.worth is None else one.worth.sentence
