"""Questions to the engine that propose nothing: what places are worth, rehearsals, the coming months.

A study is a row: asked, computed by the workbench in a child process with a time limit, then read.
Question and answer hold numbers by group; nobody's file is opened.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session, col, select

from matching import Policy
from matching.errors import RelaisError
from matching.rehearse import groups_of
from scheduler.accounts.actor import Actor
from scheduler.audit import record
from scheduler.clock import Clock
from scheduler.errors import NotFound
from scheduler.referrals.child import Watcher, in_child
from scheduler.referrals.errors import StudyInProgress
from scheduler.referrals.future import Future, future_arguments
from scheduler.referrals.history import today_in
from scheduler.referrals.instance import Prepared, build_instance
from scheduler.referrals.policies import in_force
from scheduler.referrals.study_answers import of_places, of_projection, of_rehearsal
from scheduler.referrals.trace import PURPOSE
from scheduler.referrals.watched import PATIENCE, Wanted, always
from scheduler.store.engine import Store
from scheduler.store.tables import Role, RunState, Study, StudyKind
from scheduler.territory.travel import GreatCircleTravel, TravelTimes

_LONGEST_FAILURE = 200
_PART_OF_SCENARIOS = 0.8
"""Of the time of a projection: after it no further future is drawn, and the child still answers."""
_FAULT = "Erreur interne pendant le calcul. Relancez-le ; prévenez-nous si cela dure."
_INTERRUPTED = "Le calcul a été interrompu par un arrêt du service. Relancez-le."


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyOrder:
    """What is asked.

    Parameters
    ----------
    more : int
        Places given at once to each practitioner (``places``).
    policies : tuple of Policy
        Compared with the first (``rehearsal``); one or more.
    future : Future or None
        What is expected (``demography``).
    time_limit_s : float
        For the whole study, > 0.
    """

    kind: StudyKind
    more: int = 1
    policies: tuple[Policy, ...] = ()
    future: Future | None = None
    time_limit_s: float = 60.0

    def question(self) -> dict[str, Any]:
        """Say what was asked, for the record."""
        if self.kind is StudyKind.PLACES:
            return {"more": self.more}
        if self.kind is StudyKind.REHEARSAL:
            return {"policies": [policy.version for policy in self.policies]}
        return {} if self.future is None else self.future.as_data()


def start_study(session: Session, actor: Actor, order: StudyOrder, *, now: datetime) -> Study:
    """Write down that a study begins.

    Raises
    ------
    StudyInProgress
        When another of the same kind is being computed for the territory.
    """
    same = select(Study).where(
        col(Study.territory_id) == actor.territory_id,
        col(Study.kind) == order.kind,
        col(Study.state) == RunState.RUNNING,
    )
    for other in session.exec(same):
        if other.started_at + 4 * PATIENCE > now:
            raise StudyInProgress
        _end(session, other, RunState.FAILED, now, failure=_INTERRUPTED)
    study = Study(
        territory_id=actor.territory_id,
        requested_by=actor.account_id,
        kind=order.kind,
        state=RunState.RUNNING,
        question=order.question(),
        started_at=now,
    )
    session.add(study)
    session.flush()
    record(
        session,
        actor,
        action="E",
        object_kind="study",
        object_id=str(study.id),
        purpose=PURPOSE,
        now=now,
    )
    return study


def perform_study(
    store: Store,
    actor: Actor,
    study_id: UUID,
    order: StudyOrder,
    *,
    clock: Clock,
    travel: TravelTimes | None = None,
    wanted: Wanted = always,
) -> Study:
    """Compute a started study and keep its answer; a failure is kept with a sentence."""
    try:
        with store.read() as session:
            policy = in_force(session, actor.territory_id).policy
            prepared = build_instance(
                session,
                actor.territory_id,
                on=today_in(session, actor.territory_id, clock()),
                policy=policy,
                travel=travel or GreatCircleTravel(),
            )
        answer = _ANSWER[order.kind](prepared, policy, order, lambda _: wanted())
        return _kept(store, study_id, RunState.DONE, clock(), answer=answer)
    except RelaisError as error:
        reason = str(error) if wanted() else _INTERRUPTED
        return _kept(store, study_id, RunState.FAILED, clock(), failure=reason)
    except Exception:
        _kept(store, study_id, RunState.FAILED, clock(), failure=_FAULT)
        raise


def get_study(session: Session, actor: Actor, study_id: UUID) -> Study:
    """Read one study.

    Raises
    ------
    NotFound
        Unknown, of another territory, or not one this person reads: the bureau reads rehearsals.
    """
    study = session.get(Study, study_id)
    if study is None or study.territory_id != actor.territory_id or study.kind not in readable_by(actor):
        raise NotFound("study")
    return study


def readable_by(actor: Actor) -> frozenset[StudyKind]:
    """Give the kinds of studies that somebody reads."""
    return frozenset({StudyKind.REHEARSAL}) if actor.role is Role.BUREAU else frozenset(StudyKind)


def list_studies(session: Session, actor: Actor, kind: StudyKind, *, limit: int = 10) -> list[Study]:
    """List the last studies of one kind, newest first; none of a kind this person does not read."""
    if kind not in readable_by(actor):
        return []
    query = (
        select(Study)
        .where(col(Study.territory_id) == actor.territory_id, col(Study.kind) == kind)
        .order_by(col(Study.started_at).desc(), col(Study.id))
        .limit(limit)
    )
    return list(session.exec(query))


def _places(prepared: Prepared, policy: Policy, order: StudyOrder, watch: Watcher) -> dict[str, Any]:
    limit_s = order.time_limit_s / 2
    found = in_child(
        "places",
        prepared.instance,
        policy,
        prepared.practice_communes,
        order.more,
        limit_s,
        time_limit_s=order.time_limit_s,
        watch=watch,
    )
    return of_places(found, prepared.instance)


def _rehearsal(prepared: Prepared, policy: Policy, order: StudyOrder, watch: Watcher) -> dict[str, Any]:
    """Compare policies on the same list, as if nothing but the announced offers were decided yet."""
    announced = tuple(each for each in prepared.instance.commitments if each.firm)
    instance = replace(prepared.instance, commitments=announced)
    found = in_child(
        "rehearse",
        instance,
        order.policies,
        groups_of(instance, policy, communes=prepared.communes),
        order.time_limit_s,
        time_limit_s=order.time_limit_s,
        watch=watch,
    )
    return of_rehearsal(found)


def _demography(prepared: Prepared, policy: Policy, order: StudyOrder, watch: Watcher) -> dict[str, Any]:
    if order.future is None:
        raise ValueError("a projection needs a future")
    announced = tuple(each for each in prepared.instance.commitments if each.firm)
    instance = replace(prepared.instance, commitments=announced)
    found = in_child(
        "project",
        instance,
        policy,
        future_arguments(order.future, instance, policy, prepared.communes),
        order.time_limit_s * _PART_OF_SCENARIOS,
        time_limit_s=order.time_limit_s,
        watch=watch,
    )
    return of_projection(found)


_ANSWER: Mapping[StudyKind, Callable[[Prepared, Policy, StudyOrder, Watcher], dict[str, Any]]] = {
    StudyKind.PLACES: _places,
    StudyKind.REHEARSAL: _rehearsal,
    StudyKind.DEMOGRAPHY: _demography,
}


def _kept(
    store: Store,
    study_id: UUID,
    state: RunState,
    now: datetime,
    *,
    answer: dict[str, Any] | None = None,
    failure: str | None = None,
) -> Study:
    with store.write() as session:
        study = session.get_one(Study, study_id)
        if study.state is RunState.RUNNING:
            study.answer = answer
            _end(session, study, state, now, failure=failure)
        return study


def _end(session: Session, study: Study, state: RunState, now: datetime, *, failure: str | None) -> None:
    study.state = state
    study.ended_at = now
    study.failure = None if failure is None else failure[:_LONGEST_FAILURE]
    session.add(study)
    session.flush()
