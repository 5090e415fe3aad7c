"""Running every check, whatever the others found."""

from collections.abc import Callable, Iterator

import httpx

from api.fhir.checklist import accounts, content, door, requests
from api.fhir.checklist.ground import Ground, NothingToSee, Result, Verdict, Wrong

Check = Callable[[Ground], str]

CHECKS: tuple[tuple[str, str, Check], ...] = (
    ("Porte", "Sans certificat : refusé", door.no_certificate),
    ("Porte", "Autres certificats : refusés", door.strangers),
    ("Porte", "En-têtes forgés : sans effet", door.forged_headers),
    ("Porte", "TLS 1.0 et 1.1 refusés, 1.2 accepté", door.old_tls),
    ("Demandes", "CapabilityStatement", requests.capabilities),
    ("Demandes", "Toutes les écritures des dates et des identifiants", requests.every_writing),
    ("Demandes", "1 à 25 professionnels, 26 refusés", requests.one_to_twenty_five),
    ("Demandes", "Paramètre obligatoire absent : 400 et OperationOutcome", requests.what_is_missing),
    ("Demandes", "Inconnu ou passé : réponse vide", requests.nobody),
    ("Demandes", "Connus et inconnus : les connus seuls", requests.mixed),
    ("Demandes", "Bornes comprises", requests.both_ends),
    ("Réponses", "Enveloppe : type, total, lien self", requests.the_envelope),
    ("Réponses", "Profils 1.1.0 et 1.2.0, références, rien de vide", content.profiles),
    ("Réponses", "Heures à venir, millisecondes et décalage", content.hours),
    ("Réponses", "Créneau : état, type, adresse de l'agenda", content.fields),
    ("Réponses", "Professionnels, adresses, téléphones", content.people),
    ("Réponses", "Un lieu : chaque ressource une fois", content.one_place),
    ("Réponses", "Plusieurs lieux d'un professionnel", content.several_places),
    ("Réponses", "Plusieurs professionnels", content.several_people),
    ("CPTS", "INT_R01 sans CPTS", content.without_communities),
    ("CPTS", "Services et organisations des CPTS", content.communities_of_slots),
    ("CPTS", "Un créneau dans deux CPTS", content.slot_of_two_communities),
    ("CPTS", "Deux créneaux de deux CPTS", content.slots_of_two_communities),
    ("CPTS", "Un créneau sans CPTS", content.slot_without_community),
    ("Agenda", "L'adresse d'un agenda demande de se connecter", content.agenda_asks_to_sign_in),
    ("Comptes", "INT_R02 : la vie d'un compte", accounts.life_of_an_account),
    ("Comptes", "INT_R02 : comptes fautifs refusés", accounts.refused_accounts),
    ("Rendez-vous", "INT_R03 : comptes rendus conformes", accounts.told_bookings),
    ("Rapidité", "25 professionnels sur 72 heures", door.quick),
)


def run_checklist(ground: Ground) -> Iterator[Result]:
    """Run every check in order, giving each line as soon as it is known."""
    for section, title, check in CHECKS:
        verdict, detail = _verdict(check, ground)
        yield Result(section=section, title=title, verdict=verdict, detail=detail)


def _verdict(check: Check, ground: Ground) -> tuple[Verdict, str]:
    try:
        return Verdict.OK, check(ground)
    except NothingToSee as reason:
        return Verdict.NONE, str(reason)
    except Wrong as reason:
        return Verdict.KO, str(reason)
    except httpx.TransportError as error:
        return Verdict.KO, f"pas de réponse ({type(error).__name__})"
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        return Verdict.KO, f"réponse illisible ({type(error).__name__})"  # not the form a check reads
