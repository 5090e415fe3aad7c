"""What can go wrong in the agenda, besides the errors of every part of Relais.

RelaisError (matching.errors)
├── InvalidInput (scheduler.errors)
│   ├── AddressNotAccepted   an address that Relais does not fetch
│   └── ReasonNeeded         past the limit, a cancellation needs its reason
├── Forbidden (scheduler.errors)
│   └── PeopleOnly           a machine does not open slots by hand
└── Conflict (scheduler.errors)
    ├── HoldOver             the five minutes are over
    ├── CancelTooLate        the practitioner's limit has passed, and it is not staff who asks
    ├── NotYetBegun          nobody can have come, or not come, yet
    ├── SlotOverlap          the practitioner is not free then
    ├── SlotInUse            somebody is expected in the slot
    ├── SlotNotSure          its calendar has not answered for too long
    └── PlacesLeft           a place en sus is asked for while an ordinary one is free
"""

from datetime import datetime

from matching.errors import RelaisError
from scheduler.agenda.feeds.fetched import SENTENCES
from scheduler.errors import Conflict, Forbidden, InvalidInput


class AddressNotAccepted(InvalidInput):
    """An address that Relais does not fetch.

    Attributes
    ----------
    reason : str
        Stable code (``feeds.fetched.FetchCode``).
    """

    code = "address_not_accepted"

    def __init__(self, reason: str) -> None:
        self.field = "address"
        self.expected = "l'adresse secrète « iCal » de l'agenda, en https:// ou webcal://"
        self.reason = reason
        RelaisError.__init__(self, SENTENCES[reason])


class ReasonNeeded(InvalidInput):
    """The practitioner's limit for cancelling has passed: staff may still do it, saying why."""

    code = "reason_needed"

    def __init__(self) -> None:
        self.field = "reason"
        self.expected = "un motif de la liste"
        RelaisError.__init__(self, "Le délai d'annulation de ce médecin est passé : choisissez un motif.")


class HoldOver(Conflict):
    """A hold was confirmed after its end."""

    code = "hold_over"

    def __init__(self) -> None:
        super().__init__(
            "La retenue de 5 minutes est terminée. Relancez la recherche : le créneau est peut-être libre."
        )


class CancelTooLate(Conflict):
    """The practitioner's limit for cancelling or moving has passed.

    Attributes
    ----------
    limit_at : datetime
        Until when it was possible.
    """

    code = "cancel_too_late"

    def __init__(self, limit_at: datetime) -> None:
        self.limit_at = limit_at
        super().__init__(
            "Le délai d'annulation de ce médecin est passé. Appelez le cabinet, ou la coordination."
        )


class NotYetBegun(Conflict):
    """Somebody says how a visit went before its hour."""

    code = "not_yet_begun"

    def __init__(self) -> None:
        super().__init__("Ce rendez-vous n'a pas encore commencé. Notez la venue du patient après son heure.")


class PlacesLeft(Conflict):
    """A place en sus is asked for while an ordinary one is free."""

    code = "places_left"

    def __init__(self) -> None:
        super().__init__("Il reste une place ordinaire dans ce créneau : réservez-la.")


class SlotNotSure(Conflict):
    """The slot's calendar has not answered for too long to send somebody there."""

    code = "slot_not_sure"

    def __init__(self) -> None:
        super().__init__(
            "L'agenda de ce médecin ne répond pas : le créneau n'est pas sûr. Appelez le cabinet, ou "
            "choisissez un autre créneau."
        )


class PeopleOnly(Forbidden):
    """A slot by hand carries who opened it: a machine publishes a calendar instead."""

    code = "people_only"

    def __init__(self) -> None:
        RelaisError.__init__(
            self,
            "Ce programme n'agit pour personne : donnez-lui une clé faite pour un médecin ou son secrétariat "
            "(relais token issue --for), reliez son agenda, ou connectez-vous.",
        )


class SlotOverlap(Conflict):
    """The practitioner is busy, on leave, or has another slot at that time.

    Attributes
    ----------
    reason : str
        ``busy`` or ``overlap``.
    """

    code = "slot_overlap"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__("Ce médecin n'est pas libre à cette heure : un autre créneau, ou une absence.")


class SlotInUse(Conflict):
    """Somebody is expected in a slot that is to close."""

    code = "slot_in_use"

    def __init__(self) -> None:
        super().__init__("Un patient y est attendu. Déplacez ou annulez d'abord son rendez-vous.")
