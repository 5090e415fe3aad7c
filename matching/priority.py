"""From needs and waiting to integer weights that no sum of minutes can outweigh.

A patient's tier comes from needs and age, the rank from the tier and the wait. Placing somebody of
rank ``k`` is worth ``(4 - k) * rank_weight`` plus a bounded bonus for seniority.
"""

from dataclasses import dataclass
from datetime import date

from matching.errors import InvalidInstance
from matching.model import Needs, Patient, Tier
from matching.policy import TierRules

NUM_RANKS = 4
LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where one patient stands on the day of the run.

    Parameters
    ----------
    tier : {1, 2, 3}
    rank : int
        0 to 3; smaller goes first.
    waited_days : int
    seniority_tenths : int
        Bonus within the rank, in tenths of a minute.
    """

    tier: Tier
    rank: int
    waited_days: int
    seniority_tenths: int


def standing(patient: Patient, rules: TierRules, on: date) -> Standing:
    """Return tier, rank and seniority of a patient on a day."""
    waited_days = (on - patient.waiting_since).days
    tier = tier_of(patient.needs, patient.age, rules)
    return Standing(
        tier=tier,
        rank=tier - 1 if waited_days >= rules.longest_wait_days[tier - 1] else tier,
        waited_days=waited_days,
        seniority_tenths=min(waited_days, rules.seniority_cap_days) * rules.seniority_tenths_per_day,
    )


def tier_of(needs: Needs, age: int | None, rules: TierRules) -> Tier:
    """Return the tier of the design's table. What is not answered counts as "no"."""
    if (
        needs.ald
        or needs.treatment_running_out
        or needs.recent_discharge
        or needs.pregnancy
        or needs.home_bound
        or needs.palliative
    ):
        return 1
    if (
        (age is not None and age > rules.over_age)
        or needs.disability
        or needs.c2s
        or needs.ame
        or (needs.chronic_needs or 0) >= rules.chronic_needs
    ):
        return 2
    return 3


def rank_weight(*, num_patients: int, num_bins: int, largest_cost: int, largest_seniority: int) -> int:
    """Return what one rank must be worth so that no lower rank can ever buy a higher one.

    The sets of patients that can be placed together are the independent sets of a gammoid (they are
    linked to the sink through bins of given capacity, nested or not). If a solution does not place as
    many as possible of the first rank, then of the second and so on, matroid exchange gives a patient
    x to add, or to swap for one of a lower rank, along one alternating path that visits each bin and
    each patient at most once. That path gains at least ``rank_weight``, loses at most
    ``largest_seniority``, and each of its at most ``min(num_patients, num_bins)`` new arcs costs at
    most ``largest_cost``: with the value returned, the exchange always pays.

    Parameters
    ----------
    num_bins : int
        Bins with arcs, bins inside bins included.
    largest_cost, largest_seniority : int
        In tenths of a minute, ≥ 0.

    Raises
    ------
    InvalidInstance
        When the sum of all weights could exceed 63 bits.

    References
    ----------
    J. Oxley (2011), "Matroid Theory", 2nd ed., §2.4 (gammoids, linkage), §1.8 (greedy algorithm).
    """
    weight = min(num_patients, num_bins) * largest_cost + largest_seniority + 1
    if num_patients * (NUM_RANKS * weight + largest_seniority) > LARGEST:
        longest_min = largest_cost // 10
        raise InvalidInstance(
            [f"un trajet de {longest_min} minutes est trop long pour départager autant de patients"]
        )
    return weight
