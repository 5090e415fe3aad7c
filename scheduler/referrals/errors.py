"""What can forbid a step in the life of a referral.

RelaisError (matching.errors)
├── Conflict (scheduler.errors)
│   ├── AlreadyExists
│   │   └── AlreadySignalled   the same person has an open referral in this territory
│   ├── ConsentMissing         no consent, or it was withdrawn
│   ├── NoPlaceLeft            the practitioner takes nobody more now
│   │   └── IntakeFull         their places are all taken by patients accepted before
│   ├── OfferAnswered          somebody has answered the offer, or it was withdrawn
│   ├── OfferLeft              the GP has been told of the offer: it can no longer be undone
│   ├── OfferOver              the time to answer is over
│   ├── RunInProgress          a matching run of this territory is being computed
│   └── StudyInProgress        a study of the same kind is
├── SolveFailed                the computation gave no answer; the run says why
└── SolveCancelled             it was told to stop and had nothing to hand over
"""

from uuid import UUID

from matching.errors import RelaisError
from scheduler.errors import AlreadyExists, Conflict
from scheduler.store.tables import OfferState


class AlreadySignalled(AlreadyExists):
    """The same person (names and birth date) has an open referral in this territory.

    Attributes
    ----------
    referral_id : UUID
        The open referral; whether the person who asks may read it is decided when they do.
    """

    code = "already_signalled"

    def __init__(self, referral_id: UUID) -> None:
        self.field = "patient"
        self.referral_id = referral_id
        Conflict.__init__(
            self,
            f"Cette personne a déjà une demande en cours (dossier {referral_id}). "
            "Complétez ce dossier avec la coordination au lieu d'en ouvrir un second.",
        )


class ConsentMissing(Conflict):
    """The patient has not agreed, or no longer agrees, that professionals share the file."""

    code = "consent_missing"

    def __init__(self) -> None:
        super().__init__("Le patient n'a pas donné son accord, ou l'a retiré. Recueillez-le d'abord.")


class NoPlaceLeft(Conflict):
    """The practitioner's intake is full, paused or closed."""

    code = "no_place_left"

    def __init__(self) -> None:
        super().__init__("Ce médecin n'a plus de place pour l'instant. Relancez l'appariement.")


class IntakeFull(NoPlaceLeft):
    """The places of the practitioner who answers are all taken."""

    code = "intake_full"

    def __init__(self) -> None:
        Conflict.__init__(
            self,
            "Vos places sont toutes prises. Ajoutez-en dans « Mon accueil », puis acceptez, "
            "ou déclinez cette demande.",
        )


class OfferAnswered(Conflict):
    """The offer is no longer open.

    Attributes
    ----------
    state : OfferState
        What became of it.
    """

    code = "offer_answered"

    def __init__(self, state: OfferState) -> None:
        self.state = state
        super().__init__(f"{_ENDS.get(state, _ENDS[OfferState.WITHDRAWN])} Rien n'a été changé.")


class OfferLeft(Conflict):
    """The GP has been told, or has answered: a validation can no longer be undone."""

    code = "offer_left"

    def __init__(self) -> None:
        super().__init__(
            "Le médecin est déjà prévenu. Ouvrez le dossier pour lui retirer la demande : il en sera informé."
        )


class OfferOver(Conflict):
    """The time to answer is over; the patient goes back to the list."""

    code = "offer_over"

    def __init__(self) -> None:
        super().__init__(
            "Le délai de réponse est passé : la demande va être proposée à un confrère. "
            "Pour suivre quand même ce patient, appelez la coordination."
        )


_ENDS = {
    OfferState.ACCEPTED: "Cette demande a déjà été acceptée.",
    OfferState.DECLINED: "Cette demande a déjà été déclinée.",
    OfferState.EXPIRED: "Cette demande est restée sans réponse dans le délai.",
    OfferState.WITHDRAWN: "Cette demande a été retirée par la coordination.",
    OfferState.ENDED: "Cette demande avait été acceptée ; ce suivi a pris fin.",
}


class RunInProgress(Conflict):
    """A matching run of this territory is being computed.

    Attributes
    ----------
    run_id : UUID
        The run to wait for.
    """

    code = "run_in_progress"

    def __init__(self, run_id: UUID) -> None:
        self.run_id = run_id
        super().__init__("Un appariement est déjà en cours de calcul. Attendez son résultat.")


class StudyInProgress(Conflict):
    """A study of the same kind is being computed for this territory."""

    code = "study_in_progress"

    def __init__(self) -> None:
        super().__init__("Une étude de ce genre est déjà en cours de calcul. Attendez son résultat.")


class SolveFailed(RelaisError):
    """The computation stopped without an answer; nothing was written.

    Attributes
    ----------
    reason : str
        French sentence for the run's record, without any identity.
    """

    code = "solve_failed"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class SolveCancelled(RelaisError):
    """The computation was told to stop, and had nothing to hand over in time."""

    code = "solve_cancelled"

    def __init__(self) -> None:
        super().__init__("Calcul arrêté à votre demande, sans résultat à garder.")
