"""A scene for what follows an offer: one coordinator, one surgery with accounts, patients offered."""

from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from sqlmodel import Session, select

from scheduler.accounts.actor import Actor
from scheduler.referrals.decide import validate
from scheduler.store.engine import Store
from scheduler.store.tables import Message, Offer, Referral, ReferralEvent, ReferralState, Role
from tests import factories
from tests.factories import NOW

SINCE = date(2026, 9, 1)


@dataclass
class Scene:
    """Who is there, and what was offered."""

    territory_id: int
    coordinator: Actor
    gp: Actor
    secretary: Actor
    stranger: Actor
    intake_id: int
    referral_ids: list[UUID] = field(default_factory=list)
    offer_ids: list[UUID] = field(default_factory=list)


def scene(session: Session, *, num: int = 1, home: bool = False, tier: int = 1, **intake: object) -> Scene:
    """Offer patients to a GP who has an account, and a secretary; another GP stands by."""
    here = factories.territory(session).id
    gp = factories.practitioner(session, territory_id=here)
    other = factories.practitioner(session, territory_id=here)

    def person(role: Role, practitioner_id: int | None) -> Actor:
        row = factories.account(session, practitioner_id=practitioner_id)
        factories.grant(session, account_id=row.id, territory_id=here, role=role)
        return factories.actor_of(row, role, here)

    made = Scene(
        territory_id=here,
        coordinator=person(Role.COORDINATOR, None),
        gp=person(Role.GP, gp.id),
        secretary=person(Role.SECRETARY, gp.id),
        stranger=person(Role.GP, other.id),
        intake_id=factories.intake(session, practitioner_id=gp.id, **{"places": num, **intake}).id,
    )
    household = factories.household(session, territory_id=here).id if home else None
    proposals = []
    for _ in range(num):
        referral = factories.referral(
            session,
            territory_id=here,
            household_id=household,
            state=ReferralState.PROPOSED,
            waiting_since=SINCE,
            ald=tier == 1,
            next_action_on=NOW.date(),
        )
        proposals.append(
            factories.proposal(session, intake_id=made.intake_id, referral_id=referral.id, tier=tier)
        )
        made.referral_ids.append(referral.id)
    for proposal in proposals:
        if session.get_one(Referral, proposal.referral_id).state is ReferralState.PROPOSED:
            validate(session, made.coordinator, proposal.id, now=NOW)
    offers = {offer.referral_id: offer.id for offer in session.exec(select(Offer))}
    made.offer_ids = [offers[referral_id] for referral_id in made.referral_ids]
    return made


def secrets_mailed(store: Store) -> dict[str, list[str]]:
    """Give the secrets of the links in the mails written so far, by recipient."""
    found: dict[str, list[str]] = {}
    with store.read() as session:
        for message in session.exec(select(Message).order_by("created_at", "id")):
            if "/offre/" in message.body:
                secret = message.body.partition("/offre/")[2].split()[0]
                found.setdefault(message.recipient, []).append(secret)
    return found


def states(store: Store, referral_ids: list[UUID]) -> list[str]:
    """Give where some referrals stand."""
    with store.read() as session:
        return [session.get_one(Referral, referral_id).state.value for referral_id in referral_ids]


def history(store: Store, referral_id: UUID) -> list[tuple[str, dict[str, object]]]:
    """Give the lines of history of a referral."""
    with store.read() as session:
        events = session.exec(
            select(ReferralEvent).where(ReferralEvent.referral_id == referral_id).order_by("id")
        )
        return [(event.kind, event.detail) for event in events]
