"""What people read of the life of a referral: reasons, lists, outcomes."""

from collections.abc import Mapping

from api.web.labels import commune_name
from api.web.words import LANGUAGES, NEEDS
from scheduler.referrals.answers import DeclineReason
from scheduler.referrals.ending import SuspendReason
from scheduler.referrals.profile import Profile
from scheduler.referrals.relation import LossReason
from scheduler.referrals.unanswered import WithdrawReason
from scheduler.referrals.worklists import Worklist
from scheduler.store.tables import CloseReason

DECLINES: Mapping[DeclineReason, str] = {
    DeclineReason.FULL: "Je n’ai plus de place",
    DeclineReason.WORKLOAD: "Trop de situations lourdes en ce moment",
    DeclineReason.TOO_FAR: "Trop loin de mon cabinet",
    DeclineReason.NO_HOME_VISITS: "Je ne fais pas de visite à domicile",
    DeclineReason.NOT_MY_PRACTICE: "Hors de mon exercice",
    DeclineReason.AWAY: "Je suis absent",
    DeclineReason.OTHER: "Autre raison",
}

LOSSES: Mapping[LossReason | CloseReason, str] = {
    LossReason.NEVER_CAME: "Le patient n’est jamais venu",
    LossReason.PATIENT_LEFT: "Le patient cherche un autre médecin",
    LossReason.GP_ENDED: "Le médecin ne peut plus le suivre",
    LossReason.GP_LEFT: "Le médecin cesse son activité",
    LossReason.OTHER: "Autre raison",
    CloseReason.DECLARED_ELSEWHERE: "Il a déclaré un autre médecin traitant",
    CloseReason.MOVED: "Il a déménagé",
    CloseReason.DIED: "Il est décédé",
}

SUSPENSIONS: Mapping[SuspendReason, str] = {
    SuspendReason.UNREACHABLE: "Injoignable",
    SuspendReason.IN_HOSPITAL: "Hospitalisé",
    SuspendReason.AWAY: "Absent du territoire",
    SuspendReason.PATIENT_ASKED: "À la demande du patient",
    SuspendReason.OTHER: "Autre raison",
}

WITHDRAWALS: Mapping[WithdrawReason, str] = {
    WithdrawReason.PATIENT_DECLINES: "Le patient ne souhaite pas ce médecin",
    WithdrawReason.GP_ASKED: "À la demande du médecin",
    WithdrawReason.GP_TAKES_NOBODY: "Le médecin ne prend plus personne",
    WithdrawReason.MISTAKE: "Envoyée par erreur",
}

CLOSINGS: Mapping[CloseReason, str] = {
    CloseReason.FOUND_ALONE: "A trouvé un médecin par ses propres moyens",
    CloseReason.DECLARED_ELSEWHERE: "A déclaré un autre médecin traitant",
    CloseReason.NO_LONGER_WANTED: "Ne souhaite plus de médecin traitant",
    CloseReason.MOVED: "A déménagé",
    CloseReason.DIED: "Est décédé",
    CloseReason.LOST_CONTACT: "N’a pas pu être joint",
    CloseReason.DUPLICATE: "Était déjà signalé",
}

WORKLISTS: Mapping[Worklist, tuple[str, str]] = {
    Worklist.CONFLICT: (
        "En conflit",
        (
            "Deux faits se contredisent : un médecin sollicité qui ne prend plus personne ou s’en va, un "
            "rendez-vous démenti par l’agenda, deux dossiers pour une personne. Ouvrez et tranchez."
        ),
    ),
    Worklist.UNREACHABLE: (
        "Injoignables",
        (
            "Essayez une autre voie : le professionnel qui a signalé, un proche, une lettre. Puis reprenez, "
            "suspendez ou clôturez."
        ),
    ),
    Worklist.THREE_DECLINES: (
        "Trois refus",
        "Trois médecins ont décliné. Appelez-en un, ou deux ensemble, puis envoyez la demande vous-même.",
    ),
    Worklist.NO_ANSWER: (
        "Sans réponse",
        (
            "Le médecin n’a pas répondu, ou n’a pas dit ce qu’il est advenu du patient. Appelez le cabinet "
            "et notez sa réponse."
        ),
    ),
    Worklist.SLA_PASSED: (
        "Délai dépassé",
        (
            "L’attente promise à cette priorité est passée. Cherchez une place, ou donnez une consultation "
            "en attendant."
        ),
    ),
    Worklist.NO_CANDIDATE: (
        "Aucun médecin possible",
        (
            "Aucun médecin volontaire ne peut prendre ce patient. Voyez avec lui la distance, ou appelez un "
            "médecin proche."
        ),
    ),
    Worklist.TO_QUALIFY: (
        "À qualifier",
        "Vérifiez les réponses et l’accord du patient, puis mettez-le en attente.",
    ),
    Worklist.TO_VALIDATE: (
        "À valider",
        "Validez, écartez ou adressez à un autre médecin. Rien n’est envoyé avant.",
    ),
    Worklist.TO_RECONFIRM: (
        "À reconfirmer",
        "Demandez au patient si sa recherche tient toujours.",
    ),
    Worklist.TO_TAKE_UP: (
        "Suspensions à revoir",
        "Le repos prévu est fini : reprenez la recherche, prolongez ou clôturez.",
    ),
}


def age_words(band: str | None) -> str:
    """Say an age band: ``de 50 à 69 ans``, ``80 ans ou plus``."""
    if band is None:
        return "âge inconnu"
    if band.endswith("+"):
        return f"{band[:-1]} ans ou plus"
    first, last = band.split("-")
    return f"de {first} à {last} ans"


def profile_words(profile: Profile) -> dict[str, object]:
    """Say a profile: what a GP reads before accepting, without anybody's name."""
    labels = {name: label for name, (label, _) in NEEDS.items()} | {
        "chronic_needs": "Autres maladies chroniques suivies"
    }
    return {
        "age": age_words(profile.age_band),
        "commune": commune_name(profile.insee),
        "yes": [label for name, label in labels.items() if profile.needs.get(name) is True],
        "no": [label for name, label in labels.items() if profile.needs.get(name) is False],
        "unknown": [label for name, label in labels.items() if profile.needs.get(name) is None],
        "languages": [LANGUAGES.get(code, code) for code in profile.languages if code != "fr"],
        "sees_you": profile.sees_you,
        "tier": profile.tier,
        "km": profile.distance_m / 1000,
        "travel_s": profile.travel_s,
    }
