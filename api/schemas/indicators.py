"""The report of the CPTS and the attestations of GPs, as they leave: counts under eleven are ``null``."""

from datetime import date
from typing import Annotated, Any

from pydantic import Field

from api.schemas.common import Wire
from scheduler.indicators.attestations import DEFINITION, Attestation
from scheduler.indicators.definitions import DEFINITIONS

Quarter = Annotated[
    str, Field(pattern=r"^20[0-9]{2}-T[1-4]$", description="Trimestre terminé", examples=["2026-T3"])
]
Month = Annotated[
    str, Field(pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$", description="Mois", examples=["2026-10"])
]
Counts = dict[str, int]


class FigureOut(Wire):
    """One number, with what exactly it counts beside it."""

    code: str
    label: str
    definition: str
    value: int | None = Field(description="null : moins de onze, ou onze se déduiraient")


class WaitsOut(Wire):
    """Days from the signal to the first acceptance."""

    definition: str
    count: int | None
    median: float | None
    bands: Counts = Field(description="Par durée en jours ; « others » : les autres, regroupés")


class EquityOut(Wire):
    """One way of comparing groups of patients."""

    signalled: Counts
    placed: Counts
    median_wait: dict[str, float]


class ReportOut(Wire):
    """The report on one quarter, as it may be given away."""

    period: str
    from_on: date
    to_on: date
    figures: list[FigureOut]
    waits: WaitsOut
    declines: Counts = Field(description="Par motif")
    tables: dict[str, dict[str, Counts]] = Field(
        description="Par étape (signalled, qualified, placed, declared), puis par palier, commune, âge"
    )
    equity: dict[str, EquityOut]


class TrendOut(Wire):
    """The figures of one quarter, by code."""

    period: str
    figures: dict[str, int | None]


class TrendsOut(Wire):
    """The last quarters that have ended, the oldest first."""

    definitions: dict[str, str]
    quarters: list[TrendOut]


class AttestedWeekOut(Wire):
    """One week of one GP."""

    week_on: date
    num_published: int
    num_booked: int
    minutes_to_others: int


class AttestationOut(Wire):
    """The hours one GP opened to patients of others in a month."""

    practitioner_id: int
    name: str
    rpps: str
    month: str
    hours: float
    definition: str
    weeks: list[AttestedWeekOut]


def report_out(found: dict[str, Any]) -> ReportOut:
    """Show a report that may leave."""
    return ReportOut(
        period=found["period"],
        from_on=found["from"],
        to_on=found["to"],
        figures=[
            FigureOut(
                code=code, label=DEFINITIONS[code].label, definition=DEFINITIONS[code].counts, value=value
            )
            for code, value in found["figures"].items()
        ],
        waits=WaitsOut(
            definition=DEFINITIONS["waits"].counts,
            **{name: found["waits"][name] for name in ("count", "median", "bands")},
        ),
        declines=found["declines"],
        tables=found["tables"],
        equity={name: EquityOut(**table) for name, table in found["equity"].items()},
    )


def trends_out(found: list[dict[str, Any]]) -> TrendsOut:
    """Show the figures of some quarters."""
    quarters = [
        TrendOut(period=line["period"], figures={name: line[name] for name in line if name != "period"})
        for line in found
    ]
    told = {name for quarter in quarters for name in quarter.figures}
    return TrendsOut(
        definitions={name: DEFINITIONS[name].counts for name in DEFINITIONS if name in told},
        quarters=quarters,
    )


def attestation_out(one: Attestation) -> AttestationOut:
    """Show the attestation of one GP."""
    return AttestationOut(
        practitioner_id=one.practitioner_id,
        name=one.name,
        rpps=one.rpps,
        month=one.period.name,
        hours=one.hours,
        definition=DEFINITION,
        weeks=[
            AttestedWeekOut(
                week_on=line.week_on,
                num_published=line.counts.num_published,
                num_booked=line.counts.num_booked,
                minutes_to_others=line.counts.minutes_to_others,
            )
            for line in one.lines
        ],
    )
