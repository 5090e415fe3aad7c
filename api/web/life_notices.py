"""What was just done about a patient or an intake, said on the page that follows."""

from fastapi import Request

from api.web.notices import Notice, notice_of

_DONE = {
    "accepte": Notice(tone="ok", sentence="Accepté. Les coordonnées sont ci-dessous, pour vous seul."),
    "decline": Notice(tone="ok", sentence="C'est noté. Un confrère va être sollicité."),
    "repondu": Notice(
        tone="warn", sentence="Quelqu'un avait déjà répondu à cette demande, ou elle a été retirée."
    ),
    "tard": Notice(
        tone="warn",
        sentence="Le délai de réponse est passé. Pour suivre quand même ce patient, appelez la coordination.",
    ),
    "complet": Notice(
        tone="warn",
        sentence="Vos places sont toutes prises : ajoutez-en, ou déclinez. La demande reste ouverte.",
    ),
    "note": Notice(tone="ok", sentence="C'est noté."),
    "places": Notice(tone="ok", sentence="Enregistré. Les prochaines demandes en tiennent compte."),
    "pause": Notice(tone="ok", sentence="En pause : aucune demande nouvelle jusqu'à ce jour inclus."),
    "pause_levee": Notice(tone="ok", sentence="Pause levée : les demandes reprennent."),
    "relais": Notice(tone="ok", sentence="C'est confié. La personne est prévenue par courriel."),
    "relais-fin": Notice(tone="ok", sentence="C'est repris : les demandes vous reviennent."),
    "depart": Notice(tone="ok", sentence="Annoncé. Importez maintenant la liste de vos patients."),
    "depart-annule": Notice(tone="ok", sentence="L'annonce est annulée."),
    "panel": Notice(tone="ok", sentence="Liste importée. Les vagues prévues sont ci-dessous."),
    "regarde": Notice(tone="ok", sentence="Noté. Le dossier reviendra dans une liste ce jour-là."),
    "prendre": Notice(tone="ok", sentence="Ce dossier est à vous."),
    "reprendre": Notice(tone="ok", sentence="La recherche reprend, avec son ancienneté."),
    "adresser": Notice(tone="ok", sentence="Demande envoyée au médecin choisi."),
    "retirer": Notice(tone="ok", sentence="Demande retirée : le patient retourne en attente."),
    "suspendre": Notice(tone="ok", sentence="Recherche suspendue. Rien n'est perdu : l'ancienneté reste."),
    "clore": Notice(tone="ok", sentence="Dossier clos."),
    "consultation": Notice(
        tone="ok", sentence="La consultation est réservée. Le patient garde son rang : prévenez-le."
    ),
    "retrait": Notice(tone="ok", sentence="L'accord est retiré : le dossier n'est plus accessible."),
    "visite": Notice(tone="ok", sentence="La date est notée."),
    "vu": Notice(tone="ok", sentence="Première consultation notée. Il reste la déclaration."),
    "absent": Notice(tone="ok", sentence="C'est noté. Convenez d'une nouvelle date avec le patient."),
    "declare": Notice(tone="ok", sentence="Déclaration notée. Prochaine nouvelle dans trois mois."),
    "suivi": Notice(tone="ok", sentence="C'est noté : le suivi continue."),
    "fin-suivi": Notice(tone="ok", sentence="C'est noté. Un patient encore sans médecin reprend sa place."),
}


def life_notice(request: Request) -> Notice | None:
    """Give the sentence that the address of a page asks for, if it is one of ours."""
    return _DONE.get(request.query_params.get("fait", "")) or notice_of(request)
