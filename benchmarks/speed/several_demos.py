"""Several demo territories in one: the demo, then its patients, GPs and slots again under other names."""

from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID, uuid4

from sqlmodel import Session, SQLModel, func, select

from scheduler.clock import local_day, utc_now
from scheduler.demo.feeds import read_demo_calendars
from scheduler.demo.load import load_demo
from scheduler.demo.people import demo_territory
from scheduler.store.engine import Store
from scheduler.store.tables import (
    Consent,
    Feed,
    Intake,
    Patient,
    Practice,
    Practitioner,
    Referral,
    Slot,
)

_COUNTED = (Patient, Practitioner, Intake, Feed, Slot)
_Change = Callable[[dict[str, Any]], object]
_Changes = dict[str, _Change]


def fill(store: Store, seed: int, times: int) -> tuple[int, str]:
    """Fill a migrated database with ``times`` demos; give the territory, and what it then holds, in words."""
    demo = demo_territory(seed, local_day(utc_now(), "Europe/Paris"))
    with store.write() as session:
        loaded = load_demo(session, demo, now=utc_now())
    read_demo_calendars(store, demo, now=utc_now())
    with store.write() as session:
        copies = _Copies(session)
        for number in range(1, times):
            copies.make(number)
    with store.read() as session:
        counted = [
            f"{session.exec(select(func.count()).select_from(table)).one()} {table.__name__}"
            for table in _COUNTED
        ]
    return loaded.territory_id, ", ".join(counted)


class _Copies:
    """Copies of what the demo wrote; everyone gets a name of their own."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.rows = {
            table: [row.model_dump() for row in session.exec(select(table))]
            for table in (Practitioner, Practice, Intake, Feed, Slot, Patient, Referral, Consent)
        }

    def make(self, number: int) -> None:
        gps = self._numbered(Practitioner, rpps=lambda row: f"9{number}{row['id']:09d}")
        practices = self._numbered(Practice, practitioner_id=lambda row: gps[row["practitioner_id"]])
        own: _Changes = {
            "practitioner_id": lambda row: gps[row["practitioner_id"]],
            "practice_id": lambda row: practices[row["practice_id"]],
        }
        self._numbered(Intake, **own)
        feeds = self._numbered(Feed, **own)
        self._numbered(Slot, **own, feed_id=lambda row: feeds.get(row["feed_id"]))
        patients = self._random(Patient, family_name=lambda row: f"{row['family_name']} {number}")
        files = self._random(
            Referral,
            patient_id=lambda row: patients[row["patient_id"]],
            household_id=lambda _: None,
            known_practitioner_id=lambda _: None,
        )
        self._numbered(Consent, referral_id=lambda row: files[row["referral_id"]])

    def _numbered(self, table: type[SQLModel], **changes: _Change) -> dict[int, int]:
        made = [self._row(table, row, changes, id=None) for row in self.rows[table]]
        return {row["id"]: new.id for row, new in zip(self.rows[table], self._added(made), strict=True)}

    def _random(self, table: type[SQLModel], **changes: _Change) -> dict[UUID, UUID]:
        made = [self._row(table, row, changes, id=uuid4()) for row in self.rows[table]]
        return {row["id"]: new.id for row, new in zip(self.rows[table], self._added(made), strict=True)}

    @staticmethod
    def _row(table: type[SQLModel], row: dict[str, Any], changes: _Changes, **fixed: object) -> SQLModel:
        return table(**(row | {name: change(row) for name, change in changes.items()} | fixed))

    def _added(self, rows: Iterable[SQLModel]) -> list[Any]:
        kept = list(rows)
        self.session.add_all(kept)
        self.session.flush()
        return kept
