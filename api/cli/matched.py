"""A matching on the screen: the table by tier, the proof, the warnings, one sentence per patient."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from api.cli.screen import console

if TYPE_CHECKING:
    from matching import Instance, Solution
    from scheduler.exchange.summary import TierLine

_NOTHING = "–"


def show_matching(solution: "Solution", warnings: Sequence[str]) -> None:
    """Print the table by tier, whether it is proven the best, and what the reader must know."""
    from rich.table import Table  # noqa: PLC0415 — not loaded for --json

    from scheduler.exchange.summary import summarise  # noqa: PLC0415

    table = Table(title="Attribution")
    table.add_column("Priorité")
    for heading in ("Patients", "Placés", "Trajet médian", "Le plus loin"):
        table.add_column(heading, justify="right")
    *tiers, everyone = summarise(solution.matches)
    for line in tiers:
        table.add_row(*_cells(line))
    table.add_section()
    table.add_row(*_cells(everyone), style="bold")
    screen = console()
    screen.print(table)
    screen.print(proof(solution))
    for warning in warnings:
        screen.print(f"Attention : {warning}")


def explain_each(instance: "Instance", solution: "Solution") -> None:
    """Print one sentence per patient, in the order of the file."""
    names = {one.id: f"{one.name} ({one.id})" if one.name else one.id for one in instance.practitioners}
    screen = console()
    for match in solution.matches:
        who = "personne" if match.practitioner_id is None else names[match.practitioner_id]
        screen.print(f"{match.patient_id} → {who} : {match.reason.sentence}")


def proof(solution: "Solution") -> str:
    """Say whether a better matching could exist."""
    if solution.status.value == "optimal":
        return "Résultat optimal prouvé : aucune autre attribution ne fait mieux selon cette politique."
    gap = solution.bound - solution.objective
    return (
        "Meilleur résultat trouvé dans le temps donné, non prouvé optimal "
        f"(valeur {solution.objective}, au plus {gap} de mieux possible)."
    )


def as_json(instance: "Instance", solution: "Solution", warnings: Sequence[str]) -> dict[str, Any]:
    """Give the matching as plain values for programs; the keys are listed in ``relais attach --help``."""
    from scheduler.exchange.summary import summarise  # noqa: PLC0415

    *tiers, everyone = summarise(solution.matches)
    return {
        "on": instance.on.isoformat(),
        "status": solution.status.value,
        "objective": solution.objective,
        "bound": solution.bound,
        "num_patients": everyone.num_patients,
        "num_practitioners": len(instance.practitioners),
        "num_placed": everyone.num_placed,
        "tiers": [asdict(line) for line in tiers],
        "warnings": list(warnings),
        "practitioners": _practitioners(instance, solution),
        "matches": [_match(match) for match in solution.matches],
    }


def _practitioners(instance: "Instance", solution: "Solution") -> list[dict[str, Any]]:
    placed = [match.practitioner_id for match in solution.matches]
    prices = solution.place_price or (None,) * len(instance.practitioners)
    return [
        {
            "practitioner_id": practitioner.id,
            "places": practitioner.places,
            "num_placed": placed.count(practitioner.id),
            "place_price": price,
        }
        for practitioner, price in zip(instance.practitioners, prices, strict=True)
    ]


def _match(match: Any) -> dict[str, Any]:
    return {
        "patient_id": match.patient_id,
        "practitioner_id": match.practitioner_id,
        "tier": match.tier,
        "rank": match.rank,
        "waited_days": match.waited_days,
        "travel_min": None if match.duration_s is None else round(match.duration_s / 60, 1),
        "distance_km": None if match.distance_m is None else round(match.distance_m / 1000, 1),
        "reason": {"code": match.reason.code, "sentence": match.reason.sentence},
    }


def _cells(line: "TierLine") -> list[str]:
    minutes, km = line.median_travel_min, line.farthest_km
    return [
        "toutes" if line.tier is None else str(line.tier),
        str(line.num_patients),
        str(line.num_placed),
        _NOTHING if minutes is None else f"{_french(minutes)} min",
        _NOTHING if km is None else f"{_french(km)} km",
    ]


def _french(value: float) -> str:
    return f"{value:.1f}".replace(".", ",")
