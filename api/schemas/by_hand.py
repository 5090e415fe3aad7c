"""What is opened and closed by hand: single slots, weekly series, leave."""

from datetime import date, time
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from api.schemas.common import Id, Instant, Moment, Wire
from scheduler.agenda.by_hand import MOST_CAPACITY, Opening
from scheduler.agenda.weekly import LONGEST_MINUTES, SHORTEST_MINUTES, Week
from scheduler.store.tables import Modality, SlotSeries, SlotState, Visibility


def _local(at: time) -> time:
    """Refuse an hour with an offset: it is the clock of the territory that counts."""
    if at.tzinfo is not None:
        raise PydanticCustomError("local_time", "local time without offset")
    return at


AgendaDay = Annotated[date, Field(ge=date(2000, 1, 1), lt=date(2100, 1, 1))]

LocalTime = Annotated[time, AfterValidator(_local)]


class OpeningIn(Wire):
    """What every slot opened by hand says."""

    practice_id: Id
    modality: Modality = Modality.AMB
    visibility: Visibility = Visibility.SNP
    capacity: int = Field(default=1, ge=1, le=MOST_CAPACITY, description="Patients vus dans le créneau")

    def opening(self) -> Opening:
        """Give it to the agenda."""
        return Opening(
            practice_id=self.practice_id,
            modality=self.modality,
            visibility=self.visibility,
            capacity=self.capacity,
        )


class SlotIn(OpeningIn):
    """One slot to open."""

    start_at: Instant
    end_at: Instant


class SlotRef(Wire):
    """A slot of one's own, and where it stands."""

    id: int
    practitioner_id: int
    practice_id: int
    start_at: Moment
    end_at: Moment
    modality: Modality
    visibility: Visibility
    capacity: int
    state: SlotState
    closed_reason: str | None


class WeekIn(OpeningIn):
    """A range of every week, cut into slots; days and hours are those of the territory."""

    weekdays: list[Annotated[int, Field(ge=1, le=7)]] = Field(min_length=1, max_length=7)
    start_time: LocalTime = Field(description="Heure locale, comme 14:00")
    end_time: LocalTime = Field(description="Heure locale ; 00:00 : minuit, fin du jour")
    slot_minutes: int = Field(ge=SHORTEST_MINUTES, le=LONGEST_MINUTES)
    first_on: AgendaDay
    last_on: AgendaDay | None = None
    on_holidays: bool = Field(default=False, description="Ouvrir aussi les jours fériés de la commune")

    def week(self) -> Week:
        """Give it to the agenda."""
        return Week(
            weekdays=frozenset(self.weekdays),
            start_minute=_minute(self.start_time),
            end_minute=_minute(self.end_time) or 24 * 60,
            slot_minutes=self.slot_minutes,
            first_on=self.first_on,
            last_on=self.last_on,
            on_holidays=self.on_holidays,
        )


class SeriesOut(Wire):
    """A range of every week."""

    id: int
    practitioner_id: int
    practice_id: int
    weekdays: list[int]
    start_time: time
    end_time: time
    slot_minutes: int
    first_on: date
    last_on: date | None
    on_holidays: bool
    modality: Modality
    visibility: Visibility
    capacity: int


class SkipIn(Wire):
    """A day on which a series opens nothing."""

    on: AgendaDay


class EndIn(Wire):
    """The last day of a series."""

    last_on: AgendaDay


class LeaveIn(Wire):
    """Days on which a practitioner sees nobody, both included."""

    first_on: AgendaDay
    last_on: AgendaDay


class LeaveOut(LeaveIn):
    """A leave."""

    id: int
    practitioner_id: int


class LeaveTaken(LeaveOut):
    """A leave, and what it closed."""

    num_closed: int
    num_conflicts: int = Field(description="Créneaux réservés dont quelqu'un doit s'occuper")


def series_out(series: SlotSeries) -> SeriesOut:
    """Write a series to the wire."""
    columns = SeriesOut.columns(series)
    hours = {"start_time": _time(series.start_minute), "end_time": _time(series.end_minute)}
    return SeriesOut(**columns | hours)


def _minute(at: time) -> int:
    return at.hour * 60 + at.minute


def _time(minute: int) -> time:
    return time(*divmod(minute % (24 * 60), 60))
