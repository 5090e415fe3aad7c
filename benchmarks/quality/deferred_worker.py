"""Runs in an environment of its own, where ``matching`` is the package of the registry, not ours.

Reads ``{"patients": {id: [gp, ...]}, "gps": {id: [patient, ...]}, "places": {id: number}}`` from standard
input and writes ``{"placed": {patient: gp}, "seconds": s}``, or ``{"error": name, "seconds": s}``.
"""

import json
import sys
from time import perf_counter

from matching.games import HospitalResident  # type: ignore[import-not-found]


def main() -> None:
    """Answer one market."""
    market = json.load(sys.stdin)
    start = perf_counter()
    try:
        game = HospitalResident.create_from_dictionaries(market["patients"], market["gps"], market["places"])
        stable = game.solve(optimal="resident")
    except RecursionError as error:
        answer: dict[str, object] = {"error": type(error).__name__}
    else:
        answer = {"placed": {patient.name: gp.name for gp, list_ in stable.items() for patient in list_}}
    json.dump({**answer, "seconds": perf_counter() - start}, sys.stdout)


main()
