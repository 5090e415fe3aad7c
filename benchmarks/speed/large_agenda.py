"""A large invented agenda, written in bulk: many GPs, a million slots, some of them booked.

One large territory, as a metropolis would be, and many of the usual size. Rows go straight into the tables,
beside the triggers that check each write: what they hold is held by construction (slots of a GP never
overlap, a place is booked once).
"""

import random
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Connection
from sqlmodel import col, select

from scheduler.store.engine import Store
from scheduler.store.tables import Practice, Practitioner

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
"""A Monday, 9 o'clock in Paris."""

FIRST_DAY = -7
SLOTS_A_DAY = 8
SLOT = timedelta(minutes=15)
_TOWNS = ("69123", "77445", "44109", "31555", "35238", "67482", "59350", "13055", "06088", "38185")
_BATCH = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How large an agenda is."""

    num_gps: int = 5000
    num_in_largest: int = 1000
    num_others: int = 40
    num_slots: int = 1_000_000

    @property
    def num_days(self) -> int:
        """Give the days that each GP opens, from a week ago on."""
        return self.num_slots // (self.num_gps * SLOTS_A_DAY)


@dataclass(frozen=True, slots=True)
class Home:
    """Where somebody who looks for a slot stands, and in which territory."""

    territory_id: int
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gp:
    id: int
    territory_id: int
    insee: str
    latitude: float
    longitude: float


def build(store: Store, shape: Shape, *, seed: int) -> None:
    """Write an agenda into a migrated, empty database."""
    chance = random.Random(seed)
    gps = list(_gps(chance, shape))
    territories = sorted({gp.territory_id for gp in gps})
    with store.migration() as connection, _without_triggers(connection):
        write = _Writer(connection)
        write("territory", ("id", "slug", "name", "zone"), _territories(territories))
        write(
            "practitioner",
            ("id", "territory_id", "rpps", "family_name", "given_name", "profession", "languages",
             "fictitious"),
            ((gp.id, gp.territory_id, f"{gp.id:011}", f"MESURE{gp.id}", "Claude", "gp", '["fr"]',
              True) for gp in gps),
        )  # fmt: skip
        write(
            "practice",
            ("id", "practitioner_id", "insee", "address", "phone", "latitude", "longitude",
             "wheelchair_access"),
            ((gp.id, gp.id, gp.insee, "1 rue de la Mesure", "", gp.latitude, gp.longitude,
              True) for gp in gps),
        )  # fmt: skip
        write(
            "feed",
            ("id", "practitioner_id", "practice_id", "name", "address", "mode", "zone", "modality",
             "visibility", "state", "ok_at", "num_failures", "created_at"),
            ((gp.id, gp.id, gp.id, "Agenda", f"https://agenda.test/{gp.id}", "marked", "Europe/Paris", "AMB",
              "SNP", "active", NOW - timedelta(minutes=5), 0, NOW - timedelta(days=30)) for gp in gps),
        )  # fmt: skip
        write("slot", _SLOT, _slots(chance, shape, gps))
        write("booking", _BOOKING, _bookings(chance, shape))
    with store.migration() as connection:
        connection.exec_driver_sql("ANALYZE")


def homes_of(store: Store) -> list[Home]:
    """Give the surgeries, as places to look from."""
    query = (
        select(Practitioner.territory_id, Practice.latitude, Practice.longitude)
        .join(Practice, col(Practice.practitioner_id) == col(Practitioner.id))
        .order_by(col(Practice.id))
    )
    with store.read() as session:
        return [Home(*row) for row in session.exec(query)]


_SLOT = (
    "id", "practitioner_id", "practice_id", "source", "feed_id", "key", "start_at", "end_at", "modality",
    "visibility", "capacity", "state", "seen_at", "updated_at", "extra_places", "first_shown_at",
)  # fmt: skip
_BOOKING = ("id", "slot_id", "place", "state", "booked_by", "created_at", "updated_at")


def _gps(chance: random.Random, shape: Shape) -> Iterator[_Gp]:
    """Stand GPs around the middle of their territory; the largest one is the densest too."""
    from scheduler.territory.communes import communes  # noqa: PLC0415 — read once, when it is needed

    for number in range(shape.num_gps):
        rest = number - shape.num_in_largest
        territory = 0 if rest < 0 else 1 + rest % shape.num_others
        town = communes().by_insee(_TOWNS[0 if territory == 0 else 1 + territory % (len(_TOWNS) - 1)])
        around = random.Random(territory)  # territories that share a town stand beside each other
        north, east = around.uniform(-0.4, 0.4), around.uniform(-0.6, 0.6)
        yield _Gp(
            id=number + 1,
            territory_id=territory + 1,
            insee=town.insee,
            latitude=town.latitude + north + chance.gauss(0, 0.07),
            longitude=town.longitude + east + chance.gauss(0, 0.1),
        )


def _territories(numbers: Iterable[int]) -> Iterator[tuple[Any, ...]]:
    return ((number, f"mesure-{number}", f"CPTS {number}", "Europe/Paris") for number in numbers)


def _slots(chance: random.Random, shape: Shape, gps: Sequence[_Gp]) -> Iterator[tuple[Any, ...]]:
    """Open eight slots a day at each GP's; a tenth is closed, a tenth of the rest are home visits."""
    number = 0
    midnight = NOW.replace(hour=0)
    for day in range(FIRST_DAY, FIRST_DAY + shape.num_days):
        for gp in gps:
            for place in sorted(chance.sample(range(44), SLOTS_A_DAY)):  # 7 h to 18 h UTC, by quarters
                number += 1
                start = midnight + timedelta(days=day, hours=7) + place * SLOT
                state = "closed" if chance.random() < 0.1 else "open"
                modality = "HH" if chance.random() < 0.1 else "AMB"
                yield (
                    number, gp.id, gp.id, "feed", gp.id, f"k{number}", start, start + SLOT, modality,
                    "SNP", 1, state, NOW, NOW, 0, NOW,
                )  # fmt: skip


def _bookings(chance: random.Random, shape: Shape) -> Iterator[tuple[Any, ...]]:
    """Book two thirds of what is past, half of today and tomorrow, a tenth of what is later."""
    for number in range(1, shape.num_gps * shape.num_days * SLOTS_A_DAY + 1):
        day = FIRST_DAY + (number - 1) // (shape.num_gps * SLOTS_A_DAY)
        share = 0.66 if day < 0 else 0.5 if day < 2 else 0.1
        if chance.random() < share:
            yield (UUID(int=number), number, 1, "booked", "account:mesure", NOW, NOW)


class _Writer:
    """Bulk writing, as each engine does it fastest."""

    def __init__(self, connection: Connection) -> None:
        self._raw: Any = connection.connection.driver_connection
        self._is_sqlite = connection.dialect.name == "sqlite"

    def __call__(self, table: str, columns: Sequence[str], rows: Iterable[tuple[Any, ...]]) -> None:
        """Write rows into a table."""
        names = ", ".join(columns)
        if self._is_sqlite:
            marks = ", ".join("?" * len(columns))
            plain = (tuple(_as_sqlite(value) for value in row) for row in rows)
            self._raw.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", plain)
            return
        with self._raw.cursor().copy(f"COPY {table} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        if "id" in columns and table != "booking":
            self._raw.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT max(id) FROM {table}))"
            )


def _as_sqlite(value: object) -> object:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}.000000"
    return value.hex if isinstance(value, UUID) else value


@contextmanager
def _without_triggers(connection: Connection) -> Iterator[None]:
    """Leave the checks of single writes out while rows are written in bulk."""
    if connection.dialect.name != "sqlite":
        connection.exec_driver_sql("SET session_replication_role = replica")
        yield
        connection.exec_driver_sql("SET session_replication_role = origin")
        return
    triggers = connection.exec_driver_sql(
        "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN ('slot', 'booking')"
    ).all()
    for name, _ in triggers:
        connection.exec_driver_sql(f"DROP TRIGGER {name}")
    yield
    for _, statement in triggers:
        connection.exec_driver_sql(statement)
