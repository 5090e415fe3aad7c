"""What a run decided, without its reasons: what is compared when something changes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matching.attach import decide
from matching.model import Instance, Solution
from matching.policy import Policy
from matching.problem import Status
from matching.progress import Watch


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a run decided, without its reasons.

    Parameters
    ----------
    journey : mapping of str to (str, int, int) or None
        By patient id: practitioner id, seconds and metres of the way there; None = not placed.
    rank_values : sequence of int
        On which scale ``objective`` and ``bound`` are.
    """

    journey: Mapping[str, tuple[str, int, int] | None]
    status: Status
    objective: int
    bound: int
    rank_values: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rerun:
    """The same people decided without a change and with it.

    Parameters
    ----------
    is_whole : bool
        Everybody, and ``before`` is the run of the case; otherwise only those around the change.
    """

    before: Outcome
    after: Outcome
    is_whole: bool


def solved(
    instance: Instance, policy: Policy, time_limit_s: float | None = None, *, watch: Watch | None = None
) -> Outcome:
    """Return what ``attach`` decides, without the reasons of everybody."""
    found, result = decide(instance, policy, time_limit_s, watch=watch)
    pair = found.pair_of_each_patient(result.arc)
    travel, gps = instance.travel, instance.practitioners
    return Outcome(
        journey={
            patient.id: None
            if row < 0
            else (
                gps[travel.practitioner[row]].id,
                int(travel.duration_s[row]),
                int(travel.distance_m[row]),
            )
            for patient, row in zip(instance.patients, pair.tolist(), strict=True)
        },
        status=result.status,
        objective=result.objective,
        bound=result.bound,
        rank_values=found.rank_values,
    )


def outcome_of(solution: Solution) -> Outcome:
    """Return a solution without its reasons."""
    return Outcome(
        journey={
            m.patient_id: None
            if m.practitioner_id is None
            else (m.practitioner_id, m.duration_s or 0, m.distance_m or 0)
            for m in solution.matches
        },
        status=solution.status,
        objective=solution.objective,
        bound=solution.bound,
        rank_values=solution.rank_values,
    )
