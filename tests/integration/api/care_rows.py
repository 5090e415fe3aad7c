"""Care requests, offers, mails and addresses given out, for the matrix of access."""

from datetime import timedelta
from typing import Any

from scheduler.store.tables import (
    CareOffer,
    CareOfferState,
    CareRequest,
    CareState,
    Message,
    MessageState,
    Practice,
    PublishedFeed,
    PublishedKind,
)
from tests import factories
from tests.factories import NOW

HOUR = timedelta(hours=1)


def care_rows(
    session: Any, territory_id: int, practice: Practice, *, key: str = "account:nobody"
) -> dict[str, Any]:
    """Add one of each, made by whoever has this key; gives them by kind."""
    request = CareRequest(
        territory_id=territory_id,
        insee="77445",
        latitude=48.58,
        longitude=2.58,
        urgency=1,
        modalities=["AMB"],
        received_at=NOW,
        deadline_at=NOW + 4 * HOUR,
        state=CareState.WAITING,
        created_by=key,
        updated_at=NOW,
    )
    session.add(request)
    session.flush()
    freed = factories.slot(session, practice=practice, start_at=NOW + 500 * HOUR + _later(session) * HOUR)
    offer = CareOffer(
        request_id=request.id,
        slot_id=freed.id or 0,
        state=CareOfferState.OPEN,
        sent_at=NOW,
        expires_at=NOW + HOUR,
    )
    mail = Message(
        territory_id=territory_id,
        kind="essai",
        key=f"essai:{request.id}",
        recipient="a@exemple.test",
        subject="Essai",
        body="Essai",
        state=MessageState.DEAD,
        created_at=NOW,
        due_at=NOW,
    )
    published = PublishedFeed(
        territory_id=territory_id,
        practitioner_id=practice.practitioner_id,
        kind=PublishedKind.BOOKINGS,
        token_hash=str(request.id),
        created_by=key,
        created_at=NOW,
    )
    session.add_all([offer, mail, published])
    session.flush()
    return {"care_request": request, "care_offer": offer, "mail": mail, "published": published}


def _later(session: Any) -> int:
    """Count what was added, so that no two slots overlap."""
    from sqlmodel import func, select

    return int(session.exec(select(func.count()).select_from(CareOffer)).one())
