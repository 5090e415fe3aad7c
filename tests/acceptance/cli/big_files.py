"""Files of the size that a CPTS really has, invented from a seed."""

import csv
from datetime import date, timedelta
from random import Random

COMMUNES = ("77445", "77122", "77296", "77251", "77067", "77326", "77495", "77384")  # CPTS Sénart
ON = date(2026, 11, 21)


def write_files(folder, num_patients=1000, num_practitioners=40, seed=1):
    """Write ``patients.csv`` and ``practitioners.csv``; give their paths."""
    chance = Random(seed)
    patients = [_patient(chance, number) for number in range(num_patients)]
    practitioners = [_practitioner(chance, number) for number in range(num_practitioners)]
    return _write(folder / "patients.csv", patients), _write(folder / "practitioners.csv", practitioners)


def _patient(chance, number):
    def yes(share):
        return "oui" if chance.random() < share else "non"

    return {
        "id": f"P{number:04d}",
        "household": f"F{number // 3}" if chance.random() < 0.2 else "",
        "birth_date": ON - timedelta(days=chance.randrange(100, 34_000)),
        "insee": chance.choice(COMMUNES),
        "waiting_since": ON - timedelta(days=chance.randrange(400)),
        "ald": yes(0.15),
        "treatment_running_out": yes(0.05),
        "recent_discharge": yes(0.02),
        "pregnancy": yes(0.02),
        "home_bound": yes(0.04),
        "palliative": yes(0.005),
        "disability": yes(0.05),
        "c2s": yes(0.12),
        "ame": yes(0.02),
        "chronic_needs": chance.randrange(4),
        "wheelchair": yes(0.02),
        "languages": chance.choice(["fr"] * 8 + ["fr ar", "tr"]),
        "prefers_gender": chance.choice(["", "", "", "f", "m"]),
        "known_practitioner": f"G{chance.randrange(40):02d}" if chance.random() < 0.05 else "",
        "max_km": chance.choice(["", "", "5", "12,5", "15"]),
        "consent": yes(0.98),
    }


def _practitioner(chance, number):
    return {
        "id": f"G{number:02d}",
        "name": f"Dr Inventé {number}",
        "insee": chance.choice(COMMUNES),
        "places": chance.randrange(5, 30),
        "max_tier1": chance.choice(["", "", 3, 5]),
        "age_min": chance.choice(["", "", "", 6, 16]),
        "age_max": chance.choice(["", "", "", "", 80]),
        "home_visits": chance.choice(["oui", "non"]),
        "wheelchair_access": chance.choice(["oui", "oui", "non"]),
        "languages": chance.choice(["fr", "fr", "fr ar", "fr tr"]),
        "gender": chance.choice(["f", "m"]),
        "max_km": chance.choice(["", "", 8, 12]),
        "leaving_on": chance.choice(["", "", "", "", "01/02/2027"]),
    }


def _write(path, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]), delimiter=";")
        writer.writeheader()
        writer.writerows(rows)
    return path
