"""What mails say, in plain French: what happened, what to do, a link; no patient and no health data."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

FOOT = "Relais, pour votre CPTS. Ce message est envoyé automatiquement ; n'y répondez pas.\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A subject and a text, ready to be sent to anybody; ``kind`` is a stable word.

    Parameters
    ----------
    short : str
        The same thing within an SMS; "" where none is ever sent.
    """

    kind: str
    subject: str
    body: str
    short: str = ""


def feed_in_trouble(
    *, name: str, trouble: str, last_ok_at: datetime | None, hidden_after: timedelta, link: str, zone: str
) -> Letter:
    """Tell a GP that their calendar has not been read for an hour, why, and what it means."""
    since = f"depuis le {moment(last_ok_at, zone)}" if last_ok_at else "depuis qu'il est relié"
    minutes = round(hidden_after / timedelta(minutes=1))
    delay = f"{minutes} minutes" if minutes % 60 or minutes == 60 else f"{minutes // 60} heures"
    return Letter(
        kind="feed_in_trouble",
        subject=f"Relais ne peut plus lire l'agenda « {_one_line(name)} »",
        body=(
            f"Bonjour,\n\nRelais n'a pas pu lire l'agenda « {_one_line(name)} » {since}.\n\n{trouble}\n\n"
            "Vos créneaux connus restent proposés, signalés comme « à confirmer ». Sans nouvelle lecture, "
            f"ils seront masqués {delay} après la dernière lecture réussie. Les rendez-vous déjà pris "
            f"ne changent pas.\n\nPour voir le détail et réessayer :\n{link}\n\n{FOOT}"
        ),
    )


def slot_freed(*, start_at: datetime, answer_by: datetime, to_all: bool, link: str, zone: str) -> Letter:
    """Tell whoever made a care request that a slot is free for it."""
    shared = "Il est proposé à plusieurs demandes : la première réponse l'obtient.\n\n" if to_all else ""
    return Letter(
        kind="slot_freed",
        subject="Relais : un créneau s'est libéré pour une demande de soins",
        body=(
            "Bonjour,\n\nUn créneau s'est libéré pour une demande de soins non programmés que vous suivez : "
            f"{moment(start_at, zone)}.\n\n{shared}"
            f"Répondez avant {moment(answer_by, zone)} :\n{link}\n\n{FOOT}"
        ),
    )


def moment(at: datetime, zone: str) -> str:
    """Write an instant as people of a zone say it."""
    local = at.astimezone(ZoneInfo(zone))
    return f"{local:%d/%m/%Y} à {local.hour} h {local.minute:02d}"


def _one_line(text: str) -> str:
    return " ".join(text.split())
