"""Every page of Relais and who opens it: walked by the test of every page, pictured for the guide.

Add a line for each page: its address, the role that opens it (``None``: nobody signed in), the name of its
picture, and, when the page needs something the demo does not have, a set-up. ``{referral}`` and the like
in an address are filled in from what the set-ups returned: ``_of_the_demo`` gives the common ones.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlmodel import col, select

from matching.model import Needs
from scheduler.accounts.actor import Actor
from scheduler.clock import utc_now
from scheduler.referrals.by_person import ChosenBecause
from scheduler.referrals.decide import offer_by_hand
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
        if self.set_up is not None:
            site.values.update(self.set_up(site))
        if not site.values:
            site.values.update(_of_the_demo(site))
        return self.path.format_map(site.values)


def _of_the_demo(site: DemoSite) -> dict[str, object]:
    """Find one of each thing in the demo."""
    received = _received(site)
    with site.store.read() as session:
        waiting = session.exec(select(Referral.id).where(Referral.state == ReferralState.WAITING)).first()
        proposed = session.exec(
            select(Proposal).where(Proposal.state == ProposalState.PROPOSED).order_by(col(Proposal.id))
        ).first()
        assert proposed is not None
        return {
            "waiting": waiting,
            "received": received,
            "referral": proposed.referral_id,
            "proposal": proposed.id,
            "run": session.exec(select(MatchingRun.id)).first(),
            "practitioner": session.exec(select(Practitioner.id)).first(),
            "feed": session.exec(select(Feed.id).order_by(col(Feed.id))).first(),
        }


def _received(site: DemoSite) -> UUID:
    """Let the demo's signaller signal somebody whom the coordination has yet to look at."""
    with site.store.write() as session:
        account = session.exec(select(Account).where(Account.email == "signalement@demo.example")).one()
        actor = Actor(
            key=f"account:{account.id}",
            role=Role.SIGNALLER,
            territory_id=site.territory_id,
            account_id=account.id,
        )
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
        return signal(session, actor, given, now=utc_now()).id


def _offered(site: DemoSite) -> dict[str, object]:
    """Offer a proposed patient to their GP, and give the secret of the link of the mail."""
    with site.store.write() as session:
        account = session.exec(select(Account).where(Account.email == "medecin@demo.example")).one()
        intake = session.exec(
            select(Intake).where(Intake.practitioner_id == account.practitioner_id, Intake.closed_at == None)  # noqa: E711
        ).one()
        coordinator = session.exec(select(Account).where(Account.email == "coordination@demo.example")).one()
        actor = Actor(
            key=f"account:{coordinator.id}",
            role=Role.COORDINATOR,
            territory_id=site.territory_id,
            account_id=coordinator.id,
        )
        waiting = session.exec(
            select(Referral.id)
            .where(Referral.state == ReferralState.WAITING)
            .order_by(col(Referral.id).desc())
        ).first()
        offer_by_hand(
            session,
            actor,
            waiting,
            practitioner_id=intake.practitioner_id,
            because=ChosenBecause.PATIENT_WISH,
            now=utc_now(),
        )
        mail = session.exec(
            select(Message).where(Message.recipient == account.email, Message.kind == "patients_offered")
        ).first()
        return {"offer_secret": mail.body.partition("/offre/")[2].split()[0]}


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
    ListedPage("/styleguide", None, "styleguide"),
    ListedPage("/nulle-part", None, "erreur", status=404),
    ListedPage("/file-active", _R, "interdit", status=403),
    # signaller
    ListedPage("/", _S, "signaler-accueil"),
    ListedPage("/signaler", _S, "signaler"),
    ListedPage("/signaler?filiere=orthophoniste", _S, "signaler-orthophonie"),
    ListedPage("/mes-signalements", _S, "signaler-suivi"),
    ListedPage("/signaler/liste", _S, "signaler-liste"),
    ListedPage("/qualifier/{received}", _C, "coordination-qualifier-complet"),
    ListedPage("/doublons", _C, "coordination-doublons"),
    ListedPage("/a-reconfirmer", _C, "coordination-a-reconfirmer"),
    ListedPage("/a-declarer", _G, "medecin-a-declarer"),
    # GP and secretary
    ListedPage("/", _G, "medecin-accueil"),
    ListedPage("/", Role.SECRETARY),
    ListedPage("/agendas", _G, "medecin-agendas"),
    ListedPage("/mon-accueil", _G, "medecin-mon-accueil"),
    ListedPage("/mon-accueil/reglages", _G, "medecin-ce-que-je-prends"),
    ListedPage("/offre/inconnu", None, "offre-lien-inconnu", status=404),
    ListedPage("/offre/{offer_secret}", None, "offre", set_up=_offered),
    # regulator
    ListedPage("/", _R, "regulation-accueil"),
    ListedPage("/creneaux?ou=Combs-la-Ville&quand=48h", _R, "regulation-creneaux"),
    ListedPage("/creneaux?medecin={practitioner}", _R, "regulation-agenda"),
    ListedPage("/creneaux/imprimer", _R, "regulation-imprimer"),
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
    # bureau
    ListedPage("/", _B, "bureau-accueil"),
    ListedPage("/appariements", _B),
    ListedPage("/regles/comparer", _B, "bureau-comparer"),
    ListedPage("/regles/essai", _B, "bureau-essai"),
    # admin
    ListedPage("/", _A, "administration-accueil"),
    ListedPage("/administration/comptes", _A, "administration-comptes"),
    ListedPage("/administration/territoire", _A, "administration-territoire"),
    ListedPage("/administration/structures", _A, "administration-structures"),
    ListedPage("/administration/jetons", _A, "administration-jetons"),
    ListedPage("/administration/traces", _A, "administration-traces"),
    ListedPage("/administration/service", _A, "administration-service"),
    ListedPage("/administration/agendas", _A, "administration-agendas"),
    ListedPage("/administration/taches", _A, "administration-taches"),
    ListedPage("/sas/controle", _A, "administration-sas"),
)
