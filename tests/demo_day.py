"""A day of the demo's people, through the use cases, so that every page has something to show.

Gives what stands for ``{name}`` in the addresses of ``tests.pages``.
"""

import re
from datetime import date, timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from matching import Policy
from matching.model import Needs
from scheduler.accounts.actor import Actor
from scheduler.accounts.managing import invite
from scheduler.agenda.booking import book
from scheduler.care.requests import Given, create_request
from scheduler.clock import local_day, utc_now
from scheduler.referrals.decide import validate
from scheduler.referrals.duplicates import undecided
from scheduler.referrals.future import Future, Leaving
from scheduler.referrals.policies import adopt, in_force
from scheduler.referrals.signal import signal
from scheduler.referrals.studies import StudyOrder, perform_study, start_study
from scheduler.referrals.values import Identity, Signal
from scheduler.store.tables import (
    Account,
    Feed,
    Intake,
    MatchingRun,
    Message,
    Practitioner,
    Proposal,
    ProposalState,
    Referral,
    ReferralState,
    Role,
    RunState,
    Slot,
    SlotState,
    StudyKind,
)
from tests.demo_site import DemoSite

NEARER = 'version = "plus-pres"\n[reach]\nmax_km = 6.0\n'


def begin(site: DemoSite) -> dict[str, object]:
    """Let the demo's people begin their day, and find one of each thing."""
    made = {
        "received": _received(site, "Odette"),
        "pair": _undecided(site, _received(site, "Odete")),
        "policy": _adopted(site),
        "rehearsal": _studied(site, StudyKind.REHEARSAL),
        "more": _studied(site, StudyKind.PLACES),
        "future": _studied(site, StudyKind.DEMOGRAPHY),
        "offer": _offered(site),
        "booking": _booked(site),
        "request": _asked(site),
        "link": _invited(site),
    }
    return made | _found(site)


def _found(site: DemoSite) -> dict[str, object]:
    """Find one of each thing the demo has; the server may serve other territories beside it."""
    here = site.territory_id
    ours = select(Practitioner.id).where(Practitioner.territory_id == here).order_by(col(Practitioner.id))
    proposed = (
        select(Proposal)
        .join(Referral, col(Referral.id) == col(Proposal.referral_id))
        .where(Referral.territory_id == here, Proposal.state == ProposalState.PROPOSED)
        .order_by(col(Proposal.id))
    )
    waiting = select(Referral.id).where(
        Referral.territory_id == here, Referral.state == ReferralState.WAITING
    )
    feeds = select(Feed.id).where(col(Feed.practitioner_id).in_(ours)).order_by(col(Feed.id))
    with site.store.read() as session:
        proposal = session.exec(proposed).first()
        assert proposal is not None
        return {
            "waiting": session.exec(waiting.order_by(col(Referral.id))).first(),
            "referral": proposal.referral_id,
            "proposal": proposal.id,
            "run": session.exec(select(MatchingRun.id).where(MatchingRun.territory_id == here)).first(),
            "practitioner": session.exec(ours).first(),
            "feed": session.exec(feeds).first(),
        }


def _actor(session: Session, site: DemoSite, email: str, role: Role) -> Actor:
    account = session.exec(select(Account).where(Account.email == f"{email}@demo.example")).one()
    return Actor(
        key=f"account:{account.id}",
        role=role,
        territory_id=site.territory_id,
        account_id=account.id,
        practitioner_id=account.practitioner_id,
    )


def _received(site: DemoSite, given_name: str) -> UUID:
    """Let the signaller signal somebody whom the coordination has yet to look at."""
    with site.store.write() as session:
        given = Signal(
            identity=Identity(
                family_name="Lemoine",
                given_name=given_name,
                birth_date=date(1944, 3, 7),
                phone="0199001234",
                insee="77122",
                fictitious=True,
            ),
            needs=Needs(ald=True, home_bound=True),
        )
        return signal(session, _actor(session, site, "signalement", Role.SIGNALLER), given, now=utc_now()).id


def _undecided(site: DemoSite, referral_id: UUID) -> UUID | None:
    with site.store.read() as session:
        return undecided(session, referral_id)


def _adopted(site: DemoSite) -> int:
    """Let the coordination adopt nearer rules, and go back to those of Relais under a name of their own."""
    now = utc_now()
    with site.store.write() as session:
        coordination = _actor(session, site, "coordination", Role.COORDINATOR)
        row = adopt(session, coordination, NEARER, note="Essai voté le 12 novembre", now=now)
        adopt(session, coordination, 'version = "retour"\n', note="Retour aux règles de Relais", now=now)
        assert row.id is not None
        return row.id


def _studied(site: DemoSite, kind: StudyKind) -> UUID:
    """Put one question of each kind to the engine, as a page of the coordination does."""
    now = utc_now()
    with site.store.write() as session:
        coordination = _actor(session, site, "coordination", Role.COORDINATOR)
        held = in_force(session, site.territory_id).policy
        leaving = session.exec(
            select(Intake.practitioner_id)
            .join(Practitioner, col(Practitioner.id) == col(Intake.practitioner_id))
            .where(Practitioner.territory_id == site.territory_id)
            .order_by(col(Intake.id).desc())
        ).first()
        order = StudyOrder(
            kind=kind,
            more=2,
            policies=(held, Policy.from_toml(NEARER)) if kind is StudyKind.REHEARSAL else (),
            future=_future(leaving) if kind is StudyKind.DEMOGRAPHY else None,
            time_limit_s=60,
        )
        study = start_study(session, coordination, order, now=now)
    done = perform_study(site.store, coordination, study.id, order, clock=utc_now)
    assert done.state is RunState.DONE, done.failure
    return done.id


def _future(practitioner_id: int | None) -> Future:
    """Expect one GP to leave in two months, over half a year."""
    on = local_day(utc_now(), "Europe/Paris") + timedelta(days=60)
    return Future(months=6, leaving=(Leaving(practitioner_id=str(practitioner_id), on=on, panel=600),))


def _offered(site: DemoSite) -> str:
    """Let the coordination offer the GP their first proposed patient; give the secret of the mailed link."""
    now = utc_now()
    with site.store.write() as session:
        coordination = _actor(session, site, "coordination", Role.COORDINATOR)
        own = _actor(session, site, "medecin", Role.GP).practitioner_id
        proposal_id = session.exec(
            select(Proposal.id)
            .join(Intake, col(Intake.id) == col(Proposal.intake_id))
            .where(Intake.practitioner_id == own, Proposal.state == ProposalState.PROPOSED)
            .order_by(col(Proposal.id))
        ).first()
        assert proposal_id is not None
        validate(session, coordination, proposal_id, now=now)
    return _mailed(site, "/offre/", "medecin")


def _booked(site: DemoSite) -> UUID:
    """Let the regulator book the first free slot."""
    with site.store.write() as session:
        regulator = _actor(session, site, "regulation", Role.REGULATOR)
        slot_id = session.exec(
            select(Slot.id)
            .join(Practitioner, col(Practitioner.id) == col(Slot.practitioner_id))
            .where(Practitioner.territory_id == site.territory_id)
            .where(Slot.state == SlotState.OPEN, col(Slot.start_at) > utc_now())
            .order_by(col(Slot.start_at), col(Slot.id))
        ).first()
        assert slot_id is not None
        return book(session, regulator, slot_id=slot_id, now=utc_now()).id


def _asked(site: DemoSite) -> UUID:
    """Let the regulator ask for somebody who must be seen within two days."""
    with site.store.write() as session:
        regulator = _actor(session, site, "regulation", Role.REGULATOR)
        given = Given(insee="77122", urgency=2)
        return create_request(session, regulator, given, now=utc_now()).id


def _invited(site: DemoSite) -> str:
    """Let the administrator invite somebody; give the secret of the mailed link."""
    with site.store.write() as session:
        invite(
            session,
            _actor(session, site, "administration", Role.ADMIN),
            email="nouvelle@demo.example",
            name="Nouvelle coordinatrice (démo)",
            role=Role.COORDINATOR,
            public_url=site.url,
            zone="Europe/Paris",
            now=utc_now(),
        )
    return _mailed(site, "/acces/", "nouvelle")


def _mailed(site: DemoSite, path: str, email: str) -> str:
    with site.store.read() as session:
        bodies = session.exec(select(Message.body).where(Message.recipient == f"{email}@demo.example")).all()
    found = [link[1] for body in bodies if (link := re.search(rf"{path}([\w-]+)", body))]
    assert found, f"no link to {path} was mailed"
    return found[0]
