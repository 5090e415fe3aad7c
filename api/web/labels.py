"""How a person, a place, an age or a line of history is named on a page."""

from collections.abc import Mapping
from datetime import date

from api.web.dates import NARROW
from api.web.words import REJECT_REASONS
from scheduler.referrals.instance import age_on
from scheduler.referrals.read import HistoryLine
from scheduler.territory.communes import communes
from scheduler.territory.errors import UnknownCommune


def full_name(family_name: str, given_name: str) -> str:
    """Name a patient as lists are sorted and called out: ``DURAND Zoé``."""
    return f"{family_name.upper()} {given_name}"


def age(born: date | None, on: date) -> str:
    """Say an age: ``75 ans``; months under two years; "" when the birth date is not known."""
    if born is None:
        return ""
    years = age_on(born, on)
    if years >= 2:
        return f"{years}{NARROW}ans"
    months = (on.year - born.year) * 12 + on.month - born.month - (on.day < born.day)
    return f"{months}{NARROW}mois"


def commune_name(insee: str) -> str:
    """Name a commune; its code when the table does not know it."""
    try:
        return communes().by_insee(insee).name
    except UnknownCommune:
        return insee


def phone(number: str) -> str:
    """Write a French number in pairs: ``01 60 00 00 00``; others as they are."""
    if len(number) == 10 and number.isdigit():
        return NARROW.join(number[i : i + 2] for i in range(0, 10, 2))
    return number


_EVENTS: Mapping[str, str] = {
    "signalled": "Signalement reçu.",
    "corrected": "Réponses complétées ou corrigées.",
    "consent_given": "Accord du patient recueilli.",
    "qualify": "Dossier vérifié par la coordination.",
    "enlist": "Mis en attente d’un médecin.",
    "propose": "Proposé à un médecin par l’appariement.",
    "reject": "Proposition écartée : retour en attente, ancienneté conservée.",
    "supersede": "Proposition remplacée par un nouvel appariement.",
    "offer": "Proposition validée : le médecin a reçu la demande.",
    "decline": "Le médecin ne peut pas : retour en attente, ancienneté conservée.",
    "expire": "Pas de réponse du médecin dans le délai : retour en attente.",
    "withdraw": "Demande retirée au médecin : retour en attente.",
    "accept": "Le médecin a accepté.",
    "see": "Première consultation faite.",
    "declare": "Médecin traitant déclaré.",
    "suspend": "Dossier suspendu.",
    "resume": "Dossier remis en route.",
    "consent_withdrawn": "Accord du patient retiré.",
    "reminded": "Le médecin a été relancé.",
    "visit_planned": "Première consultation prévue.",
    "visit_missed": "Le patient n’est pas venu à la première consultation.",
    "follow_up_asked": "Le médecin a été interrogé sur le suivi.",
    "followed": "Réponse du médecin sur le suivi.",
    "lose": "Le patient n’a plus ce médecin : retour en attente, ancienneté conservée.",
    "bridged": "Consultation donnée en attendant ; le rang ne change pas.",
    "bridge_asked": "Après la consultation, le médecin a été invité à suivre le patient.",
    "resume_accepted": "Dossier remis en route avec le médecin qui avait accepté.",
    "resume_seen": "Dossier remis en route avec le médecin qui suit le patient.",
    "reviewed": "Dossier regardé par la coordination.",
    "taken_charge": "Une personne de la coordination suit ce dossier.",
    "close": "Dossier clos.",
}


def happened(line: HistoryLine) -> str:
    """Say in a sentence what a line of history tells."""
    sentence = _EVENTS.get(line.kind, "Dossier mis à jour.")
    reason = REJECT_REASONS.get(str(line.detail.get("reason", "")))
    return f"{sentence} Motif : {reason.lower()}." if reason else sentence


def who_acted(line: HistoryLine, own_key: str) -> str:
    """Say who did it, without naming colleagues: the history holds keys, not names."""
    if line.actor == own_key:
        return "vous"
    if line.actor.startswith("system:"):
        return "Relais"
    if line.actor.startswith("link:"):
        return "le médecin, par le lien du courriel"
    return "un programme" if line.actor.startswith("token:") else ""
