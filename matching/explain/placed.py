"""Why this GP: tier, wait, travel, wishes, household, and the next best GP beside the one proposed."""

from collections.abc import Iterator, Sequence

from matching import french
from matching.codes import WISH_CODES, say
from matching.explain.forced import consequences, difference_in_minutes, forced_effect, loss_data
from matching.explain.needs import deciding_needs
from matching.explain.options import Option
from matching.explain.pair import called, facts
from matching.model import Reason
from matching.what_if import Case


def standing_facts(case: Case, row: int) -> Iterator[Reason]:
    """Yield tier and wait of any patient."""
    patient, match, rules = case.instance.patients[row], case.match(row), case.policy.tiers
    needs = deciding_needs(patient, rules)
    why = ", ".join(needs.values()) or "aucun critère de priorité n'est renseigné"
    yield say("tier", f"Priorité {match.tier} : {why}.", tier=match.tier, rank=match.rank, needs=list(needs))
    longest = rules.longest_wait_days[match.tier - 1]
    sentence = f"En attente depuis le {french.day(patient.waiting_since)}"
    if match.waited_days:
        sentence += f" ({french.days(match.waited_days)})"
    if match.rank < match.tier:
        sentence += f", plus que les {french.days(longest)} prévus : passe devant"
    yield say(
        "wait",
        sentence + ".",
        waiting_since=patient.waiting_since.isoformat(),
        waited_days=match.waited_days,
        longest_wait_days=longest,
        promoted=match.rank < match.tier,
    )


def proposal_facts(case: Case, row: int, options: Sequence[Option]) -> Iterator[Reason]:
    """Yield travel, wishes, commitment and the next best GP of a patient with a proposal."""
    chosen = next(o for o in options if _id(case, o) == case.match(row).practitioner_id)
    yield say(
        "travel",
        f"{french.minutes(chosen.duration_s)} de trajet ({french.km(chosen.distance_m)}).",
        distance_m=chosen.distance_m,
        duration_s=chosen.duration_s,
    )
    for code in chosen.met:
        yield say("wish_met", f"Souhait respecté : {WISH_CODES[code]}.", wish=code)
    for code in chosen.unmet:
        yield say("wish_unmet", f"Souhait non respecté : {WISH_CODES[code]}.", wish=code)
    if case.is_pinned(row):
        yield say("pinned", "Proposition déjà annoncée : elle est maintenue.")
    else:
        yield _next_best(case, row, chosen, options)


def _next_best(case: Case, row: int, chosen: Option, options: Sequence[Option]) -> Reason:
    """Return the option that would come next, and what going there would do: checked by running again."""
    others = [o for o in options if not o.rules and o is not chosen]
    if not others:
        return say("only_option", "C'est le seul médecin possible pour ce patient.")
    best = min(others, key=lambda o: (o.cost + case.price(o.practitioner), o.cost, o.practitioner))
    cost = forced_effect(case, row, best.practitioner)
    if cost is None:
        return say("only_option", "Les autres médecins possibles ont promis toutes leurs places.")
    compared = [difference_in_minutes(best.duration_s - chosen.duration_s), *_wishes(chosen, best)]
    told = f"{called(case, best)}, {', '.join(compared)}. {consequences(case, cost)}"
    return say(
        "next_best",
        f"Le suivant serait {told}.",
        **facts(case, best),
        more_s=best.duration_s - chosen.duration_s,
        cost_tenths=best.cost - chosen.cost,
        loss=loss_data(cost),
    )


def _wishes(chosen: Option, other: Option) -> Iterator[str]:
    """Say which wishes only one of the two meets."""
    if gained := [WISH_CODES[code] for code in other.met if code in chosen.unmet]:
        yield f"mais {french.listed(gained)} : souhait respecté"
    if lost := [WISH_CODES[code] for code in other.unmet if code in chosen.met]:
        yield f"{french.listed(lost)} : souhait non respecté"


def _id(case: Case, option: Option) -> str:
    return case.instance.practitioners[option.practitioner].id
