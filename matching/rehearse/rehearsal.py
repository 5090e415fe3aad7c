"""Runs a waiting list under several policies and compares each with the first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from matching.attach import attach
from matching.errors import InvalidInstance
from matching.model import Instance, Match, Solution
from matching.policy import Policy
from matching.problem import Status
from matching.rehearse.groups import rows_by_label

#: The dimension and the label of everybody.
EVERYBODY = ("ensemble", "tous les patients")
_SECONDS_PER_MINUTE = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupOutcome:
    """What one policy does to the patients of one label.

    Parameters
    ----------
    patients, placed : int
        Waiting, and proposed to a GP.
    median_min, farthest_min : float or None
        Travel of those placed, one way, in minutes; None when nobody is.
    median_wait_days : float or None
        Of those placed, how long they have waited.
    median_wait_left_days : float or None
        Of those left without proposal.
    gained, lost, moved : int
        Against the first policy: placed only here, only there, with another GP in both.
    """

    dimension: str
    label: str
    patients: int
    placed: int
    median_min: float | None
    farthest_min: float | None
    median_wait_days: float | None
    median_wait_left_days: float | None
    gained: int
    lost: int
    moved: int

    @property
    def share(self) -> float:
        """Part of the patients who are placed."""
        return self.placed / self.patients if self.patients else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How even the load of the GPs who offer places is.

    Parameters
    ----------
    least_filled, median_filled, most_filled : float
        Part of a GP's places that is filled.
    most_tier1 : float
        Greatest part of tier 1 among the patients of a GP who receives at least three.
    tier1_at_busiest : float
        Part of all tier-1 proposals that go to the tenth of the GPs who receive most of them.
    """

    least_filled: float
    median_filled: float
    most_filled: float
    most_tier1: float
    tier1_at_busiest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One policy and what it does."""

    policy: Policy
    solution: Solution
    outcomes: tuple[GroupOutcome, ...]
    load: Load

    @property
    def everybody(self) -> GroupOutcome:
        """What it does to all patients."""
        return self.outcomes[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """Several policies on one waiting list; each is compared with the first.

    ``text``, ``markdown``, ``csv`` and ``svg`` of ``matching.rehearse.report`` write it down.
    """

    trials: tuple[Trial, ...]

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Dimensions compared, without that of everybody."""
        seen = dict.fromkeys(outcome.dimension for outcome in self.trials[0].outcomes)
        return tuple(name for name in seen if name != EVERYBODY[0])


def rehearse(
    instance: Instance,
    policies: Sequence[Policy],
    *,
    groups: Mapping[str, Sequence[str]],
    time_limit_s: float | None = None,
    seed: int = 0,
) -> Rehearsal:
    """Return what each policy does to each group of patients, against the first policy.

    Parameters
    ----------
    groups : mapping of str to sequence of str
        Dimension (commune, age band) → one label per patient; ``groups_of`` builds the usual ones.
    time_limit_s, seed
        Of each run, as in ``attach``.

    Raises
    ------
    InvalidInstance
        Without policy, with the same version twice, or when labels are not one per patient.
    """
    _refuse_nonsense(instance, policies, groups)
    solutions = [attach(instance, policy, time_limit_s=time_limit_s, seed=seed) for policy in policies]
    everybody = {EVERYBODY[0]: [EVERYBODY[1]] * len(instance.patients)}
    return Rehearsal(
        trials=tuple(
            Trial(
                policy=policy,
                solution=solution,
                outcomes=tuple(
                    _outcome(dimension, label, rows, solution, solutions[0])
                    for dimension, label, rows in rows_by_label({**everybody, **groups})
                ),
                load=_load(instance, solution),
            )
            for policy, solution in zip(policies, solutions, strict=True)
        )
    )


def _refuse_nonsense(
    instance: Instance, policies: Sequence[Policy], groups: Mapping[str, Sequence[str]]
) -> None:
    problems = [] if policies else ["comparaison : au moins une politique est attendue"]
    if len({policy.version for policy in policies}) < len(policies):
        problems.append("comparaison : chaque politique doit avoir un nom de version différent")
    problems += [
        f"comparaison, {dimension} : une étiquette par patient est attendue"
        for dimension, labels in groups.items()
        if len(labels) != len(instance.patients)
    ]
    if not instance.patients:
        problems.append("comparaison : la liste d'attente est vide")
    if problems:
        raise InvalidInstance(problems)


def _outcome(
    dimension: str, label: str, rows: Sequence[int], solution: Solution, first: Solution
) -> GroupOutcome:
    here = [solution.matches[row] for row in rows]
    there = [first.matches[row] for row in rows]
    placed = [match for match in here if match.practitioner_id is not None]
    travel_min = [(match.duration_s or 0) / _SECONDS_PER_MINUTE for match in placed]
    pairs = [(now.practitioner_id, then.practitioner_id) for now, then in zip(here, there, strict=True)]
    return GroupOutcome(
        dimension=dimension,
        label=label,
        patients=len(here),
        placed=len(placed),
        median_min=median(travel_min) if placed else None,
        farthest_min=max(travel_min, default=None),
        median_wait_days=_median_wait(placed),
        median_wait_left_days=_median_wait([match for match in here if match.practitioner_id is None]),
        gained=sum(now is not None and then is None for now, then in pairs),
        lost=sum(now is None and then is not None for now, then in pairs),
        moved=sum(now is not None and then is not None and now != then for now, then in pairs),
    )


def _median_wait(matches: Sequence[Match]) -> float | None:
    return median(match.waited_days for match in matches) if matches else None


def _load(instance: Instance, solution: Solution) -> Load:
    received = {gp.id: [0, 0] for gp in instance.practitioners}
    for match in solution.matches:
        if match.practitioner_id is not None:
            received[match.practitioner_id][0] += 1
            received[match.practitioner_id][1] += match.tier == 1
    filled = sorted(received[gp.id][0] / gp.places for gp in instance.practitioners if gp.places) or [0.0]
    first = sorted((tier1 for _, tier1 in received.values()), reverse=True)
    busiest = max(1, len(first) // 10)
    return Load(
        least_filled=filled[0],
        median_filled=median(filled),
        most_filled=filled[-1],
        most_tier1=max((tier1 / total for total, tier1 in received.values() if total >= 3), default=0.0),
        tier1_at_busiest=sum(first[:busiest]) / sum(first) if sum(first) else 0.0,
    )


def is_proven(rehearsal: Rehearsal) -> bool:
    """Tell whether every run was proven best: small differences mean something only then."""
    return all(trial.solution.status is Status.OPTIMAL for trial in rehearsal.trials)
