"""Reasons on the screen: what changed, why this one, why not that one, what a place is worth."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from api.cli.screen import console, progress

if TYPE_CHECKING:
    from matching import Instance, Policy, Solution


def show_changes(instance: "Instance", solution: "Solution") -> None:
    """Say how many earlier proposals were kept, and why the others were not."""
    screen = console()
    changed = len(solution.changes)
    kept = len(instance.commitments) - changed
    screen.print(f"Propositions d'avant : {kept} gardée(s), {changed} changée(s).")
    counted = Counter(change.reason.sentence for change in solution.changes)
    for sentence, times in counted.most_common():
        screen.print(f"   {times} × {sentence}")


def show_answers(
    instance: "Instance",
    policy: "Policy",
    solution: "Solution",
    *,
    why: Sequence[str],
    why_not: Sequence[str],
    places: Sequence[str] | None,
) -> None:
    """Answer what was asked on the command line.

    Parameters
    ----------
    places
        Commune of each practitioner, when the worth of places is asked.
    """
    if not (why or why_not or places is not None):
        return
    screen = console()
    with progress("Recherche des raisons"):
        lines = [*_answers(instance, policy, solution, why, why_not)]
        if places is not None:
            from scheduler.exchange.worth import place_lines  # noqa: PLC0415 — see api.cli.command

            lines += place_lines(instance, policy, solution, tuple(places))
    for line in lines:
        screen.print(line)


def _answers(
    instance: "Instance",
    policy: "Policy",
    solution: "Solution",
    why: Sequence[str],
    why_not: Sequence[str],
) -> list[str]:
    from matching.explain import Explainer  # noqa: PLC0415 — see api.cli.command

    explainer = Explainer(instance, policy, solution)
    lines = [f"{patient} : {explainer.explain(patient).text()}" for patient in why]
    for asked in why_not:
        patient, _, practitioner = asked.rpartition(":")
        lines.append(f"{patient} : {explainer.why_not(patient, practitioner).sentence}")
    return lines
