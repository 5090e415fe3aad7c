"""What GPs and their secretaries are written about patients to follow: no patient, no health data, a link."""

from datetime import datetime

from scheduler.messages.templates import FOOT, Letter, moment

LINKS_THAT_ACT = frozenset({"patients_offered", "offer_reminder"})
"""Kinds whose text holds a link that needs no sign-in: it is not kept once it has left."""


def patients_offered(*, num_patients: int, answer_by: datetime, link: str, zone: str) -> Letter:
    """Ask a GP whether they take some patients, with the link that answers."""
    whom = "d'un patient" if num_patients == 1 else f"d'un foyer de {num_patients} personnes"
    return Letter(
        kind="patients_offered",
        subject="Relais : une demande de suivi attend votre réponse",
        body=(
            f"Bonjour,\n\nVotre CPTS vous propose de devenir le médecin traitant {whom}. Rien n'est engagé "
            "sans votre accord.\n\nVoir le profil, accepter ou décliner, sans vous connecter :\n"
            f"{link}\n\nCe lien vous est personnel et ne sert qu'une fois. Répondez avant le "
            f"{moment(answer_by, zone)} : ensuite, la demande sera proposée à un confrère.\n\n{FOOT}"
        ),
    )


def offer_reminder(*, num_patients: int, answer_by: datetime, link: str, zone: str) -> Letter:
    """Remind a GP of an offer that nobody has answered."""
    whom = "Une demande de suivi attend" if num_patients == 1 else "La demande de suivi d'un foyer attend"
    return Letter(
        kind="offer_reminder",
        subject="Relais, rappel : une demande de suivi attend votre réponse",
        body=(
            f"Bonjour,\n\n{whom} toujours votre réponse, avant {moment(answer_by, zone)}. Si vous ne pouvez "
            "pas, dites-le en un clic : un confrère sera sollicité sans attendre.\n\n"
            f"Voir le profil, accepter ou décliner, sans vous connecter :\n{link}\n\n{FOOT}"
        ),
    )


def offer_withdrawn(*, link: str) -> Letter:
    """Tell a GP that they need not answer any more."""
    return Letter(
        kind="offer_withdrawn",
        subject="Relais : une demande de suivi est retirée",
        body=(
            "Bonjour,\n\nUne demande de suivi qui vous avait été envoyée est retirée par la coordination : "
            f"vous n'avez rien à faire.\n\nVos demandes en cours :\n{link}\n\n{FOOT}"
        ),
    )


def first_visit_asked(*, num_patients: int, link: str) -> Letter:
    """Ask a GP what became of the first visits of patients they accepted."""
    return Letter(
        kind="first_visit_asked",
        subject="Relais : avez-vous vu les patients que vous avez acceptés ?",
        body=(
            f"Bonjour,\n\n{_waiting(num_patients)} une nouvelle de vous : première consultation prévue, "
            "faite ou manquée, déclaration de médecin traitant. Un clic par patient suffit :\n"
            f"{link}\n\n{FOOT}"
        ),
    )


def follow_up_asked(*, num_patients: int, link: str) -> Letter:
    """Ask a GP whether they still follow patients declared some months ago."""
    return Letter(
        kind="follow_up_asked",
        subject="Relais : suivez-vous toujours ces patients ?",
        body=(
            f"Bonjour,\n\n{_waiting(num_patients)} une réponse par oui ou non : suivez-vous toujours les "
            "patients dont vous êtes devenu le médecin traitant grâce à votre CPTS ? Si ce n'est plus le "
            "cas, leur recherche reprend aussitôt, avec leur ancienneté.\n\n"
            f"{link}\n\n{FOOT}"
        ),
    )


def delegated(*, practitioner: str, until: str, link: str) -> Letter:
    """Tell somebody that they now answer for a practitioner."""
    return Letter(
        kind="delegated",
        subject=f"Relais : vous répondez aux demandes de suivi pour {practitioner}",
        body=(
            f"Bonjour,\n\n{practitioner} vous confie les réponses à ses demandes de suivi{until}. Elles vous "
            f"seront envoyées à cette adresse, et vous les retrouvez ici :\n{link}\n\n{FOOT}"
        ),
    )


def _waiting(num_patients: int) -> str:
    return "Un patient attend" if num_patients == 1 else f"{num_patients} patients attendent"
