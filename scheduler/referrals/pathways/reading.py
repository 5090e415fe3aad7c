"""From the TOML text of a pathway to its value, with every mistake named at once."""

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar, cast

from matching.model import Needs, Tier
from scheduler.referrals.pathways.document import (
    NOTICE_ITEMS,
    RETURNABLE,
    Criterion,
    Mode,
    Notice,
    Pathway,
    Returns,
    Texts,
)
from scheduler.referrals.pathways.errors import InvalidPathway
from scheduler.store.tables import ReferralState, SignalSource

LONGEST_DOCUMENT = 20_000
NEEDS = frozenset(need.name for need in fields(Needs)) - {"chronic_needs"}
MOST_CRITERIA = 12
_MODE = (
    "« attach » est attendu (« fill », un créneau sous 48 heures, se demande par la page Demandes ; "
    "« gather », un temps commun à plusieurs agendas, n'est pas une filière)"
)
_CODE = re.compile(r"[a-z][a-z0-9_]{1,29}")
_LONGEST_WAIT = 3650
_OLDEST = 130
_MOST_VISITS = 99
Value = TypeVar("Value")


@dataclass(slots=True)
class _Section:
    """One table of the document: gives checked values, and notes what is wrong or unknown."""

    values: Mapping[str, Any]
    problems: list[str]
    prefix: str = ""
    read: set[str] = field(default_factory=set)

    def take(self, key: str, expected: str, check: Callable[[Any], bool], fallback: Value) -> Any | Value:
        """Give the value of a key when ``check`` accepts it."""
        self.read.add(key)
        value = self.values.get(key)
        if key in self.values and check(value):
            return value
        self.problems.append(f"{self.prefix}{key} : {expected}")
        return fallback

    def text(self, key: str, longest: int) -> str:
        expected = f"un texte de 1 à {longest} caractères est attendu"
        return str(
            self.take(key, expected, lambda v: isinstance(v, str) and 0 < len(v.strip()) <= longest, "")
        )

    def whole(self, key: str, low: int, high: int) -> int:
        expected = f"un nombre entier entre {low} et {high} est attendu"
        return int(self.take(key, expected, lambda v: _is_whole(v) and low <= v <= high, low))

    def maybe_whole(self, key: str, low: int, high: int) -> int | None:
        return self.whole(key, low, high) if key in self.values else None

    def three_days(self, key: str) -> tuple[int, int, int]:
        days = self.take(
            key,
            f"trois nombres de jours entre 1 et {_LONGEST_WAIT} sont attendus, du plus court au plus long",
            lambda v: (
                isinstance(v, list)
                and len(v) == 3
                and all(_is_whole(n) and 1 <= n <= _LONGEST_WAIT for n in v)
                and v == sorted(v)
            ),
            [1, 1, 1],
        )
        return cast("tuple[int, int, int]", tuple(days))

    def words(self, key: str, known: frozenset[str]) -> tuple[str, ...]:
        expected = f"une liste parmi {', '.join(sorted(known))} est attendue"
        found: list[str] = self.take(
            key,
            expected,
            lambda v: (
                isinstance(v, list)
                and all(isinstance(w, str) for w in v)
                and set(v) <= known
                and len(set(v)) == len(v)
            ),
            [],
        )
        return tuple(found)

    def section(self, key: str) -> "_Section":
        found: Mapping[str, Any] = self.take(
            key, f"une rubrique [{key}] est attendue", lambda v: isinstance(v, Mapping), {}
        )
        return _Section(found, self.problems, f"{self.prefix}{key}.")

    def end(self) -> None:
        """Note the keys nobody asked for."""
        self.problems += [f"{self.prefix}{key} : clé inconnue" for key in self.values if key not in self.read]


def read_pathway(text: str) -> Pathway:
    """Read a pathway.

    Raises
    ------
    InvalidPathway
        With every problem of the document, not only the first.
    """
    if len(text) > LONGEST_DOCUMENT:
        raise InvalidPathway([f"document : {LONGEST_DOCUMENT} caractères au plus"])
    try:
        top = _Section(tomllib.loads(text), [])
    except tomllib.TOMLDecodeError as error:
        raise InvalidPathway([f"ce document n'est pas du TOML : {error}"]) from error
    tiers, deadline = top.section("tiers"), top.section("deadline")
    by_policy = bool(tiers.values.get("by_policy", False))
    tiers.read.add("by_policy")
    criteria = _criteria(top)
    pathway = Pathway(
        code=_code(top, "code"),
        version=top.text("version", 40),
        name=top.text("name", 60),
        profession=_code(top, "profession"),
        mode=Mode(top.take("mode", _MODE, lambda v: v in set(Mode), "attach")),
        requesters=tuple(SignalSource(w) for w in top.words("requesters", frozenset(SignalSource))),
        asks=top.words("asks", NEEDS),
        criteria=criteria,
        by_policy=by_policy,
        tier_of_need={} if by_policy else _tier_of_need(tiers),
        under_age=tiers.maybe_whole("under_age", 1, _OLDEST),
        over_age=tiers.maybe_whole("over_age", 0, _OLDEST),
        longest_wait_days=(1, 1, 1) if by_policy else tiers.three_days("longest_wait_days"),
        deadline_days=deadline.three_days("days"),
        declare_first_from=top.whole("declare_first_from", 0, _MOST_VISITS),
        returns=_returns(top.section("return_to_sender")),
        notice=_notice(top.section("consent")),
        texts=_texts(top.section("texts")),
    )
    tiers.end()
    deadline.end()
    top.end()
    _check_whole(pathway, top.problems)
    if top.problems:
        raise InvalidPathway(top.problems)
    return pathway


def _check_whole(pathway: Pathway, problems: list[str]) -> None:
    """Check what no key says alone."""
    if not pathway.requesters:
        problems.append("requesters : au moins un demandeur est attendu")
    if not pathway.asks and not pathway.criteria:
        problems.append("asks : au moins une question, ici ou dans [[criteria]], est attendue")
    codes = [each.code for each in pathway.criteria]
    problems += [
        f"criteria : le code « {code} » vient deux fois"
        for code in sorted(set(codes))
        if codes.count(code) > 1
    ]
    problems += [f"criteria : « {code} » est déjà un besoin commun" for code in codes if code in NEEDS]
    unasked = sorted(set(pathway.tier_of_need) - set(pathway.asks))
    problems += [f"tiers.needs.{need} : ce besoin n'est pas demandé (voir asks)" for need in unasked]
    if pathway.by_policy and any(each.tier for each in pathway.criteria):
        problems.append("criteria : avec tiers.by_policy, les priorités viennent de la politique de la CPTS")


def _criteria(top: _Section) -> tuple[Criterion, ...]:
    if "criteria" not in top.values:
        return ()
    tables: list[Mapping[str, Any]] = top.take(
        "criteria",
        f"{MOST_CRITERIA} rubriques [[criteria]] au plus sont attendues",
        lambda v: isinstance(v, list) and len(v) <= MOST_CRITERIA and all(isinstance(t, Mapping) for t in v),
        [],
    )
    return tuple(
        _criterion(_Section(each, top.problems, f"criteria[{row}].")) for row, each in enumerate(tables, 1)
    )


def _criterion(section: _Section) -> Criterion:
    made = Criterion(
        code=_code(section, "code"),
        label=section.text("label", 120),
        hint=section.text("hint", 200) if "hint" in section.values else "",
        tier=cast("Tier | None", section.maybe_whole("tier", 1, 3)),
    )
    section.end()
    return made


def _tier_of_need(tiers: _Section) -> dict[str, Tier]:
    needs = tiers.section("needs")
    found = {name: cast("Tier", needs.whole(name, 1, 2)) for name in needs.values if name in NEEDS}
    needs.end()
    return found


def _returns(section: _Section) -> Returns:
    on = section.words("on", frozenset(state.value for state in RETURNABLE))
    made = Returns(on=tuple(ReferralState(w) for w in on), within_days=section.whole("within_days", 1, 90))
    section.end()
    return made


def _notice(section: _Section) -> Notice:
    made = Notice(
        version=section.text("version", 20), **{name: section.text(name, 400) for name in NOTICE_ITEMS}
    )
    section.end()
    return made


def _texts(section: _Section) -> Texts:
    made = Texts(
        title=section.text("title", 100),
        lead=section.text("lead", 200),
        practitioner=section.text("practitioner", 60),
        practitioners=section.text("practitioners", 60),
        goal=section.text("goal", 100),
    )
    section.end()
    return made


def _code(section: _Section, key: str) -> str:
    expected = "un mot de 2 à 30 lettres minuscules, chiffres ou « _ » est attendu"
    return str(section.take(key, expected, lambda v: isinstance(v, str) and bool(_CODE.fullmatch(v)), ""))


def _is_whole(value: object) -> bool:
    """Tell whether a value is a whole number; True and False are not numbers here."""
    return isinstance(value, int) and not isinstance(value, bool)
