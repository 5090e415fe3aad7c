"""Patients without a GP: signalled, read, qualified. Every reading of a file is traced."""

from dataclasses import asdict
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, status
from fastapi.responses import JSONResponse

from api.dependencies import Coordinator, FileReader, Once, Signaller
from api.paging import Paged, page
from api.schemas.common import Page
from api.schemas.referrals import (
    HistoryLineOut,
    QualifyIn,
    ReferralLineOut,
    ReferralOut,
    ReferralRef,
    SignalIn,
    corrections_of,
    referral_out,
    signal_of,
)
from api.services import Here
from scheduler.referrals.qualify import qualify
from scheduler.referrals.read import get_history, get_referral, list_referrals
from scheduler.referrals.signal import signal
from scheduler.store.tables import ReferralState

router = APIRouter(prefix="/api/v1/referrals", tags=["patients"])


@router.post("", status_code=status.HTTP_201_CREATED, response_model=ReferralRef)
def signal_patient(given: SignalIn, actor: Signaller, once: Once, here: Here) -> JSONResponse:
    """Signal a patient; without a consent the file is received, but never matched."""
    now = here.clock()

    def received() -> ReferralRef:
        referral = signal(session, actor, signal_of(given), now=now)
        return ReferralRef(id=referral.id, state=referral.state)

    with here.store.write() as session:
        return once.answer(session, actor, now=now, effect=received)


@router.get("")
def list_files(
    actor: FileReader,
    here: Here,
    paging: Paged,
    state: Annotated[list[ReferralState] | None, Query(max_length=len(ReferralState))] = None,
) -> Page[ReferralLineOut]:
    """List the files this person may see, the longest wait first."""
    after = paging.after_as(date.fromisoformat, UUID)
    with here.store.write() as session:
        listed = list_referrals(
            session, actor, states=state or (), limit=paging.limit, after=after, now=here.clock()
        )
    return page(
        listed,
        key=lambda line: (line.waiting_since.isoformat(), str(line.id)),
        show=lambda line: ReferralLineOut(**asdict(line)),
    )


@router.get("/{referral_id}")
def get_file(referral_id: UUID, actor: FileReader, here: Here) -> ReferralOut:
    """Read one file."""
    with here.store.write() as session:
        return referral_out(get_referral(session, actor, referral_id, now=here.clock()))


@router.post("/{referral_id}/qualify")
def qualify_file(referral_id: UUID, given: QualifyIn, actor: Coordinator, here: Here) -> ReferralRef:
    """Complete a file; with a consent the patient enters the waiting list."""
    with here.store.write() as session:
        referral = qualify(session, actor, referral_id, corrections_of(given), now=here.clock())
        return ReferralRef(id=referral.id, state=referral.state)


@router.get("/{referral_id}/history")
def history(referral_id: UUID, actor: FileReader, here: Here) -> list[HistoryLineOut]:
    """Read all that happened to a file, oldest first."""
    with here.store.write() as session:
        lines = get_history(session, actor, referral_id, now=here.clock())
    return [HistoryLineOut(**asdict(line)) for line in lines]
