"""Which answers decide the tier of a patient, in the words of the form."""

from matching.model import Patient
from matching.policy import TierRules

_FIRST = {
    "ald": "affection de longue durée",
    "treatment_running_out": "traitement qui s'achève",
    "recent_discharge": "sortie d'hôpital récente",
    "pregnancy": "grossesse",
    "home_bound": "ne peut pas se déplacer",
    "palliative": "soins palliatifs",
}
_SECOND = {"disability": "handicap", "c2s": "C2S", "ame": "AME"}


def deciding_needs(patient: Patient, rules: TierRules) -> dict[str, str]:
    """Return code and French name of each answer that puts the patient in their tier; empty for tier 3."""
    first = {code: name for code, name in _FIRST.items() if getattr(patient.needs, code)}
    if first:
        return first
    second = {code: name for code, name in _SECOND.items() if getattr(patient.needs, code)}
    if patient.age is not None and patient.age > rules.over_age:
        second["over_age"] = f"plus de {rules.over_age} ans"
    if (patient.needs.chronic_needs or 0) >= rules.chronic_needs:
        second["chronic_needs"] = f"{patient.needs.chronic_needs} besoins chroniques"
    return second
