"""Labels of patients to compare policies by: tier, age band, cover; communes are given by the caller."""

from collections.abc import Iterator, Mapping, Sequence

from matching.model import Instance, Patient
from matching.policy import Policy
from matching.priority import tier_of_patient

_BANDS = ((18, "moins de 18 ans"), (40, "18 à 39 ans"), (70, "40 à 69 ans"), (131, "70 ans et plus"))
UNKNOWN = "non renseigné"


def groups_of(
    instance: Instance, policy: Policy, *, communes: Sequence[str] | None = None
) -> dict[str, list[str]]:
    """Return dimension → one label per patient: ``priorité``, ``âge``, ``couverture``, ``commune``.

    Parameters
    ----------
    policy : Policy
        Decides the tiers, the same for every policy compared.
    communes : sequence of str, optional
        One per patient.
    """
    patients = instance.patients
    groups = {
        "priorité": [f"priorité {tier_of_patient(p, policy.tiers)}" for p in patients],
        "âge": [age_band(p.age) for p in patients],
        "couverture": [_cover(p) for p in patients],
    }
    if communes is not None:
        groups["commune"] = list(communes)
    return groups


def age_band(age: int | None) -> str:
    """Return the band of an age in years."""
    if age is None:
        return UNKNOWN
    return next(name for below, name in _BANDS if age < below)


def rows_by_label(groups: Mapping[str, Sequence[str]]) -> Iterator[tuple[str, str, list[int]]]:
    """Yield dimension, label and rows of its patients; everybody first, then labels in order."""
    for dimension, labels in groups.items():
        rows: dict[str, list[int]] = {}
        for row, label in enumerate(labels):
            rows.setdefault(label, []).append(row)
        for label in sorted(rows, key=_order):
            yield dimension, label, rows[label]


def _order(label: str) -> tuple[bool, int, str]:
    """Sort the age bands by age, the unknown last, the rest by name."""
    bands = [name for _, name in _BANDS]
    return label == UNKNOWN, bands.index(label) if label in bands else 0, label


def _cover(patient: Patient) -> str:
    if patient.needs.c2s and patient.needs.ame:
        return "C2S et AME"
    return "C2S" if patient.needs.c2s else "AME" if patient.needs.ame else "autre ou non renseignée"
