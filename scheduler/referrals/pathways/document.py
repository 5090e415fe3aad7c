"""A pathway as a value: what its document says, each number in its range, every mistake named at once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from matching.model import Needs, Tier
from scheduler.store.tables import ReferralState, SignalSource

NOTICE_ITEMS = ("information", "professionals", "medium", "security")
"""What a patient is told before agreeing: décret n° 2016-1349, article D1110-3-1 of the CSP."""

RETURNABLE = frozenset(
    {
        ReferralState.WAITING,
        ReferralState.ACCEPTED,
        ReferralState.SEEN,
        ReferralState.DECLARED,
        ReferralState.SUSPENDED,
        ReferralState.CLOSED,
    }
)
"""States the sender can be told of: those where something has happened for the patient."""


class Mode(StrEnum):
    """How the answer is found: by a practitioner who takes the patient on.

    Slots within hours (``fill``) are asked for as care requests, and a time that suits several agendas
    (``gather``) is not a request of one patient: a document that asks for either is refused.
    """

    ATTACH = "attach"


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """One yes/no question of a pathway beyond the common needs; a yes gives at least its tier.

    Parameters
    ----------
    tier : {1, 2, 3} or None
        None = asked for information only.
    """

    code: str
    label: str
    hint: str = ""
    tier: Tier | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Returns:
    """What the sender hears, and when.

    Parameters
    ----------
    on : tuple of ReferralState
        Outcomes the sender is told of.
    within_days : int
        Announced on the receipt: at latest so many days after an outcome.
    """

    on: tuple[ReferralState, ...]
    within_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What is told to the patient first; ``version`` is kept with each consent."""

    version: str
    information: str
    professionals: str
    medium: str
    security: str

    def items(self) -> tuple[tuple[str, str], ...]:
        """Give the four items of the décret, in its order."""
        return tuple((name, getattr(self, name)) for name in NOTICE_ITEMS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """Words of the pages: who is looked for, and what for.

    Parameters
    ----------
    practitioner, practitioners : str
        One and several: ``orthophoniste``, ``orthophonistes``.
    goal : str
        What ends the pathway: ``la déclaration de médecin traitant``.
    """

    title: str
    lead: str
    practitioner: str
    practitioners: str
    goal: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pathway:
    """One pathway, as its document says.

    Parameters
    ----------
    code, version : str
        Stable word of the pathway, and of this state of its document.
    profession : str
        Whose intakes are matched: ``Practitioner.profession``.
    requesters : tuple of SignalSource
        Who may ask.
    asks : tuple of str
        Names of the common needs that are asked.
    by_policy : bool
        Tiers and waits are those of the territory's policy (the GP pathway); the four below then say nothing.
    tier_of_need : mapping of str to {1, 2}
        What a yes to a common need is worth; other needs give tier 3.
    under_age, over_age : int or None
        Strictly younger, or older, than so many years: at least tier 2.
    longest_wait_days : tuple of three int
        Days after which a wait counts one rank higher, by tier.
    deadline_days : tuple of three int
        By when somebody should have been found, by tier; past it the coordination is warned.
    declare_first_from : int
        From so many visits within a year a practitioner is asked to declare first; 0 = never.
    """

    code: str
    version: str
    name: str
    profession: str
    mode: Mode
    requesters: tuple[SignalSource, ...]
    asks: tuple[str, ...]
    criteria: tuple[Criterion, ...] = ()
    by_policy: bool = False
    tier_of_need: Mapping[str, Tier] = field(default_factory=dict)
    under_age: int | None = None
    over_age: int | None = None
    longest_wait_days: tuple[int, int, int]
    deadline_days: tuple[int, int, int]
    declare_first_from: int
    returns: Returns
    notice: Notice
    texts: Texts

    def own_tier(self, needs: Needs, answers: Mapping[str, bool | None], age: int | None) -> Tier | None:
        """Give the tier by this pathway's own criteria; None when the territory's policy decides.

        A question nobody answered counts as "no" here, and asks for a call elsewhere: it never lowers.
        """
        if self.by_policy:
            return None
        found: list[Tier] = [3]
        found += [tier for need, tier in self.tier_of_need.items() if getattr(needs, need)]
        found += [each.tier for each in self.criteria if each.tier and answers.get(each.code)]
        if age is not None and (
            (self.under_age is not None and age < self.under_age)
            or (self.over_age is not None and age > self.over_age)
        ):
            found.append(2)
        return min(found)
