"""What a projection says: per month and per label, the median of the scenarios and their range."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from statistics import median

import numpy as np
import numpy.typing as npt

from matching import french

Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Median, least and most over the scenarios."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: "npt.NDArray[np.generic]") -> "Spread":
        """Return the spread of one number per scenario."""
        numbers = [float(value) for value in values.tolist()]
        return cls(median=median(numbers), least=min(numbers), most=max(numbers))


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthOutlook:
    """One month, after its run.

    Parameters
    ----------
    on : date
        Day of the run.
    arrived, placed, waiting : Spread
        Patients who came since the run before, were placed by this one, are left after it.
    waiting_by_tier : tuple of three Spread
    share_placed_by_tier : tuple of three Spread
        Part of those of the tier on the list whom this run placed; 0 where there was nobody.
    """

    on: date
    arrived: Spread
    placed: Spread
    waiting: Spread
    waiting_by_tier: tuple[Spread, Spread, Spread]
    share_placed_by_tier: tuple[Spread, Spread, Spread]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelOutlook:
    """One commune over the whole time.

    Parameters
    ----------
    waiting_first, waiting_last : Spread
        Left waiting after the first and after the last run.
    share_placed : Spread
        Part of all who were on the list at some time that was placed.
    runs_short : bool
        The list is longer after the last run than after the first in more than half of the scenarios.
    longer_from : date or None
        First run from which on the median list stays longer than after the first.
    """

    label: str
    waiting_first: Spread
    waiting_last: Spread
    share_placed: Spread
    runs_short: bool
    longer_from: date | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Projection:
    """The waiting list month by month.

    Parameters
    ----------
    months : tuple of date
        Days of the runs; the first is the day of the instance.
    labels : tuple of str
    arrived, placed, waiting : ndarray of int64, shape (num_scenarios, num_months, num_labels, 3)
        Patients by scenario, month, label and tier; ``arrived`` of the first month is the list given.
    """

    months: tuple[date, ...]
    labels: tuple[str, ...]
    arrived: Int64
    placed: Int64
    waiting: Int64

    def by_month(self) -> tuple[MonthOutlook, ...]:
        """Return what each month looks like, all labels together."""
        return tuple(self._month(number) for number in range(len(self.months)))

    def by_label(self) -> tuple[LabelOutlook, ...]:
        """Return what becomes of each label, those with the longest last list first."""
        outlooks = [self._label(number) for number in range(len(self.labels))]
        return tuple(sorted(outlooks, key=lambda o: (-o.waiting_last.median, o.label)))

    def running_short(self) -> tuple[LabelOutlook, ...]:
        """Return the labels whose list grows."""
        return tuple(outlook for outlook in self.by_label() if outlook.runs_short)

    def text(self) -> str:
        """Return the projection as French lines: one per month, then one per commune that runs short."""
        return "\n".join([*map(_month_line, self.by_month()), *self._short_lines()]) + "\n"

    def _month(self, number: int) -> MonthOutlook:
        waiting, placed = self.waiting[:, number].sum(axis=1), self.placed[:, number].sum(axis=1)
        on_list = np.maximum(waiting + placed, 1)
        one, two, three = (
            (Spread.of(waiting[:, tier]), Spread.of(placed[:, tier] / on_list[:, tier])) for tier in range(3)
        )
        return MonthOutlook(
            on=self.months[number],
            arrived=Spread.of(self.arrived[:, number].sum(axis=(1, 2))),
            placed=Spread.of(placed.sum(axis=1)),
            waiting=Spread.of(waiting.sum(axis=1)),
            waiting_by_tier=(one[0], two[0], three[0]),
            share_placed_by_tier=(one[1], two[1], three[1]),
        )

    def _label(self, number: int) -> LabelOutlook:
        waiting = self.waiting[:, :, number].sum(axis=2)
        seen = np.maximum(self.arrived[:, :, number].sum(axis=(1, 2)), 1)
        middle = np.median(waiting, axis=0)
        longer = np.flatnonzero(middle <= middle[0])[-1] + 1
        return LabelOutlook(
            label=self.labels[number],
            waiting_first=Spread.of(waiting[:, 0]),
            waiting_last=Spread.of(waiting[:, -1]),
            share_placed=Spread.of(self.placed[:, :, number].sum(axis=(1, 2)) / seen),
            runs_short=bool((waiting[:, -1] > waiting[:, 0]).mean() > 0.5),
            longer_from=self.months[longer] if longer < len(self.months) else None,
        )

    def _short_lines(self) -> Iterator[str]:
        short = self.running_short()
        if not short:
            yield "Aucune liste d'attente ne s'allonge."
        for outlook in short:
            since = f", depuis {french.month(outlook.longer_from)}" if outlook.longer_from else ""
            yield (
                f"{outlook.label} : la liste s'allonge{since}, de {_people(outlook.waiting_first)} "
                f"à {_people(outlook.waiting_last)}."
            )


def _month_line(month: MonthOutlook) -> str:
    shares = ", ".join(
        f"{french.percent(share.median)} en priorité {tier}"
        for tier, share in enumerate(month.share_placed_by_tier, 1)
    )
    name = french.month(month.on).capitalize()
    return f"{name} : {_people(month.waiting)} en attente ; placés ce mois : {shares}."


def _people(spread: Spread) -> str:
    """Say ``40 patients (35 à 48)``; scenarios that agree need no range."""
    said = french.count(round(spread.median), "patient")
    return said if spread.least == spread.most else f"{said} ({spread.least:.0f} à {spread.most:.0f})"
