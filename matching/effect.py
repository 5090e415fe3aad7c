"""What one solution changes against another, in counts and on the scale of the run."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from matching.outcome import Rerun
from matching.problem import Status
from matching.what_if import Case

Tiers = tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What one solution changes against another, as counts: nobody is named.

    Parameters
    ----------
    gained, lost : tuple of three int
        Patients of tiers 1, 2, 3 placed only after, only before.
    ald : int
        More patients with a long-term illness (ALD) placed; negative: fewer.
    moved : int
        Patients placed in both, with another GP.
    saved_s : int
        Travel that those placed in both save, in seconds, one way; negative when it grows.
    value : int
        Change of ``objective``, on the scale of the solution before.
    at_least, at_most : int or None
        What is proven about the change between the two optima of everybody: both ``value`` when both
        are exact; otherwise what the bound of the run leaves at least, and None.
    """

    gained: Tiers
    lost: Tiers
    ald: int
    moved: int
    saved_s: int
    value: int
    at_least: int
    at_most: int | None

    @property
    def net(self) -> Tiers:
        """More placed, by tier."""
        one, two, three = (after - before for after, before in zip(self.gained, self.lost, strict=True))
        return one, two, three

    @property
    def is_proven(self) -> bool:
        """Whether the change of value is exact."""
        return self.at_least == self.at_most


def effect(case: Case, rerun: Rerun, *, apart: Collection[int] = ()) -> Effect:
    """Return what a change does.

    Parameters
    ----------
    apart : collection of int
        Rows of patients who are left out of the counts, not of the value.
    """
    gained, lost, placed_more = [0, 0, 0], [0, 0, 0], [0, 0, 0, 0]
    moved = saved_s = ald = 0
    left_out = {case.match(row).patient_id for row in apart}
    for patient_id, then in rerun.before.journey.items():
        now, match = rerun.after.journey[patient_id], case.match(case.row(patient_id))
        placed_more[match.rank] += (now is not None) - (then is not None)
        if patient_id in left_out:
            continue
        if then is not None and now is not None:
            moved += then[0] != now[0]
            saved_s += then[1] - now[1]
        else:
            ald += _has_ald(case, patient_id) * ((now is not None) - (then is not None))
            gained[match.tier - 1] += now is not None
            lost[match.tier - 1] += then is not None
    value = _change_of_value(case, rerun, placed_more)
    proven = rerun.is_whole and {rerun.before.status, rerun.after.status} == {Status.OPTIMAL}
    return Effect(
        gained=(gained[0], gained[1], gained[2]),
        lost=(lost[0], lost[1], lost[2]),
        ald=ald,
        moved=moved,
        saved_s=saved_s,
        value=value,
        at_least=value if proven else case.solution.objective + value - case.solution.bound,
        at_most=value if proven else None,
    )


def _has_ald(case: Case, patient_id: str) -> bool:
    return case.instance.patients[case.row(patient_id)].needs.ald is True


def _change_of_value(case: Case, rerun: Rerun, placed_more: Sequence[int]) -> int:
    """Return the change on the scale of the run: more placed at its rank values, and the rest as found."""
    change = rerun.after.objective - rerun.before.objective
    for outcome, sign in ((rerun.after, -1), (rerun.before, 1)):
        for patient_id, journey in outcome.journey.items():
            if journey is not None:
                change += sign * outcome.rank_values[case.match(case.row(patient_id)).rank]
    return change + sum(
        more * value for more, value in zip(placed_more, case.solution.rank_values, strict=True)
    )
