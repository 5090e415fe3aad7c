"""What anybody may read of our slots, written as SMART Scheduling Links wants it and kept for a minute."""

import json
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from api.fhir.phones import international
from scheduler.sas.appointment import instant
from scheduler.sas.open_slots import OpenOffer, OpenPlace, OpenSlot, open_offer
from scheduler.settings import Settings
from scheduler.store.engine import Store

Json = dict[str, Any]

MANIFEST = "$bulk-publish"
KEPT_FOR = timedelta(seconds=60)
_EXTENSIONS = "http://fhir-registry.smarthealthit.org/StructureDefinition/"
_SERVICES = "http://terminology.hl7.org/CodeSystem/service-type"
_MODALITIES = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
_FILES = {"Location": "locations.ndjson", "Schedule": "schedules.ndjson", "Slot": "slots.ndjson"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """Everything as of one instant."""

    at: datetime
    manifest: str
    files: Mapping[str, str]


def write_publication(offer: OpenOffer, *, base: str, at: datetime, zone: str) -> Published:
    """Write the manifest and the files.

    Parameters
    ----------
    base : str
        Address of the manifest's folder, without a slash at the end.
    """
    places = {place.id: place for place in offer.places}
    files = {
        "Location": _lines(map(_location, offer.places)),
        "Schedule": _lines(map(_schedule, offer.places)),
        "Slot": _lines(_slot(slot, places[slot.place_id]) for slot in offer.slots),
    }
    described = {
        "transactionTime": instant(at, zone),
        "request": f"{base}/{MANIFEST}",
        "output": [{"type": kind, "url": f"{base}/{name}"} for kind, name in _FILES.items()],
        "error": [],
    }
    return Published(at=at, manifest=json.dumps(described, ensure_ascii=False), files=files)


@dataclass(slots=True)
class Publication:
    """The last publication, kept for a minute: a crowd of readers costs one search."""

    _last: Published | None = None
    _writing: threading.Lock = field(default_factory=threading.Lock)

    def of(self, store: Store, settings: Settings, now: datetime) -> Published:
        """Give the publication of now, or of less than a minute ago."""
        with self._writing:
            if self._last is None or not now - KEPT_FOR < self._last.at <= now:
                with store.read() as session:
                    offer = open_offer(session, now=now)
                base = f"{settings.public_url.rstrip('/')}/smart"
                self._last = write_publication(offer, base=base, at=now, zone=settings.zone)
            return self._last


def _lines(resources: Iterable[Json]) -> str:
    return "".join(json.dumps(one, ensure_ascii=False, separators=(",", ":")) + "\n" for one in resources)


def _location(place: OpenPlace) -> Json:
    phone = international(place.phone)
    return {
        "resourceType": "Location",
        "id": str(place.id),
        "name": " – ".join(filter(None, (place.practitioner_name, place.structure_name))),
        **({"telecom": [{"system": "phone", "value": phone}]} if phone else {}),
        "address": {
            "line": [place.address or place.city],
            "city": place.city,
            "postalCode": place.postcode,
            "country": "FR",
        },
        "position": {"longitude": place.longitude, "latitude": place.latitude},
    }


def _schedule(place: OpenPlace) -> Json:
    return {
        "resourceType": "Schedule",
        "id": str(place.id),
        "serviceType": [{"coding": [{"system": _SERVICES, "code": "124", "display": "General Practice"}]}],
        "actor": [{"reference": f"Location/{place.id}"}],
    }


def _slot(slot: OpenSlot, place: OpenPlace) -> Json:
    phone = international(place.phone)
    extensions: list[Json] = [{"url": f"{_EXTENSIONS}slot-capacity", "valueInteger": slot.num_free}]
    if phone:
        extensions.append({"url": f"{_EXTENSIONS}booking-phone", "valueString": phone})
    return {
        "resourceType": "Slot",
        "id": str(slot.id),
        "extension": extensions,
        "serviceType": [{"coding": [{"system": _MODALITIES, "code": slot.modality.value}]}],
        "schedule": {"reference": f"Schedule/{slot.place_id}"},
        "status": "free",
        "start": instant(slot.start_at, slot.zone),
        "end": instant(slot.end_at, slot.zone),
    }
