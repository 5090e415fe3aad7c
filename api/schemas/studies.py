"""Questions to the engine that propose nothing, and its reasons."""

from datetime import date
from typing import Any
from uuid import UUID

from pydantic import Field, model_validator

from api.schemas.common import Id, Moment, Wire
from matching import Policy
from scheduler.accounts.actor import Actor
from scheduler.referrals.future import MOST_MONTHS, Arriving, Future, Leaving
from scheduler.referrals.policies import LONGEST_DOCUMENT, InForce
from scheduler.referrals.studies import StudyOrder
from scheduler.referrals.study_answers import for_bureau
from scheduler.store.tables import Role, RunState, Study, StudyKind


class ReasonOut(Wire):
    """One reason: a stable code, a French sentence, the facts behind both."""

    code: str
    sentence: str
    data: dict[str, Any]


class ExplanationOut(Wire):
    """Why a patient is, or is not, proposed to a GP. Each reading of it is traced."""

    patient_id: str = Field(description="Le dossier (referral)")
    practitioner_id: str | None
    verdict: ReasonOut
    facts: list[ReasonOut]
    nearby: list[ReasonOut] = Field(description="Sans proposition : chaque médecin proche, et pourquoi")
    remedies: list[ReasonOut] = Field(description="Ce qui changerait la réponse, vérifié par calcul")
    text: str


class PlacesIn(Wire):
    """How many places to value at once."""

    more: int = Field(default=1, ge=1, le=50)


class RehearsalIn(Wire):
    """The policies to compare with the one that holds."""

    policies: list[str] = Field(
        min_length=1, max_length=5, description="Documents TOML ; comparés à la politique en vigueur"
    )

    @model_validator(mode="after")
    def _not_too_long(self) -> "RehearsalIn":
        if any(len(document) > LONGEST_DOCUMENT for document in self.policies):
            raise ValueError("document trop long")
        return self


class LeavingIn(Wire):
    """A GP who stops."""

    practitioner_id: Id
    on: date
    panel: int = Field(ge=0, le=10_000, description="Patients qui perdent leur médecin")
    tier_mix: tuple[float, float, float] | None = Field(
        default=None, description="Parts des priorités 1, 2, 3 ; leur somme fait 1"
    )
    share_signalled: float = Field(default=0.3, ge=0, le=1, description="Part qui vient sur la liste")


class ArrivingIn(Wire):
    """A GP who opens at the place of one of today."""

    like: Id
    on: date
    places: int = Field(ge=0, le=2000)
    places_per_month: int = Field(default=0, ge=0, le=500)


class DemographyIn(Wire):
    """What is expected of the coming months."""

    months: int = Field(default=12, ge=1, le=MOST_MONTHS)
    leaving: list[LeavingIn] = Field(default_factory=list, max_length=50)
    arriving: list[ArrivingIn] = Field(default_factory=list, max_length=50)
    places_per_month: dict[Id, int] = Field(default_factory=dict, max_length=500)
    scenarios: int = Field(default=5, ge=1, le=20)
    seed: int = Field(default=0, ge=0, le=2**31 - 1)


class StudyRef(Wire):
    """A study by its id, and how far it is."""

    id: UUID
    state: RunState


class StudyOut(StudyRef):
    """A study: what was asked, what was found. For the bureau, null stands for 1 to 4 people."""

    kind: StudyKind
    question: dict[str, Any]
    answer: dict[str, Any] | None
    started_at: Moment
    ended_at: Moment | None
    failure: str | None


def places_order(given: PlacesIn, time_limit_s: float) -> StudyOrder:
    """Read a question about places off the wire."""
    return StudyOrder(kind=StudyKind.PLACES, more=given.more, time_limit_s=time_limit_s)


def rehearsal_order(given: RehearsalIn, rules: InForce, time_limit_s: float) -> StudyOrder:
    """Read the policies to rehearse; the one that holds comes first.

    Raises
    ------
    InvalidPolicy
        When a document is none.
    """
    return StudyOrder(
        kind=StudyKind.REHEARSAL,
        policies=(rules.policy, *(Policy.from_toml(document) for document in given.policies)),
        time_limit_s=time_limit_s,
    )


def demography_order(given: DemographyIn, time_limit_s: float) -> StudyOrder:
    """Read what is expected off the wire."""
    leaving = tuple(_leaving(one) for one in given.leaving)
    arriving = tuple(Arriving(**one.model_dump() | {"like": str(one.like)}) for one in given.arriving)
    places = {str(practitioner): number for practitioner, number in given.places_per_month.items()}
    future = Future(
        months=given.months,
        leaving=leaving,
        arriving=arriving,
        places_per_month=places,
        scenarios=given.scenarios,
        seed=given.seed,
    )
    return StudyOrder(kind=StudyKind.DEMOGRAPHY, future=future, time_limit_s=time_limit_s)


def study_out(study: Study, actor: Actor) -> StudyOut:
    """Write a study to the wire, as far as this person may see it."""
    shown = StudyOut.of(study)
    if actor.role is Role.BUREAU and study.answer is not None and study.kind is StudyKind.REHEARSAL:
        return shown.model_copy(update={"answer": for_bureau(study.answer)})
    return shown


def _leaving(given: LeavingIn) -> Leaving:
    values = given.model_dump(exclude_none=True) | {"practitioner_id": str(given.practitioner_id)}
    return Leaving(**values)
