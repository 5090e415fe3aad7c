"""A small CPTS for one story, so that stories on the same server do not meet."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from playwright.sync_api import expect
from sqlmodel import Session

from api.security import COOKIE
from scheduler.accounts.actor import Actor
from scheduler.accounts.secrets import hash_of, new_secret
from scheduler.clock import utc_now
from scheduler.store.engine import Store
from scheduler.store.tables import Role, WebSession
from tests import factories
from tests.acceptance.web.conftest import Visitor
from tests.factories import PASSWORD


@dataclass(frozen=True, kw_only=True)
class Town:
    """A CPTS and somebody of each role; the GP's and the secretary's accounts belong to the first GP.

    Parameters
    ----------
    tokens
        An open session of each role, for those whose signing in is not part of the story.
    """

    territory_id: int
    practitioner_ids: list[int]
    intake_ids: list[int]
    accounts: dict[Role, UUID]
    tokens: dict[Role, str]

    def actor(self, role: Role) -> Actor:
        """Make who somebody acts as, for what is prepared before a story begins."""
        account_id = self.accounts[role]
        return Actor(
            key=f"account:{account_id}", role=role, territory_id=self.territory_id, account_id=account_id
        )

    def email(self, role: Role) -> str:
        return f"{role}-{self.territory_id}@exemple.test"

    def sign_in(self, one: Visitor, role: Role) -> Visitor:
        """Let somebody sign in with their password."""
        if "/connexion" not in one.page.url:
            one.open("/connexion")
        one.page.get_by_label("Adresse électronique").fill(self.email(role))
        one.page.get_by_label("Mot de passe").fill(PASSWORD)
        one.page.get_by_role("button", name="Se connecter").click()
        expect(one.page.get_by_role("button", name="Se déconnecter")).to_be_visible()
        one.check()
        return one

    def visit(self, one: Visitor, role: Role, path: str) -> Visitor:
        """Let somebody who has signed in open a page; how one signs in, other stories tell."""
        one.page.context.add_cookies([{"name": COOKIE, "value": self.tokens[role], "url": one.url}])
        one.open(path)
        return one


def build_town(
    store: Store, *, gps: tuple[str, ...] = ("ASTER",), places: int = 1, hours: tuple[int, ...] = ()
) -> Town:
    """Add a CPTS with GPs who take some patients, and slots of each in some hours."""
    now = utc_now()
    with store.write() as session:
        territory_id = factories.territory(session).id or 0
        practitioner_ids, intake_ids = [], []
        for number, name in enumerate(gps):
            gp = factories.practitioner(session, territory_id=territory_id, family_name=name)
            practice = factories.practice(session, practitioner_id=gp.id, phone="0160000000", address="1 rue")
            intake = factories.intake(session, practice_id=practice.id, practitioner_id=gp.id, places=places)
            feed = (
                factories.feed(session, practice_id=practice.id, practitioner_id=gp.id, ok_at=now)
                if hours
                else None
            )
            for hour in hours:
                start_at = now + timedelta(hours=hour, minutes=20 * number)
                factories.slot(session, feed=feed, start_at=start_at, seen_at=now)
            practitioner_ids.append(gp.id or 0)
            intake_ids.append(intake.id or 0)
        accounts, tokens = {}, {}
        for role in Role:
            own = practitioner_ids[0] if role in {Role.GP, Role.SECRETARY} else None
            person = factories.account(
                session,
                email=f"{role}-{territory_id}@exemple.test",
                name=f"Essai {role}",
                password=PASSWORD,
                practitioner_id=own,
            )
            factories.grant(session, account_id=person.id, territory_id=territory_id, role=role)
            accounts[role] = person.id
            tokens[role] = _session_of(session, person.id, now)
    return Town(
        territory_id=territory_id,
        practitioner_ids=practitioner_ids,
        intake_ids=intake_ids,
        accounts=accounts,
        tokens=tokens,
    )


def _session_of(session: Session, account_id: UUID, now: datetime) -> str:
    token = new_secret()
    row = WebSession(
        token_hash=hash_of(token),
        account_id=account_id,
        created_at=now,
        seen_at=now,
        expires_at=now + timedelta(hours=10),
    )
    session.add(row)
    return token


def six_wait(store: Store, town: Town) -> None:
    """Let six patients wait, every other one with a long illness."""
    now = utc_now()
    with store.write() as session:
        for number in range(6):
            patient = factories.patient(session, family_name=f"ATTENTE{number}")
            referral = factories.referral(
                session,
                patient_id=patient.id,
                territory_id=town.territory_id,
                consent=False,
                ald=number % 2 == 0,
                waiting_since=now.date() - timedelta(days=number),
                next_action_on=now.date() + timedelta(days=3),
            )
            factories.consent(session, referral_id=referral.id, given_at=now)
