"""From needs and waiting to integer weights that no sum of minutes can outweigh.

A patient's tier comes from needs and age, the rank from the tier and the wait. Placing somebody is worth
the value of their rank plus a bounded bonus for seniority.
"""

from dataclasses import dataclass
from datetime import date

from matching.errors import InvalidInstance
from matching.model import Needs, Patient, Tier
from matching.policy import TierRules

NUM_RANKS = 4
LARGEST = 2**63 - 1

#: What placing one person of rank 0, 1, 2, 3 is worth.
RankValues = tuple[int, int, int, int]


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
    return standing_at(tier_of_patient(patient, rules), patient.waiting_since, rules, on)


def standing_at(tier: Tier, waiting_since: date, rules: TierRules, on: date) -> Standing:
    """Return rank and seniority of somebody of a tier on a day."""
    waited_days = (on - waiting_since).days
    return Standing(
        tier=tier,
        rank=tier - 1 if waited_days >= rules.longest_wait_days[tier - 1] else tier,
        waited_days=waited_days,
        seniority_tenths=min(waited_days, rules.seniority_cap_days) * rules.seniority_tenths_per_day,
    )


def tier_of_patient(patient: Patient, rules: TierRules) -> Tier:
    """Return the tier a patient comes with, else that of needs and age."""
    return patient.tier or tier_of(patient.needs, patient.age, rules)


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


def rank_values(
    *,
    num_patients: int,
    path_length: int,
    largest_cost: int,
    largest_seniority: int,
    largest_load: int = 1,
) -> RankValues:
    """Return what placing a person of each rank is worth, from rank 3 upwards.

    ``weight = path_length * largest_cost + largest_load * largest_seniority + 1``; rank 3 is worth
    ``weight``, each higher rank ``largest_load`` times the next lower one plus ``weight``. Sums of
    these values are maximised in one go: there are no stages.

    *Everybody takes one unit, of nested bins only* (``largest_load`` 1): the order of ranks is strict.
    The sets of patients that can be placed together are the independent sets of a gammoid (they are
    linked to the sink through bins of given capacity, nested or not; pinned ones only lower capacities).
    If a solution does not place as many as possible of the first rank, then of the second and so on,
    matroid exchange gives a patient x to add, or to swap for one of a lower rank, along one alternating
    path that visits each bin and each patient at most once. It gains at least ``weight``, loses at most
    ``largest_seniority``, and each of its at most ``path_length`` new arcs costs at most
    ``largest_cost`` (bonuses of pairs that it ends included): the exchange always pays. A reserve
    charges rank 3 only; where the path meets somebody charged it may end there by letting them go,
    so the order of ranks 0 to 2 stays strict.

    *Groups, workload* (``largest_load`` > 1): what is placed together is no matroid, and the strict
    order would need values that multiply by the number of patients at each rank. What holds instead:
    a change that places one more person of a rank, lets go at most ``largest_load`` people, all of lower
    ranks (as many as the largest group could have beside it in any one bin), and sends at most
    ``path_length`` groups elsewhere, always pays. Not promised: that one person of a rank is preferred
    to more than ``largest_load`` people of the rank below, when placing that one person really takes
    so many places, through a chain of groups that do not fit into each other's places.

    Parameters
    ----------
    path_length : int
        Most groups, or bins, that a change moves through.
    largest_cost : int
        Of one group at one GP, bonuses it may lose included, in tenths of a minute, ≥ 0.
    largest_seniority : int
        Of one person, in tenths of a minute, ≥ 0.
    largest_load : int
        Most units that a group takes of any bin, ≥ 1.

    Raises
    ------
    InvalidInstance
        When the sum of all values could exceed 63 bits.

    References
    ----------
    J. Oxley (2011), "Matroid Theory", 2nd ed., §2.4 (gammoids, linkage), §1.8 (greedy algorithm).
    """
    weight = path_length * largest_cost + largest_load * largest_seniority + 1
    third = weight
    second = largest_load * third + weight
    first = largest_load * second + weight
    zeroth = largest_load * first + weight
    if num_patients * (zeroth + largest_seniority + largest_cost) > LARGEST:
        too_much = (
            f"{num_patients} patients, des trajets jusqu'à {largest_cost // 10} minutes et des groupes qui "
            f"prennent jusqu'à {largest_load} unités : c'est trop pour départager les rangs ; réduisez les "
            "trajets ou séparez les foyers trop grands"
        )
        raise InvalidInstance([too_much])
    return zeroth, first, second, third
