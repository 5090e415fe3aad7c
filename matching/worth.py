"""What more places would be worth: for every GP at once from the prices, for a given gift by re-solving."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from matching import french
from matching.effect import Effect, Tiers, effect
from matching.errors import InvalidInstance
from matching.model import Instance, Solution
from matching.policy import Policy
from matching.what_if import TIME_BOX_S, Case

_TENTHS_PER_MINUTE = 10
_SECONDS_PER_MINUTE = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """What some more places change, found by running again.

    Parameters
    ----------
    places : Mapping of str to int
        More places by practitioner id; negative for fewer.
    effect : Effect
        Who is placed more and fewer by tier, who moves, travel saved.
    sentence : str
        The same in French.
    """

    places: Mapping[str, int]
    effect: Effect
    sentence: str

    @property
    def placed(self) -> int:
        """More patients placed in all."""
        return sum(self.effect.net)

    @property
    def by_tier(self) -> Tiers:
        """More patients of tiers 1, 2, 3 placed."""
        return self.effect.net


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceValue:
    """What one more place at one GP would be worth.

    Parameters
    ----------
    value : int or None
        In the units of ``Solution.objective``; None where the run left no prices at all.
    rank : int or None
        Rank of the one more patient whom it would place; None = nobody more.
    minutes : float or None
        What it would save in travel and wishes beside that; negative where placing one more adds travel.
    basis : {"exact", "relaxed", "none"}
        Exact price (equal to a re-solve); price of the relaxation, approximate; no price.
    """

    practitioner_id: str
    value: int | None
    rank: int | None
    minutes: float | None
    basis: Literal["exact", "relaxed", "none"]
    sentence: str


def value_of_places(
    instance: Instance,
    policy: Policy,
    solution: Solution,
    places: Mapping[str, int],
    *,
    time_box_s: float = TIME_BOX_S,
) -> Worth:
    """Return what more places at some GPs would change: the run is made again with them.

    Where a GP limits their workload, it grows with the places by the mean of a place.

    Parameters
    ----------
    places : Mapping of str to int
        More places by practitioner id.

    Raises
    ------
    InvalidInstance
        When a practitioner is unknown, or the solution is of other patients.
    """
    case = Case(instance, policy, solution, time_box_s=time_box_s)
    extra = {case.practitioner_row(key): more for key, more in places.items()}
    change = effect(case, case.again(case.with_places(extra), extra))
    return Worth(places=dict(places), effect=change, sentence=_told(case, extra, change))


def place_values(instance: Instance, solution: Solution) -> tuple[PlaceValue, ...]:
    """Return what one more place would be worth at every GP, in the order of the instance.

    From the exact prices of unit loads, or, marked ``relaxed``, from those of the relaxation.

    Notes
    -----
    A price is what placing somebody of one rank is worth, or nothing, plus a remainder far smaller than
    the distance between ranks: the nearest rank value tells which.
    """
    prices = solution.place_price or solution.relaxed_price or [None] * len(instance.practitioners)
    exact = solution.place_price is not None
    return tuple(
        _place_value(solution, gp.id, gp.name or f"médecin {gp.id}", price, exact=exact)
        for gp, price in zip(instance.practitioners, prices, strict=True)
    )


def best_by_label(values: Sequence[PlaceValue], labels: Sequence[str]) -> dict[str, PlaceValue]:
    """Return for each label (a commune, say) the GP whose next place is worth most.

    Parameters
    ----------
    labels : sequence of str
        One per value.
    """
    if len(labels) != len(values):
        raise InvalidInstance(["une étiquette par médecin est attendue"])
    best: dict[str, PlaceValue] = {}
    for label, value in zip(labels, values, strict=True):
        if label not in best or (value.value or 0) > (best[label].value or 0):
            best[label] = value
    return best


def _place_value(solution: Solution, key: str, name: str, price: int | None, *, exact: bool) -> PlaceValue:
    if price is None:
        sentence = f"Une place de plus chez {name} : valeur inconnue, le calcul n'a pas eu le temps."
        return PlaceValue(
            practitioner_id=key, value=None, rank=None, minutes=None, basis="none", sentence=sentence
        )
    rank, remainder = nearest_rank(price, solution.rank_values)
    return PlaceValue(
        practitioner_id=key,
        value=price,
        rank=rank,
        minutes=remainder / _TENTHS_PER_MINUTE,
        basis="exact" if exact else "relaxed",
        sentence=_said(name, rank, remainder, exact=exact),
    )


def nearest_rank(price: int, values: Sequence[int]) -> tuple[int | None, int]:
    """Return the rank whose value is nearest to a price, None = nobody's, and what remains."""
    worths: list[tuple[int | None, int]] = [(None, 0), *enumerate(values)]
    rank, worth = min(worths, key=lambda item: abs(price - item[1]))
    return rank, price - worth


def _said(name: str, rank: int | None, remainder: int, *, exact: bool) -> str:
    about = "" if exact else " (valeur approchée)"
    start = f"Une place de plus chez {name}{about}"
    if rank is not None:
        return f"{start} placerait un patient de plus, {rank_in_words(rank)}."
    if remainder > 0:
        return (
            f"{start} ne placerait personne de plus, mais ferait gagner {french.decimal(remainder / 10)} min."
        )
    return f"{start} ne changerait rien."


def rank_in_words(rank: int) -> str:
    """Say how urgent somebody of a rank is; rank 0 is tier 1 who waited too long."""
    return "de priorité 1 en attente depuis trop longtemps" if rank == 0 else f"qui passe en priorité {rank}"


def _told(case: Case, extra: Mapping[int, int], change: Effect) -> str:
    gifts = [
        f"{french.count(abs(more), 'place')} de {'plus' if more > 0 else 'moins'} chez {case.name(row)}"
        for row, more in extra.items()
    ]
    sentence = f"Avec {french.listed(gifts) if gifts else 'les mêmes places'} : {placed_in_words(change.net)}"
    if change.moved:
        saved_min = change.saved_s / _SECONDS_PER_MINUTE
        less = "moins" if saved_min >= 0 else "plus"
        moved = french.count(change.moved, "autre changerait", "autres changeraient")
        sentence += (
            f" ; {moved} de médecin, {french.decimal(abs(saved_min))} min de trajet en {less} au total"
        )
    if not change.is_proven:
        sentence += " (calcul limité aux médecins voisins)"
    return sentence + "."


def placed_in_words(net: Tiers) -> str:
    """Say ``2 patients de plus auraient un médecin (1 de priorité 1 et 1 de priorité 3)``."""
    total = sum(net)
    if not any(net):
        return "personne de plus n'aurait de médecin"
    if all(number >= 0 for number in net):
        have = "aurait" if total == 1 else "auraient"
        return f"{french.count(total, 'patient')} de plus {have} un médecin ({french.per_tier(net)})"
    parts = [
        f"{french.count(abs(n), 'patient')} de {'plus' if n > 0 else 'moins'} en priorité {tier}"
        for tier, n in enumerate(net, 1)
        if n
    ]
    return french.listed(parts)
