"""What more places would be worth, per practitioner and per commune, each claim checked by solving again."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from matching import Instance, Policy, Solution
from matching.worth import PlaceValue, Worth, best_by_label, place_values, value_of_places


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """More places at one practitioner.

    Parameters
    ----------
    practitioner_id : str
    commune : str
        Where they practise.
    value : PlaceValue
        One more place, from the prices of the run.
    worth : Worth or None
        So many more places, found by solving again; None when the time did not suffice.
    """

    practitioner_id: str
    commune: str
    value: PlaceValue
    worth: Worth | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The answer for a whole territory; ``communes`` holds the best practitioner of each."""

    more: int
    practitioners: tuple[Checked, ...]
    communes: tuple[Checked, ...]


def more_places(
    instance: Instance,
    policy: Policy,
    solution: Solution,
    communes: Sequence[str],
    *,
    more: int = 1,
    time_limit_s: float = 60.0,
) -> Places:
    """Value one more place at every GP by the prices, and ``more`` by solving again, as time allows.

    Parameters
    ----------
    communes
        One per practitioner of the instance.
    more
        Places given at once in each check, ≥ 1.
    time_limit_s
        For all the checks together; those that promise most come first.
    """
    deadline = time.monotonic() + time_limit_s
    values = place_values(instance, solution)
    best = {value.practitioner_id for value in best_by_label(values, communes).values()}
    order = sorted(range(len(values)), key=lambda row: _promise(values[row], best))
    found: dict[int, Worth] = {}
    for row in order:
        left_s = deadline - time.monotonic()
        if left_s <= 0:
            break
        given = {values[row].practitioner_id: more}
        found[row] = value_of_places(instance, policy, solution, given, time_box_s=min(2.0, left_s))
    checked = tuple(
        Checked(
            practitioner_id=value.practitioner_id,
            commune=communes[row],
            value=value,
            worth=found.get(row),
        )
        for row, value in enumerate(values)
    )
    return Places(more=more, practitioners=checked, communes=tuple(_best_of_each(checked)))


def _promise(value: PlaceValue, best: set[str]) -> tuple[bool, int, str]:
    """Sort the best of each commune first, then the highest prices."""
    return (value.practitioner_id not in best, -(value.value or 0), value.practitioner_id)


def _best_of_each(checked: Sequence[Checked]) -> Iterator[Checked]:
    """Give for each commune the practitioner whose places are worth most, checked ones first."""
    best: dict[str, Checked] = {}
    for one in checked:
        if one.commune not in best or _worth(one) > _worth(best[one.commune]):
            best[one.commune] = one
    yield from (best[commune] for commune in sorted(best))


def _worth(one: Checked) -> tuple[int, tuple[int, ...], int]:
    if one.worth is None:
        return (0, (), one.value.value or 0)
    return (one.worth.placed, one.worth.by_tier, one.value.value or 0)
