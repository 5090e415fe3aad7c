"""What would have to change for a patient without proposal: every claim is checked by running again."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from math import ceil

from matching import french
from matching.codes import say
from matching.columns import patient_limit_km
from matching.explain.options import Option
from matching.explain.pair import called, facts
from matching.model import Instance, Reason
from matching.problem import Status
from matching.what_if import Case

#: GPs whose places are tried, the most promising first.
_MOST_GPS = 2
_MOST_PLACES = 16
#: Of the GPs that a longer distance opens, so many are looked at where not everybody is solved again.
_MOST_FARTHER = 6
_METRES_PER_TENTH_KM = 100

#: What a GP could change so that one rule excludes nobody any more, and how to say it.
_LIFTED: Mapping[str, tuple[Mapping[str, object], str]] = {
    "age_range": ({"age_min": None, "age_max": None}, "suivait aussi les patients de cet âge"),
    "home_visits": ({"home_visits": True}, "se déplaçait à domicile"),
    "wheelchair": ({"wheelchair_access": True}, "recevait dans un cabinet accessible en fauteuil"),
    "practitioner_distance": ({"max_km": None}, "acceptait des patients aussi éloignés"),
}


#: Practitioner id, seconds, metres.
Journey = tuple[str, int, int]


class _Trial:
    """Runs the changed instance while the budget of re-solves lasts, and looks at one patient."""

    def __init__(self, case: Case, row: int) -> None:
        self._case, self._row, self.left = case, row, case.tries
        self.proven = True

    def journey(self, instance: Instance, focus: Collection[int]) -> Journey | None:
        """Return where the patient goes under a change, None = nowhere, or the budget is spent."""
        if self.left <= 0:
            return None
        self.left -= 1
        rerun = self._case.again(instance, focus, self._case.bound_to(self._row))
        after = rerun.after
        self.proven = rerun.is_whole and after.status is Status.OPTIMAL
        return after.journey[self._case.instance.patients[self._row].id]


def remedies(case: Case, row: int, options: Sequence[Option]) -> Iterator[Reason]:
    """Yield the changes that would give the patient a proposal, and what has to be asked first."""
    patient, trial = case.instance.patients[row], _Trial(case, row)
    if not patient.consent:
        yield say("ask_consent", "Recueillez d'abord l'accord du patient.")
        return
    in_reach = [o for o in options if o.in_reach]
    if any(o.rules == ("age_unknown",) for o in in_reach):
        yield say("ask_age", "Renseignez l'âge : des médecins à portée ne suivent que certains âges.")
    found = [
        *_farther(case, row, options, trial),
        *_one_more_place(case, in_reach, trial),
        *_lifted_rules(case, in_reach, trial),
    ]
    if not any(reason.code == "more_places" for reason in found):
        found += _several_more_places(case, in_reach, trial)
    yield from found or [say("nothing_alone", "Aucun changement isolé, parmi ceux essayés, ne suffirait.")]


def _farther(case: Case, row: int, options: Sequence[Option], trial: _Trial) -> Iterator[Reason]:
    """Try the longest distance that the patient's consent can open."""
    patient, reach = case.instance.patients[row], case.policy.reach
    limit_km = patient_limit_km(patient.max_km, reach)
    opened = [o for o in options if o.rules == ("distance",)]
    if not any(o.distance_m <= reach.max_km_with_consent * 1000 for o in opened):
        return
    farther = case.with_patients(case.bound_to(row), max_km=reach.max_km_with_consent)
    match = trial.journey(farther, [o.practitioner for o in opened[:_MOST_FARTHER]])
    if match is None or match[2] <= limit_km * 1000:
        return
    # What is best with a longer limit stays best with a limit that just allows it.
    needed_km = ceil(match[2] / _METRES_PER_TENTH_KM) / 10
    yield say(
        "go_farther",
        f"S'il acceptait {french.km(needed_km * 1000)} au lieu de {french.km(limit_km * 1000)}, "
        f"{_proposed(case, match)}.",
        limit_m=round(limit_km * 1000),
        needed_m=round(needed_km * 1000),
        practitioner_id=match[0],
        proven=trial.proven,
    )


def _one_more_place(case: Case, in_reach: Sequence[Option], trial: _Trial) -> Iterator[Reason]:
    """Try one more place at the most promising GPs."""
    for option in _promising(case, in_reach)[:_MOST_GPS]:
        match = trial.journey(case.with_places({option.practitioner: 1}), [option.practitioner])
        if match is not None:
            yield _with_more_places(case, option, 1, match, trial)


def _several_more_places(case: Case, in_reach: Sequence[Option], trial: _Trial) -> Iterator[Reason]:
    """Look for the least number of further places at the most promising GP: doubling, then halving."""
    promising = _promising(case, in_reach)
    if not promising:
        return
    option, too_few, enough, found = promising[0], 1, 2, None
    while found is None and trial.left and enough <= _MOST_PLACES:
        found = trial.journey(case.with_places({option.practitioner: enough}), [option.practitioner])
        too_few, enough = (too_few, enough) if found else (enough, 2 * enough)
    while found is not None and trial.left and enough - too_few > 1:
        middle = (too_few + enough) // 2
        match = trial.journey(case.with_places({option.practitioner: middle}), [option.practitioner])
        found, too_few, enough = (match, too_few, middle) if match else (found, middle, enough)
    if found is not None:
        yield _with_more_places(case, option, enough, found, trial, is_least=enough - too_few == 1)


def _promising(case: Case, in_reach: Sequence[Option]) -> list[Option]:
    """Return the possible GPs, first those where a place costs the others least."""
    return sorted(
        (o for o in in_reach if o.is_possible),
        key=lambda o: (o.cost + case.price(o.practitioner), o.distance_m, o.practitioner),
    )


def _with_more_places(
    case: Case, option: Option, places: int, match: Journey, trial: _Trial, *, is_least: bool = True
) -> Reason:
    least = (
        f" ; {places - 1} ne suffirai{'t' if places == 2 else 'ent'} pas" if places > 1 and is_least else ""
    )
    return say(
        "more_places",
        f"Avec {french.count(places, 'place')} de plus chez {called(case, option)}, "
        f"{_proposed(case, match)}{least}.",
        **facts(case, option),
        places=places,
        is_least=is_least,
        proposed=match[0],
        proven=trial.proven,
    )


def _lifted_rules(case: Case, in_reach: Sequence[Option], trial: _Trial) -> Iterator[Reason]:
    """Try the nearest GP of each single rule that a GP can lift."""
    tried: set[str] = set()
    for option in in_reach:
        rule = option.rules[0] if len(option.rules) == 1 else ""
        if rule in tried or rule not in _LIFTED:
            continue
        tried.add(rule)
        changes, said = _LIFTED[rule]
        match = trial.journey(case.with_practitioner(option.practitioner, **changes), [option.practitioner])
        if match is not None:
            yield say(
                "lift_rule",
                f"Si {called(case, option)} {said}, {_proposed(case, match)}.",
                **facts(case, option),
                rule=rule,
                proposed=match[0],
                proven=trial.proven,
            )


def _proposed(case: Case, match: Journey) -> str:
    """Say who would then be proposed."""
    row = case.practitioner_row(match[0])
    return f"{case.name(row)} lui serait proposé ({french.minutes(match[1])})"
