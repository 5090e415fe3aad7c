"""What a calendar that is tried out would leave aside, as its page lists it."""

from dataclasses import dataclass
from datetime import datetime

from scheduler.agenda.feeds import Preview

MOST_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """What is not offered for one reason: how many, and when the first of them are.

    Parameters
    ----------
    moments : tuple of datetime
        Starts, the earliest first; what has no readable start is only counted.
    """

    sentence: str
    num: int
    moments: tuple[datetime, ...]


def left_out(seen: Preview) -> list[LeftOut]:
    """Give all that is not open, by reason, the most frequent first."""
    starts: dict[str, list[str | None]] = {}
    for row in seen.rows:
        if row["state"] != "open":
            starts.setdefault(row["sentence"], []).append(row["start"])
    return sorted(
        (
            LeftOut(
                sentence=sentence,
                num=len(those),
                moments=tuple(datetime.fromisoformat(start) for start in those if start)[:MOST_SHOWN],
            )
            for sentence, those in starts.items()
        ),
        key=lambda one: (-one.num, one.sentence),
    )
