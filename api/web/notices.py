"""What has just been done, said on the page that follows: a code in its address, a sentence here."""

from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import Request

from api.web.dates import counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One sentence on top of a page; ``tone`` is its colour: ok, warn, danger."""

    tone: str
    sentence: str


_DONE = {
    "invite": "Rôle donné. Un nouveau compte reçoit un lien pour choisir son mot de passe.",
    "roles": "Rôles enregistrés. Ils comptent dès la prochaine page.",
    "lien": "Un lien pour choisir un mot de passe est parti par courriel.",
    "compte-ferme": "Compte fermé. La personne est déconnectée partout.",
    "rouvert": "Compte rouvert, avec le mot de passe qu'il avait.",
    "territoire": "Communes du territoire enregistrées.",
    "plateforme": "Numéro et téléphone enregistrés.",
    "plateforme-partage": "Créneaux partagés avec la CPTS voisine.",
    "plateforme-arret": "Créneaux partagés : retirés de la CPTS voisine.",
    "structure": "Structure ajoutée.",
    "revoque": "Clé révoquée : elle n'ouvre plus rien.",
    "valide": "Proposition validée : le médecin a reçu la demande.",
    "ecarte": "Proposition écartée. Le patient retourne en attente avec son ancienneté.",
    "regles": "Règles adoptées. Elles s'appliquent à partir du prochain appariement.",
    "reprise": "Validation reprise : rien n'est parti, la proposition est revenue.",
    "confie": "La demande est partie au médecin que vous avez choisi.",
    "brouillon": "Brouillon enregistré. Il est gardé sept jours, pour vous seul.",
    "brouillon-efface": "Brouillon effacé.",
    "importe": "Liste reprise : les patients sont reçus par la coordination.",
    "reuni": "Les deux dossiers n'en font plus qu'un, avec l'ancienneté la plus longue.",
    "separe": "Noté : ce sont deux personnes. Les deux dossiers continuent.",
    "defait": "Réunion défaite : chaque personne retrouve son dossier.",
    "contact": "Appel noté.",
    "demande-faite": "Question posée. Le patient attend la réponse, deux semaines au plus.",
    "reponse-notee": "Réponse notée. Merci.",
    "corrige": "Réponses corrigées : la priorité est recalculée.",
    "attente": "Dossier vérifié. Le patient est en attente d'un médecin.",
    "reserve": "Le créneau est à vous.",
    "retenu": "Le créneau est retenu pour vous. Confirmez dès que le patient est d'accord.",
    "ouvert": "Le créneau est ouvert : la régulation le voit.",
    "serie": "La plage est ouverte chaque semaine ; ses créneaux sont écrits.",
    "ferme": "Le créneau est fermé.",
    "en-sus": "Une place en sus est prise ; personne d'autre ne la voit.",
    "serie-changee": "La série est changée.",
    "absence": "L'absence est notée, les créneaux fermés ; les rendez-vous pris restent à régler.",
    "retour": "L'absence est retirée : ce qu'elle fermait est rouvert.",
    "limites": "Vos limites sont enregistrées.",
    "revoquee": "L'adresse ne donne plus rien à personne.",
    "conflit": "Le conflit est réglé.",
    "regles-soins": "Règles enregistrées ; la prochaine recherche les suit.",
    "demande": "Demande créée. Relais cherche ; revenez ici à l'heure dite.",
    "promettre": "C'est noté : un créneau a été promis au patient.",
    "prendre": "Cette demande est à vous.",
    "prolonger": "L'échéance est repoussée.",
    "abandonner": "La demande est abandonnée.",
    "deplace": "Le rendez-vous est déplacé : l'ancienne place est rendue. Dites la nouvelle heure.",
    "venu": "C'est noté : le patient est venu.",
    "absent": "C'est noté : le patient n'est pas venu.",
    "annule": "Le rendez-vous est annulé : la place est rendue.",
    "relie": "Agenda relié et lu. Ses créneaux sont visibles.",
    "relu": "Agenda relu. Ses créneaux sont à jour.",
    "suspendu": "Agenda suspendu : ses créneaux sont masqués, les rendez-vous pris restent.",
    "repris": "Agenda repris : ses créneaux sont de nouveau visibles.",
}

_WARNED = {
    "plateforme-douteux": "Numéro enregistré, mais sa clé de contrôle ne correspond pas : vérifiez-le.",
    "cle-deja": "Cette clé vient d'être faite et n'est montrée qu'une fois. Si vous ne l'avez pas, "
    "révoquez-la et faites-en une autre.",
    "verifie": "Dossier vérifié. Il manque l'accord du patient pour le mettre en attente.",
    "non-lu": "L'agenda n'a pas pu être lu. Voyez ci-dessous pourquoi ; la lecture sera refaite.",
}


def notice_of(
    request: Request, done: Mapping[str, str] = _DONE, warned: Mapping[str, str] = _WARNED
) -> Notice | None:
    """Give the sentence that the address of a page asks for, if it is one of ours.

    Parameters
    ----------
    done, warned
        What went well, and what people must look at, by the codes of the page's own addresses.
    """
    code = request.query_params.get("fait", "")
    if code in warned:
        return Notice(tone="warn", sentence=warned[code])
    if code in done:
        return Notice(tone="ok", sentence=done[code])
    asked = request.query_params
    return _validated(asked.get("n", ""), asked.get("refus", "")) if code == "valides" else None


def _validated(num_done: str, num_refused: str) -> Notice | None:
    if not (num_done.isdecimal() and num_refused.isdecimal() and len(num_done + num_refused) < 10):
        return None
    done, refused = int(num_done), int(num_refused)
    sentence = counted(done, "proposition validée.", "propositions validées.")
    if refused:
        failed = counted(refused, "n’a pas pu l’être", "n’ont pas pu l’être")
        sentence += f" {failed} : le dossier ou la place a changé."
    return Notice(tone="warn" if refused else "ok", sentence=sentence)
