"""What stands between one patient and one GP, read from the run without solving anything again."""

from collections.abc import Sequence
from datetime import date

from matching import french
from matching.codes import RULE_CODES, say
from matching.explain.options import Option, Options
from matching.model import Match, Reason
from matching.what_if import Case


def pair_reason(case: Case, options: Options, row: int, option: Option) -> Reason:
    """Return why this GP is not proposed to this patient: a rule, the household, whose the places are."""
    match = case.match(row)
    if match.practitioner_id == case.instance.practitioners[option.practitioner].id:
        return say("proposed", f"{called(case, option)} : proposé à ce patient.", **facts(case, option))
    if option.rules:
        rule = option.rules[0]
        return say(rule, f"{called(case, option)} : {RULE_CODES[rule]}.", **facts(case, option))
    return household_reason(case, options, row, option) or _of_room(case, row, option)


def household_reason(case: Case, options: Options, row: int, option: Option) -> Reason | None:
    """Return what excludes the GP for those bound to the patient, None when nothing does."""
    who, members = called(case, option), case.bound_to(row)
    only, places = case.only_at(row), case.most_offers(option.practitioner)
    if only is not None and option.practitioner not in only:
        sentence = f"{who} : une proposition déjà annoncée à une personne du foyer le retient ailleurs."
        return say("household_promised", sentence, **facts(case, option))
    blocked = _blocked_member(case, options, row, option)
    if blocked is not None:
        member, rule = blocked
        sentence = f"{who} : le foyer reste ensemble et une autre personne du foyer en est écartée"
        return say(
            "household_rule",
            f"{sentence} ({RULE_CODES[rule]}).",
            **facts(case, option),
            member=case.match(member).patient_id,
            rule=rule,
        )
    if len(members) > places:
        sentence = (
            f"{who} : n'a que {french.count(places, 'place')} pour un foyer de {len(members)} personnes."
        )
        return say("household_room", sentence, **facts(case, option), members=len(members), places=places)
    return None


def _blocked_member(case: Case, options: Options, row: int, option: Option) -> tuple[int, str] | None:
    """Return another member bound to the patient whom a rule keeps from the GP, and the rule."""
    for member in case.bound_to(row):
        if member == row:
            continue
        theirs = options.to(member, option.practitioner)
        if theirs is None:
            return member, "distance"
        if theirs.rules:
            return member, theirs.rules[0]
    return None


def _of_room(case: Case, row: int, option: Option) -> Reason:
    """Say who has the places, or that some are left."""
    code, holders = room(case, row, option.practitioner)
    who = called(case, option)
    if code in {"full", "full_tier1"}:
        go = "la place va" if len(holders) == 1 else "les places vont"
        taken = f", {go} à {described(case, holders)}" if holders else ""
        sentence = f"{who} : {_full(case, row, code)}{taken}."
    elif code == "full_at_once":
        asked = french.count(len(holders), "proposition")
        sentence = f"{who} : reçoit déjà {asked}, autant que la CPTS en fait à la fois."
    elif code == "full_workload":
        sentence = f"{who} : la charge de travail qui lui reste ne suffit pas pour ce patient."
    elif code == "reserved":
        sentence = f"{who} : une place reste, gardée pour des patients plus urgents attendus bientôt."
    else:
        sentence = f"{who} : possible, il lui reste de la place."
    return say(code, sentence, **facts(case, option), held_by=[holder_data(case, m) for m in holders])


def room(case: Case, row: int, practitioner: int) -> tuple[str, Sequence[Match]]:
    """Return ``full…``, ``reserved`` or ``free`` for the patient and those bound to them.

    Beside it, who holds what they would have needed.
    """
    gp, members = case.instance.practitioners[practitioner], case.bound_to(row)
    holders = case.holders[practitioner]
    first = [m for m in holders if m.tier == 1]
    coming = sum(case.match(member).tier == 1 for member in members)
    if coming and gp.max_tier1 is not None and len(first) + coming > gp.max_tier1:
        return "full_tier1", first
    if len(holders) + len(members) > case.most_offers(practitioner):
        return ("full" if len(holders) + len(members) > gp.places else "full_at_once"), holders
    units = sum(case.units[member] for member in members)
    if gp.workload is not None and case.load_of(practitioner) + units > gp.workload:
        return "full_workload", holders
    return ("reserved" if case.is_reserved(row, practitioner) else "free"), holders


def _full(case: Case, row: int, code: str) -> str:
    share = " pour la priorité 1" if code == "full_tier1" else ""
    together = len(case.bound_to(row))
    return (
        f"pas assez de place{share} pour les {together} personnes du foyer"
        if together > 1
        else f"complet{share}"
    )


def called(case: Case, option: Option) -> str:
    """Return the GP and how far they are."""
    return f"{case.name(option.practitioner)} ({french.km(option.distance_m)})"


def facts(case: Case, option: Option) -> dict[str, object]:
    """Return who, how far and which rules, as data."""
    return {
        "practitioner_id": case.instance.practitioners[option.practitioner].id,
        "distance_m": option.distance_m,
        "duration_s": option.duration_s,
        "rules": list(option.rules),
    }


def described(case: Case, holders: Sequence[Match]) -> str:
    """Say who holds places: ``2 patients de priorité 1 (dernière arrivée : 3 mars 2026)``."""
    parts = []
    for tier in (1, 2, 3):
        since = [waiting_since(case, match) for match in holders if match.tier == tier]
        if len(since) == 1:
            parts.append(f"1 patient de priorité {tier} en attente depuis le {french.day(since[0])}")
        elif since:
            earliest, latest = french.day(min(since)), french.day(max(since))
            waits = f"depuis le {latest}" if earliest == latest else f"du {earliest} au {latest}"
            parts.append(f"{len(since)} patients de priorité {tier} arrivés sur la liste {waits}")
    return french.listed(parts)


def holder_data(case: Case, match: Match) -> dict[str, object]:
    """Return what others may know of who holds a place."""
    return {"tier": match.tier, "rank": match.rank, "waiting_since": waiting_since(case, match).isoformat()}


def waiting_since(case: Case, match: Match) -> date:
    """Return the date from which a patient waits."""
    return case.instance.patients[case.row(match.patient_id)].waiting_since
