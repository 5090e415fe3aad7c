"""What a calendar would change if it were relied upon: decided as a reading decides, and nothing is written.

A preview of the calendar alone would promise slots that the practitioner's other calendars, leave or slots by
hand close, and say nothing of those that its busy hours close elsewhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlmodel import Session

from scheduler.accounts.actor import Actor
from scheduler.agenda.arrange import Candidate, Closed, Shown, Union, Verdict, arrange
from scheduler.agenda.feeds import Preview, Reading, State, preview
from scheduler.agenda.feeds.preview import PreviewRow
from scheduler.agenda.feeds.reasons import SENTENCES, Reason
from scheduler.agenda.feeds.slots import SlotDraft
from scheduler.agenda.leaves import leave_stretches
from scheduler.agenda.reconcile import content_of
from scheduler.agenda.standing import load_standing
from scheduler.directory import find_practitioner
from scheduler.store.tables import SlotState

_NEWEST = 2**63 - 1
"""Stands for the id the calendar would get: of two that overlap, the later calendar gives way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What regulators would see of a calendar if it were registered now.

    Parameters
    ----------
    preview : Preview
        Its rows, those that the rest of the practitioner's agenda closes included.
    num_closed_elsewhere : int
        Open slots of their other calendars, or by hand, that its busy hours would close.
    """

    preview: Preview
    num_closed_elsewhere: int


def try_calendar(
    session: Session, actor: Actor, practitioner_id: int, reading: Reading, *, now: datetime
) -> Trial:
    """Tell what registering a calendar that was just read would change.

    Raises
    ------
    NotFound
        When the practitioner is not one this person may manage.
    """
    find_practitioner(session, actor, practitioner_id)
    content = content_of(reading)
    standing = load_standing(session, practitioner_id, None, content.window, {}, now=now, lock=False)
    coming = {_candidate(draft): draft for draft in content.drafts if draft.start_at > now}
    verdicts = arrange(
        [*(item.candidate for item in standing.items), *coming],
        busy=(*standing.busy, *content.busy),
        taken=standing.taken,
    )
    leave = Union(leave_stretches(session, practitioner_id, now))
    closed = {
        (draft.start_at, draft.end_at): _why(verdicts[candidate], draft, leave)
        for candidate, draft in coming.items()
        if verdicts[candidate].state is not SlotState.OPEN
    }
    lost = [
        item
        for item in standing.items
        if item.row is not None
        and item.row.state is SlotState.OPEN
        and verdicts[item.candidate].state is not SlotState.OPEN
    ]
    return Trial(preview=_as_seen(preview(reading), closed, now), num_closed_elsewhere=len(lost))


def _candidate(draft: SlotDraft) -> Candidate:
    return Candidate(
        feed=_NEWEST,
        key=draft.key,
        start_at=draft.start_at,
        end_at=draft.end_at,
        booked=False,
        shown=Shown.PRESENT,
    )


def _why(verdict: Verdict, draft: SlotDraft, leave: Union) -> Reason:
    if verdict.closed_reason == Closed.OVERLAP:
        return Reason.OTHER_SLOT
    return Reason.ON_LEAVE if leave.overlap(draft.start_at, draft.end_at) else Reason.BUSY_ELSEWHERE


def _as_seen(seen: Preview, closed: Mapping[tuple[datetime, datetime], Reason], now: datetime) -> Preview:
    rows = tuple(_row(row, closed, now) for row in seen.rows)
    states = [row["state"] for row in rows]
    return replace(
        seen,
        rows=rows,
        num_open=states.count(State.OPEN),
        num_busy=states.count(State.BUSY),
        num_ignored=states.count(State.IGNORED),
    )


def _row(row: PreviewRow, closed: Mapping[tuple[datetime, datetime], Reason], now: datetime) -> PreviewRow:
    if row["state"] != State.OPEN or row["start"] is None or row["end"] is None:
        return row
    start_at, end_at = datetime.fromisoformat(row["start"]), datetime.fromisoformat(row["end"])
    if start_at <= now:
        return _changed(row, State.IGNORED, Reason.BEGUN)
    reason = closed.get((start_at, end_at))
    return row if reason is None else _changed(row, State.BUSY, reason)


def _changed(row: PreviewRow, state: State, reason: Reason) -> PreviewRow:
    told: Any = row | {"state": str(state), "reason": str(reason), "sentence": SENTENCES[reason]}
    changed: PreviewRow = told
    return changed
