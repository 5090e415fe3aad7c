"""Small calendars for tests, written as a GP's tool would export them."""

from datetime import UTC, datetime

NINE = datetime(2026, 11, 24, 8, 0, tzinfo=UTC)
"""Tuesday 9 o'clock in Paris, the day after ``factories.NOW``."""


def event(
    start: datetime, end: datetime, *, title: str = "SNP", uid: str = "", more: tuple[str, ...] = ()
) -> str:
    """Write one event; titled SNP it opens a slot, titled anything else it is busy."""
    stamp = "%Y%m%dT%H%M%SZ"
    return "\r\n".join(
        (
            "BEGIN:VEVENT",
            f"UID:{uid or f'{title}-{start:{stamp}}'}",
            "DTSTAMP:20261101T000000Z",
            f"DTSTART:{start.astimezone(UTC):{stamp}}",
            f"DTEND:{end.astimezone(UTC):{stamp}}",
            f"SUMMARY:{title}",
            *more,
            "END:VEVENT",
        )
    )


def calendar(*events: str) -> bytes:
    """Write a complete calendar."""
    lines = ("BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Essai//FR", *events, "END:VCALENDAR", "")
    return "\r\n".join(lines).encode()
