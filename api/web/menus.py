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
_FILES = MenuItem(href="/file-active", label="File active", below=("/patients/", "/propositions"))
_SIGNAL = MenuItem(href="/signaler", label="Signaler")
_FEEDS = MenuItem(href="/agendas", label="Agendas")
_CARE = MenuItem(href="/demandes", label="Demandes")

MENUS: dict[Role, tuple[MenuItem, ...]] = {
    Role.SIGNALLER: (_HOME, _SIGNAL, _SLOTS),
    Role.GP: (_HOME, _FEEDS, _SLOTS, _CARE),
    Role.SECRETARY: (_HOME, _FEEDS, _SLOTS, _CARE),
    Role.COORDINATOR: (_HOME, _FILES, _SIGNAL, _SLOTS, _CARE, _FEEDS),
    Role.REGULATOR: (_HOME, _SLOTS, _CARE),
    Role.BUREAU: (_HOME,),
    Role.ADMIN: (_HOME,),
}
