"""Counts of the agenda, by practitioner, week and commune."""

from datetime import date
from typing import Self

from pydantic import Field

from api.schemas.common import Wire
from scheduler.agenda.counters import CountLine, Counts


class CountOut(Wire):
    """Slots, bookings and hours, in numbers."""

    num_published: int = Field(description="Créneaux restés ouverts jusqu'à leur heure, ou réservés")
    num_shown: int = Field(description="Créneaux publiés qu'une recherche a listés")
    num_held: int = Field(description="Rendez-vous qui ont commencé par une retenue")
    num_booked: int = Field(description="Places prises : réservées, honorées ou patient non venu")
    num_honoured: int
    num_no_show: int
    num_cancelled: int
    hours_opened: float = Field(description="Heures de toutes les places publiées")
    hours_to_others: float = Field(description="Sans celles que le médecin a prises pour ses patients")

    @classmethod
    def of_counts(cls, counts: Counts) -> Self:
        """Write counts to the wire, minutes as hours."""
        numbers = {name: getattr(counts, name) for name in cls.model_fields if name.startswith("num_")}
        return cls(
            **numbers,
            hours_opened=round(counts.minutes_opened / 60, 2),
            hours_to_others=round(counts.minutes_to_others / 60, 2),
        )


class CountLineOut(CountOut):
    """The counts of one practitioner, in one commune, in one week."""

    practitioner_id: int
    practitioner_name: str
    insee: str
    week_on: date = Field(description="Le lundi de la semaine")


class CountersOut(Wire):
    """What the agenda did on some days."""

    lines: list[CountLineOut]
    total: CountOut


def count_out(line: CountLine) -> CountLineOut:
    """Write one line of counts to the wire."""
    return CountLineOut(
        **CountOut.of_counts(line.counts).model_dump(),
        practitioner_id=line.practitioner_id,
        practitioner_name=line.practitioner_name,
        insee=line.insee,
        week_on=line.week_on,
    )
