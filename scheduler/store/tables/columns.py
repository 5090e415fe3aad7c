"""Column types that behave the same on SQLite and PostgreSQL."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import DateTime, Dialect, Enum, TypeDecorator
from sqlmodel import SQLModel

# Names that PostgreSQL would give by itself, given on SQLite too: refusals and migrations refer to them.
SQLModel.metadata.naming_convention = {
    "pk": "%(table_name)s_pkey",
    "uq": "%(table_name)s_%(column_0_N_name)s_key",
    "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    "ix": "%(table_name)s_by_%(column_0_N_name)s",
}


class Instant(TypeDecorator[datetime]):
    """An aware instant, always read back in UTC; a naive value is refused.

    SQLite has no time zones: there the UTC wall clock is kept, whose text form sorts like time.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Convert an aware instant to UTC."""
        return None if value is None else _in_utc(value)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give back an aware instant in UTC."""
        return None if value is None else value.astimezone(UTC)

    def bind_processor(self, dialect: Dialect) -> Any:
        """Write the text that SQLite keeps in one step; three of them took a fiftieth of a busy process."""
        return _to_text if dialect.name == "sqlite" else super().bind_processor(dialect)

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        """Read that text in one step."""
        return _from_text if dialect.name == "sqlite" else super().result_processor(dialect, coltype)


def _in_utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("an instant must carry its zone")
    return value.astimezone(UTC)


def _to_text(value: datetime | None) -> str | None:
    return None if value is None else _in_utc(value).isoformat(" ", "microseconds")[:-6]


def _from_text(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(f"{text}+00:00")


def choice(values: type[StrEnum], name: str) -> Any:
    """Make a text column that only takes the values of an enumeration, held by a CHECK.

    Parameters
    ----------
    values
        The allowed words; their text is stored, so that raw SQL stays readable.
    name
        Name of the CHECK constraint, unique in its table.
    """
    return Enum(
        values,
        native_enum=False,
        create_constraint=True,
        validate_strings=True,
        length=24,
        name=name,
        values_callable=lambda words: [word.value for word in words],
    )
