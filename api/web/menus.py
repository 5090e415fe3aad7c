"""The main navigation: for each role the pages it comes for, in the order of a day's work.

A new page adds its entry here, to the roles whose daily work it is; rarer pages are reached from these.
"""

from dataclasses import dataclass

from scheduler.store.tables import Role


@dataclass(frozen=True, slots=True, kw_only=True)
class MenuItem:
    """One entry of the main navigation.

    Parameters
    ----------
    below
        Beginnings of other addresses that belong to this entry: a patient's file to the list of files.
    """

    href: str
    label: str
    below: tuple[str, ...] = ()

    def holds(self, path: str) -> bool:
        """Say whether a page belongs to this entry."""
        if self.href == "/":
            return path == "/"
        return path == self.href or path.startswith((f"{self.href}/", *self.below))


_HOME = MenuItem(href="/", label="Accueil")
_SLOTS = MenuItem(href="/creneaux", label="Créneaux", below=("/rendez-vous/",))
_FILES = MenuItem(
    href="/file-active",
    label="File active",
    below=("/patients/", "/qualifier/", "/doublons", "/a-reconfirmer"),
)
_MATCHING = MenuItem(
    href="/appariements", label="Appariement", below=("/propositions", "/places", "/departs", "/etudes/")
)
_RULES = MenuItem(href="/regles", label="Règles")
_SIGNAL = MenuItem(href="/signaler", label="Signaler")
_REFER = MenuItem(href="/signaler", label="Adresser", below=("/mes-signalements",))
_ATTESTED = MenuItem(href="/attestations", label="Attestations")
_SIGNALLED = MenuItem(href="/mes-signalements", label="Mes signalements")
_FEEDS = MenuItem(href="/agendas", label="Agendas")
_TO_DO = MenuItem(href="/a-faire", label="À faire")
_MINE = MenuItem(href="/mon-accueil", label="Mon accueil")
_CARE = MenuItem(href="/demandes", label="Demandes", below=("/conflits", "/regles-soins"))
_OWN = MenuItem(href="/mes-creneaux", label="Mes créneaux")
_ACTIVITY = MenuItem(href="/activite", label="Activité")

_PEOPLE = MenuItem(href="/administration/comptes", label="Comptes")
_PLACES = MenuItem(
    href="/administration/territoire", label="Territoire", below=("/administration/plateforme", "/sas/")
)
_STRUCTURES = MenuItem(href="/administration/structures", label="Structures")
_TOKENS = MenuItem(href="/administration/jetons", label="Clés")
_TRACE = MenuItem(href="/administration/traces", label="Traces")
_RETENTION = MenuItem(href="/conservation", label="Conservation")
_SERVICE = MenuItem(href="/administration/service", label="Service")

_REPORT = MenuItem(href="/indicateurs", label="Indicateurs")
_MESSAGES = MenuItem(href="/messages", label="Messages")

MENUS: dict[Role, tuple[MenuItem, ...]] = {
    Role.SIGNALLER: (_HOME, _SIGNAL, _SIGNALLED, _SLOTS),
    Role.GP: (_HOME, _OWN, _MINE, _FEEDS, _SLOTS, _CARE, _REFER, _ATTESTED),
    Role.SECRETARY: (_HOME, _OWN, _MINE, _FEEDS, _SLOTS, _CARE, _REFER, _ATTESTED),
    Role.COORDINATOR: (
        _HOME,
        _TO_DO,
        _FILES,
        _MATCHING,
        _RULES,
        _SIGNAL,
        _SLOTS,
        _CARE,
        _FEEDS,
        _MESSAGES,
        _REPORT,
    ),
    Role.REGULATOR: (_HOME, _SLOTS, _CARE),
    Role.BUREAU: (
        _HOME,
        _MATCHING,
        _RULES,
        _ACTIVITY,
        _REPORT,
    ),
    Role.ADMIN: (_HOME, _PEOPLE, _PLACES, _STRUCTURES, _TOKENS, _TRACE, _RETENTION, _SERVICE),
}
