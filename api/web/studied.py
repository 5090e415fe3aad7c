"""The answers of studies as pages show them: sentences, tables, charts, maps."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from api.web.dates import counted, number, percent, short_month
from api.web.maps import Area, Drawing, map_svg
from api.web.places import meant

Answer = Mapping[str, Any]

DIMENSIONS = {"ensemble": "Ensemble", "priorité": "Priorité", "âge": "Âge", "couverture": "Couverture",
              "commune": "Commune"}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceLine:
    """What so many more places at one GP would change; None = not checked for want of time."""

    name: str
    commune: str
    insee: str
    sentence: str
    placed: int | None
    by_tier: tuple[int, int, int] | None
    ald: int | None


def place_lines(answer: Answer, name: str, near: tuple[str, ...]) -> list[PlaceLine]:
    """Give the lines of ``communes`` or ``practitioners``, those that change most first.

    Parameters
    ----------
    near
        INSEE codes of the territory: answers name communes, maps want their codes.
    """
    lines = [_place(one, answer["more"], _code(one["commune"], near)) for one in answer[name]]
    return sorted(lines, key=lambda line: (-(line.placed or 0), line.placed is None, line.commune, line.name))


def places_map(lines: Iterable[PlaceLine], insee: Sequence[str]) -> Drawing:
    """Draw how many more patients the places of each commune would place."""
    placed = {line.insee: line.placed for line in lines}
    told = {
        code: "" if n is None else counted(n, "patient de plus", "patients de plus")
        for code, n in placed.items()
    }
    return map_svg(
        Area(
            insee=code, value=None if (n := placed.get(code)) is None else max(0, n), told=told.get(code, "")
        )
        for code in sorted({*insee, *placed} - {""})
    )


def _place(one: Mapping[str, Any], more: int, insee: str) -> PlaceLine:
    checked, commune = one["checked"], one["commune"]
    if checked is None:
        return PlaceLine(
            name=one["name"], commune=commune, insee=insee, sentence=one["sentence"],
            placed=None, by_tier=None, ald=None,
        )  # fmt: skip
    placed, ald = int(checked["placed"]), checked.get("ald")
    return PlaceLine(
        name=one["name"],
        commune=commune,
        insee=insee,
        sentence=_promise(more, commune, placed, ald or 0),
        placed=placed,
        by_tier=tuple(checked["by_tier"]),
        ald=ald,
    )


def _promise(more: int, commune: str, placed: int, ald: int) -> str:
    """Say ``2 places de plus à X placeraient 9 patients de plus, dont 4 en ALD`` and the like."""
    would = "placerait" if more == 1 else "placeraient"
    gift = f"{counted(more, 'place de plus', 'places de plus')} à {commune}"
    if placed <= 0:
        return f"{gift} ne {would} personne de plus."
    among = f", dont {number(ald)} en ALD" if 0 < ald <= placed else ""
    return f"{gift} {would} {counted(placed, 'patient de plus', 'patients de plus')}{among}."


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthLine:
    """One month of a projection: medians, and the range of the scenarios in words."""

    label: str
    waiting: float
    waiting_words: str
    arrived: float
    placed: float
    shares: tuple[str, ...]
    tiers: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CommuneLine:
    """One commune over the projection."""

    name: str
    insee: str
    first: str
    last: str
    grows: float
    runs_short: bool
    since: str


def month_lines(answer: Answer) -> list[MonthLine]:
    """Give the months of a projection in order."""
    return [
        MonthLine(
            label=short_month(date.fromisoformat(month["on"])),
            waiting=month["waiting"]["median"],
            waiting_words=_spread(month["waiting"]),
            arrived=month["arrived"]["median"],
            placed=month["placed"]["median"],
            shares=tuple(percent(round(share["median"], 2)) for share in month["share_placed_by_tier"]),
            tiers=tuple(tier["median"] for tier in month["waiting_by_tier"]),
        )
        for month in answer["months"]
    ]


def commune_lines(answer: Answer, near: tuple[str, ...]) -> list[CommuneLine]:
    """Give the communes of a projection, those that run short first."""
    lines = [
        CommuneLine(
            name=one["label"],
            insee=_code(one["label"], near),
            first=_spread(one["waiting_first"]),
            last=_spread(one["waiting_last"]),
            grows=one["waiting_last"]["median"] - one["waiting_first"]["median"],
            runs_short=one["runs_short"],
            since=short_month(date.fromisoformat(one["longer_from"])) if one["longer_from"] else "",
        )
        for one in answer["communes"]
    ]
    return sorted(lines, key=lambda line: (not line.runs_short, -line.grows, line.name))


def future_map(lines: Iterable[CommuneLine], insee: Sequence[str]) -> Drawing:
    """Draw by how much the list of each commune grows."""
    grows = {line.insee: line.grows for line in lines}
    return map_svg(
        Area(
            insee=code,
            value=max(0.0, grows[code]) if code in grows else None,
            told=f"{grows[code]:+.0f}".replace("-", "−") if code in grows else "",
        )
        for code in sorted({*insee, *grows} - {""})
    )


def _code(name: str, near: tuple[str, ...]) -> str:
    """Give the INSEE code of a commune that an answer names; "" when it is not one."""
    found = meant(name, near)
    return found[0].insee if found else ""


def _spread(spread: Mapping[str, float]) -> str:
    """Say ``40 (35 à 48)``; scenarios that agree need no range."""
    told = number(round(spread["median"]))
    if round(spread["least"]) == round(spread["most"]):
        return told
    return f"{told} ({number(round(spread['least']))} à {number(round(spread['most']))})"


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupLine:
    """One group under the policies compared, in their order; None = hidden."""

    label: str
    outcomes: tuple[Mapping[str, Any], ...]

    @property
    def shares(self) -> tuple[float | None, ...]:
        """Part of the group that has a GP, under each policy."""
        return tuple(
            one["placed"] / one["patients"] if one["placed"] is not None and one["patients"] else None
            for one in self.outcomes
        )


def group_lines(answer: Answer) -> dict[str, list[GroupLine]]:
    """Give the groups of a rehearsal by dimension, communes by name."""
    found: dict[str, list[GroupLine]] = {}
    for outcomes in zip(*(policy["outcomes"] for policy in answer["policies"]), strict=True):
        dimension, label = outcomes[0]["dimension"], outcomes[0]["label"]
        found.setdefault(dimension, []).append(GroupLine(label=label, outcomes=outcomes))
    if "commune" in found:
        found["commune"].sort(key=lambda line: line.label)
    return found


def rehearsal_rows(answer: Answer) -> list[list[str | int | float]]:
    """Give a rehearsal as rows for a spreadsheet, the headings first; what is hidden is a dot."""
    names = ("patients", "placed", "median_min", "farthest_min", "median_wait_days", "median_wait_left_days",
             "gained", "lost", "moved")  # fmt: skip
    headings: list[str | int | float] = [
        "Dimension", "Groupe", "Règles", "Patients", "Avec médecin",
        "Trajet médian (min)", "Trajet max. (min)",
        "Attente médiane, servis (j)", "Attente médiane, restants (j)", "Gagnent", "Perdent", "Changent",
    ]  # fmt: skip
    rows = [headings]
    for policy in answer["policies"]:
        rows += [
            [DIMENSIONS.get(one["dimension"], one["dimension"]), one["label"], policy["version"]]
            + ["·" if one[name] is None else one[name] for name in names]
            for one in policy["outcomes"]
        ]
    return rows
