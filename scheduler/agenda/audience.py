"""Who sees which slots: the one place where that is decided (ANS TRE_R314-TypeCreneau)."""

from collections.abc import Mapping

from scheduler.store.tables import Role, Visibility

_PROFESSIONALS = frozenset({Role.SIGNALLER, Role.GP, Role.SECRETARY, Role.COORDINATOR, Role.REGULATOR})

AUDIENCE: Mapping[Visibility, frozenset[Role]] = {
    # Anybody who signs in; a page for the public would show these and no others.
    Visibility.PUBLIC: frozenset(Role),
    # Whoever sends or sees patients.
    Visibility.PRO: _PROFESSIONALS,
    # The members of the CPTS among themselves, and the regulator, for whom the SAS shows this type too.
    Visibility.CPTS: _PROFESSIONALS,
    # Kept for regulated unscheduled care: a signaller calls the regulation instead of taking one of these.
    Visibility.SNP: _PROFESSIONALS - {Role.SIGNALLER},
}


def visible_to(role: Role) -> frozenset[Visibility]:
    """Give the visibilities of the slots that a role may see and book."""
    return frozenset(visibility for visibility, roles in AUDIENCE.items() if role in roles)
