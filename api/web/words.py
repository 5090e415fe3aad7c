"""The words of the pages: what people read for each code of the store."""

from collections.abc import Mapping
from dataclasses import dataclass

from matching.changes import CHANGE_CODES
from matching.eligibility import RULES
from matching.problem import Status
from scheduler.agenda.ending import CancelReason
from scheduler.store.tables import (
    BookingState,
    CloseReason,
    ConsentHow,
    ContactPreference,
    FeedState,
    Modality,
    ProposalState,
    ReferralState,
    Role,
    RunState,
    SignalSource,
    SlotState,
    Visibility,
)

ROLES: Mapping[Role, str] = {
    Role.SIGNALLER: "Professionnel qui signale",
    Role.GP: "Médecin",
    Role.SECRETARY: "Secrétariat",
    Role.COORDINATOR: "Coordination",
    Role.REGULATOR: "Régulation",
    Role.BUREAU: "Bureau",
    Role.ADMIN: "Administration",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StateWords:
    """How one state of a file is told.

    Parameters
    ----------
    name : str
        For a badge: "En attente".
    tab, lead : str
        Title of the list of such files, and what to do with them.
    many : str
        Under a number of such files: "en attente d’un médecin".
    to_do : str
        What the coordination has to do now.
    for_signaller : str
        The same state as a sentence for the one who signalled.
    tone : str
        Class of the badge.
    """

    name: str
    tab: str
    lead: str
    many: str
    to_do: str
    for_signaller: str
    tone: str = ""


STATES: Mapping[ReferralState, StateWords] = {
    ReferralState.RECEIVED: StateWords(
        name="Reçu",
        tab="À qualifier",
        lead="Vérifiez chaque signalement et l’accord du patient, puis mettez-le en attente.",
        many="à qualifier",
        to_do="Vérifiez les réponses et l’accord du patient, puis mettez-le en attente.",
        for_signaller="Signalement reçu. La coordination vérifie les réponses avec vous si besoin.",
        tone="warn",
    ),
    ReferralState.QUALIFIED: StateWords(
        name="Vérifié",
        tab="Sans accord",
        lead="Dossiers vérifiés : il manque l’accord du patient pour les mettre en attente.",
        many="sans accord recueilli",
        to_do="Il manque l’accord du patient : recueillez-le pour le mettre en attente.",
        for_signaller="Dossier vérifié. Il manque l’accord du patient au partage.",
        tone="warn",
    ),
    ReferralState.WAITING: StateWords(
        name="En attente",
        tab="En attente",
        lead="Ces patients seront pris en compte au prochain appariement.",
        many="en attente d’un médecin",
        to_do="Sera pris en compte au prochain appariement.",
        for_signaller="En attente d’un médecin. Le prochain appariement le prend en compte.",
        tone="brand",
    ),
    ReferralState.PROPOSED: StateWords(
        name="Proposé",
        tab="À valider",
        lead="Validez ou écartez chaque proposition. Rien n’est envoyé à un médecin avant.",
        many="avec une proposition à valider",
        to_do="Validez ou écartez la proposition de l’appariement.",
        for_signaller="Un médecin est proposé. La coordination doit valider.",
        tone="warn",
    ),
    ReferralState.OFFERED: StateWords(
        name="Offert au médecin",
        tab="Chez le médecin",
        lead="Chaque médecin a reçu la demande et doit répondre.",
        many="en attente de la réponse du médecin",
        to_do="Le médecin doit répondre à l’offre.",
        for_signaller="Un médecin a reçu la demande. Sa réponse est attendue.",
        tone="brand",
    ),
    ReferralState.ACCEPTED: StateWords(
        name="Accepté",
        tab="Acceptés",
        lead="Vérifiez que la première consultation a lieu.",
        many="acceptés, première consultation à venir",
        to_do="Vérifiez que la première consultation a lieu.",
        for_signaller="Un médecin a accepté. La première consultation est à venir.",
        tone="ok",
    ),
    ReferralState.SEEN: StateWords(
        name="Vu",
        tab="Vus",
        lead="La déclaration de médecin traitant reste à faire.",
        many="vus, déclaration à faire",
        to_do="La déclaration de médecin traitant reste à faire.",
        for_signaller="Le patient a été vu. La déclaration reste à faire.",
        tone="ok",
    ),
    ReferralState.DECLARED: StateWords(
        name="Déclaré",
        tab="Déclarés",
        lead="Ces patients ont un médecin traitant.",
        many="avec un médecin traitant déclaré",
        to_do="Rien à faire avant le suivi à trois mois.",
        for_signaller="Le patient a un médecin traitant déclaré.",
        tone="ok",
    ),
    ReferralState.SUSPENDED: StateWords(
        name="Suspendu",
        tab="Suspendus",
        lead="Reprenez contact, puis remettez chaque dossier en route ou clôturez-le.",
        many="suspendus",
        to_do="Reprenez contact, puis remettez le dossier en route ou clôturez-le.",
        for_signaller="Dossier suspendu : le patient n’a pas pu être joint ou n’est pas disponible.",
    ),
    ReferralState.CLOSED: StateWords(
        name="Clos",
        tab="Clos",
        lead="Plus rien à faire pour ces dossiers.",
        many="clos",
        to_do="Plus rien à faire.",
        for_signaller="Dossier clos.",
    ),
}

CLOSE_REASONS: Mapping[CloseReason, str] = {
    CloseReason.FOUND_ALONE: "a trouvé un médecin par ses propres moyens",
    CloseReason.MOVED: "a déménagé",
    CloseReason.DIED: "est décédé",
    CloseReason.CONSENT_WITHDRAWN: "a retiré son accord",
    CloseReason.DUPLICATE: "était déjà signalé",
    CloseReason.DECLARED_ELSEWHERE: "a déclaré un autre médecin traitant",
    CloseReason.NO_LONGER_WANTED: "ne souhaite plus de médecin traitant",
    CloseReason.LOST_CONTACT: "n’a pas pu être joint",
}

CONSENT_HOW: Mapping[ConsentHow, str] = {
    ConsentHow.ORAL: "De vive voix",
    ConsentHow.WRITTEN: "Par écrit",
    ConsentHow.REPRESENTATIVE: "Par son représentant légal",
    ConsentHow.ELECTRONIC: "Par voie électronique",
}

CONTACT_PREFERENCES: Mapping[ContactPreference, str] = {
    ContactPreference.PHONE: "Par téléphone",
    ContactPreference.SMS: "Par SMS",
    ContactPreference.EMAIL: "Par courriel",
    ContactPreference.LETTER: "Par lettre",
    ContactPreference.RELATIVE: "Par un proche",
}

SOURCES: Mapping[SignalSource, str] = {
    SignalSource.PROFESSIONAL: "Mon cabinet, ma structure",
    SignalSource.DAC: "Le DAC (dispositif d’appui à la coordination)",
    SignalSource.CPAM: "La CPAM",
    SignalSource.PRADO: "Le PRADO (retour à domicile)",
    SignalSource.EHPAD: "Un EHPAD",
    SignalSource.IMPORT: "Une liste reprise",
    SignalSource.GP: "Mon cabinet, pour un de mes patients",
}

SIGNALLED_BY: Mapping[SignalSource, str] = {
    SignalSource.PROFESSIONAL: "Un professionnel",
    SignalSource.DAC: "Le DAC",
    SignalSource.CPAM: "La CPAM",
    SignalSource.PRADO: "Le PRADO",
    SignalSource.EHPAD: "Un EHPAD",
    SignalSource.IMPORT: "Une liste reprise",
    SignalSource.GP: "Le médecin traitant",
}

DUPLICATE_REASONS: Mapping[str, str] = {
    "same_names": "mêmes nom et prénom",
    "names_sound_alike": "nom et prénom qui se prononcent pareil",
    "names_swapped": "nom et prénom inversés",
    "part_of_names": "une partie du nom ou du prénom",
    "same_given_name": "même prénom",
    "same_birth_date": "même date de naissance",
    "near_birth_date": "date de naissance à un chiffre près",
    "birth_date_unknown": "date de naissance inconnue",
    "same_phone": "même téléphone",
}

CORRECTION_REASONS: Mapping[str, str] = {
    "completed": "Réponse donnée depuis",
    "mistake": "Erreur de saisie",
    "changed": "La situation a changé",
    "patient_says": "Le patient dit autre chose",
    "professional_says": "Avis d’un professionnel de santé",
}

CONTACT_OUTCOMES: Mapping[str, str] = {
    "still_seeking": "Cherche toujours",
    "found": "A trouvé",
    "moved": "A déménagé",
    "no_longer_wanted": "Ne veut plus de cette démarche",
    "died": "Est décédé",
    "no_answer": "Ne répond pas",
    "wrong_number": "Mauvais numéro",
}

MODALITIES: Mapping[Modality, str] = {
    Modality.AMB: "Au cabinet",
    Modality.HH: "À domicile",
    Modality.VR: "En vidéo",
}

VISIBILITIES: Mapping[Visibility, str] = {
    Visibility.SNP: "La régulation du SAS et la CPTS",
    Visibility.CPTS: "Les professionnels de la CPTS",
    Visibility.PRO: "Tous les professionnels de santé",
    Visibility.PUBLIC: "Tout le monde",
}

FEED_STATES: Mapping[FeedState, str] = {
    FeedState.PREVIEW: "Aperçu seulement",
    FeedState.ACTIVE: "Lu régulièrement",
    FeedState.SUSPENDED: "Suspendu",
}

SLOT_STATES: Mapping[SlotState, str] = {
    SlotState.OPEN: "Libre",
    SlotState.CLOSED: "Fermé",
    SlotState.WITHDRAWN: "Retiré de l’agenda",
}

BOOKING_STATES: Mapping[BookingState, str] = {
    BookingState.HELD: "Retenu",
    BookingState.BOOKED: "Réservé",
    BookingState.HONOURED: "Honoré",
    BookingState.NO_SHOW: "Patient non venu",
    BookingState.CANCELLED: "Annulé",
    BookingState.EXPIRED: "Retenue expirée",
    BookingState.MOVED: "Déplacé",
}

CANCEL_REASONS: Mapping[CancelReason, str] = {
    CancelReason.BETTER: "Le patient n'en a plus besoin",
    CancelReason.SEEN_ELSEWHERE: "Le patient est vu ailleurs",
    CancelReason.UNREACHABLE: "Le patient ne répond pas",
    CancelReason.PRACTITIONER_AWAY: "Le médecin est absent",
    CancelReason.MISTAKE: "Réservé par erreur",
}

PROPOSAL_STATES: Mapping[ProposalState, str] = {
    ProposalState.PROPOSED: "À valider",
    ProposalState.VALIDATED: "Validée",
    ProposalState.REJECTED: "Écartée",
    ProposalState.SUPERSEDED: "Remplacée par un autre appariement",
}

REJECT_REASONS: Mapping[str, str] = {
    "patient_declines": "Le patient ne souhaite pas ce médecin",
    "not_suitable": "Ne convient pas à la situation du patient",
    "too_far": "Trop loin",
    "gp_asked": "À la demande du médecin",
    "other": "Autre raison",
}

CHOSEN_BECAUSE: Mapping[str, str] = {
    "patient_wish": "Le patient le demande",
    "already_sees": "Le patient consulte déjà ce médecin",
    "household": "Ce médecin suit déjà le foyer",
    "gp_volunteered": "Ce médecin s’est proposé",
    "closer": "Plus simple d’accès pour le patient",
    "visit_went_well": "Une consultation s’est bien passée",
    "other": "Autre raison",
}

TIERS: Mapping[int, str] = {
    1: "le plus fragile",
    2: "fragile",
    3: "sans critère de fragilité connu",
}

FEED_MODES: Mapping[str, str] = {
    "marked": "Seuls les événements marqués « SNP » sont des créneaux",
    "dedicated": "Chaque événement libre de cet agenda est un créneau",
    "dedicated-all": "Chaque événement de cet agenda est un créneau, même marqué occupé",
    "busy": "Aucun créneau : les événements occupés ferment ceux des autres agendas",
}

NEEDS: Mapping[str, tuple[str, str]] = {
    "ald": ("Affection de longue durée (ALD)", "Reconnue ou en cours de demande."),
    "treatment_running_out": ("Traitement bientôt épuisé", "Ordonnance à renouveler dans le mois."),
    "recent_discharge": ("Sortie d’hôpital récente", "Depuis moins de 30 jours."),
    "pregnancy": ("Grossesse en cours", ""),
    "home_bound": ("Ne peut pas se déplacer", "Dépendance, ou maintien au domicile."),
    "palliative": ("Soins palliatifs", ""),
    "disability": ("Situation de handicap", ""),
    "wheelchair": ("Se déplace en fauteuil roulant", ""),
    "c2s": ("Complémentaire santé solidaire (C2S)", ""),
    "ame": ("Aide médicale de l’État (AME)", ""),
}
"""Yes/no questions of a signal, in the order they are asked: label and hint."""

ANSWERS: Mapping[bool | None, str] = {True: "Oui", False: "Non", None: "Pas de réponse"}

LANGUAGES: Mapping[str, str] = {
    "fr": "français",
    "en": "anglais",
    "ar": "arabe",
    "bn": "bengali",
    "de": "allemand",
    "es": "espagnol",
    "fa": "persan",
    "it": "italien",
    "ln": "lingala",
    "pl": "polonais",
    "ps": "pachto",
    "pt": "portugais",
    "ro": "roumain",
    "ru": "russe",
    "sr": "serbe",
    "ta": "tamoul",
    "tr": "turc",
    "uk": "ukrainien",
    "vi": "vietnamien",
    "wo": "wolof",
    "zh": "chinois",
}

GENDERS: Mapping[str, str] = {"f": "une femme", "m": "un homme"}


def run_state(state: RunState, status: str | None) -> tuple[str, str]:
    """Say how far a run is, or how it ended, and in which tone."""
    if state is RunState.DONE:
        proven = status == Status.OPTIMAL.value
        return ("Prouvé le meilleur", "ok") if proven else ("Terminé, non prouvé", "")
    return _RUN_STATES[state]


_RUN_STATES: Mapping[RunState, tuple[str, str]] = {
    RunState.RUNNING: ("En cours", "brand"),
    RunState.CANCELLED: ("Arrêté", "warn"),
    RunState.FAILED: ("Échoué", "danger"),
}


def home_of_proposal(here: int, elsewhere: int) -> str:
    """Say whether the others of a household go to the same GP; "" for somebody alone."""
    said = []
    if here:
        said.append(f"foyer de {here + 1} réuni chez ce médecin")
    if elsewhere:
        others = (
            "un autre membre du foyer est proposé"
            if elsewhere == 1
            else f"{elsewhere} autres membres du foyer sont proposés"
        )
        said.append(f"{others} à un autre médecin")
    return " ; ".join(said)


def change_reason(code: str) -> str:
    """Say why a proposal was not kept by a run, from the code in its record."""
    return _CHANGES.get(code, "n’était plus possible").replace("'", "’")


_CHANGES: Mapping[str, str] = {
    **{rule.code: f"ce médecin {rule.excludes}" for rule in RULES},
    **CHANGE_CODES,
}
