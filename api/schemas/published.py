"""Addresses that other agendas subscribe to."""

from typing import Self

from pydantic import Field

from api.schemas.common import Id, Moment, Wire
from scheduler.agenda.publish import IssuedAddress
from scheduler.store.tables import PublishedFeed, PublishedKind


class PublishedIn(Wire):
    """What the address is to show."""

    kind: PublishedKind = Field(
        description="bookings : les rendez-vous d'un médecin ; open_slots : les créneaux libres"
    )
    practitioner_id: Id | None = Field(default=None, description="Pour bookings seulement")


class PublishedOut(Wire):
    """An address in use; its secret part is shown once, when it is made."""

    id: int
    kind: PublishedKind
    practitioner_id: int | None
    created_at: Moment
    revoked_at: Moment | None
    changed_at: Moment | None = Field(description="Dernier changement de son contenu ; null : jamais lue")


class PublishedAddressOut(PublishedOut):
    """A new address, whole."""

    address: str = Field(description="À copier maintenant : elle ne sera plus montrée")

    @classmethod
    def issued(cls, issued: IssuedAddress, public_url: str) -> Self:
        """Write a new address to the wire."""
        address = f"{public_url.rstrip('/')}/ical/{issued.token}.ics"
        return cls(**published_out(issued.feed).model_dump(), address=address)


def published_out(feed: PublishedFeed) -> PublishedOut:
    """Write an address in use to the wire."""
    return PublishedOut.of(feed)
