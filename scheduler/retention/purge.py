"""Setting aside and erasing what is over, day by day; a run that is repeated does nothing more."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, cast, exists, or_, update
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from scheduler.accounts.actor import Actor, system_actor
from scheduler.clock import Clock, local_day
from scheduler.referrals.history import note
from scheduler.retention.due import ids_of, to_erase, to_set_aside
from scheduler.retention.erase import erase_file, erase_identity
from scheduler.retention.periods import Cutoffs, Retention
from scheduler.store.engine import Store
from scheduler.store.tables import (
    CareRequest,
    CareState,
    DepartingPatient,
    Departure,
    Patient,
    Practitioner,
    Referral,
    SignalImport,
    Territory,
)

ACTOR = "purge"

SET_ASIDE = "set_aside"
"""Line of history: the file is over, and hidden from now on."""

AT_ONCE = 100
"""Files changed in one transaction: others wait no longer than for a page."""

_Change = Callable[[Session, Actor, Referral], int]


def purge(store: Store, retention: Retention, *, clock: Clock) -> int:
    """Set aside and erase whatever is due in every territory; gives how many files were erased.

    Each batch is a transaction of its own, and each file is looked at again once nobody else can change it:
    what was interrupted goes on the next time.
    """
    now = clock()
    with store.read() as session:
        territories = [(row.id or 0, row.zone) for row in session.exec(select(Territory))]

    def erase(session: Session, actor: Actor, referral: Referral) -> int:
        return erase_file(session, actor, referral, now=now)

    def set_aside(session: Session, actor: Actor, referral: Referral) -> int:
        referral.set_aside_at = now
        session.add(referral)
        note(session, actor, referral, SET_ASIDE, now=now)
        return 1

    num_erased = 0
    for territory_id, zone in territories:
        cutoffs = retention.cutoffs(local_day(now, zone), zone)
        num_erased += _each(store, territory_id, to_erase(cutoffs, now), erase)
        _each(store, territory_id, to_set_aside(cutoffs), set_aside)
        with store.write() as session:
            _forget_around(session, territory_id, cutoffs, now)
    return num_erased


def _each(store: Store, territory_id: int, due: ColumnElement[bool], change: _Change) -> int:
    """Change each file that still is due once it is locked, some at a time; gives how many were changed."""
    actor = system_actor(ACTOR, territory_id)
    with store.read() as session:
        ids = ids_of(session, territory_id, due)
    num_changed = 0
    for start in range(0, len(ids), AT_ONCE):
        still = (
            select(Referral)
            .where(col(Referral.id).in_(ids[start : start + AT_ONCE]), due)
            .order_by(col(Referral.id))
            .with_for_update(of=Referral, key_share=True)
        )
        with store.write() as session:
            for referral in session.exec(still).all():
                num_changed += change(session, actor, referral)
    return num_changed


def _forget_around(session: Session, territory_id: int, cutoffs: Cutoffs, now: datetime) -> None:
    """Erase what no file holds: names of lists taken over, patients who never entered, where somebody was."""
    session.exec(
        update(SignalImport)
        .where(
            col(SignalImport.territory_id) == territory_id,
            col(SignalImport.created_at) < cutoffs.set_aside,
            col(SignalImport.file_name) != "",
        )
        .values(file_name="")
    )
    for patient_id in session.exec(_never_entered(territory_id, cutoffs.set_aside)).all():
        erase_identity(session, patient_id, now=now)
    coarse = {name: _to_tenths(getattr(CareRequest, name)) for name in ("latitude", "longitude")}
    fine = or_(*(col(getattr(CareRequest, name)) != value for name, value in coarse.items()))
    session.exec(
        update(CareRequest)
        .where(
            col(CareRequest.territory_id) == territory_id,
            col(CareRequest.state) != CareState.WAITING,
            col(CareRequest.updated_at) < cutoffs.erase,
            or_(fine, col(CareRequest.age).is_not(None)),
        )
        .values(age=None, **coarse)
    )


def _never_entered(territory_id: int, before: datetime) -> SelectOfScalar[UUID]:
    """Select patients of a departure that was called off, or who were taken out of it, with no file."""
    has_file = exists().where(col(Referral.patient_id) == col(Patient.id))
    return (
        select(Patient.id)
        .join(DepartingPatient, col(DepartingPatient.patient_id) == col(Patient.id))
        .join(Departure, col(Departure.id) == col(DepartingPatient.departure_id))
        .join(Practitioner, col(Practitioner.id) == col(Departure.practitioner_id))
        .where(
            col(Practitioner.territory_id) == territory_id,
            col(Patient.erased_at).is_(None),
            or_(col(DepartingPatient.dropped_at) < before, col(Departure.cancelled_at) < before),
            ~has_file,
        )
    )


def _to_tenths(degrees: ColumnElement[float]) -> ColumnElement[Any]:
    """Cut a position to a tenth of a degree, some ten kilometres."""
    return cast(degrees * 10, Integer) / 10.0
