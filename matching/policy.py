"""What the CPTS decides, as data: tiers, limits, weights; defaults, ranges, TOML.

A policy is a value with a ``version``; a run keeps the one it used. Every number has a range
written beside it, and a document with several mistakes is refused with all of them at once.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal, Self

from matching import policy_text
from matching.errors import InvalidPolicy
from matching.ranges import one_of, ranged, refuse_out_of_range


@dataclass(frozen=True, slots=True, kw_only=True)
class TierRules:
    """Who belongs to which tier, and how waiting counts.

    Parameters
    ----------
    longest_wait_days : tuple of three int
        For tiers 1, 2, 3: from this many days of waiting on, the patient counts one rank higher.
    over_age : int
        Patients older than this many years are at least tier 2.
    chronic_needs : int
        From this many chronic needs below ALD on, a patient is at least tier 2.
    seniority_tenths_per_day : int
        Within a rank, what a day of waiting is worth, in tenths of a minute of travel.
    seniority_cap_days : int
        Days after which more waiting adds nothing within the rank.
    """

    HEADING: ClassVar = "Qui passe avant qui, et comment compte l'attente"

    longest_wait_days: tuple[int, int, int] = ranged(
        (14, 60, 180),
        1,
        3650,
        "Jours d'attente après lesquels on passe un rang plus haut, par priorité 1, 2, 3",
    )
    over_age: int = ranged(70, 0, 130, "Au-delà de cet âge, au moins priorité 2")
    chronic_needs: int = ranged(
        2, 1, 50, "À partir de tant de besoins chroniques hors ALD, au moins priorité 2"
    )
    seniority_tenths_per_day: int = ranged(
        1, 0, 1000, "À rang égal, ce que vaut un jour d'attente, en dixièmes de minute de trajet"
    )
    seniority_cap_days: int = ranged(
        365, 0, 3650, "Jours après lesquels l'attente n'ajoute plus rien à rang égal"
    )

    def __post_init__(self) -> None:
        refuse_out_of_range(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReachRules:
    """How far a patient may be sent, and until when a GP must stay.

    Parameters
    ----------
    max_km : float
        Longest distance, in km, for a patient who said nothing about distance.
    max_km_with_consent : float
        Longest distance, in km, that a patient's own ``max_km`` can open; ≥ ``max_km``.
    leaving_horizon_days : int
        A GP who leaves within this many days receives nobody.
    """

    HEADING: ClassVar = "Jusqu'où envoyer un patient, et chez qui"

    max_km: float = ranged(10.0, 0.1, 200, "Plus longue distance, en km, pour qui n'a rien dit")
    max_km_with_consent: float = ranged(
        15.0, 0.1, 200, "Plus longue distance, en km, avec l'accord du patient"
    )
    leaving_horizon_days: int = ranged(
        180, 0, 3650, "Un médecin qui cesse son activité dans ce nombre de jours ne reçoit personne"
    )

    def __post_init__(self) -> None:
        refuse_out_of_range(self)
        if self.max_km_with_consent < self.max_km:
            raise InvalidPolicy(["max_km_with_consent : ne peut pas être inférieur à max_km"])


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftWeights:
    """What an unmet wish costs, in tenths of a minute of travel. Wishes never exclude.

    Parameters
    ----------
    language_tenths, gender_tenths : int
        No shared language; a GP of another gender than wished.
    known_practitioner_tenths : int
        Any other GP than the one the patient already sees.
    household_followed_tenths : int
        Any other GP than one who already follows somebody of the household.
    """

    HEADING: ClassVar = "Ce que coûte un souhait non respecté, en dixièmes de minute de trajet"

    language_tenths: int = ranged(200, 0, 10_000, "Médecin qui ne parle aucune langue du patient")
    gender_tenths: int = ranged(100, 0, 10_000, "Médecin d'un autre genre que souhaité")
    known_practitioner_tenths: int = ranged(300, 0, 10_000, "Autre médecin que celui déjà consulté")
    household_followed_tenths: int = ranged(
        150, 0, 10_000, "Autre médecin que celui qui suit déjà quelqu'un du foyer"
    )

    def __post_init__(self) -> None:
        refuse_out_of_range(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseholdRules:
    """Who of a household must, and who should, have the same GP.

    Parameters
    ----------
    together : {"minors_and_asked", "all"}
        Who is placed at one GP or not at all: minor children with a parent and those who ask, or every
        household as a whole.
    bonus_tenths : int
        For the others, what a second member at the same GP is worth, in tenths of a minute.
    """

    HEADING: ClassVar = "Les foyers"

    together: Literal["minors_and_asked", "all"] = one_of(
        "minors_and_asked",
        ("all",),
        "Qui va chez un même médecin ou chez personne : mineurs avec un parent et demandeurs, ou tous",
    )
    bonus_tenths: int = ranged(
        100, 0, 10_000, "Pour les autres, ce que vaut d'être chez le même médecin, en dixièmes de minute"
    )

    def __post_init__(self) -> None:
        refuse_out_of_range(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadRules:
    """How many units of a GP's workload a patient counts: the largest of the needs answered yes.

    Parameters
    ----------
    usual, ald, treatment_running_out, recent_discharge, pregnancy, home_bound, palliative, disability,
    wheelchair, many_chronic_needs, very_old : int
        Units, 1 to 3; ``usual`` for whom none of the others concerns.
    many_chronic_needs_from : int
        Chronic needs below ALD that count as many.
    very_old_from : int
        Age, in years, that counts as very old.
    """

    HEADING: ClassVar = "Charge d'un patient pour son médecin : la plus grande de celles de ses besoins"

    usual: int = ranged(1, 1, 3, "Sans besoin particulier")
    ald: int = ranged(2, 1, 3, "Affection de longue durée")
    treatment_running_out: int = ranged(1, 1, 3, "Traitement qui s'achève")
    recent_discharge: int = ranged(2, 1, 3, "Sortie d'hôpital récente")
    pregnancy: int = ranged(1, 1, 3, "Grossesse")
    home_bound: int = ranged(3, 1, 3, "Ne peut pas se déplacer")
    palliative: int = ranged(3, 1, 3, "Soins palliatifs")
    disability: int = ranged(2, 1, 3, "Handicap")
    wheelchair: int = ranged(1, 1, 3, "Fauteuil roulant")
    many_chronic_needs: int = ranged(2, 1, 3, "Plusieurs besoins chroniques hors ALD")
    many_chronic_needs_from: int = ranged(2, 1, 50, "À partir de combien de besoins chroniques")
    very_old: int = ranged(2, 1, 3, "Grand âge")
    very_old_from: int = ranged(80, 0, 130, "À partir de quel âge")

    def __post_init__(self) -> None:
        refuse_out_of_range(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceRules:
    """How the most complex patients are spread.

    Parameters
    ----------
    tenths : int
        What each tier-1 patient above a GP's fair share costs, in tenths of a minute; twice as much
        beyond one and a half shares; 0 = no balance. The fair share is the part of tier 1 among the
        patients who may be placed, times the places of the GP, rounded up.
    """

    HEADING: ClassVar = "Équilibre des patients de priorité 1 entre médecins"

    tenths: int = ranged(
        30,
        0,
        10_000,
        "Coût de chacun au-delà de la part équitable, en dixièmes de minute ; 0 = sans équilibre",
    )

    def __post_init__(self) -> None:
        refuse_out_of_range(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class StabilityRules:
    """How much an earlier proposal that was not announced counts.

    Parameters
    ----------
    move_tenths : int
        What moving a patient away from it costs, in tenths of a minute; at least 1, so that it wins
        all ties.
    """

    HEADING: ClassVar = "Stabilité d'un calcul à l'autre"

    move_tenths: int = ranged(
        50, 1, 10_000, "Ce que doit au moins rapporter un changement de médecin, en dixièmes de minute"
    )

    def __post_init__(self) -> None:
        refuse_out_of_range(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReserveRules:
    """Whether places are kept for needier patients who are expected.

    Parameters
    ----------
    horizon_days : int
        Arrivals of this many days are expected; 0 = no reserve.
    scenarios : int
        Drawn arrival lists whose prices are averaged.
    """

    HEADING: ClassVar = "Réserve pour des patients plus fragiles attendus"

    horizon_days: int = ranged(0, 0, 90, "Jours d'arrivées à prévoir ; 0 = sans réserve")
    scenarios: int = ranged(5, 1, 100, "Nombre de tirages dont on fait la moyenne")

    def __post_init__(self) -> None:
        refuse_out_of_range(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferRules:
    """How much one GP is asked at once.

    Parameters
    ----------
    at_once : int
        Most proposals to one GP in a run, firm commitments counted; 0 = no limit but their places.
    """

    HEADING: ClassVar = "Ce qu'on demande à un médecin à la fois"

    at_once: int = ranged(0, 0, 1000, "Propositions au plus par médecin et par calcul ; 0 = sans limite")

    def __post_init__(self) -> None:
        refuse_out_of_range(self)


_SECTIONS: dict[str, type] = {
    "tiers": TierRules,
    "reach": ReachRules,
    "weights": SoftWeights,
    "households": HouseholdRules,
    "workload": WorkloadRules,
    "balance": BalanceRules,
    "stability": StabilityRules,
    "reserve": ReserveRules,
    "offers": OfferRules,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One version of the rules of a CPTS.

    Parameters
    ----------
    version : str
        Name under which the bureau voted it; kept with every run.

    Raises
    ------
    InvalidPolicy
        Listing every value out of range.
    """

    version: str = "défaut-2"
    tiers: TierRules = field(default_factory=TierRules)
    reach: ReachRules = field(default_factory=ReachRules)
    weights: SoftWeights = field(default_factory=SoftWeights)
    households: HouseholdRules = field(default_factory=HouseholdRules)
    workload: WorkloadRules = field(default_factory=WorkloadRules)
    balance: BalanceRules = field(default_factory=BalanceRules)
    stability: StabilityRules = field(default_factory=StabilityRules)
    reserve: ReserveRules = field(default_factory=ReserveRules)
    offers: OfferRules = field(default_factory=OfferRules)

    def __post_init__(self) -> None:
        if not self.version.strip():
            raise InvalidPolicy(["version : donnez un nom à cette politique"])

    @classmethod
    def default(cls) -> Self:
        """Return the policy of the design document."""
        return cls()

    @classmethod
    def from_toml(cls, source: str | Path) -> Self:
        """Read a policy from TOML text or, when given a ``Path``, from a file.

        Keys left out keep their default; unknown keys and sections are refused.

        Raises
        ------
        InvalidPolicy
            With every problem of the document, not only the first.
        """
        text = source.read_text(encoding="utf-8") if isinstance(source, Path) else source
        return cls(**policy_text.read(text, _SECTIONS))

    def to_toml(self) -> str:
        """Return this policy as a document with a French line on every key, for the bureau to edit."""
        return policy_text.write(self.version, {name: getattr(self, name) for name in _SECTIONS})
