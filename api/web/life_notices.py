"""What was just done about a patient or an intake, said on the page that follows."""

from fastapi import Request

from api.web.notices import Notice, notice_of

_DONE = {
    "accepte": "Accepté. Les coordonnées sont ci-dessous, pour vous seul.",
    "decline": "C'est noté. Un confrère va être sollicité.",
    "note": "C'est noté.",
    "places": "Enregistré. Les prochaines demandes en tiennent compte.",
    "pause": "En pause : aucune demande nouvelle jusqu'à ce jour inclus.",
    "pause_levee": "Pause levée : les demandes reprennent.",
    "relais": "C'est confié. La personne est prévenue par courriel.",
    "relais-fin": "C'est repris : les demandes vous reviennent.",
    "depart": "Annoncé. Importez maintenant la liste de vos patients.",
    "depart-annule": "L'annonce est annulée.",
    "panel": "Liste importée. Les vagues prévues sont ci-dessous.",
    "regarde": "Noté. Le dossier reviendra dans une liste ce jour-là.",
    "prendre": "Ce dossier est à vous.",
    "reprendre": "La recherche reprend, avec son ancienneté.",
    "adresser": "Demande envoyée au médecin choisi.",
    "retirer": "Demande retirée : le patient retourne en attente.",
    "suspendre": "Recherche suspendue. Rien n'est perdu : l'ancienneté reste.",
    "clore": "Dossier clos.",
    "consultation": "La consultation est réservée. Le patient garde son rang : prévenez-le.",
    "retrait": "L'accord est retiré : le dossier n'est plus accessible.",
    "visite": "La date est notée.",
    "vu": "Première consultation notée. Il reste la déclaration.",
    "absent": "C'est noté. Convenez d'une nouvelle date avec le patient.",
    "declare": "Déclaration notée. Prochaine nouvelle dans trois mois.",
    "suivi": "C'est noté : le suivi continue.",
    "fin-suivi": "C'est noté. Un patient encore sans médecin reprend sa place.",
}

_WARNED = {
    "repondu": "Quelqu'un avait déjà répondu à cette demande, ou elle a été retirée.",
    "tard": "Le délai de réponse est passé. Pour suivre quand même ce patient, appelez la coordination.",
    "complet": "Vos places sont toutes prises : ajoutez-en, ou déclinez. La demande reste ouverte.",
}


def life_notice(request: Request) -> Notice | None:
    """Give the sentence that the address of a page asks for, if it is one of ours."""
    return notice_of(request, _DONE, _WARNED) or notice_of(request)
