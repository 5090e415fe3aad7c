"""Who must be together, as the judge reads the policy; written again, not imported."""

from collections.abc import Collection, Mapping, Sequence

from matching.model import Instance, Patient
from matching.policy import Policy
from matching.verify.people import rank

Unit = tuple[Patient, ...]


def households_of(instance: Instance) -> list[Unit]:
    """Return the members of each household who consented, two at least."""
    homes: dict[str, list[Patient]] = {}
    for patient in instance.patients:
        if patient.household is not None and patient.consent:
            homes.setdefault(patient.household, []).append(patient)
    return [tuple(home) for _, home in sorted(homes.items()) if len(home) > 1]


def bound_together(home: Unit, instance: Instance, policy: Policy) -> list[Unit]:
    """Return the sets of a household that share one GP or get none."""
    if policy.households.together == "all":
        return [home]
    minors = [p for p in home if p.age is not None and p.age < 18]
    family, asking = list(minors), [p for p in home if p.together]
    if minors:
        youngest = min(p.age for p in minors if p.age is not None)
        parents = [p for p in home if p.age is not None and p.age >= 18 and 15 <= p.age - youngest <= 55]
        if parents:
            family.append(
                min(
                    parents,
                    key=lambda p: (not p.together, rank(p, policy, instance.on), p.waiting_since, p.id),
                )
            )
    if any(p in family for p in asking):
        return [tuple(p for p in home if p in family or p in asking)]
    return [tuple(unit) for unit in (family, asking) if len(unit) > 1]


def groups_of(home: Unit, units: Sequence[Unit], announced: Collection[str]) -> list[Unit]:
    """Return a household as groups placed as one; whoever has a kept firm commitment stands alone."""
    free = [tuple(p for p in unit if p.id not in announced) for unit in units]
    taken = {p.id for unit in free for p in unit}
    return [unit for unit in free if unit] + [(p,) for p in home if p.id not in taken]


def broken_units(unit: Unit, placed: Mapping[str, str | None], announced: Mapping[str, str]) -> str | None:
    """Return what is wrong with a set that must be together, None when nothing is.

    Parameters
    ----------
    placed : mapping
        Patient id to GP id or None.
    announced : mapping
        Patient id to GP id of each kept firm commitment: these stand, the others follow one of them.
    """
    free = {placed[p.id] for p in unit if p.id not in announced}
    anchors = {announced[p.id] for p in unit if p.id in announced}
    if len(free) > 1:
        return "les personnes à réunir ne le sont pas"
    if anchors and not free <= {*anchors, None}:
        return "ne suit pas la personne du foyer déjà annoncée"
    return None
