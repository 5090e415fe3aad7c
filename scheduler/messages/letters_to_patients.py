"""What a patient is told at each state of their request: what happened, what comes next, what to do.

The same text by letter or mail, and one of an SMS's length. Neither a patient's name, nor a need, nor the
name of a doctor: an SMS or a mail may be read by others, and one rule holds for all three.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass

from scheduler.messages.templates import FOOT, Letter
from scheduler.store.tables import CloseReason, ReferralState

LONGEST_SMS = 160
"""Characters of one SMS; the texts keep to those of its alphabet (GSM 03.38), or it would be 70."""

_S = ReferralState


@dataclass(frozen=True, slots=True, kw_only=True)
class StateText:
    """How one state is told.

    Parameters
    ----------
    by_itself : bool
        Whether it is sent when a request comes to the state; the others are for a person to print.
    """

    subject: str
    text: str
    short: str
    by_itself: bool = False


STATE_TEXTS: Mapping[ReferralState, StateText] = {
    _S.RECEIVED: StateText(
        subject="nous avons bien reçu votre demande",
        text=(
            "Votre demande est bien arrivée. Une personne de la coordination la lit sous deux jours "
            "ouvrés et vous appelle s'il manque quelque chose.\n\nVous n'avez rien à faire."
        ),
        short="votre demande est bien arrivée. Nous vous appelons s'il manque quelque chose.",
        by_itself=True,
    ),
    _S.QUALIFIED: StateText(
        subject="il manque votre accord pour continuer",
        text=(
            "Votre demande a été lue. Pour la proposer à des professionnels, il nous faut votre accord. "
            "Appelez-nous, ou donnez-le à la personne qui vous a inscrit : vous pourrez le retirer à tout "
            "moment."
        ),
        short="pour continuer, il nous manque votre accord. Appelez-nous.",
    ),
    _S.WAITING: StateText(
        subject="votre demande est inscrite, la recherche commence",
        text=(
            "Votre demande est inscrite sur la liste d'attente et la recherche commence. Le délai dépend des "
            "places que les professionnels ouvrent : personne ne peut vous donner une date sûre. Votre "
            "ancienneté est gardée, même si une première proposition n'aboutit pas.\n\nSi votre situation "
            "change (adresse, téléphone, état de santé, professionnel trouvé par vous-même), appelez-nous : "
            "cela peut changer votre rang."
        ),
        short="votre demande est inscrite, la recherche commence. Un changement ? Appelez-nous.",
        by_itself=True,
    ),
    _S.PROPOSED: StateText(
        subject="une possibilité est à l'étude",
        text="Une possibilité est à l'étude pour vous. Nous vous écrirons dès qu'elle sera sûre.",
        short="une possibilité est à l'étude pour votre demande.",
    ),
    _S.OFFERED: StateText(
        subject="un professionnel a été sollicité",
        text=(
            "Un professionnel a été sollicité pour vous, sans connaître votre nom. S'il ne peut pas, un "
            "autre le sera : votre ancienneté est gardée."
        ),
        short="un professionnel a été sollicité pour votre demande.",
    ),
    _S.ACCEPTED: StateText(
        subject="une réponse favorable à votre demande",
        text=(
            "Un professionnel accepte de vous suivre. Son secrétariat ou la coordination vous appelle pour "
            "un premier rendez-vous. Sans appel d'ici dix jours, appelez-nous.\n\nPour ce rendez-vous, "
            "préparez votre carte Vitale et vos documents."
        ),
        short="réponse favorable ! On vous appelle. Sans appel sous 10 jours, appelez-nous.",
        by_itself=True,
    ),
    _S.SEEN: StateText(
        subject="une dernière étape : la déclaration",
        text=(
            "Votre premier rendez-vous a eu lieu. Pour que le suivi soit reconnu, demandez au professionnel "
            "de faire la déclaration avec vous : elle prend une minute avec la carte Vitale."
        ),
        short="après votre rendez-vous, pensez à faire la déclaration avec le professionnel.",
    ),
    _S.DECLARED: StateText(
        subject="votre demande a abouti",
        text=(
            "Votre suivi est déclaré : votre demande a abouti. Nous prendrons de ses nouvelles à trois, six "
            "et douze mois.\n\nSi ce suivi s'arrêtait, appelez-nous : vous retrouveriez votre ancienneté."
        ),
        short="votre demande a abouti. Si ce suivi cessait, appelez-nous.",
        by_itself=True,
    ),
    _S.SUSPENDED: StateText(
        subject="votre demande est en pause",
        text=(
            "Votre demande est en pause, sans perdre son ancienneté : nous n'avons pas pu vous joindre, ou "
            "vous nous avez demandé d'attendre. Pour la reprendre, appelez-nous."
        ),
        short="votre demande est en pause. Pour la reprendre, appelez-nous.",
        by_itself=True,
    ),
    _S.CLOSED: StateText(
        subject="votre demande est fermée",
        text=(
            "Votre demande est fermée. Si c'est une erreur, ou si vous en avez de nouveau besoin, "
            "appelez-nous : elle peut être rouverte avec son ancienneté."
        ),
        short="votre demande est fermée. Une erreur ? Appelez-nous.",
        by_itself=True,
    ),
}

NOT_TOLD = frozenset({CloseReason.DIED, CloseReason.DUPLICATE, CloseReason.CONSENT_WITHDRAWN})
"""Closings that nobody is told: who died, whose other request goes on, who asked not to be written to."""


def state_letter(state: ReferralState, *, territory_name: str, phone: str) -> Letter:
    """Tell a patient where their request stands."""
    told = STATE_TEXTS[state]
    call = f"la coordination : {phone}" if phone else "la coordination de votre CPTS"
    return Letter(
        kind=f"state_{state.value}",
        subject=f"{territory_name} : {told.subject}",
        body=(
            f"Bonjour,\n\n{told.text}\n\nPour nous joindre, corriger une information ou vous opposer à cette "
            f"démarche : {call}.\n\n{FOOT}"
        ),
        short=_sms(territory_name, told.short, phone),
    )


def _sms(territory_name: str, text: str, phone: str) -> str:
    """Write it short: the number if it fits, the name cut if need be, never the text."""
    end = f" {phone}" if phone and len(text) + len(phone) + 20 <= LONGEST_SMS else ""
    room = LONGEST_SMS - len(text) - len(end) - 3
    return f"{_plain(territory_name)[:room].rstrip()} : {text}{end}"


def _plain(name: str) -> str:
    """Write a name without accents: most of them would make the SMS three times as long."""
    decomposed = unicodedata.normalize("NFKD", name.replace("œ", "oe").replace("’", "'"))
    return decomposed.encode("ascii", "ignore").decode()
