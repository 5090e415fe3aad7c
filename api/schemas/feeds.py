"""Calendars as they go over the wire: tried, registered, read."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from api.schemas.common import Id, Instant, Moment, Text, Wire
from scheduler.agenda.feeds import Mode
from scheduler.agenda.feeds.addresses import host_only
from scheduler.agenda.readings import outcome_of
from scheduler.agenda.trial import Trial
from scheduler.store.tables import Feed, FeedReading, FeedState, Modality, Visibility

Zone = Annotated[Text, Field(min_length=1, max_length=60, description="Fuseau des heures sans décalage")]

SlotMinutes = Annotated[
    int | None,
    Field(ge=5, le=480, description="Découper en créneaux de tant de minutes"),
]

MOST_ENTRIES = 1000


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
