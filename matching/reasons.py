"""Why each patient is, or is not, proposed to a GP: a code, a French sentence and the facts."""

from collections import Counter

import numpy as np
import numpy.typing as npt

from matching import french
from matching.candidates import LAST_RANK, Candidates
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
        else _not_placed(instance.patients[row], policy, found, around, row)
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
        f"Priorité {stands.tier}, attend depuis {french.days(stands.waited_days)}"
        + (", passe devant car l'attente est trop longue" if promoted else ""),
        f"{french.minutes(duration_s)} de trajet ({french.km(distance_m)})",
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


def _not_placed(
    patient: Patient, policy: Policy, found: Candidates, around: Surroundings, row: int
) -> Reason:
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
    members = found.grouping.members[int(found.grouping.group[row])]
    if len(members) > 1:
        return _household(len(members), possible)
    if found.reserve_price is not None and found.standings[row].rank == LAST_RANK:
        kept = around.with_places_left(possible.practitioner)
        if kept.size:
            return _reserved(possible, int(kept.size))
    tier = found.standings[row].tier
    return _full(tier, possible, around.holdings(tier))


def _nobody_in_reach(patient: Patient, policy: Policy, nearest_m: int | None) -> Reason:
    limit_km = patient_limit_km(patient.max_km, policy.reach)
    sentence = f"Aucun médecin volontaire à {french.km(limit_km * 1000)} ou moins"
    if nearest_m is not None:
        sentence += f" ; le plus proche est à {french.km(nearest_m)}"
    if patient.max_km is None and policy.reach.max_km_with_consent > limit_km:
        sentence += (
            f". Demandez au patient s'il irait jusqu'à {french.km(policy.reach.max_km_with_consent * 1000)}"
        )
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


def _household(members: int, possible: Nearby) -> Reason:
    many = possible.practitioner.size
    who = "le seul médecin possible" if many == 1 else f"aucun des {many} médecins possibles"
    cannot = "ne peut pas" if many == 1 else "ne peut"
    return Reason(
        code="household",
        sentence=f"{members} personnes du foyer restent ensemble, et {who} pour ce patient {cannot} les "
        "prendre toutes.",
        data={"members": members, "possible": many, "nearest": tuple(possible.named())},
    )


def _reserved(possible: Nearby, kept: int) -> Reason:
    return Reason(
        code="reserved",
        sentence=f"Il reste des places chez {french.count(kept, 'médecin possible', 'médecins possibles')} : "
        "elles sont gardées pour des patients plus urgents attendus bientôt.",
        data={"possible": int(possible.practitioner.size), "with_places": kept},
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
            f"est de priorité {last.tier} et attend depuis le {french.day(last.waiting_since)}"
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
