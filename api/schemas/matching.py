"""Runs of the engine and what became of their proposals."""

from datetime import date
from uuid import UUID

from pydantic import Field

from api.schemas.common import Moment, Wire
from scheduler.accounts.actor import Actor
from scheduler.referrals.decide import RejectReason
from scheduler.referrals.read_proposals import ProposalLine
from scheduler.referrals.run_numbers import outcome_for, totals_for, warnings_for
from scheduler.store.tables import MatchingRun, ProposalState, ReferralState, RunState


class RunIn(Wire):
    """What a run may be told; everything has a default."""

    seed: int = Field(default=0, ge=0, le=2**31 - 1, description="Même graine, mêmes données : même résultat")
    time_limit_s: float | None = Field(
        default=None,
        gt=0,
        le=3600,
        description="Secondes de calcul au plus ; sans dépasser celles du service",
    )


class CancelIn(Wire):
    """What becomes of the best found when a run is cancelled."""

    keep_best: bool = Field(default=False, description="true : proposer la meilleure répartition trouvée")


class RunRef(Wire):
    """A run by its id, and how far it is."""

    id: UUID
    state: RunState


class ChangesOut(Wire):
    """What a run changed among the proposals that nobody had decided yet."""

    kept: int
    moved: int = Field(description="Proposés à un autre médecin qu'avant")
    withdrawn: int = Field(description="Remis en attente, sans nouvelle proposition")
    new: int
    reasons: dict[str, int] = Field(description="Pourquoi, par code, pour moved et withdrawn")


class TierOut(Wire):
    """What a run did for one tier; for the bureau, null stands for 1 to 4 people."""

    tier: int
    num_patients: int | None
    num_placed: int | None
    median_travel_s: float | None
    farthest_m: int | None


class RunOut(RunRef):
    """One run of the engine: what it was asked, how far it is, what it proved."""

    policy_version: str
    policy_id: int | None = Field(description="Version enregistrée ; null pour les règles par défaut")
    seed: int
    time_limit_s: float
    started_at: Moment
    ended_at: Moment | None
    status: str | None = Field(description="optimal, ou feasible (arrêté par le temps ou à la demande)")
    best: str | None = Field(description="Meilleure valeur trouvée jusqu'ici ; entier exact, en texte")
    objective: str | None = Field(description="Entier exact, en texte : il peut dépasser 2^53")
    bound: str | None = Field(description="Borne prouvée ; égale à objective quand status est optimal")
    elapsed_s: float | None = Field(description="Secondes de calcul, à la dernière nouvelle")
    cancel_requested_at: Moment | None
    num_patients: int | None
    num_placed: int | None
    kept_best: bool | None = Field(description="Annulé : si la meilleure répartition trouvée a été proposée")
    changes: ChangesOut | None
    tiers: list[TierOut]
    price_of_together: tuple[int, int, int] | None = Field(
        description="Patients de priorité 1, 2, 3 placés en moins parce que tous les foyers restent réunis"
    )
    warnings: list[str]
    failure: str | None


class ProposalOut(Wire):
    """The engine's suggestion for one referral; a person decides. Each reading of it is traced."""

    id: UUID
    run_id: UUID | None
    referral_id: UUID
    patient_id: UUID
    family_name: str
    given_name: str
    birth_date: date | None
    insee: str
    waiting_since: date
    practitioner_id: int
    practitioner_name: str
    state: ProposalState
    tier: int = Field(description="Rang de priorité, 1 (le plus pressant) à 3")
    travel_min: int = Field(description="Minutes de trajet, arrondies")
    distance_km: float = Field(description="Kilomètres, à 100 m près")
    reason: str
    created_at: Moment
    decided_at: Moment | None


class RejectIn(Wire):
    """Why a proposal is not followed; a code, because free text would hold health data."""

    reason: RejectReason


class OfferRef(Wire):
    """The offer a validated proposal became."""

    id: UUID
    referral_id: UUID
    expires_at: Moment = Field(description="Le médecin répond avant cet instant")


class RejectedRef(Wire):
    """Where the patient of a rejected proposal stands again."""

    referral_id: UUID
    referral_state: ReferralState


def run_out(run: MatchingRun, actor: Actor) -> RunOut:
    """Write a run to the wire, as far as this person may see it."""
    told = outcome_for(actor, run)
    num_placed, num_patients = totals_for(actor, run)
    as_seen = {
        "num_placed": num_placed,
        "num_patients": num_patients,
        "warnings": warnings_for(actor, run),
        "kept_best": told.get("kept_best"),
        "changes": told.get("changes"),
        "tiers": told.get("tiers", []),
        "price_of_together": told.get("price_of_together"),
    }
    return RunOut(**RunOut.columns(run) | as_seen)


def proposal_out(line: ProposalLine) -> ProposalOut:
    """Write a proposal to the wire."""
    return ProposalOut(
        id=line.id,
        run_id=line.run_id,
        referral_id=line.referral_id,
        patient_id=line.patient_id,
        family_name=line.family_name,
        given_name=line.given_name,
        birth_date=line.birth_date,
        insee=line.insee,
        waiting_since=line.waiting_since,
        practitioner_id=line.practitioner_id,
        practitioner_name=line.practitioner_name,
        state=line.state,
        tier=line.tier,
        travel_min=round(line.travel_s / 60),
        distance_km=round(line.distance_m / 1000, 1),
        reason=line.reason,
        created_at=line.created_at,
        decided_at=line.decided_at,
    )
