"""The answers: profiles, references, places, communities, hours, addresses of agendas."""

from datetime import datetime
from typing import Any

from api.fhir.checklist.ground import (
    WITH_CPTS,
    Ground,
    NothingToSee,
    codes,
    communities,
    conforms,
    matches,
    require,
    resources,
)

_INSTANT = r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}[+-]\d{2}:\d{2}"
_PHONE = r"\+(33|262|590|594|596)\d{9}"
_STRUCTURE = r"1\d{9}|3\d{14}|4\d{14}"


def profiles(ground: Ground) -> str:
    """Hold both kinds of answer against the element tables of both versions."""
    plain, shared = ground.slots_of(ground.rpps), ground.slots_of(ground.rpps, includes=WITH_CPTS)
    conforms(plain)
    conforms(shared)
    return f"{len(plain.get('entry', ())) + len(shared.get('entry', ()))} ressources"


def hours(ground: Ground) -> str:
    """Look at every hour: to come, in order, with milliseconds and an offset."""
    slots = _slots(ground)
    for slot in slots:
        for name in ("start", "end"):
            matches(_INSTANT, slot.get(name), f"{name} sans millisecondes ou sans décalage")
        start, end = datetime.fromisoformat(slot["start"]), datetime.fromisoformat(slot["end"])
        require(ground.now <= start < end, "un créneau passé, ou qui finit avant de commencer")
    return f"{len(slots)} créneaux"


def fields(ground: Ground) -> str:
    """Look at what the kit wants of every slot."""
    for slot in _slots(ground):
        require(slot["status"] == "free", "un créneau qui n'est pas libre")
        booked_how = {coding["code"] for coding in slot["appointmentType"]["coding"]}
        require(booked_how <= {"ROUTINE", "WALKIN"}, "appointmentType")
        require(bool(slot.get("comment", "").strip()), "un créneau sans adresse d'agenda (comment)")
        require("?" in slot["comment"], "une adresse à laquelle la plateforme ne peut rien ajouter")
        require(len(slot["meta"]["profile"]) == 1, "plusieurs profils")
    kinds = sorted({code for slot in _slots(ground) for code in codes(slot)})
    ways = sorted({coding["code"] for slot in _slots(ground) for coding in slot["serviceType"][0]["coding"]})
    return f"types {', '.join(kinds)} ; {', '.join(ways)}"


def people(ground: Ground) -> str:
    """Look at professionals and their places."""
    bundle = ground.slots_of(ground.rpps)
    asked = {f"8{number}" for number in ground.rpps}
    for person in resources(bundle, "Practitioner"):
        (identifier,) = person["identifier"]
        matches(r"8[0-9]{11}", identifier["value"], "identifiant de professionnel")
        require(identifier["value"] in asked, "un professionnel qui n'était pas demandé")
        name = person["name"][0]
        require(bool(name.get("family")) and bool(name.get("given")), "un professionnel sans nom")
        _phones(person)
    for role in resources(bundle, "PractitionerRole"):
        _place(role)
    return f"{len(resources(bundle, 'Practitioner'))} professionnels"


def _place(role: dict[str, Any]) -> None:
    (place,) = role["contained"]
    require(role["location"] == [{"reference": f"#{place['id']}"}], "PractitionerRole.location")
    address = place["address"]
    require(bool(address.get("line")) and bool(address.get("city")), "une adresse incomplète")
    matches(r"\d{5}", address.get("postalCode"), "code postal")
    if "organization" in role:
        matches(_STRUCTURE, role["organization"]["identifier"]["value"], "numéro de structure")
    _phones(role)


def _phones(resource: dict[str, Any]) -> None:
    for telecom in resource.get("telecom", ()):
        if telecom["system"] == "phone":
            matches(_PHONE, telecom["value"], "un téléphone qui n'est pas international")


def one_place(ground: Ground) -> str:
    """Look at a professional of one place: each resource once."""
    for bundle in ground.each_alone():
        if len(resources(bundle, "PractitionerRole")) == 1:
            (person,), (role,), (schedule,) = (
                resources(bundle, kind) for kind in ("Practitioner", "PractitionerRole", "Schedule")
            )
            _tied(person, role, schedule)
            return ""
    raise NothingToSee("aucun médecin d'un seul lieu n'a de créneau libre")


def several_places(ground: Ground) -> str:
    """Look at a professional of several places."""
    for bundle in ground.each_alone():
        roles = resources(bundle, "PractitionerRole")
        if len(roles) > 1:
            (person,) = resources(bundle, "Practitioner")
            schedules = resources(bundle, "Schedule")
            require(len(schedules) == len(roles), "un agenda par lieu")
            for role, schedule in zip(roles, schedules, strict=True):
                _tied(person, role, schedule)
            return f"{len(roles)} lieux"
    raise NothingToSee("aucun médecin de plusieurs lieux n'a de créneau libre")


def _tied(person: dict[str, Any], role: dict[str, Any], schedule: dict[str, Any]) -> None:
    require(
        role["practitioner"]["reference"] == f"Practitioner/{person['id']}", "PractitionerRole.practitioner"
    )
    actors = {actor["reference"] for actor in schedule["actor"]}
    require(actors == {f"Practitioner/{person['id']}", f"PractitionerRole/{role['id']}"}, "Schedule.actor")


def several_people(ground: Ground) -> str:
    """Look at several professionals in one answer."""
    bundle = ground.slots_of(ground.rpps)
    number = len(resources(bundle, "Practitioner"))
    if number < 2:
        raise NothingToSee("moins de deux médecins ont un créneau libre")
    for kind in ("PractitionerRole", "Schedule"):
        require(len(resources(bundle, kind)) >= number, f"moins de {kind} que de professionnels")
    return f"{number} professionnels"


def without_communities(ground: Ground) -> str:
    """Look at the answer of INT_R01: no community in it."""
    bundle = ground.slots_of(ground.rpps)
    for kind in ("HealthcareService", "Organization"):
        require(not resources(bundle, kind), f"{kind} dans une réponse INT_R01")
    require(not any(map(communities, resources(bundle, "Slot"))), "une référence de CPTS en INT_R01")
    return ""


def communities_of_slots(ground: Ground) -> str:
    """Look at the slots of communities: one service and one organisation for each."""
    bundle = ground.slots_of(ground.rpps, includes=WITH_CPTS)
    services, organizations = resources(bundle, "HealthcareService"), resources(bundle, "Organization")
    if not services:
        raise NothingToSee("aucun créneau de CPTS")
    require(len(services) == len(organizations), "autant de HealthcareService que d'Organization")
    known = {f"Organization/{organization['id']}" for organization in organizations}
    require({one["providedBy"]["reference"] for one in services} == known, "HealthcareService.providedBy")
    for organization in organizations:
        matches(r"1[0-9]{9}", organization["identifier"][0]["value"], "numéro de CPTS")
        require(
            bool(organization.get("name")) and bool(organization.get("telecom")), "CPTS sans nom ni téléphone"
        )
        _phones(organization)
    sent = {f"HealthcareService/{service['id']}" for service in services}
    for slot in resources(bundle, "Slot"):
        require(("CPTS" in codes(slot)) == bool(communities(slot)), "code CPTS sans CPTS, ou l'inverse")
        require(communities(slot) <= sent, "une CPTS qui n'est pas dans la réponse")
    return f"{len(services)} CPTS"


def slot_of_two_communities(ground: Ground) -> str:
    """Look for one slot that two communities share."""
    for slot in resources(ground.slots_of(ground.rpps, includes=WITH_CPTS), "Slot"):
        if len(communities(slot)) > 1:
            return f"{len(communities(slot))} CPTS"
    raise NothingToSee("aucun créneau partagé par deux CPTS")


def slots_of_two_communities(ground: Ground) -> str:
    """Look for two slots of different communities in one answer."""
    found = [
        communities(slot)
        for slot in resources(ground.slots_of(ground.rpps, includes=WITH_CPTS), "Slot")
        if len(communities(slot)) == 1
    ]
    if len(set().union(*found)) < 2:
        raise NothingToSee("les créneaux de CPTS sont tous de la même")
    return ""


def slot_without_community(ground: Ground) -> str:
    """Look for a slot of no community in an answer to INT_R04."""
    for slot in resources(ground.slots_of(ground.rpps, includes=WITH_CPTS), "Slot"):
        if "CPTS" not in codes(slot):
            return ""
    raise NothingToSee("tous les créneaux sont de CPTS")


def agenda_asks_to_sign_in(ground: Ground) -> str:
    """Open the address of an agenda without a session: the sign-in page, whether or not from the platform."""
    for addition in ("&origin=sas", ""):
        page = ground.pages.get(
            _slots(ground)[0]["comment"] + addition, headers={"Accept": "text/html"}, follow_redirects=True
        )
        require(page.status_code == 200 or page.is_client_error, f"réponse {page.status_code}")
        signs_in = 'type="password"' in page.text
        require(signs_in or (not addition and page.is_client_error), "la page de connexion n'est pas venue")
    return ""


def _slots(ground: Ground) -> list[dict[str, Any]]:
    found = resources(ground.slots_of(ground.rpps, includes=WITH_CPTS), "Slot")
    if not found:
        raise NothingToSee("aucun créneau libre dans la fenêtre")
    return found
