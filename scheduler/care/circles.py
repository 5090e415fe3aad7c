"""Who is asked first for a care request: the usual doctor, then the neighbours, then everybody in reach."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from scheduler.care.rules import Rules

MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Circle:
    """Whose slots a request may have now.

    Parameters
    ----------
    usual_only : bool
        Only those of the usual doctor.
    max_travel_min : int
        Longest travel; the usual doctor stays in, as far as the last circle goes.
    until : datetime or None
        When the circle widens; None for the last one.
    """

    usual_only: bool
    max_travel_min: int
    until: datetime | None


def circle_at(
    rules: Rules,
    *,
    urgency: int,
    has_usual: bool,
    received_at: datetime,
    deadline_at: datetime,
    now: datetime,
) -> Circle:
    """Give the circle of a request at an instant; circles only ever widen.

    Close to the deadline everybody is asked, whatever the timers say: waiting for the usual doctor must
    not cost the last slot in reach.
    """
    usual = rules.usual_min[urgency - 1] * MINUTE if has_usual else timedelta(0)
    near = rules.near_min[urgency - 1] * MINUTE
    last_call = deadline_at - 2 * (rules.notice_min + rules.announce_lead_min) * MINUTE
    usual_ends = min(received_at + usual, last_call)
    near_ends = min(received_at + usual + near, last_call)
    if now < usual_ends:
        return Circle(usual_only=True, max_travel_min=rules.max_travel_min, until=usual_ends)
    if now < near_ends:
        return Circle(usual_only=False, max_travel_min=rules.near_travel_min, until=near_ends)
    return Circle(usual_only=False, max_travel_min=rules.max_travel_min, until=None)
