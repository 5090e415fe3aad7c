"""What the whole would lose if a patient were proposed to a given GP all the same."""

from collections.abc import Iterator

from matching import french
from matching.codes import say
from matching.effect import Effect, Tiers, effect
from matching.explain.options import Option
from matching.explain.pair import called, facts, holder_data, room
from matching.model import Reason
from matching.what_if import Case

HALF_MINUTE_S = 30


def forced_reason(case: Case, row: int, option: Option) -> Reason:
    """Return what forcing a possible pair costs, by running again with the pair pinned."""
    code, holders = room(case, row, option.practitioner)
    cost = forced_effect(case, row, option.practitioner)
    if cost is None:
        return say("held", held_sentence(case, option), **facts(case, option))
    if cost.value >= 0:
        code = "as_good"
    elif not code.startswith("full"):
        code = "worse"
    return say(
        code,
        f"{called(case, option)} : {_STATES.get(code, 'possible, mais complet')}. "
        f"{consequences(case, cost, _longer(case, row, option))}.",
        **facts(case, option),
        held_by=[holder_data(case, match) for match in holders],
        loss=loss_data(cost),
    )


_STATES = {
    "as_good": "possible",
    "worse": "possible, mais moins bien",
    "full_tier1": "possible, mais complet pour la priorité 1",
    "full_workload": "possible, mais sa charge de travail est atteinte",
    "full_at_once": "possible, mais déjà sollicité autant que la CPTS le fait à la fois",
}


def forced_effect(case: Case, row: int, practitioner: int) -> Effect | None:
    """Run again with the patient, and those bound to them, pinned; the counts leave them out.

    None when what was announced before leaves no room for them there.
    """
    members, key = case.bound_to(row), case.instance.practitioners[practitioner].id
    if case.is_held(practitioner, members):
        return None
    rerun = case.again(case.with_pins(members, practitioner), [practitioner], members)
    for member in members:
        journey = rerun.after.journey[case.instance.patients[member].id]
        if journey is None or journey[0] != key:
            return None
    return effect(case, rerun, apart=members)


def held_sentence(case: Case, option: Option) -> str:
    """Say that promises fill the GP."""
    return f"{called(case, option)} : les propositions déjà annoncées ne lui laissent pas assez de place."


def loss_data(cost: Effect) -> dict[str, object]:
    """Return a loss as data: how much, how far proven, who is concerned as counts."""
    return {
        "value": -cost.value,
        # A forced pair never gains: what the run without it could not prove may be all of the loss.
        "at_least": max(-cost.value, 0) if cost.is_proven else 0,
        "at_most": max(-cost.at_least, 0),
        "proven": cost.is_proven,
        "displaced": list(cost.lost),
        "placed_instead": list(cost.gained),
        "moved": cost.moved,
        "saved_s": cost.saved_s,
    }


def consequences(case: Case, cost: Effect, own: str = "") -> str:
    """Say what sending a patient there would do to the others and to the whole; ``own``, to themselves."""
    if cost.value >= 0:
        return f"L'y envoyer{own} ne ferait rien perdre à l'ensemble{_margin(case, cost)}"
    effects = list(_for_others(cost))
    if not any(net < 0 for net in cost.net):
        effects.append(f"ferait perdre à l'ensemble l'équivalent de {worth(case, -cost.value)}")
    return f"L'y envoyer{own} {french.listed(effects)}{_margin(case, cost)}"


def tenths(value: int) -> str:
    """Say a value given in tenths of a minute."""
    return french.decimal(value / 10) + " min"


def _for_others(cost: Effect) -> Iterator[str]:
    """Say who would lose a place and who would get one, in all: who swaps within a tier is not told."""
    one, two, three = cost.net
    fewer, more = (max(-one, 0), max(-two, 0), max(-three, 0)), (max(one, 0), max(two, 0), max(three, 0))
    if any(fewer):
        whose = "sa place" if sum(fewer) == 1 else "leur place"
        yield f"retirerait {whose} à {people(fewer)}"
    if any(more):
        yield f"en donnerait une à {people(more)}"
    if cost.moved:
        yield f"changerait le médecin de {french.count(cost.moved, 'autre patient', 'autres patients')}"


def people(counts: Tiers) -> str:
    """Say ``1 patient de priorité 1 et 2 patients de priorité 3``."""
    return french.listed(
        [f"{french.count(n, 'patient')} de priorité {tier}" for tier, n in enumerate(counts, 1) if n]
    )


def _longer(case: Case, row: int, option: Option) -> str:
    """Compare the journey with that of the present proposal, when there is one."""
    now_s = case.match(row).duration_s
    if now_s is None:
        return ""
    return f" ({difference_in_minutes(option.duration_s - now_s)} pour ce patient)"


def difference_in_minutes(more_s: int) -> str:
    """Say ``4 min de plus``, ``4 min de moins`` or ``même trajet``."""
    if abs(more_s) < HALF_MINUTE_S:
        return "même temps de trajet"
    return f"{french.minutes(abs(more_s))} de {'plus' if more_s > 0 else 'moins'}"


def _margin(case: Case, cost: Effect) -> str:
    """Say how sure the loss is, when the time did not suffice to prove it."""
    if cost.is_proven:
        return ""
    most, place = max(-cost.at_least, 0), case.solution.rank_weight
    limit = f" : perte d'au plus {worth(case, most)}" if most < place else ""
    return f" (calcul limité aux médecins voisins{limit})"


def worth(case: Case, value: int) -> str:
    """Say a value of the objective: so many minutes, or the places of so many patients."""
    place = case.solution.rank_weight
    if value < place // 2:
        return f"{tenths(value)} de trajet"
    places = max(1, round(value / place))
    return f"la valeur de {french.count(places, 'place')} de priorité 3"
