"""What people read for the codes of the administration: traces, checks, runs of jobs."""

from collections.abc import Mapping

from scheduler.store.tables import JobRunState

AUDIT_ACTIONS: Mapping[str, str] = {
    "C": "Création",
    "R": "Lecture",
    "U": "Modification",
    "D": "Suppression",
    "E": "Exécution",
}

AUDIT_OBJECTS: Mapping[str, str] = {
    "referral": "Dossier d’un patient",
    "booking": "Rendez-vous",
    "care_request": "Demande de soins",
    "matching_run": "Appariement",
    "study": "Étude",
    "policy": "Règles d’appariement",
    "pathway": "Filière",
    "account": "Compte",
    "token": "Clé d’un programme",
    "territory": "Territoire",
    "audit": "Traces",
}

AUDIT_OUTCOMES: Mapping[str, str] = {"ok": "Faite", "denied": "Refusée"}

CHECKS: Mapping[str, tuple[str, str]] = {
    "ok": ("Bon", "ok"),
    "warning": ("À surveiller", "warn"),
    "failed": ("En panne", "danger"),
}

JOB_STATES: Mapping[JobRunState, tuple[str, str]] = {
    JobRunState.RUNNING: ("En cours", "brand"),
    JobRunState.DONE: ("Fait", "ok"),
    JobRunState.FAILED: ("En échec", "danger"),
    JobRunState.ABANDONED: ("Interrompu", "warn"),
    JobRunState.SKIPPED: ("Pas encore dû", ""),
}
