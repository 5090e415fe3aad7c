"""What is written around a signal: to a GP who already sees the patient, to the sender, to the patient.

None holds an identity or anything about health; a patient's own letter names nobody but the CPTS.
"""

from collections.abc import Sequence
from datetime import date

from scheduler.messages.templates import FOOT, Letter


def declare_first(*, due_on: date, link: str) -> Letter:
    """Ask a GP to declare somebody they already see often."""
    return Letter(
        kind="declare_first",
        subject="Relais : un patient que vous voyez déjà n'a pas de médecin traitant déclaré",
        body=(
            "Bonjour,\n\nUn patient que vous voyez régulièrement a été signalé à la CPTS comme étant sans "
            "médecin traitant. S'agit-il d'un simple oubli de déclaration ? Dites-le en un clic ; la "
            f"déclaration se fait ensuite sur amelipro, avec lui.\n\n{link}\n\nSans réponse de votre part "
            f"avant le {due_on:%d/%m/%Y}, un autre médecin lui sera proposé.\n\n{FOOT}"
        ),
    )


def signal_moved_on(*, short_ids: Sequence[str], link: str) -> Letter:
    """Tell a sender that something happened with their signals, without saying what."""
    if len(short_ids) == 1:
        which = f"votre signalement {short_ids[0]}"
        told = f"Le signalement {short_ids[0]} que vous avez envoyé a avancé. Pour voir où il en est"
    else:
        which, listed = f"{len(short_ids)} de vos signalements", ", ".join(short_ids)
        told = f"{len(short_ids)} signalements que vous avez envoyés ont avancé : {listed}.\n\n"
        told += "Pour voir où ils en sont"
    return Letter(
        kind="signal_moved_on",
        subject=f"Relais : du nouveau pour {which}",
        body=f"Bonjour,\n\n{told} :\n{link}\n\n{FOOT}",
    )


def still_searching(*, territory_name: str, phone: str) -> Letter:
    """Ask a patient whether they still look for somebody; they call, or tell who signalled them."""
    call = f"Appelez-nous au {phone}" if phone else "Appelez votre CPTS"
    return Letter(
        kind="still_searching",
        subject=f"{territory_name} : votre demande est-elle toujours d'actualité ?",
        body=(
            f"Bonjour,\n\nVous avez fait une demande auprès de la {territory_name}. Votre place est gardée, "
            "avec son ancienneté.\n\nEst-elle toujours d'actualité ? Avez-vous changé d'adresse ou de "
            f"téléphone ? {call}, ou dites-le à la personne qui vous a inscrit : nous mettrons votre demande "
            "à jour. Si elle n'est plus utile, dites-le-nous aussi.\n\nSans nouvelle de votre part, nous "
            "vous appellerons avant toute autre chose : une demande n'est jamais supprimée sans "
            f"vous.\n\n{FOOT}"
        ),
        short=f"Votre demande de suivi est-elle toujours utile ? {call} : votre place est gardee."[:160],
    )
