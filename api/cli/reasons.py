"""Reasons on the screen and in JSON: what changed, why this one, why not that one, what a place is worth."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from api.cli.screen import console, progress

if TYPE_CHECKING:
    from matching import Instance, Policy, Solution
    from matching.explain.explanation import Explanation
    from matching.model import Change, Reason


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


def answers_as_json(
    instance: "Instance",
    policy: "Policy",
    solution: "Solution",
    *,
    why: Sequence[str],
    why_not: Sequence[str],
    places: Sequence[str] | None,
) -> dict[str, Any]:
    """Give what changed and the answers to what was asked as plain values; null where nothing was asked."""
    from scheduler.exchange.worth import places_as_data  # noqa: PLC0415 — see api.cli.command

    told = _told(instance, policy, solution, why, why_not)
    return {
        "changes": [_change(change) for change in solution.changes],
        "price_of_together": solution.price_of_together,
        "why": [explanation.as_data() for explanation in told.why] if why else None,
        "why_not": [_refused(*each) for each in told.why_not] if why_not else None,
        "places": None if places is None else places_as_data(instance, policy, solution, tuple(places)),
    }


def _answers(
    instance: "Instance",
    policy: "Policy",
    solution: "Solution",
    why: Sequence[str],
    why_not: Sequence[str],
) -> list[str]:
    told = _told(instance, policy, solution, why, why_not)
    lines = [f"{explanation.patient_id} : {explanation.text()}" for explanation in told.why]
    return lines + [f"{patient} : {reason.sentence}" for patient, _, reason in told.why_not]


@dataclass(frozen=True, slots=True)
class _Told:
    """The answers in the order of the questions; each "why not" with its patient and practitioner."""

    why: "list[Explanation]"
    why_not: "list[tuple[str, str, Reason]]"


def _told(
    instance: "Instance", policy: "Policy", solution: "Solution", why: Sequence[str], why_not: Sequence[str]
) -> _Told:
    from matching.explain import Explainer  # noqa: PLC0415 — see api.cli.command

    if not (why or why_not):
        return _Told([], [])
    explainer = Explainer(instance, policy, solution)
    refused = [(patient, gp) for patient, _, gp in (asked.rpartition(":") for asked in why_not)]
    return _Told(
        [explainer.explain(patient) for patient in why],
        [(patient, gp, explainer.why_not(patient, gp)) for patient, gp in refused],
    )


def _change(change: "Change") -> dict[str, Any]:
    return {
        "patient_id": change.patient_id,
        "before": change.before,
        "after": change.after,
        "reason": {"code": change.reason.code, "sentence": change.reason.sentence},
    }


def _refused(patient_id: str, practitioner_id: str, reason: "Reason") -> dict[str, Any]:
    from matching.explain.explanation import reason_data  # noqa: PLC0415 — see api.cli.command

    return {"patient_id": patient_id, "practitioner_id": practitioner_id, "reason": reason_data(reason)}
