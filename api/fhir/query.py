"""Reading a slot search as the platform and its test kit really write it.

Encodings differ by client: a raw or encoded "|", a "+" of an offset that some form encoder turned into a
space, a space after a comma, encoded parameter names, a trailing slash. So the raw query is read here, not
by a form decoder, for which "+" is a space.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time
from urllib.parse import unquote
from zoneinfo import ZoneInfo

from api.fhir.errors import BadSearch
from scheduler.sas.codes import PRACTITIONER_SYSTEM

_IDENTIFIER = "schedule.actor:Practitioner.identifier"
_MOST_IDENTIFIERS = 25
_PARIS = ZoneInfo("Europe/Paris")
_INSTANT = re.compile(
    r"(?P<day>\d{4}-\d{2}-\d{2})"
    r"(?:T(?P<clock>\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?)(?P<offset>Z|[ +-]\d{2}:\d{2})?)?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotSearch:
    """What is asked.

    Parameters
    ----------
    identifiers : tuple of str
        National identifiers of professionals, prefix included, as sent.
    from_at, to_at : datetime
        Aware; both ends count.
    for_communities : bool
        Whether the communities of the slots and their organisations are wanted too (INT_R04).
    """

    identifiers: tuple[str, ...]
    from_at: datetime
    to_at: datetime
    for_communities: bool

    @property
    def rpps(self) -> frozenset[str]:
        """RPPS numbers among the identifiers; no check digit is asked for, as many samples fail it."""
        return frozenset(value[1:] for value in self.identifiers if value[:1] == "8" and len(value) == 12)


def read_search(raw: bytes) -> SlotSearch:
    """Read the raw query string of a request.

    Parameters that are not known here are ignored, as FHIR's lenient handling wants; ``_count`` too,
    since every answer is one page.

    Raises
    ------
    BadSearch
        When a mandatory parameter is missing, comes twice where it may not, or cannot be read.
    """
    pairs = list(_pairs(raw))
    starts = _values(pairs, "start")
    included = set(_values(pairs, "_include"))
    _check_status(_values(pairs, "status"))
    return SlotSearch(
        identifiers=_identifiers(_values(pairs, _IDENTIFIER)),
        from_at=_bound(starts, "ge"),
        to_at=_bound(starts, "le"),
        for_communities="Slot:service-type-reference" in included,
    )


def _pairs(raw: bytes) -> Iterator[tuple[str, str]]:
    for part in raw.decode("latin-1").split("&"):
        name, _, value = part.partition("=")
        yield unquote(name), unquote(value)


def _values(pairs: Sequence[tuple[str, str]], wanted: str) -> list[str]:
    return [value for name, value in pairs if name == wanted]


def _check_status(values: Sequence[str]) -> None:
    if len(values) != 1:
        raise BadSearch("required", "status", "« status=free » est attendu une fois")
    if values[0] != "free":
        raise BadSearch("not-supported", "status", "seuls les créneaux libres (free) sont communiqués")


def _identifiers(values: Sequence[str]) -> tuple[str, ...]:
    tokens = [token.strip(" +") for value in values for token in value.split(",")]
    tokens = [token for token in tokens if token]
    if not tokens:
        raise BadSearch("required", _IDENTIFIER, "au moins un identifiant national de professionnel")
    if len(tokens) > _MOST_IDENTIFIERS:
        raise BadSearch("too-costly", _IDENTIFIER, f"{_MOST_IDENTIFIERS} professionnels au plus")
    return tuple(dict.fromkeys(value for value in map(_national, tokens) if value))


def _national(token: str) -> str:
    """Return the value of a token of the national system, empty for another system: it matches nobody."""
    system, bar, value = token.partition("|")
    if not bar:
        return system
    return value if system == PRACTITIONER_SYSTEM else ""


def _bound(values: Sequence[str], prefix: str) -> datetime:
    found = [value[2:] for value in values if value[:2] == prefix]
    if len(found) != 1 or len(values) != 2:
        raise BadSearch("required", "start", "deux bornes sont attendues : start=ge… et start=le…")
    return _instant(found[0], end_of_day=prefix == "le")


def _instant(text: str, *, end_of_day: bool) -> datetime:
    """Read a FHIR date or dateTime; without a zone it is the time of Paris."""
    refusal = BadSearch("value", "start", "une date comme ge2026-11-23T08:00:00.000+01:00")
    parts = _INSTANT.fullmatch(text)
    if parts is None:
        raise refusal
    try:
        return _read(parts["day"], parts["clock"], parts["offset"], end_of_day=end_of_day)
    except (ValueError, OverflowError):
        raise refusal from None


def _read(day: str, clock: str | None, offset: str | None, *, end_of_day: bool) -> datetime:
    if clock is None:
        edge = time.max if end_of_day else time.min
        return datetime.combine(datetime.fromisoformat(day), edge, _PARIS).astimezone(UTC)
    instant = datetime.fromisoformat(f"{day}T{_six_digits(clock)}{_signed(offset or '')}")
    return (instant if instant.tzinfo else instant.replace(tzinfo=_PARIS)).astimezone(UTC)


def _six_digits(clock: str) -> str:
    whole, point, fraction = clock.partition(".")
    return f"{whole}.{fraction[:6].ljust(6, '0')}" if point else whole


def _signed(offset: str) -> str:
    return "+" + offset[1:] if offset[:1] == " " else offset  # a form encoder has eaten the "+"
