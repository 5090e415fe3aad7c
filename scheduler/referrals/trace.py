"""The audit rows of referrals, all with the same purpose."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from sqlmodel import Session

from scheduler.accounts.actor import Actor
from scheduler.audit import record

PURPOSE = "attachment"
"""Why files are read and changed in the search for a GP: what a patient who asks is told."""


def trace(
    session: Session,
    actor: Actor,
    action: Literal["C", "R", "U"],
    referral_id: UUID,
    patient_id: UUID,
    *,
    now: datetime,
) -> None:
    """Note an access to a patient's file; the audit row is written when the transaction commits."""
    record(
        session,
        actor,
        action=action,
        object_kind="referral",
        object_id=str(referral_id),
        patient_id=patient_id,
        purpose=PURPOSE,
        now=now,
    )
