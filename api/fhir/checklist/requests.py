"""The requests: every way they are written, their limits, what is refused."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit

from api.fhir.checklist.ground import (
    PARIS,
    PLAIN,
    WITH_CPTS,
    Ground,
    NothingToSee,
    conforms,
    ids,
    require,
    resources,
    who,
)

UNKNOWN = "00000000001"
"""A number nobody has, which fails its check digit as many samples do."""

_PAST = "start=ge2024-01-01T00:00:00.000+00:00&start=le2024-01-03T23:59:59.999+00:00"


def capabilities(ground: Ground) -> str:
    """Read the CapabilityStatement."""
    answer = ground.get("/metadata")
    require(answer.status_code == 200, f"réponse {answer.status_code}")
    statement = answer.json()
    require(statement.get("fhirVersion") == "4.0.1", "fhirVersion n'est pas 4.0.1")
    served = {one["type"] for one in statement["rest"][0]["resource"]}
    require({"Slot", "Practitioner"} <= served, "Slot et Practitioner doivent y figurer")
    return ", ".join(sorted(served))


def every_writing(ground: Ground) -> str:
    """Ask the same thing in every way that occurs, and want the same slots."""
    number = 0
    for includes in (PLAIN, WITH_CPTS):
        for target in _writings(ground, includes):
            found = ids(ground.bundle(target))
            require(found == _expected(ground, includes), f"autres créneaux pour l'écriture n° {number + 1}")
            number += 1
    return f"{number} écritures"


def _expected(ground: Ground, includes: str) -> list[str]:
    start, end = _bounds(ground)
    bounds = f"start=ge{_written(start)}&start=le{_written(end)}"
    return ids(ground.bundle(f"/Slot?{includes}&{bounds}&{who(ground.rpps)}&status=free"))


def _writings(ground: Ground, includes: str) -> Iterator[str]:
    """Give the same search in the writings of the guide, its FAQ and the kit."""
    start, end = _bounds(ground)
    bounds = f"start=ge{_written(start)}&start=le{_written(end)}"
    asked = who(ground.rpps)
    yield f"/Slot/?{includes}&status=free&{bounds}&{asked}&_count=1000"
    yield f"/Slot?{asked}&{bounds}&status=free&{includes}&_format=json"
    yield f"/Slot?{includes}&{bounds}&{who(ground.rpps, bar='%7C')}&status=free"
    yield f"/Slot?{includes}&{bounds}&{who(ground.rpps, between=',%20')}&status=free"
    yield f"/Slot?{includes}&{bounds}&{who(ground.rpps, between=',+')}&status=free"
    yield f"/Slot?{includes}&{bounds}&{who(ground.rpps, between='%2C', bar='%7C')}&status=free"
    yield f"/Slot?{includes.replace(':', '%3A')}&{bounds}&{asked.replace(':', '%3A')}&status=free"
    yield f"/Slot?{includes}&{bounds.replace('+', '%2B')}&{asked}&status=free"
    yield f"/Slot?{includes}&{bounds.replace('+', '%20')}&{asked}&status=free"
    for written in (f"{start:%FT%T}", f"{start:%FT%T}.000"):  # without a zone: the time of Paris
        yield f"/Slot?{includes}&start=ge{written}&start=le{_written(end)}&{asked}&status=free"
    utc = f"{start - (start.utcoffset() or timedelta(0)):%FT%T}.000+00:00"
    yield f"/Slot?{includes}&start=ge{utc}&start=le{_written(end)}&{asked}&status=free"


def _bounds(ground: Ground) -> tuple[datetime, datetime]:
    start = (ground.now + timedelta(minutes=10)).astimezone(PARIS).replace(second=0, microsecond=0)
    return start, start + timedelta(hours=70)


def _written(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds")


def one_to_twenty_five(ground: Ground) -> str:
    """Ask for one and for 25; for more, be refused."""
    many = [*ground.rpps, *(f"{number:011d}" for number in range(1, 26))]
    tail = f"{PLAIN}&{ground.window()}&status=free"
    for number in (1, 25):
        ground.bundle(f"/Slot?{tail}&{who(many[:number])}")
    _refused(ground, f"/Slot?{tail}&{who(many[:26])}")
    return "26 : refusé"


def what_is_missing(ground: Ground) -> str:
    """Be refused without one of the mandatory parameters."""
    window, asked = ground.window(), who(ground.rpps)
    only_ge, only_le = window.split("&")
    for kept in (
        (window, asked),
        (window, "status=free"),
        (only_ge, asked, "status=free"),
        (only_le, asked, "status=free"),
        (window, asked, "status=busy"),
        ("start=gedemain", only_le, asked, "status=free"),
    ):
        _refused(ground, f"/Slot?{PLAIN}&{'&'.join(kept)}")
    return ""


def _refused(ground: Ground, target: str) -> None:
    answer = ground.get(target)
    require(answer.status_code == 400, f"réponse {answer.status_code} au lieu de 400")
    require(answer.json().get("resourceType") == "OperationOutcome", "le refus n'est pas un OperationOutcome")


def nobody(ground: Ground) -> str:
    """Ask for nobody known, or for the past: an empty answer, not a refusal."""
    for tail in (f"{ground.window()}&{who([UNKNOWN])}", f"{_PAST}&{who(ground.rpps)}"):
        for includes in (PLAIN, WITH_CPTS):
            empty = ground.bundle(f"/Slot?{includes}&{tail}&status=free")
            require(empty.get("total") == 0 and "entry" not in empty, "la réponse vide n'est pas vide")
            conforms(empty)
    return ""


def mixed(ground: Ground) -> str:
    """Ask for known and unknown together: only the known are answered."""
    known = ids(ground.slots_of(ground.rpps))
    target = f"/Slot?{PLAIN}&{ground.window()}&{who([UNKNOWN, *ground.rpps[:24]])}&status=free"
    if len(ground.rpps) > 24:
        known = ids(ground.slots_of(ground.rpps[:24]))
    require(ids(ground.bundle(target)) == known, "les créneaux des connus ne sont pas ceux attendus")
    return f"{len(known)} créneaux"


def both_ends(ground: Ground) -> str:
    """Ask for exactly the start of a slot: both ends count."""
    slots = resources(ground.slots_of(ground.rpps), "Slot")
    if not slots:
        raise NothingToSee("aucun créneau libre")
    at = slots[-1]["start"]
    found = ground.bundle(f"/Slot?{PLAIN}&start=ge{at}&start=le{at}&{who(ground.rpps)}&status=free")
    require(slots[-1]["id"] in ids(found), "le créneau qui commence à la borne manque")
    require(all(slot["start"] == at for slot in resources(found, "Slot")), "un créneau hors des bornes")
    return ""


def the_envelope(ground: Ground) -> str:
    """Look at the answer as a whole: type, total, self link, media type."""
    target = f"/Slot?{WITH_CPTS}&{ground.window()}&{who(ground.rpps)}&status=free"
    answer = ground.get(target)
    bundle = answer.json()
    media = answer.headers.get("content-type", "").partition(";")[0]
    require(media == "application/fhir+json", f"type de contenu {media}")
    require(bundle["total"] == len(resources(bundle, "Slot")), "total n'est pas le nombre de créneaux")
    require([link["relation"] for link in bundle["link"]] == ["self"], "un seul lien, self")
    require(_query(bundle["link"][0]["url"]) == _query(target), "le lien self n'est pas la demande")
    modes = {entry["resource"]["resourceType"]: entry["search"]["mode"] for entry in bundle.get("entry", ())}
    wrong = [kind for kind, mode in modes.items() if mode != ("match" if kind == "Slot" else "include")]
    require(not wrong, "search.mode")
    return f"{bundle['total']} créneaux"


def _query(address: str) -> dict[str, list[str]]:
    """Read a query as the kit does: names with their values, sorted."""
    return {name: sorted(values) for name, values in parse_qs(urlsplit(address).query).items()}
