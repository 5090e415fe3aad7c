"""Feeds that others subscribe to: the bookings of a practitioner, the open slots of a CPTS (RFC 5545)."""

from scheduler.agenda.publish.addresses import (
    IssuedAddress,
    find_published,
    issue_address,
    list_addresses,
    revoke_address,
)
from scheduler.agenda.publish.content import PublishedBody, Site, read_published
from scheduler.agenda.publish.ics import write_calendar

__all__ = [
    "IssuedAddress",
    "PublishedBody",
    "Site",
    "find_published",
    "issue_address",
    "list_addresses",
    "read_published",
    "revoke_address",
    "write_calendar",
]
