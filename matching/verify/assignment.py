"""The judge of ``assign``: every choice re-checked and every value recomputed, without a solver."""

from collections import Counter
from collections.abc import Iterator, Sequence

from matching.problem import AssignmentProblem, AssignmentResult, Status
from matching.verify.violation import Violation, of_solution


def verify_assignment(problem: AssignmentProblem, result: AssignmentResult) -> list[Violation]:
    """Return what is wrong with an answer of ``assign``; empty when sound.

    The prices, when given, are checked as a proof: their dual value must be the bound.
    """
    shapes = list(_wrong_shapes(problem, result))
    if shapes:
        return shapes
    return [
        *_wrong_arcs(problem, result),
        *_overfull_bins(problem, result),
        *_wrong_values(problem, result),
        *_wrong_prices(problem, result),
    ]


def _wrong_shapes(problem: AssignmentProblem, result: AssignmentResult) -> Iterator[Violation]:
    if result.arc.shape != (problem.num_groups,):
        yield of_solution("shape", "une décision par groupe est attendue")
    elif result.arc.size and not (result.arc.min() >= -1 and result.arc.max() < problem.num_arcs):
        yield of_solution("arc_range", "un arc choisi n'existe pas")
    for price in (result.price, result.relaxed_price):
        if price is not None and price.shape != (problem.num_bins,):
            yield of_solution("shape", "un prix par casier est attendu")


def _wrong_arcs(problem: AssignmentProblem, result: AssignmentResult) -> Iterator[Violation]:
    for group, (arc, pinned) in enumerate(zip(result.arc.tolist(), problem.pinned.tolist(), strict=True)):
        if arc >= 0 and problem.arc_group[arc] != group:
            yield Violation(code="foreign_arc", subject=f"group {group}", message="arc d'un autre groupe")
        if pinned >= 0 and arc != pinned:
            yield Violation(code="pin_moved", subject=f"group {group}", message="arc épinglé déplacé")


def _overfull_bins(problem: AssignmentProblem, result: AssignmentResult) -> Iterator[Violation]:
    used: Counter[int] = Counter()
    for arc in result.arc[result.arc >= 0].tolist():
        for bin_ in _upwards(problem, int(problem.arc_bin[arc])):
            used[bin_] += int(problem.arc_load[arc])
    chosen = set(result.arc.tolist())
    further = zip(problem.use_arc.tolist(), problem.use_bin.tolist(), problem.use_load.tolist(), strict=True)
    for arc, direct, load in further:
        if arc in chosen:
            for bin_ in _upwards(problem, direct):
                used[bin_] += load
    for bin_, load in sorted(used.items()):
        if load > int(problem.capacity[bin_]):
            yield Violation(
                code="overfull", subject=f"bin {bin_}", message=f"{load} pour {problem.capacity[bin_]} places"
            )


def _upwards(problem: AssignmentProblem, bin_: int) -> Iterator[int]:
    """Yield a bin and all that contain it, the outermost last."""
    while bin_ >= 0:
        yield bin_
        bin_ = int(problem.bin_parent[bin_])


def _wrong_values(problem: AssignmentProblem, result: AssignmentResult) -> Iterator[Violation]:
    value = _earned_together(problem, result.arc.tolist())
    for group, arc in enumerate(result.arc.tolist()):
        if arc >= 0:
            value += int(problem.reward[group]) - int(problem.arc_cost[arc])
    if value != result.objective:
        yield of_solution("objective", f"la valeur est {value}, pas {result.objective}")
    if result.bound < value:
        yield of_solution("bound", f"la borne {result.bound} est sous la valeur {value}")
    if (result.status is Status.OPTIMAL) != (result.bound == result.objective):
        yield of_solution("status", "« optimal » veut dire valeur égale à la borne, et rien d'autre")


def _earned_together(problem: AssignmentProblem, chosen: Sequence[int]) -> int:
    """Return the bonuses of pairs whose groups are under the same outermost bin."""
    earned = 0
    pairs = zip(
        problem.pair_first.tolist(), problem.pair_second.tolist(), problem.pair_bonus.tolist(), strict=True
    )
    for first, second, bonus in pairs:
        if chosen[first] >= 0 and chosen[second] >= 0:
            homes = [list(_upwards(problem, int(problem.arc_bin[chosen[g]])))[-1] for g in (first, second)]
            earned += bonus if homes[0] == homes[1] else 0
    return earned


def _wrong_prices(problem: AssignmentProblem, result: AssignmentResult) -> Iterator[Violation]:
    if result.price is None:
        return
    if problem.use_arc.size or problem.pair_first.size:
        yield of_solution(
            "price", "aucun prix de casier ne prouve une borne avec des paires ou d'autres usages"
        )
        return
    if (result.price < 0).any():
        yield of_solution("price", "un prix est négatif")
    elif (value := _dual_value(problem, result.price.tolist())) != result.bound:
        yield of_solution("price", f"les prix prouvent la borne {value}, pas {result.bound}")


def _dual_value(problem: AssignmentProblem, price: Sequence[int]) -> int:
    """Return the bound that prices prove: capacity sold, plus what each group would keep at best."""
    parent = problem.bin_parent.tolist()
    kept = [0] * problem.num_groups
    left = problem.capacity.tolist()
    fixed = 0
    for group, arc in enumerate(problem.pinned.tolist()):
        if arc < 0:
            continue
        fixed += int(problem.reward[group]) - int(problem.arc_cost[arc])
        bin_ = int(problem.arc_bin[arc])
        while bin_ >= 0:
            left[bin_] -= int(problem.arc_load[arc])
            bin_ = parent[bin_]
    arcs = zip(
        problem.arc_group.tolist(), problem.arc_bin.tolist(), problem.arc_cost.tolist(),
        problem.arc_load.tolist(), strict=True,
    )  # fmt: skip
    for group, direct, cost, load in arcs:
        to_pay, bin_ = cost, direct
        while bin_ >= 0:
            to_pay += load * price[bin_]
            bin_ = parent[bin_]
        kept[group] = max(kept[group], int(problem.reward[group]) - to_pay)
    free = sum(k for k, arc in zip(kept, problem.pinned.tolist(), strict=True) if arc < 0)
    sold = sum(int(units) * each for units, each in zip(left, price, strict=True))
    return fixed + free + sold
