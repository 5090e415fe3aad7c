"""What the CPTS decides, as data: tiers, limits, weights; defaults, ranges, TOML.

A policy is a value with a ``version``; a run keeps the one it used. Every number has a range
written beside it, and a document with several mistakes is refused with all of them at once.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Self, cast

from matching.errors import InvalidPolicy


def _ranged(default: Any, low: float, high: float) -> Any:
    """Declare a field with its default and the closed range it must stay in."""
    return field(default=default, metadata={"low": low, "high": high})


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

    longest_wait_days: tuple[int, int, int] = _ranged((14, 60, 180), 1, 3650)
    over_age: int = _ranged(70, 0, 130)
    chronic_needs: int = _ranged(2, 1, 50)
    seniority_tenths_per_day: int = _ranged(1, 0, 1000)
    seniority_cap_days: int = _ranged(365, 0, 3650)

    def __post_init__(self) -> None:
        _refuse_out_of_range(self)


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

    max_km: float = _ranged(10.0, 0.1, 200)
    max_km_with_consent: float = _ranged(15.0, 0.1, 200)
    leaving_horizon_days: int = _ranged(180, 0, 3650)

    def __post_init__(self) -> None:
        _refuse_out_of_range(self)
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
    """

    language_tenths: int = _ranged(200, 0, 10_000)
    gender_tenths: int = _ranged(100, 0, 10_000)
    known_practitioner_tenths: int = _ranged(300, 0, 10_000)

    def __post_init__(self) -> None:
        _refuse_out_of_range(self)


_SECTIONS: dict[str, type] = {"tiers": TierRules, "reach": ReachRules, "weights": SoftWeights}


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

    version: str = "défaut-1"
    tiers: TierRules = field(default_factory=TierRules)
    reach: ReachRules = field(default_factory=ReachRules)
    weights: SoftWeights = field(default_factory=SoftWeights)

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
        try:
            document = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise InvalidPolicy([f"ce document n'est pas du TOML : {error}"]) from error
        return cls._from_document(document)

    @classmethod
    def _from_document(cls, document: Mapping[str, object]) -> Self:
        problems = [f"{key} : rubrique inconnue" for key in document if key not in {*_SECTIONS, "version"}]
        version = document.get("version", cls().version)
        if not isinstance(version, str) or not version.strip():
            problems.append("version : un texte est attendu")
        sections = {}
        for name, section in _SECTIONS.items():
            try:
                sections[name] = _read_section(name, section, document.get(name, {}))
            except InvalidPolicy as error:
                problems.extend(error.problems)
        if problems:
            raise InvalidPolicy(problems)
        return cls(version=cast("str", version), **sections)


def _read_section(name: str, section: type, values: object) -> Any:
    """Build one section, its problems prefixed with ``name.``."""
    if not isinstance(values, Mapping):
        raise InvalidPolicy([f"{name} : une rubrique [{name}] est attendue"])
    known = {f.name for f in fields(section)}
    problems = [f"{name}.{key} : clé inconnue" for key in values if key not in known]
    given = {key: tuple(v) if isinstance(v, list) else v for key, v in values.items() if key in known}
    built = None
    try:
        built = section(**given)
    except InvalidPolicy as error:
        problems.extend(f"{name}.{problem}" for problem in error.problems)
    if problems:
        raise InvalidPolicy(problems)
    return built


def _refuse_out_of_range(section: Any) -> None:
    """Check every field of a section against its declared range, and its type against the default's."""
    problems = list(_range_problems(section))
    if problems:
        raise InvalidPolicy(problems)


def _range_problems(section: Any) -> Iterator[str]:
    for f in fields(section):
        value, low, high = getattr(section, f.name), f.metadata["low"], f.metadata["high"]
        if isinstance(f.default, tuple):
            if not isinstance(value, tuple) or len(value) != len(f.default):
                yield f"{f.name} : {len(f.default)} nombres sont attendus"
                continue
            numbers = value
        else:
            numbers = (value,)
        whole = not isinstance(f.default, float)
        if not all(_is_number(n, whole=whole) and low <= n <= high for n in numbers):
            kind = "un nombre entier" if whole else "un nombre"
            yield f"{f.name} : {kind} entre {low:g} et {high:g} est attendu"


def _is_number(value: object, *, whole: bool) -> bool:
    """Tell whether ``value`` is a number of the wanted kind; True and False are not numbers here."""
    return isinstance(value, int if whole else int | float) and not isinstance(value, bool)
