"""Slots as a search finds them, and why one is not found."""

from pydantic import Field

from api.schemas.common import Moment, Wire
from scheduler.agenda.why import Why
from scheduler.store.tables import Modality, Visibility


class SlotOut(Wire):
    """A slot that can be booked now."""

    id: int
    practitioner_id: int
    practitioner_name: str
    insee: str
    commune: str
    address: str
    start_at: Moment
    end_at: Moment
    modality: Modality
    visibility: Visibility
    free_places: int
    distance_km: float = Field(description="Par la route, estimée, à 100 m près ; 0 à distance (VR)")
    travel_min: int = Field(description="Minutes de trajet estimées, arrondies vers le haut")
    seen_at: Moment = Field(description="Dernière fois que l'agenda du médecin a confirmé ce créneau")
    to_confirm: bool = Field(description="L'agenda ne répond plus depuis un moment : appelez avant d'envoyer")


class DelayOut(Wire):
    """The slots that start within one stretch of delay, the one to propose first first."""

    from_h: int
    to_h: int | None = Field(description="Heures à partir de maintenant, fin non comprise ; null : sans fin")
    slots: list[SlotOut]
    num_more: int = Field(description="Créneaux de ce délai qui ne sont pas listés")


class FindOut(Wire):
    """What a search for somebody gave."""

    radius_km: float = Field(
        description="Jusqu'où il a fallu chercher ; 0 si seul « à distance » (VR) est demandé"
    )
    is_cut: bool = Field(description="Vrai : seuls les premiers créneaux ont été regardés")
    usual: list[SlotOut] = Field(description="Chez le médecin habituel, quelle que soit la distance")
    groups: list[DelayOut]


class ReasonOut(Wire):
    """One reason, as a stable word and a sentence."""

    code: Why
    sentence: str


class WhyOut(Wire):
    """Why a slot is not listed."""

    is_shown: bool
    reasons: list[ReasonOut]
    held_until: Moment | None
