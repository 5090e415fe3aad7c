"""The calendars of the demo: eight GPs who publish, each with the tool and the habits of one kind of GP.

Everything is relative to a day: at whatever hour of it, slots are open within the next 72 hours, although
nobody opens any on Sundays (but one) and public holidays. Each calendar also holds what Relais must
not take for a slot and must not show: consultations, absences, private appointments; all invented.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from scheduler.agenda.feeds.values import Mode
from scheduler.demo import dialects, dialects_microsoft
from scheduler.demo.diary import Diary, cancelled, moved, without
from scheduler.demo.ics import Event
from scheduler.demo.values import DemoPractitioner, DemoTerritory

_SNP = "SNP – soins non programmés"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoCalendar:
    """One published calendar.

    Parameters
    ----------
    practitioner_id : str
        RPPS of the GP.
    mode : Mode
        How it is to be read.
    zone : str
        IANA zone of times without one.
    slot_minutes : int or None
        Length of the slots that ranges are cut into; None = one slot per event.
    modality, visibility : str
        "AMB" or "VR"; "SNP".
    body : bytes
        iCalendar text.
    """

    practitioner_id: str
    name: str
    mode: Mode
    zone: str
    slot_minutes: int | None
    filename: str
    body: bytes
    modality: str = "AMB"
    visibility: str = "SNP"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Publication:
    """The tool of one GP and how Relais is told to read it."""

    tool: str
    title: str
    mode: Mode
    slot_minutes: int | None
    events: Callable[[Diary], list[Event]]
    write: dialects.Writer
    modality: str = "AMB"


def demo_calendars(territory: DemoTerritory, today: date) -> tuple[DemoCalendar, ...]:
    """Return the calendars of the eight GPs who publish, one in each commune.

    Parameters
    ----------
    territory : DemoTerritory
        The publisher of a commune is its first volunteer, else its first GP.
    today : date
        Day of the export: appointments lie before and after it.
    """
    diary = Diary(today)
    now = datetime.combine(today, time(6, 0))
    calendars = []
    for publication, gp in zip(_PUBLICATIONS, publishers(territory), strict=True):
        name = f"{publication.title} – {gp.name} (démo)"
        calendars.append(
            DemoCalendar(
                practitioner_id=gp.rpps,
                name=name,
                mode=publication.mode,
                zone=territory.zone,
                slot_minutes=publication.slot_minutes,
                filename=f"{gp.rpps}-{publication.tool}.ics",
                body=publication.write(name, publication.events(diary), now),
                modality=publication.modality,
            )
        )
    return tuple(calendars)


def publishers(territory: DemoTerritory) -> list[DemoPractitioner]:
    """Return the GPs who publish a calendar, one in each commune."""
    volunteers = {intake.practitioner_id for intake in territory.intakes}
    publishers = []
    for commune in territory.communes:
        local = [gp for gp in territory.practitioners if territory.structure_of(gp).insee == commune.insee]
        publishers.append(min(local, key=lambda gp: (gp.rpps not in volunteers, gp.rpps)))
    return publishers


def _mixed_agenda(diary: Diary) -> list[Event]:
    """Keep everything in one Google calendar; slots are known by their title."""
    snp = diary.weekly("snp", _SNP, "MO,TU,TH,FR", "11:30-12:30", note="Adressés par le SAS ou un confrère.")
    return [
        without(snp, diary.next_in(snp, after_days=9)),
        moved(snp, diary.next_in(snp, after_days=3), "13:00-14:00"),
        diary.weekly("samedi", "SNP du samedi", "SA", "09:00-11:00"),
        diary.weekly("consultations", "Consultations sur rendez-vous", "MO,TU,TH,FR", "14:00-18:00"),
        diary.single("dentiste", "Dentiste", diary.working_day(2), "12:00-12:45", private=True),
        diary.whole_days("anniversaire", "Anniversaire de Zoé", diary.working_day(1), shown_as="free"),
        diary.whole_days("conges", "Congés", diary.today + timedelta(days=21), 5, shown_as="away"),
    ]


def _categories(diary: Diary) -> list[Event]:
    """Mark slots by a colour category in a Microsoft 365 agenda, shown as busy."""
    morning = diary.weekly("matin", "Plage réservée", "MO,TU,WE,TH,FR", "08:30-09:30", categories=("SNP",))
    evening = diary.weekly("soir", "Plage réservée", "TU,TH", "17:30-18:30", categories=("SNP", "Violet"))
    return [
        without(morning, diary.next_in(morning, after_days=6)),
        moved(morning, diary.next_in(morning, after_days=1), "09:30-10:30"),
        evening,
        diary.weekly("visites", "Visites à domicile", "WE", "14:00-17:00", shown_as="away"),
        diary.single("ecole", "Rencontre à l'école", diary.working_day(1), "17:00-18:00", private=True),
        diary.whole_days("formation", "Formation", diary.working_day(12), 2, shown_as="away"),
    ]


def _phone_agenda(diary: Diary) -> list[Event]:
    """Keep an iCloud agenda on a telephone, which knows no categories: the title says SNP."""
    season_end = diary.today + timedelta(days=150)
    midday = diary.weekly("midi", "SNP", "MO,WE,FR", "12:00-13:00", until=season_end)
    return [
        without(midday, diary.next_in(midday, after_days=10)),
        moved(midday, diary.next_in(midday, after_days=4), "18:00-19:00"),
        diary.weekly("samedi", "SNP", "SA", "08:30-10:30", every=2),
        diary.weekly("crèche", "Récupérer les enfants", "MO,TU,TH,FR", "18:15-18:45", private=True),
        diary.single("garage", "Garage", diary.working_day(1), "12:30-13:00", private=True),
    ]


def _appointments(diary: Diary) -> list[Event]:
    """Follow the convention of Nextcloud Appointments: category Appointment, shown as free."""
    marks: dict[str, Any] = {"categories": ("Appointment",), "shown_as": "free"}
    afternoon = diary.weekly("apres-midi", "Créneau à prendre", "TU,WE,TH", "16:00-18:00", **marks)
    return [
        afternoon,
        cancelled(afternoon, diary.next_in(afternoon, after_days=7)),
        diary.weekly("samedi", "Créneau à prendre", "SA", "09:00-12:00", **marks),
        diary.single("reunion", "Réunion de la MSP", diary.working_day(1), "16:30-17:00"),
        diary.single("sport", "Natation", diary.working_day(2), "17:15-18:15", private=True),
    ]


def _opening_calendar(diary: Diary) -> list[Event]:
    """Keep a second Outlook calendar for Relais: free stretches are slots, the rest closes them."""
    holiday_on, holiday = diary.next_holiday()
    lunch = diary.weekly("midi", "Disponible", "MO,TU,WE,TH,FR", "13:30-14:30", shown_as="free")
    return [
        lunch,
        moved(lunch, diary.next_in(lunch, after_days=5), "12:30-13:30"),
        diary.single("stagiaire", "Point avec l'interne", diary.working_day(1), "14:00-14:30"),
        diary.whole_days("absence", "Absence", diary.working_day(3), shown_as="away"),
        diary.whole_days("ferie", holiday, holiday_on, shown_as="free", categories=("Jour férié",)),
    ]


def _opening_hours(diary: Diary) -> list[Event]:
    """Give opening hours without any agenda."""
    leave = datetime.combine(diary.today + timedelta(days=14), time())
    return [
        diary.weekly("semaine", "Sans rendez-vous", "MO,TU,TH,FR", "10:00-11:00", shown_as="free"),
        diary.weekly("samedi", "Sans rendez-vous", "SA", "09:00-10:00", shown_as="free"),
        Event(key="conges", title="Congés", start=leave, end=leave + timedelta(days=7), shown_as="away"),
    ]


def _every_evening(diary: Diary) -> list[Event]:
    """Keep a Google calendar for Relais: an hour by video every evening but on public holidays."""
    evening = diary.daily("soir", "Téléconsultation possible", "18:00-19:00", shown_as="free")
    return [
        without(evening, diary.next_in(evening, after_days=6)),
        diary.single("diner", "Dîner", diary.working_day(2), "18:30-20:00", private=True),
    ]


def _list_of_slots(diary: Diary) -> list[Event]:
    """Let the program of the practice write one event per slot, and nothing else."""
    days = [diary.today + timedelta(days=d) for d in range(-2, 45)]
    working_days = [on for on in days if on.weekday() < 6 and on not in diary.holidays]
    hours = ("09:00-09:20", "09:20-09:40", "09:40-10:00")
    slots = [diary.single(f"{on} {hour}", "Créneau", on, hour) for on in working_days for hour in hours]
    called_off = f"{diary.working_day(1)} {hours[1]}"
    return [replace(slot, cancelled=slot.key == called_off) for slot in slots]


_PUBLICATIONS = (
    _Publication(
        tool="google",
        title="Agenda",
        mode=Mode.MARKED,
        slot_minutes=15,
        events=_mixed_agenda,
        write=dialects.google,
    ),
    _Publication(
        tool="microsoft-365",
        title="Calendrier",
        mode=Mode.MARKED,
        slot_minutes=20,
        events=_categories,
        write=dialects_microsoft.microsoft_365,
    ),
    _Publication(
        tool="icloud",
        title="Cabinet",
        mode=Mode.MARKED,
        slot_minutes=15,
        events=_phone_agenda,
        write=dialects.apple,
    ),
    _Publication(
        tool="nextcloud-appointments",
        title="Rendez-vous",
        mode=Mode.MARKED,
        slot_minutes=20,
        events=_appointments,
        write=dialects.nextcloud,
    ),
    _Publication(
        tool="outlook",
        title="Ouvertures",
        mode=Mode.DEDICATED,
        slot_minutes=15,
        events=_opening_calendar,
        write=dialects_microsoft.outlook,
    ),
    _Publication(
        tool="vavailability",
        title="Horaires",
        mode=Mode.MARKED,
        slot_minutes=15,
        events=_opening_hours,
        write=dialects.availability,
    ),
    _Publication(
        tool="google-dedie",
        title="Relais",
        mode=Mode.DEDICATED,
        slot_minutes=20,
        events=_every_evening,
        write=dialects.google,
        modality="VR",
    ),
    _Publication(
        tool="logiciel",
        title="Créneaux",
        mode=Mode.DEDICATED_ALL,
        slot_minutes=None,
        events=_list_of_slots,
        write=dialects.script,
    ),
)
