"""Why each patient is, or is not, proposed to a GP: a code, a French sentence and the facts."""

from collections import Counter

import numpy as np
import numpy.typing as npt

from matching.candidates import Candidates
from matching.columns import patient_limit_km
from matching.eligibility import RULES, Pairs
from matching.model import Instance, Patient, Reason, Tier
from matching.policy import Policy
from matching.priority import Standing
from matching.surroundings import Holdings, Nearby, Surroundings
from matching.wishes import WISHES

Int64 = npt.NDArray[np.int64]


def reasons(instance: Instance, policy: Policy, found: Candidates, pair: Int64) -> list[Reason]:
    """Return one reason per patient, in row order.

    Parameters
    ----------
    pair : ndarray of int64, shape (num_patients,)
        Travel row of each patient's proposal, -1 = none.
    """
    placed = np.flatnonzero(pair >= 0)
    wishes = dict(zip(placed.tolist(), _wishes_of(found.pairs.take(pair[placed])), strict=True))
    around = Surroundings(instance, found, pair)
    return [
        _placed(instance, row, stands, int(pair[row]), wishes[row])
        if row in wishes
        else _not_placed(instance.patients[row], policy, stands, around, row)
        for row, stands in enumerate(found.standings)
    ]


def _wishes_of(pairs: Pairs) -> list[tuple[list[str], list[str]]]:
    """Return the codes of the wishes met and unmet, per pair."""
    told: list[tuple[list[str], list[str]]] = [([], []) for _ in range(pairs.patient.size)]
    for wish in WISHES:
        stated, met = wish.test(pairs)
        for i in np.flatnonzero(stated).tolist():
            told[i][0 if met[i] else 1].append(wish.code)
    return told


def _placed(
    instance: Instance, row: int, stands: Standing, pair: int, wishes: tuple[list[str], list[str]]
) -> Reason:
    met, unmet = wishes
    distance_m, duration_s = int(instance.travel.distance_m[pair]), int(instance.travel.duration_s[pair])
    promoted = stands.rank < stands.tier
    parts = [
        f"Priorité {stands.tier}, attend depuis {_days(stands.waited_days)}"
        + (", passe devant car l'attente est trop longue" if promoted else ""),
        f"{_minutes(duration_s)} de trajet ({_km(distance_m)})",
    ]
    names = {wish.code: wish.name for wish in WISHES}
    if met:
        parts.append("souhaits respectés : " + ", ".join(names[code] for code in met))
    if unmet:
        parts.append("souhaits non respectés : " + ", ".join(names[code] for code in unmet))
    data = {
        "tier": stands.tier,
        "rank": stands.rank,
        "waited_days": stands.waited_days,
        "waiting_since": instance.patients[row].waiting_since.isoformat(),
        "distance_m": distance_m,
        "duration_s": duration_s,
        "wishes_met": tuple(met),
        "wishes_unmet": tuple(unmet),
    }
    return Reason(code="placed", sentence=" ; ".join(parts) + ".", data=data)


def _not_placed(patient: Patient, policy: Policy, stands: Standing, around: Surroundings, row: int) -> Reason:
    if not patient.consent:
        return Reason(
            code="no_consent",
            sentence="Le patient n'a pas donné son accord : recueillez-le avant de chercher un médecin.",
            data={},
        )
    near = around.in_reach(row)
    if not near.practitioner.size:
        return _nobody_in_reach(patient, policy, around.nearest_m(row))
    possible = near.possible()
    if not possible.practitioner.size:
        return _excluded(near)
    return _full(stands.tier, possible, around.holdings(stands.tier))


def _nobody_in_reach(patient: Patient, policy: Policy, nearest_m: int | None) -> Reason:
    limit_km = patient_limit_km(patient.max_km, policy.reach)
    sentence = f"Aucun médecin volontaire à {_km(limit_km * 1000)} ou moins"
    if nearest_m is not None:
        sentence += f" ; le plus proche est à {_km(nearest_m)}"
    if patient.max_km is None and policy.reach.max_km_with_consent > limit_km:
        sentence += f". Demandez au patient s'il irait jusqu'à {_km(policy.reach.max_km_with_consent * 1000)}"
    return Reason(
        code="nobody_in_reach",
        sentence=sentence + ".",
        data={"limit_m": round(limit_km * 1000), "nearest_m": nearest_m},
    )


def _excluded(near: Nearby) -> Reason:
    counts = Counter(near.rule.tolist()).most_common()
    listed = " ; ".join(f"{RULES[rule].excludes} ({count})" for rule, count in counts)
    many = near.practitioner.size
    who = "Le seul médecin à portée est écarté" if many == 1 else f"Les {many} médecins à portée sont écartés"
    return Reason(
        code="excluded",
        sentence=f"{who} : {listed}.",
        data={
            "in_reach": many,
            "rules": {RULES[rule].code: count for rule, count in counts},
            "nearest": tuple(
                {**named, "rule": RULES[rule].code}
                for named, rule in zip(near.named(), near.rule.tolist(), strict=False)
            ),
        },
    )


def _full(tier: Tier, possible: Nearby, holdings: Holdings) -> Reason:
    many = possible.practitioner.size
    who = "Le seul médecin possible n'a" if many == 1 else f"Les {many} médecins possibles n'ont"
    sentence = f"{who} plus de place"
    last = holdings.last_served(possible.practitioner)
    if last is None:
        sentence += f" ouverte à la priorité {tier}"
    else:
        per_tier = holdings.per_tier[possible.practitioner].sum(axis=0).tolist()
        listed = ", ".join(
            f"{number} de priorité {held}" for held, number in enumerate(per_tier, 1) if number
        )
        sentence += (
            f" : elles vont à des patients plus urgents ou plus proches ({listed}) ; le dernier servi "
            f"est de priorité {last.tier} et attend depuis le {last.waiting_since:%d/%m/%Y}"
        )
    return Reason(
        code="full",
        sentence=sentence + ".",
        data={
            "possible": many,
            "nearest": tuple(
                {**named, "held_by": holdings.holders[row]}
                for named, row in zip(possible.named(), possible.practitioner.tolist(), strict=False)
            ),
        },
    )


def _days(days: int) -> str:
    return "aujourd'hui" if days == 0 else f"{days} jour{'s' if days > 1 else ''}"


def _minutes(duration_s: int) -> str:
    return f"{(duration_s + 30) // 60} min"


def _km(distance_m: float) -> str:
    return f"{distance_m / 1000:.1f}".replace(".", ",").removesuffix(",0") + " km"
