"""How one who signalled a patient reads the state of the file: what it is, what comes next, how far it is."""

from collections.abc import Mapping

from api.web.words import CLOSE_REASONS, STATES, StateWords
from scheduler.referrals.my_signals import MySignal
from scheduler.referrals.pathways.kept import GP
from scheduler.store.tables import ReferralState

STEPS = ("Reçu", "Vérifié", "En attente", "Chez un professionnel", "Accepté", "Vu", "Abouti")
"""The road of a file, for its sender."""

_S = ReferralState
_AT: Mapping[ReferralState, int] = {
    _S.RECEIVED: 1,
    _S.QUALIFIED: 2,
    _S.WAITING: 3,
    _S.PROPOSED: 3,
    _S.OFFERED: 4,
    _S.ACCEPTED: 5,
    _S.SEEN: 6,
    _S.DECLARED: 7,
}
_NEXT: Mapping[ReferralState, str] = {
    _S.RECEIVED: "La coordination lit le dossier et appelle le patient s’il manque quelque chose.",
    _S.QUALIFIED: "Il manque une réponse : l’accord du patient, ou celle du médecin qu’il voit déjà.",
    _S.WAITING: "Un professionnel volontaire est cherché chaque nuit ; l’ancienneté compte.",
    _S.PROPOSED: "La coordination valide la proposition, puis la demande part au professionnel.",
    _S.OFFERED: "Le professionnel répond en quelques jours ; sinon un autre est sollicité.",
    _S.ACCEPTED: "Son cabinet appelle le patient pour un premier rendez-vous.",
    _S.SEEN: "Il reste la déclaration, faite avec le patient.",
    _S.DECLARED: "La coordination prend des nouvelles à 3, 6 et 12 mois.",
    _S.SUSPENDED: "Si vous savez comment joindre le patient, dites-le à la coordination.",
    _S.CLOSED: "Rien de plus à faire. Si sa situation change, signalez-le de nouveau.",
}


def words_for(line: MySignal) -> tuple[StateWords, str, str]:
    """Give the badge, what the state means, and what comes next."""
    state = STATES[line.state]
    meant = state.for_signaller
    if line.state is _S.CLOSED and line.close_reason is not None:
        meant = f"Dossier clos : le patient {CLOSE_REASONS[line.close_reason]}."
    if line.merged:
        meant = f"Cette personne était déjà suivie : son dossier continue. {meant}"
    following = _NEXT[line.state]
    if line.pathway != GP:
        meant = _for_any(meant)
    return state, meant, following


def progress_of(state: ReferralState) -> int:
    """Tell how far a file is on its road, 0 when it has left it."""
    return _AT.get(state, 0)


def _for_any(sentence: str) -> str:
    """Say the sentence of a state where no GP is looked for."""
    for gp, other in (
        ("un médecin traitant déclaré", "le suivi demandé"),
        ("Un médecin", "Un professionnel"),
        ("d’un médecin", "d’un professionnel"),
        ("La déclaration reste à faire.", ""),
    ):
        sentence = sentence.replace(gp, other)
    return sentence.strip()
