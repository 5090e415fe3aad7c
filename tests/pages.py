"""Every page of Relais and who opens it: walked by the test of every page, pictured for the guide.

Add a line for each page: its address, the role that opens it (``None``: nobody signed in), the name of its
picture, and, when the page needs something the demo does not have, a set-up. ``{referral}`` and the like
in an address are filled in from what the set-ups returned: ``_of_the_demo`` gives the common ones.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlmodel import Session, col, select

from matching.model import Needs
from scheduler.accounts.actor import Actor
from scheduler.accounts.managing import invite
from scheduler.agenda.booking import book
from scheduler.clock import utc_now
from scheduler.referrals.decide import validate
from scheduler.referrals.signal import signal
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
    Slot,
    SlotState,
)
from tests.demo_site import DemoSite

SetUp = Callable[[DemoSite], Mapping[str, object]]


@dataclass(frozen=True)
class ListedPage:
    """One page to be walked.

    Parameters
    ----------
    path
        Address with ``{name}`` for what is found in the site's values.
    role
        Who opens it; ``None``: nobody signed in.
    name
        File name of its picture, without width and ending; "" = not pictured.
    set_up
        Prepares what the page shows, once, and gives values for the addresses.
    status
        HTTP status of the page: error pages are pages too.
    """

    path: str
    role: Role | None
    name: str = ""
    set_up: SetUp | None = None
    status: int = 200

    def address(self, site: DemoSite) -> str:
        """Give the path with its values, after its set-up."""
        if not site.values:
            site.values.update(_of_the_demo(site))
        if self.set_up is not None:
            site.values.update(self.set_up(site))
        return self.path.format_map(site.values)


def _of_the_demo(site: DemoSite) -> dict[str, object]:
    """Let the demo's people begin their day, and find one of each thing."""
    made = {
        "received": _received(site),
        "offer": _offered(site),
        "booking": _booked(site),
        "link": _invited(site),
    }
    with site.store.read() as session:
        waiting = session.exec(select(Referral.id).where(Referral.state == ReferralState.WAITING)).first()
        proposed = session.exec(
            select(Proposal).where(Proposal.state == ProposalState.PROPOSED).order_by(col(Proposal.id))
        ).first()
        assert proposed is not None
        return made | {
            "waiting": waiting,
            "referral": proposed.referral_id,
            "proposal": proposed.id,
            "run": session.exec(select(MatchingRun.id)).first(),
            "practitioner": session.exec(select(Practitioner.id)).first(),
            "feed": session.exec(select(Feed.id).order_by(col(Feed.id))).first(),
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


def _received(site: DemoSite) -> UUID:
    """Let the signaller signal somebody whom the coordination has yet to look at."""
    with site.store.write() as session:
        given = Signal(
            identity=Identity(
                family_name="Lemoine",
                given_name="Odette",
                birth_date=date(1944, 3, 7),
                phone="0199001234",
                insee="77122",
                fictitious=True,
            ),
            needs=Needs(ald=True, home_bound=True),
        )
        return signal(session, _actor(session, site, "signalement", Role.SIGNALLER), given, now=utc_now()).id


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
            .where(Slot.state == SlotState.OPEN, col(Slot.start_at) > utc_now())
            .order_by(col(Slot.start_at), col(Slot.id))
        ).first()
        assert slot_id is not None
        return book(session, regulator, slot_id=slot_id, now=utc_now()).id


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


_C, _G, _S, _R, _B, _A = (
    Role.COORDINATOR,
    Role.GP,
    Role.SIGNALLER,
    Role.REGULATOR,
    Role.BUREAU,
    Role.ADMIN,
)

PAGES: tuple[ListedPage, ...] = (
    # everybody
    ListedPage("/connexion", None, "connexion"),
    ListedPage("/acces/{link}", None, "acces"),
    ListedPage("/styleguide", None, "styleguide"),
    ListedPage("/nulle-part", None, "erreur", status=404),
    ListedPage("/file-active", _R, "interdit", status=403),
    # signaller
    ListedPage("/", _S, "signaler-accueil"),
    ListedPage("/signaler", _S, "signaler"),
    ListedPage("/signaler?filiere=orthophoniste", _S, "signaler-orthophonie"),
    ListedPage("/mes-signalements", _S, "signaler-suivi"),
    ListedPage("/signaler/recu?dossier={received}", _S, "signaler-recu"),
    ListedPage("/signaler/liste", _S, "signaler-liste"),
    ListedPage("/qualifier/{received}", _C, "coordination-qualifier-complet"),
    ListedPage("/doublons", _C, "coordination-doublons"),
    ListedPage("/a-reconfirmer", _C, "coordination-a-reconfirmer"),
    ListedPage("/a-declarer", _G, "medecin-a-declarer"),
    ListedPage("/a-declarer", _C),
    # GP and secretary
    ListedPage("/", _G, "medecin-accueil"),
    ListedPage("/", Role.SECRETARY),
    ListedPage("/agendas", _G, "medecin-agendas"),
    ListedPage("/mon-accueil", _G, "medecin-mon-accueil"),
    ListedPage("/mon-accueil/reglages", _G, "medecin-ce-que-je-prends"),
    ListedPage("/offre/inconnu", None, "offre-lien-inconnu", status=404),
    ListedPage("/offre/{offer}", None, "medecin-offre"),
    # regulator
    ListedPage("/", _R, "regulation-accueil"),
    ListedPage("/creneaux?ou=Combs-la-Ville&quand=48h", _R, "regulation-creneaux"),
    ListedPage("/creneaux?medecin={practitioner}", _R, "regulation-agenda"),
    ListedPage("/creneaux/imprimer", _R, "regulation-imprimer"),
    ListedPage("/rendez-vous/{booking}", _R, "regulation-rendez-vous"),
    ListedPage("/creneaux/pourquoi?ou=Combs-la-Ville&qui={practitioner}", _R, "regulation-pourquoi"),
    ListedPage("/demandes", _R, "regulation-demandes"),
    ListedPage("/demandes/nouvelle", _R, "regulation-demande"),
    ListedPage("/conflits", _R, "regulation-conflits"),
    ListedPage("/mes-creneaux", _G, "medecin-creneaux"),
    ListedPage("/mes-creneaux/reglages", _G, "medecin-reglages"),
    ListedPage("/regles-soins", _C, "coordination-regles-soins"),
    ListedPage("/activite", _C, "coordination-activite"),
    # coordinator
    ListedPage("/", _C, "coordination-accueil"),
    ListedPage("/a-faire", _C, "coordination-a-faire"),
    ListedPage("/patients/{waiting}/consultation", _C, "coordination-consultation-en-attendant"),
    ListedPage("/file-active?etat=received", _C),
    ListedPage("/file-active?etat=waiting", _C, "coordination-file-active"),
    ListedPage("/file-active?etat=proposed", _C, "coordination-propositions"),
    ListedPage("/propositions/valider", _C, "coordination-tout-valider"),
    ListedPage("/patients/{referral}", _C, "coordination-dossier"),
    ListedPage("/patients/{received}", _C, "coordination-qualifier"),
    ListedPage("/appariements/{run}", _C, "coordination-appariement"),
    ListedPage("/appariements", _C, "coordination-appariements"),
    ListedPage("/propositions", _C, "coordination-propositions-tableau"),
    ListedPage("/propositions/carte", _C, "coordination-carte"),
    ListedPage("/propositions/{proposal}", _C, "coordination-proposition"),
    ListedPage("/patients/{referral}/pourquoi", _C, "coordination-pourquoi"),
    ListedPage("/places", _C, "coordination-places"),
    ListedPage("/departs", _C, "coordination-departs"),
    ListedPage("/regles", _C, "coordination-regles"),
    ListedPage("/regles/modifier", _C, "coordination-regles-modifier"),
    ListedPage("/regles/modifier?texte=1", _C),
    ListedPage("/agendas", _C, "coordination-agendas"),
    ListedPage("/agendas/{feed}", _C, "coordination-agenda"),
    ListedPage("/messages", _C, "coordination-messages"),
    ListedPage("/messages/lettres", _C, "coordination-lettres"),
    ListedPage("/patients/{referral}/lettre", _C),
    ListedPage("/messages", _C, "coordination-messages"),
    ListedPage("/messages/lettres", _C, "coordination-lettres"),
    # bureau
    ListedPage("/", _B, "bureau-accueil"),
    ListedPage("/indicateurs", _B, "bureau-indicateurs"),
    ListedPage("/attestations", _B, "bureau-attestations"),
    ListedPage("/appariements", _B),
    ListedPage("/regles/comparer", _B, "bureau-comparer"),
    ListedPage("/regles/essai", _B, "bureau-essai"),
    ListedPage("/indicateurs", _B, "bureau-indicateurs"),
    ListedPage("/attestations", _B, "bureau-attestations"),
    # admin
    ListedPage("/", _A, "administration-accueil"),
    ListedPage("/administration/comptes", _A, "administration-comptes"),
    ListedPage("/administration/territoire", _A, "administration-territoire"),
    ListedPage("/administration/plateforme", _A, "administration-plateforme"),
    ListedPage("/administration/structures", _A, "administration-structures"),
    ListedPage("/administration/jetons", _A, "administration-jetons"),
    ListedPage("/administration/traces", _A, "administration-traces"),
    ListedPage("/administration/service", _A, "administration-service"),
    ListedPage("/administration/agendas", _A, "administration-agendas"),
    ListedPage("/administration/taches", _A, "administration-taches"),
    ListedPage("/sas/controle", _A, "administration-sas"),
)
