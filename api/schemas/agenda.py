"""Calendars, the slots they open, the bookings that take them."""

from datetime import date, time
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from api.schemas.common import Id, Instant, Moment, Text, Wire
from scheduler.agenda.bookings import BookingLine
from scheduler.agenda.by_hand import MOST_CAPACITY, Opening
from scheduler.agenda.counters import CountLine, Counts
from scheduler.agenda.ending import CancelReason
from scheduler.agenda.feeds import Mode
from scheduler.agenda.feeds.addresses import host_only
from scheduler.agenda.readings import outcome_of
from scheduler.agenda.rules import MOST_CANCEL_HOURS, OLDEST
from scheduler.agenda.settling import ConflictLine, Settle
from scheduler.agenda.trial import Trial
from scheduler.agenda.weekly import LONGEST_MINUTES, SHORTEST_MINUTES, Week
from scheduler.agenda.why import Why
from scheduler.store.tables import (
    Booking,
    BookingState,
    ConflictKind,
    Feed,
    FeedReading,
    FeedState,
    Modality,
    Resolution,
    SlotSeries,
    SlotState,
    Visibility,
)


def _local(at: time) -> time:
    """Refuse an hour with an offset: it is the clock of the territory that counts."""
    if at.tzinfo is not None:
        raise PydanticCustomError("local_time", "local time without offset")
    return at


Zone = Annotated[Text, Field(min_length=1, max_length=60, description="Fuseau des heures sans décalage")]
SlotMinutes = Annotated[
    int | None,
    Field(ge=5, le=240, description="Découper en créneaux de tant de minutes"),
]


MOST_ENTRIES = 1000

AgendaDay = Annotated[date, Field(ge=date(2000, 1, 1), lt=date(2100, 1, 1))]
LocalTime = Annotated[time, AfterValidator(_local)]


class FeedIn(Wire):
    """A calendar to publish slots from, or to read busy times in."""

    practitioner_id: Id
    practice_id: Id
    name: Text = Field(min_length=1, max_length=200)
    address: Text | None = Field(
        default=None, max_length=2048, description="Adresse iCal (https ou webcal) ; secrète, jamais montrée"
    )
    mode: Mode = Mode.MARKED
    zone: Zone = "Europe/Paris"
    slot_minutes: SlotMinutes = None
    modality: Modality = Modality.AMB
    visibility: Visibility = Visibility.SNP


class FeedOut(Wire):
    """A calendar and how its readings go; of its address, the host only."""

    id: int
    practitioner_id: int
    practice_id: int
    name: str
    host: str | None = Field(description="Serveur de l'agenda ; null : fichier déposé")
    mode: str
    zone: str
    slot_minutes: int | None
    modality: Modality
    visibility: Visibility
    state: FeedState
    read_at: Moment | None = Field(description="Dernier essai de lecture")
    ok_at: Moment | None = Field(description="Dernière lecture réussie")
    num_failures: int = Field(description="Échecs de suite")
    last_reading: "ReadingOut | None" = Field(description="null : jamais lu")


class ReadingOut(Wire):
    """What one reading of a calendar changed."""

    feed_id: int
    at: Moment
    outcome: str = Field(description="ok, unchanged, suspect, overtaken, ou le code de ce qui n'a pas marché")
    num_open: int
    num_busy: int
    num_ignored: int
    num_refused: int
    ignored: dict[str, int] = Field(description="Nombre d'entrées ignorées, par raison")
    warnings: list[str]


class ReadAs(Wire):
    """How a calendar is to be read, and over which days."""

    model_config = ConfigDict(populate_by_name=True)

    mode: Mode = Mode.MARKED
    zone: Zone = "Europe/Paris"
    slot_minutes: SlotMinutes = None
    from_at: Instant | None = Field(default=None, alias="from", description="Par défaut : maintenant")
    to_at: Instant | None = Field(default=None, alias="to", description="Par défaut : 72 h plus tard")
    practitioner_id: Id | None = Field(
        default=None, description="De qui : ses autres agendas, congés et créneaux comptent alors aussi"
    )


class PreviewAddressIn(ReadAs):
    """A calendar address to try before relying on it."""

    address: Text = Field(min_length=1, max_length=2048, description="Adresse iCal (https ou webcal)")


class EntryOut(Wire):
    """One entry of a calendar as Relais reads it; never its title or description."""

    state: Literal["open", "busy", "ignored", "refused"]
    start: Moment | None
    end: Moment | None
    uid: str
    recurrence_id: Moment | None
    reason: str
    sentence: str


class PreviewOut(Wire):
    """What Relais would publish of a calendar, and what it would not, with the reason."""

    sentence: str = Field(description="Les nombres, en une phrase")
    num_open: int
    num_busy: int
    num_ignored: int
    num_refused: int
    warnings: list[str]
    clock_change: str | None = Field(description="Ce qui arrive au prochain changement d'heure")
    num_closed_elsewhere: int = Field(
        default=0, description="Créneaux déjà ouverts du médecin que cet agenda fermerait"
    )
    entries: list[EntryOut]
    truncated: bool = Field(description="Vrai quand seules les premières entrées sont montrées")


class SlotOut(Wire):
    """A slot that can be booked now."""

    id: int
    practitioner_id: int
    practitioner_name: str
    insee: str
    commune: str
    address: str
    start_at: Moment
    end_at: Moment
    modality: Modality
    visibility: Visibility
    free_places: int
    distance_km: float = Field(description="Par la route, estimée, à 100 m près ; 0 à distance (VR)")
    travel_min: int = Field(description="Minutes de trajet estimées, arrondies vers le haut")
    seen_at: Moment = Field(description="Dernière fois que l'agenda du médecin a confirmé ce créneau")
    to_confirm: bool = Field(description="L'agenda ne répond plus depuis un moment : appelez avant d'envoyer")


class DelayOut(Wire):
    """The slots that start within one stretch of delay, the one to propose first first."""

    from_h: int
    to_h: int | None = Field(description="Heures à partir de maintenant, fin non comprise ; null : sans fin")
    slots: list[SlotOut]
    num_more: int = Field(description="Créneaux de ce délai qui ne sont pas listés")


class FindOut(Wire):
    """What a search for somebody gave."""

    radius_km: float = Field(
        description="Jusqu'où il a fallu chercher ; 0 si seul « à distance » (VR) est demandé"
    )
    is_cut: bool = Field(description="Vrai : seuls les premiers créneaux ont été regardés")
    usual: list[SlotOut] = Field(description="Chez le médecin habituel, quelle que soit la distance")
    groups: list[DelayOut]


class ReasonOut(Wire):
    """One reason, as a stable word and a sentence."""

    code: Why
    sentence: str


class WhyOut(Wire):
    """Why a slot is not listed."""

    is_shown: bool
    reasons: list[ReasonOut]
    held_until: Moment | None


_BY_PHONE = "Le cabinet, appelé, a dit que le créneau est libre ; noté dans l'historique"


class BookIn(Wire):
    """For whom a slot is booked; without a patient the place is simply taken."""

    patient_id: UUID | None = None
    by_phone: bool = Field(default=False, description=_BY_PHONE)


class CancelIn(Wire):
    """Why a booking is given back; needed once the practitioner's limit has passed."""

    reason: CancelReason | None = None


class MoveIn(CancelIn):
    """Where a booking goes."""

    slot_id: Id
    by_phone: bool = Field(default=False, description=_BY_PHONE)


class BookingRef(Wire):
    """A booking by its id, and where it stands."""

    id: UUID
    slot_id: int
    place: int
    state: BookingState
    expires_at: Moment | None = Field(description="Fin de la retenue ; null : ce n'en est pas une")

    @classmethod
    def of(cls, row: BaseModel, **more: Any) -> Self:
        """Take what a booking shows; the end of a hold under the name that says what happens then."""
        assert isinstance(row, Booking)  # noqa: S101 — no other row has these columns
        return cls(**cls.columns(row) | {"expires_at": row.held_until} | more)


class BookingOut(BookingRef):
    """A booking with the slot it takes; the patient by id only, each reading traced."""

    practitioner_id: int
    practitioner_name: str
    start_at: Moment
    end_at: Moment
    modality: Modality
    slot_state: SlotState
    conflict: str | None = Field(description="L'agenda du médecin ne montre plus ce créneau tel que réservé")
    booked_by: str
    patient_id: UUID | None
    created_at: Moment


def booking_out(line: BookingLine) -> BookingOut:
    """Write a booking to the wire."""
    return BookingOut(
        **BookingRef.of(line.booking).model_dump()
        | {
            "state": line.state,
            "expires_at": line.booking.held_until if line.state is BookingState.HELD else None,
        },
        practitioner_id=line.slot.practitioner_id,
        practitioner_name=f"Dr {line.practitioner.given_name} {line.practitioner.family_name}",
        start_at=line.slot.start_at,
        end_at=line.slot.end_at,
        modality=line.slot.modality,
        slot_state=line.slot.state,
        conflict=line.slot.conflict,
        booked_by=line.booking.booked_by,
        patient_id=line.booking.patient_id,
        created_at=line.booking.created_at,
    )


def preview_out(tried: Trial) -> PreviewOut:
    """Write to the wire what a calendar would give; the first entries only, all of them counted."""
    told = tried.preview
    return PreviewOut(
        sentence=told.sentence,
        num_open=told.num_open,
        num_busy=told.num_busy,
        num_ignored=told.num_ignored,
        num_refused=told.num_refused,
        warnings=list(told.warnings),
        clock_change=told.clock_change,
        num_closed_elsewhere=tried.num_closed_elsewhere,
        entries=[EntryOut.model_validate(row) for row in told.rows[:MOST_ENTRIES]],
        truncated=len(told.rows) > MOST_ENTRIES,
    )


def feed_out(feed: Feed, last: FeedReading | None) -> FeedOut:
    """Write a calendar to the wire; its address stays here."""
    return FeedOut.of(
        feed,
        host=None if feed.address is None else host_only(feed.address),
        last_reading=None if last is None else reading_out(last),
    )


def reading_out(reading: FeedReading) -> ReadingOut:
    """Write to the wire what one reading changed."""
    return ReadingOut(**ReadingOut.columns(reading) | {"outcome": outcome_of(reading)})


class AgendaRulesBody(Wire):
    """What a practitioner wants of those who book with them."""

    cancel_hours: int = Field(
        ge=0,
        le=MOST_CANCEL_HOURS,
        description="Une annulation se fait librement jusqu'à tant d'heures avant le rendez-vous",
    )
    age_min: int | None = Field(default=None, ge=0, le=OLDEST, description="Âges vus en consultation")
    age_max: int | None = Field(default=None, ge=0, le=OLDEST, description="Compris ; null : sans limite")


class ConflictOut(Wire):
    """A promised time that the practitioner's calendar no longer shows; settled by a person, by a day."""

    id: int
    slot_id: int
    kind: ConflictKind = Field(description="deleted, moved : l'agenda ; busy, overlap : autre chose alors")
    practitioner_id: int
    practitioner_name: str
    start_at: Moment
    end_at: Moment
    raised_at: Moment
    owner_id: UUID | None = Field(description="Compte chargé de régler ; null : la coordination")
    next_action_on: date
    resolved_at: Moment | None
    resolution: Resolution | None


class SettleIn(Wire):
    """What becomes of a conflict."""

    how: Settle = Field(description="keep : l'heure tient ; move : vers slot_id ; cancel : annuler")
    slot_id: Id | None = None


def conflict_out(line: ConflictLine) -> ConflictOut:
    """Write a conflict to the wire."""
    return ConflictOut(
        **ConflictOut.columns(line.conflict),
        practitioner_id=line.slot.practitioner_id,
        practitioner_name=f"Dr {line.practitioner.given_name} {line.practitioner.family_name}",
        start_at=line.slot.start_at,
        end_at=line.slot.end_at,
    )


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
