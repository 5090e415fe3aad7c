"""What a CPTS decides about unscheduled care, as values with ranges, kept as a document."""

from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlmodel import Session

from matching.fill import FillPolicy
from scheduler.accounts.actor import Actor
from scheduler.errors import InvalidInput
from scheduler.store.tables import CareRules


class RefillMode(StrEnum):
    """To whom a freed slot is offered."""

    ONE_BY_ONE = "one_by_one"
    TO_ALL = "to_all"


Minutes = tuple[int, int, int]
"""Minutes for urgency 1 (4 hours), 2 (the same day), 3 (48 hours)."""

TRIPLES = ("usual_min", "near_min", "lookahead_min")
CHECKS = ("auto_fill", "promise_when_planned", "promise_when_scarce")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """How requests reach slots.

    Parameters
    ----------
    usual_min : tuple of int
        For how long after its reception a request is kept for the usual doctor, by urgency.
    near_min : tuple of int
        For how long it is then kept for surgeries within ``near_travel_min``.
    near_travel_min, max_travel_min : int
        Longest travel in the near circle, and in the last one.
    notice_min : int
        A patient is not sent to a slot that begins in less than this many minutes.
    announce_lead_min : int
        A slot is announced this many minutes before it begins, not earlier; ten more than ``notice_min`` at
        least, or the moment between two rounds would let slots pass.
    wait_travel_min : int
        Minutes of travel that an hour of waiting is worth. Low values leave early slots unused for near
        ones; 20 serves most (``benchmarks/quality/fill.py``).
    lookahead_min : tuple of int
        For how many minutes ahead the requests that came at these hours of past weeks, by urgency, keep
        slots from the less urgent; 0: none do. The default serves most (``benchmarks/quality/fill.py``).
    auto_fill : bool
        Whether slots are kept and announced without anybody's click.
    promise_when_planned : bool
        Whether a request for which a slot is kept may no longer lose it to others; otherwise it may until
        the slot is announced.
    promise_when_scarce : bool
        Whether that also holds for requests of 48 hours while more are expected than slots are free
        (``matching.fill.promise``); otherwise these then wait for the announcement.
    refill : RefillMode
        To whom a freed slot is offered.
    offer_min : int
        Minutes to answer such an offer.

    Raises
    ------
    InvalidInput
        Naming the first value out of its range.
    """

    usual_min: Minutes = (10, 30, 120)
    near_min: Minutes = (10, 60, 240)
    near_travel_min: int = 15
    max_travel_min: int = 30
    notice_min: int = 30
    announce_lead_min: int = 60
    wait_travel_min: int = 20
    lookahead_min: Minutes = (360, 360, 90)
    auto_fill: bool = True
    promise_when_planned: bool = True
    promise_when_scarce: bool = False
    refill: RefillMode = RefillMode.ONE_BY_ONE
    offer_min: int = 10

    def __post_init__(self) -> None:
        for name in TRIPLES:
            given = getattr(self, name)
            if not isinstance(given, tuple) or len(given) != 3:
                raise InvalidInput(name, "trois durées : 4 heures, dans la journée, 48 heures")
        for name, (low, high) in _RANGES.items():
            given = getattr(self, name)
            values = given if isinstance(given, tuple) else (given,)
            if not all(_is_whole(value) and low <= value <= high for value in values):
                raise InvalidInput(name, f"des nombres entiers de {low} à {high}")
        if self.announce_lead_min < self.notice_min + _BETWEEN_ROUNDS_MIN:
            raise InvalidInput("announce_lead_min", "au moins dix minutes de plus que notice_min")
        if self.near_travel_min > self.max_travel_min:
            raise InvalidInput("near_travel_min", "une durée qui n'est pas supérieure à max_travel_min")

    def policy(self) -> FillPolicy:
        """Give what the core needs of them."""
        return FillPolicy(
            notice_min=self.notice_min,
            announce_lead_min=self.announce_lead_min,
            max_travel_min=self.max_travel_min,
            wait_tenths_per_hour=10 * self.wait_travel_min,
            promise=self._promise(),
        )

    def _promise(self) -> str:
        if not self.promise_when_planned:
            return "when_told"
        return "at_once" if self.promise_when_scarce else "when_ample"


_BETWEEN_ROUNDS_MIN = 10
_RANGES = {
    "usual_min": (0, 2880),
    "near_min": (0, 2880),
    "near_travel_min": (1, 240),
    "max_travel_min": (1, 240),
    "notice_min": (0, 1440),
    "announce_lead_min": (0, 2880),
    "wait_travel_min": (0, 100),
    "lookahead_min": (0, 720),
    "offer_min": (1, 240),
}


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_USUAL = Rules()


def rules_of(session: Session, territory_id: int) -> Rules:
    """Give what a territory has decided, the usual rules where it has decided nothing."""
    row = session.get(CareRules, territory_id)
    return _USUAL if row is None else read_rules(row.document)


def change_rules(session: Session, actor: Actor, changes: dict[str, Any], *, now: datetime) -> Rules:
    """Change some of the rules of the actor's territory; the next round follows them.

    Raises
    ------
    InvalidInput
        When a name is unknown or a value out of its range.
    """
    rules = read_rules(as_document(rules_of(session, actor.territory_id)) | changes)
    row = session.get(CareRules, actor.territory_id, with_for_update=True) or CareRules(
        territory_id=actor.territory_id, document={}, updated_by=actor.key, updated_at=now
    )
    row.document, row.updated_by, row.updated_at = as_document(rules), actor.key, now
    session.add(row)
    session.flush()
    return rules


def as_document(rules: Rules) -> dict[str, Any]:
    """Write rules as plain values."""
    return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(rules).items()}


def read_rules(document: dict[str, Any]) -> Rules:
    """Read what ``as_document`` wrote.

    Raises
    ------
    InvalidInput
        When a name is unknown or a value is not acceptable.
    """
    known = {field.name for field in fields(Rules)}
    if unknown := sorted(set(document) - known):
        raise InvalidInput(unknown[0], f"l'une de ces règles : {', '.join(sorted(known))}")
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in document.items()
    }
    for name in CHECKS:
        if not isinstance(values.get(name, True), bool):
            raise InvalidInput(name, "vrai ou faux")
    if isinstance(values.get("lookahead_min"), int):  # documents of before: one number for all
        values["lookahead_min"] = (values["lookahead_min"],) * 3
    try:
        refill = RefillMode(values.pop("refill", _USUAL.refill))
    except ValueError:
        raise InvalidInput("refill", "one_by_one ou to_all") from None
    return replace(_USUAL, refill=refill, **values)
