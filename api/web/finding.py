"""A search for slots as people ask for it: where, within which delay, how; and its results by delay."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from urllib.parse import urlencode
from uuid import UUID
from zoneinfo import ZoneInfo

from api.web import places
from api.web.arrival import whole_id
from api.web.dates import NARROW
from scheduler.agenda.find import Findings
from scheduler.agenda.rules import OLDEST
from scheduler.agenda.search import FoundSlot
from scheduler.agenda.slot_query import SlotQuery
from scheduler.store.tables import Modality
from scheduler.territory.communes import Commune

DEFAULT_DELAY = "48h"
DELAYS = {"4h": "4 h", "jour": "Aujourd’hui", "48h": "48 h", "72h": "72 h"}
_HOURS = {"4h": 4, "48h": 48, "72h": 72}
_URGENCIES = {"4h": 1, "jour": 2}
_WINDOW_WORDS = {
    "4h": f"dans les 4{NARROW}h",
    "jour": "aujourd’hui",
    "48h": f"dans les 48{NARROW}h",
    "72h": f"dans les 72{NARROW}h",
}
_LABELS: dict[tuple[int, int | None], str] = {
    (0, 4): "Dans les 4 heures",
    (4, 8): "Dans 4 à 8 heures",
    (8, 12): "Dans 8 à 12 heures",
    (12, 24): "Dans 12 à 24 heures",
    (24, 48): "Dans 24 à 48 heures",
    (48, None): "Au-delà de 48 heures",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What somebody looks for.

    Parameters
    ----------
    place : Commune or None
        The likeliest commune of the text; None when there is no such place.
    others : tuple of Commune
        Other communes the text may mean.
    delay : str
        "4h", "jour", "48h" or "72h".
    age : int or None
        Of the patient, in years; ``age_text`` is what was typed.
    usual_id : int or None
        The patient's own doctor, listed first.
    moving : UUID or None
        The booking that is to go elsewhere: results are places to move it to.
    """

    text: str
    place: Commune | None
    others: tuple[Commune, ...]
    delay: str
    modality: Modality | None
    age: int | None = None
    age_text: str = ""
    usual_id: int | None = None
    moving: UUID | None = None

    def query(self, now: datetime, zone: str) -> SlotQuery:
        """Write it as a question to the agenda."""
        if self.place is None:
            raise ValueError("nothing to look for without a place")
        return SlotQuery(
            insee=self.place.insee,
            from_at=now,
            to_at=_until(self.delay, now, zone),
            modality=self.modality,
            age=self.age,
        )

    @property
    def urgency(self) -> int:
        """How soon somebody must be seen, as a care request says it."""
        return _URGENCIES.get(self.delay, 3)

    @property
    def is_wrong_age(self) -> bool:
        """Whether what was typed as an age is none."""
        return bool(self.age_text) and self.age is None

    def typed(self) -> dict[str, str]:
        """Give the fields as the form shows them."""
        return {
            "ou": self.text,
            "quand": self.delay,
            "comment": self.modality.value if self.modality else "",
            "age": self.age_text,
            "habituel": str(self.usual_id or ""),
            "deplace": str(self.moving or ""),
        }

    def address(self, **changed: str) -> str:
        """Give the address of this search, or of one a little different."""
        return "/creneaux?" + self.query_string(**changed)

    def query_string(self, **changed: str) -> str:
        """Write this search as the fields of an address."""
        return urlencode({name: value for name, value in (self.typed() | changed).items() if value})

    def window_words(self) -> str:
        """Say the delay in a sentence."""
        return _WINDOW_WORDS[self.delay]

    def wider(self) -> list[tuple[str, str]]:
        """Offer searches that may find more, the nearest first."""
        offers = []
        if self.modality is not None:
            offers.append(("Chercher toutes les modalités", self.address(comment="")))
        if self.delay in {"4h", "jour"}:
            offers.append((f"Chercher sur 48{NARROW}h", self.address(quand="48h")))
        if self.delay != "72h":
            offers.append((f"Chercher sur 72{NARROW}h", self.address(quand="72h")))
        return offers


@dataclass(frozen=True, slots=True, kw_only=True)
class DelayShown:
    """The slots of one stretch of delay, with what it is called."""

    label: str
    slots: tuple[FoundSlot, ...]
    num_more: int


def asked(typed: Mapping[str, str], home: tuple[str, ...]) -> Asked:
    """Understand a search.

    Parameters
    ----------
    typed
        Fields ``ou``, ``quand``, ``comment``, ``age``, ``habituel``, ``deplace``; anything unknown is the
        default.
    home
        INSEE codes of the territory.
    """
    text = " ".join(typed.get("ou", "").split())[:100]
    found = places.meant(text, home)
    how, delay = typed.get("comment", ""), typed.get("quand", "")
    age_text = " ".join(typed.get("age", "").split())[:20]
    place = found[0] if found else None
    around = places.neighbours(home)
    others = [other for other in found[1:] if place not in around or other in around]
    return Asked(
        text=places.label(place) if place else text,
        place=place,
        others=tuple(others[:4]),
        delay=delay if delay in _WINDOW_WORDS else DEFAULT_DELAY,
        modality=Modality(how) if how in set(Modality) else None,
        age=_age(age_text),
        age_text=age_text,
        usual_id=whole_id(typed.get("habituel", "")),
        moving=_booking(typed.get("deplace", "")),
    )


def labelled(found: Findings) -> list[DelayShown]:
    """Give what was found as the page lists it: the usual doctor first, then stretches of delay."""
    usual = DelayShown(label="Chez le médecin habituel", slots=found.usual, num_more=0)
    return [usual] * bool(found.usual) + [
        DelayShown(label=_LABELS[group.from_h, group.to_h], slots=group.slots, num_more=group.num_more)
        for group in found.groups
    ]


def _age(text: str) -> int | None:
    """Read ``7``, ``7 ans`` or ``8 mois``; None for anything else."""
    told = re.fullmatch(r"(\d{1,3}) ?(ans?|mois|m)?", text.lower(), re.ASCII)
    if told is None:
        return None
    age = int(told[1]) // 12 if told[2] in {"mois", "m"} else int(told[1])
    return age if age <= OLDEST else None


def _booking(text: str) -> UUID | None:
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def _until(delay: str, now: datetime, zone: str) -> datetime:
    if delay != "jour":
        return now + timedelta(hours=_HOURS[delay])
    tomorrow = now.astimezone(ZoneInfo(zone)).date() + timedelta(days=1)
    return datetime.combine(tomorrow, time(), ZoneInfo(zone))
