"""Every page of Relais and who opens it: walked by the test of every page, pictured for the guide.

Add a line for each page: its address, the role that opens it (``None``: nobody signed in), and the name of
its picture. ``{referral}`` and the like in an address are what ``tests.demo_day`` has prepared.
"""

from dataclasses import dataclass

from scheduler.store.tables import Role
from tests import demo_day
from tests.demo_site import DemoSite


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
    status
        HTTP status of the page: error pages are pages too.
    """

    path: str
    role: Role | None
    name: str = ""
    status: int = 200

    def address(self, site: DemoSite) -> str:
        """Give the path with its values."""
        if not site.values:
            site.values.update(demo_day.begin(site))
        return self.path.format_map(site.values)


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
    ListedPage("/doublons/{pair}", _C, "coordination-doublon"),
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
    ListedPage("/demandes/{request}", _R, "regulation-demande-suivie"),
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
    ListedPage("/etudes/{more}", _C, "coordination-places-valeur"),
    ListedPage("/departs", _C, "coordination-departs"),
    ListedPage("/etudes/{future}", _C, "coordination-departs-projection"),
    ListedPage("/regles", _C, "coordination-regles"),
    ListedPage("/regles/versions/{policy}", _C, "coordination-regles-version"),
    ListedPage("/regles/modifier", _C, "coordination-regles-modifier"),
    ListedPage("/regles/modifier?texte=1", _C),
    ListedPage("/agendas", _C, "coordination-agendas"),
    ListedPage("/agendas/{feed}", _C, "coordination-agenda"),
    ListedPage("/conservation", _C, "coordination-conservation"),
    ListedPage("/messages", _C, "coordination-messages"),
    ListedPage("/messages/lettres", _C, "coordination-lettres"),
    ListedPage("/patients/{referral}/lettre", _C),
    # bureau
    ListedPage("/", _B, "bureau-accueil"),
    ListedPage("/indicateurs", _B, "bureau-indicateurs"),
    ListedPage("/attestations", _B, "bureau-attestations"),
    ListedPage("/appariements", _B),
    ListedPage("/regles/comparer", _B, "bureau-comparer"),
    ListedPage("/regles/essai", _B, "bureau-essai"),
    ListedPage("/etudes/{rehearsal}", _B, "bureau-essai-resultat"),
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
