"""Every reason code there is, in one place: published, stable, never reused for something else.

``say`` is the only way the explanations make a ``Reason``, so a code that is not listed cannot be used.
"""

from matching.eligibility import RULES
from matching.model import Reason
from matching.wishes import WISHES

#: What is said of one patient as a whole.
VERDICTS = {
    "placed": "a GP is proposed",
    "no_consent": "the patient did not agree to be matched",
    "nobody_in_reach": "no volunteer GP within the accepted distance",
    "excluded": "every GP in reach is excluded by a rule",
    "full": "every place that the patient could have is taken",
    "household": "no possible GP takes all those who are placed together or not at all",
}

#: What is said of a proposal.
FACTS = {
    "tier": "which tier, and which needs decide it",
    "wait": "since when, and whether the wait raises the rank",
    "travel": "minutes and kilometres",
    "wish_met": "a wish that the proposal meets",
    "wish_unmet": "a wish that it does not meet",
    "pinned": "announced before this run, kept",
    "household_together": "the household is proposed to one GP",
    "household_bound": "the household is placed together or not at all, and is not placed",
    "household_apart": "the members of the household are proposed to different GPs, or not all",
    "next_best": "the next GP, and why not that one",
    "only_option": "no other GP is possible",
}

#: What is said of a patient and one GP; beside the codes of the hard rules.
PAIRS = {
    "proposed": "this GP is the one proposed",
    "no_travel": "no journey is known: too far",
    "full": "possible, every place taken",
    "full_tier1": "possible, every place open to tier 1 taken",
    "full_workload": "possible, the workload left is not enough",
    "full_at_once": "possible, asked already as much as the policy asks one GP at once",
    "held": "every place promised to proposals announced before",
    "household_rule": "a rule excludes another member of a household that stays together",
    "household_room": "not enough places for the whole household",
    "household_promised": "the household follows a proposal announced to one of them elsewhere",
    "free": "possible, and a place is left",
    "reserved": "a place is left, kept for needier arrivals",
    "as_good": "possible, the whole would lose nothing",
    "worse": "possible, but the whole would lose",
}

#: What would have to change; each claim was checked by running again.
REMEDIES = {
    "more_places": "so many more places at a GP would place the patient",
    "go_farther": "a longest distance would place the patient",
    "lift_rule": "a GP who lifts one rule would place the patient",
    "ask_consent": "the patient has to be asked for consent",
    "ask_age": "the age has to be filled in",
    "nothing_alone": "no single change that was tried places the patient",
}

RULE_CODES = {rule.code: rule.excludes for rule in RULES}
WISH_CODES = {wish.code: wish.name for wish in WISHES}
CODES = frozenset({*VERDICTS, *FACTS, *PAIRS, *REMEDIES, *RULE_CODES})


def say(code: str, sentence: str, **data: object) -> Reason:
    """Return a reason under a listed code; ``data`` is ready for JSON.

    Raises
    ------
    KeyError
        When the code is not listed: a mistake of the programmer.
    """
    if code not in CODES:
        raise KeyError(code)
    return Reason(code=code, sentence=sentence, data=data)
