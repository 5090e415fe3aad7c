"""What has just been done, said on the page that follows: a code in its address, a sentence here."""

from dataclasses import dataclass

from fastapi import Request

from api.web.dates import counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One sentence on top of a page; ``tone`` is its colour: ok, warn, danger."""

    tone: str
    sentence: str


_DONE = {
    "invite": Notice(
        tone="ok", sentence="Rôle donné. Un nouveau compte reçoit un lien pour choisir son mot de passe."
    ),
    "roles": Notice(tone="ok", sentence="Rôles enregistrés. Ils comptent dès la prochaine page."),
    "lien": Notice(tone="ok", sentence="Un lien pour choisir un mot de passe est parti par courriel."),
    "compte-ferme": Notice(tone="ok", sentence="Compte fermé. La personne est déconnectée partout."),
    "rouvert": Notice(tone="ok", sentence="Compte rouvert, avec le mot de passe qu'il avait."),
    "territoire": Notice(tone="ok", sentence="Communes du territoire enregistrées."),
    "plateforme": Notice(tone="ok", sentence="Numéro et téléphone enregistrés."),
    "plateforme-douteux": Notice(
        tone="warn",
        sentence="Numéro enregistré, mais sa clé de contrôle ne correspond pas : vérifiez-le.",
    ),
    "plateforme-partage": Notice(tone="ok", sentence="Créneaux partagés avec la CPTS voisine."),
    "plateforme-arret": Notice(tone="ok", sentence="Créneaux partagés : retirés de la CPTS voisine."),
    "structure": Notice(tone="ok", sentence="Structure ajoutée."),
    "cle-deja": Notice(
        tone="warn",
        sentence="Cette clé vient d'être faite et n'est montrée qu'une fois. Si vous ne l'avez pas, "
        "révoquez-la et faites-en une autre.",
    ),
    "revoque": Notice(tone="ok", sentence="Clé révoquée : elle n'ouvre plus rien."),
    "valide": Notice(tone="ok", sentence="Proposition validée : le médecin a reçu la demande."),
    "ecarte": Notice(
        tone="ok", sentence="Proposition écartée. Le patient retourne en attente avec son ancienneté."
    ),
    "regles": Notice(
        tone="ok", sentence="Règles adoptées. Elles s'appliquent à partir du prochain appariement."
    ),
    "reprise": Notice(
        tone="ok", sentence="Validation reprise : rien n'est parti, la proposition est revenue."
    ),
    "confie": Notice(tone="ok", sentence="La demande est partie au médecin que vous avez choisi."),
    "brouillon": Notice(tone="ok", sentence="Brouillon enregistré. Il est gardé sept jours, pour vous seul."),
    "brouillon-efface": Notice(tone="ok", sentence="Brouillon effacé."),
    "importe": Notice(tone="ok", sentence="Liste reprise : les patients sont reçus par la coordination."),
    "reuni": Notice(
        tone="ok", sentence="Les deux dossiers n'en font plus qu'un, avec l'ancienneté la plus longue."
    ),
    "separe": Notice(tone="ok", sentence="Noté : ce sont deux personnes. Les deux dossiers continuent."),
    "defait": Notice(tone="ok", sentence="Réunion défaite : chaque personne retrouve son dossier."),
    "contact": Notice(tone="ok", sentence="Appel noté."),
    "demande-faite": Notice(
        tone="ok", sentence="Question posée. Le patient attend la réponse, deux semaines au plus."
    ),
    "reponse-notee": Notice(tone="ok", sentence="Réponse notée. Merci."),
    "corrige": Notice(tone="ok", sentence="Réponses corrigées : la priorité est recalculée."),
    "attente": Notice(tone="ok", sentence="Dossier vérifié. Le patient est en attente d'un médecin."),
    "verifie": Notice(
        tone="warn", sentence="Dossier vérifié. Il manque l'accord du patient pour le mettre en attente."
    ),
    "reserve": Notice(tone="ok", sentence="Le créneau est à vous."),
    "retenu": Notice(
        tone="ok", sentence="Le créneau est retenu pour vous. Confirmez dès que le patient est d'accord."
    ),
    "ouvert": Notice(tone="ok", sentence="Le créneau est ouvert : la régulation le voit."),
    "serie": Notice(tone="ok", sentence="La plage est ouverte chaque semaine ; ses créneaux sont écrits."),
    "ferme": Notice(tone="ok", sentence="Le créneau est fermé."),
    "en-sus": Notice(tone="ok", sentence="Une place en sus est prise ; personne d'autre ne la voit."),
    "serie-changee": Notice(tone="ok", sentence="La série est changée."),
    "absence": Notice(
        tone="ok",
        sentence="L'absence est notée, les créneaux fermés ; les rendez-vous pris restent à régler.",
    ),
    "retour": Notice(tone="ok", sentence="L'absence est retirée : ce qu'elle fermait est rouvert."),
    "limites": Notice(tone="ok", sentence="Vos limites sont enregistrées."),
    "revoquee": Notice(tone="ok", sentence="L'adresse ne donne plus rien à personne."),
    "conflit": Notice(tone="ok", sentence="Le conflit est réglé."),
    "regles-soins": Notice(tone="ok", sentence="Règles enregistrées ; la prochaine recherche les suit."),
    "demande": Notice(
        tone="ok",
        sentence="Demande créée. Relais cherche ; revenez ici à l'heure dite.",
    ),
    "promettre": Notice(tone="ok", sentence="C'est noté : un créneau a été promis au patient."),
    "prendre": Notice(tone="ok", sentence="Cette demande est à vous."),
    "prolonger": Notice(tone="ok", sentence="L'échéance est repoussée."),
    "abandonner": Notice(tone="ok", sentence="La demande est abandonnée."),
    "deplace": Notice(
        tone="ok",
        sentence="Le rendez-vous est déplacé : l'ancienne place est rendue. Dites la nouvelle heure.",
    ),
    "venu": Notice(tone="ok", sentence="C'est noté : le patient est venu."),
    "absent": Notice(tone="ok", sentence="C'est noté : le patient n'est pas venu."),
    "annule": Notice(tone="ok", sentence="Le rendez-vous est annulé : la place est rendue."),
    "relie": Notice(tone="ok", sentence="Agenda relié et lu. Ses créneaux sont visibles."),
    "relu": Notice(tone="ok", sentence="Agenda relu. Ses créneaux sont à jour."),
    "non-lu": Notice(
        tone="warn",
        sentence="L'agenda n'a pas pu être lu. Voyez ci-dessous pourquoi ; la lecture sera refaite.",
    ),
    "suspendu": Notice(
        tone="ok", sentence="Agenda suspendu : ses créneaux sont masqués, les rendez-vous pris restent."
    ),
    "repris": Notice(tone="ok", sentence="Agenda repris : ses créneaux sont de nouveau visibles."),
}


def notice_of(request: Request) -> Notice | None:
    """Give the sentence that the address of a page asks for, if it is one of ours."""
    asked = request.query_params
    if asked.get("fait") == "valides":
        return _validated(asked.get("n", ""), asked.get("refus", ""))
    return _DONE.get(asked.get("fait", ""))


def _validated(num_done: str, num_refused: str) -> Notice | None:
    if not (num_done.isdecimal() and num_refused.isdecimal() and len(num_done + num_refused) < 10):
        return None
    done, refused = int(num_done), int(num_refused)
    sentence = counted(done, "proposition validée.", "propositions validées.")
    if refused:
        failed = counted(refused, "n’a pas pu l’être", "n’ont pas pu l’être")
        sentence += f" {failed} : le dossier ou la place a changé."
    return Notice(tone="warn" if refused else "ok", sentence=sentence)
