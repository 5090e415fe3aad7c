"""What Relais would show of a calendar, before anyone relies on it: rows, counts, next clock change."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict

from scheduler.agenda.feeds.clock_changes import french_day, next_clock_change
from scheduler.agenda.feeds.reasons import SENTENCES, Reason, Warned
from scheduler.agenda.feeds.slots import DraftState, SlotDraft, cut_slots, pieces_of
from scheduler.agenda.feeds.values import Entry, Reading, State
from scheduler.agenda.feeds.zones import source_zone


class PreviewRow(TypedDict):
    """One line of ``relais calendar preview --json``; instants as ``2026-06-01T07:00:00Z``."""

    state: str
    start: str | None
    end: str | None
    uid: str
    recurrence_id: str | None
    reason: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What one calendar gives in one window.

    Parameters
    ----------
    rows : tuple of PreviewRow
        Open slots as they would be offered, then everything else, in order of time.
    num_open, num_busy, num_ignored, num_refused : int
        How many rows of each state.
    warnings : tuple of str
        What to check, one plain French sentence each.
    clock_change : str or None
        What happens at the next clock change, in French; None where clocks never change.
    """

    rows: tuple[PreviewRow, ...]
    num_open: int
    num_busy: int
    num_ignored: int
    num_refused: int
    warnings: tuple[str, ...]
    clock_change: str | None

    @property
    def sentence(self) -> str:
        """Give the counts: "12 créneaux ouverts, 40 occupés, 3 ignorés, 1 refusé"."""
        parts = [
            _counted(self.num_open, "créneau ouvert", "créneaux ouverts"),
            _counted(self.num_busy, "occupé", "occupés"),
            _counted(self.num_ignored, "ignoré", "ignorés"),
        ]
        if self.num_refused:
            parts.append(_counted(self.num_refused, "refusé", "refusés"))
        return ", ".join(parts)


def preview(reading: Reading) -> Preview:
    """Give what regulators would see of one calendar, and why the rest is not offered.

    An open range appears as its slots; a slot that something busy covers counts as busy
    (``overlapped``); a second slot at the same times is ignored (``duplicate``).
    """
    drafts = cut_slots([reading])
    rows = [_slot_row(draft) for draft in drafts]
    rows += [_entry_row(entry) for entry in reading.entries if entry.state is not State.OPEN]
    rows += _duplicate_rows(reading, drafts)
    rows.sort(key=lambda row: (row["start"] or "~", row["end"] or "~", row["state"] != "open", row["uid"]))
    states = [row["state"] for row in rows]
    return Preview(
        rows=tuple(rows),
        num_open=states.count(State.OPEN),
        num_busy=states.count(State.BUSY),
        num_ignored=states.count(State.IGNORED),
        num_refused=states.count(State.REFUSED),
        warnings=tuple(warning.sentence for warning in reading.warnings),
        clock_change=_clock_change(reading),
    )


def _slot_row(draft: SlotDraft) -> PreviewRow:
    state = State.OPEN if draft.state is DraftState.OPEN else State.BUSY
    return _row(state, draft.start_at, draft.end_at, draft.uid, draft.recurrence_id, draft.reason)


def _entry_row(entry: Entry) -> PreviewRow:
    return _row(entry.state, entry.start_at, entry.end_at, entry.uid, entry.recurrence_id, entry.reason)


def _duplicate_rows(reading: Reading, drafts: tuple[SlotDraft, ...]) -> list[PreviewRow]:
    """Tell of the open pieces that another one at the same times stands for."""
    shown = {(draft.start_at, draft.end_at): (draft.uid, draft.recurrence_id) for draft in drafts}
    rows = []
    for entry in reading.entries:
        for piece in pieces_of(entry):
            winner = shown.get((piece.start_at, piece.end_at))
            if winner is None:
                continue
            if winner != (entry.uid, entry.recurrence_id):
                times = piece.start_at, piece.end_at
                rows.append(_row(State.IGNORED, *times, entry.uid, entry.recurrence_id, Reason.DUPLICATE))
    return rows


def _row(
    state: State,
    start_at: datetime | None,
    end_at: datetime | None,
    uid: str,
    recurrence_id: datetime | None,
    reason: str,
) -> PreviewRow:
    return PreviewRow(
        state=str(state),
        start=_written(start_at),
        end=_written(end_at),
        uid=uid,
        recurrence_id=_written(recurrence_id),
        reason=str(reason),
        sentence=SENTENCES[reason],
    )


def _written(at: datetime | None) -> str | None:
    return None if at is None else f"{at:%Y-%m-%dT%H:%M:%SZ}"


def _clock_change(reading: Reading) -> str | None:
    zone = source_zone(reading.zone).rules
    change = next_clock_change(zone, reading.window.from_at)
    if change is None:
        return None
    day = french_day(change.at.astimezone(zone))
    move = "avancent" if change.shift_min > 0 else "reculent"
    shifting = [warning.sentence for warning in reading.warnings if warning.code == Warned.HOUR_WILL_CHANGE]
    kept = "Les séries de cet agenda gardent leur heure locale." if not shifting else " ".join(shifting)
    return f"Le {day}, les horloges {move} de {abs(change.shift_min)} minutes. {kept}"


def _counted(num: int, one: str, several: str) -> str:
    return f"{num} {one if num < 2 else several}"
