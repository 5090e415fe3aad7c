"""The path of each request, folded from its history: pure, the same each time it is computed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

from sqlmodel import Session, col, select

from scheduler.clock import local_day
from scheduler.referrals.history import FOLLOWED, SIGNALLED
from scheduler.referrals.life import Step
from scheduler.referrals.ranking import RANKED
from scheduler.store.tables import Patient, Referral, ReferralEvent, Territory


class Line(NamedTuple):
    """One line of a history, as far as indicators read it."""

    on: date
    kind: str
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What tables are broken down by; it does not come from the history, but from the patient's file.

    Parameters
    ----------
    age : int or None
        At the signal.
    """

    insee: str
    age: int | None
    gender: str | None
    ald: bool | None
    c2s: bool | None
    ame: bool | None
    disability: bool | None


@dataclass(slots=True, kw_only=True)
class Path:
    """The days of one request; each is the first time, but for the follow-ups.

    Parameters
    ----------
    tier : int or None
        The last one the history gives.
    declines : list of (day, reason)
    followed : list of (day, months, still followed)
    """

    referral_id: UUID
    about: About
    tier: int | None = None
    signalled_on: date | None = None
    qualified_on: date | None = None
    accepted_on: date | None = None
    seen_on: date | None = None
    declared_on: date | None = None
    closed_on: date | None = None
    closed_because: str | None = None
    declines: list[tuple[date, str]] = field(default_factory=list)
    followed: list[tuple[date, int, bool]] = field(default_factory=list)

    @property
    def waited_days(self) -> int | None:
        """Days from the signal to the first acceptance by a GP; None while there is none."""
        if self.signalled_on is None or self.accepted_on is None:
            return None
        return (self.accepted_on - self.signalled_on).days


_FIRST_DAY = {
    SIGNALLED: "signalled_on",
    Step.QUALIFY.value: "qualified_on",
    Step.ACCEPT.value: "accepted_on",
    Step.SEE.value: "seen_on",
    Step.DECLARE.value: "declared_on",
}


def fold(referral_id: UUID, about: About, lines: Iterable[Line]) -> Path:
    """Read the history of one request, in order."""
    path = Path(referral_id=referral_id, about=about)
    for line in lines:
        path.tier = line.detail.get("tier") or path.tier
        if (name := _FIRST_DAY.get(line.kind)) and getattr(path, name) is None:
            setattr(path, name, line.on)
        elif line.kind == Step.DECLINE.value:
            path.declines.append((line.on, str(line.detail.get("reason", "other"))))
        elif line.kind == FOLLOWED:
            path.followed.append((line.on, int(line.detail["months"]), bool(line.detail["still_followed"])))
        elif line.kind == Step.CLOSE.value:
            path.closed_on, path.closed_because = line.on, str(line.detail.get("reason", ""))
    return path


def paths_of(session: Session, territory_id: int, *, pathway: str = "gp") -> list[Path]:
    """Fold every request of a territory, in one reading of its history."""
    zone = session.get_one(Territory, territory_id).zone
    histories: dict[UUID, list[Line]] = {}
    for referral_id, at, kind, detail in session.exec(_events(territory_id, pathway)):
        histories.setdefault(referral_id, []).append(Line(on=local_day(at, zone), kind=kind, detail=detail))
    return [
        fold(row.id, _about(row, histories[row.id]), histories[row.id])
        for row in session.exec(_facts(territory_id, pathway))
        if row.id in histories
    ]


def _events(territory_id: int, pathway: str) -> Any:
    return (
        select(ReferralEvent.referral_id, ReferralEvent.at, ReferralEvent.kind, ReferralEvent.detail)
        .join(Referral, col(Referral.id) == col(ReferralEvent.referral_id))
        .where(
            col(Referral.territory_id) == territory_id,
            col(Referral.pathway) == pathway,
            col(ReferralEvent.kind).in_(READ_KINDS),
        )
        .order_by(col(ReferralEvent.id))
    )


READ_KINDS = (
    *_FIRST_DAY,
    *(FOLLOWED, Step.DECLINE.value, Step.CLOSE.value, Step.PROPOSE.value, Step.OFFER.value, RANKED),
)
"""Kinds of lines that indicators read; the others change no number."""


def _facts(territory_id: int, pathway: str) -> Any:
    return (
        select(  # type: ignore[call-overload, misc]
            Referral.id,
            Patient.insee,
            Patient.birth_date,
            Patient.gender,
            Referral.ald,
            Referral.c2s,
            Referral.ame,
            Referral.disability,
        )
        .join(Patient, col(Patient.id) == col(Referral.patient_id))
        .where(col(Referral.territory_id) == territory_id, col(Referral.pathway) == pathway)
        .order_by(col(Referral.created_at), col(Referral.id))
    )


def _about(row: Any, lines: Sequence[Line]) -> About:
    first_on = lines[0].on
    born = row.birth_date
    age = None
    if born is not None:
        age = first_on.year - born.year - ((first_on.month, first_on.day) < (born.month, born.day))
    return About(
        insee=row.insee,
        age=age,
        gender=None if row.gender is None else row.gender.value,
        ald=row.ald,
        c2s=row.c2s,
        ame=row.ame,
        disability=row.disability,
    )
