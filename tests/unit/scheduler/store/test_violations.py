import sqlite3
from types import SimpleNamespace

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError

from scheduler.store.busy import is_busy
from scheduler.store.violations import broken_invariant


def refused(message: str, **more: object) -> IntegrityError:
    cause = sqlite3.IntegrityError(message)
    for name, value in more.items():
        setattr(cause, name, value)
    return IntegrityError("INSERT", {}, cause)


@pytest.mark.parametrize(
    ("message", "name"),
    [
        ("CHECK constraint failed: slot_order", "slot_order"),
        ("UNIQUE constraint failed: booking.slot_id, booking.place", "booking_one_per_place"),
        ("UNIQUE constraint failed: offer.referral_id", "offer_one_open"),
        ("UNIQUE constraint failed: proposal.referral_id", "proposal_one_pending"),
        ("UNIQUE constraint failed: account.email", "account_email_key"),
        (
            "UNIQUE constraint failed: idempotency_record.actor, idempotency_record.key",
            "idempotency_record_pkey",
        ),
        ("UNIQUE constraint failed: nowhere.column", None),
        ("slot_overlap", "slot_overlap"),
        ("FOREIGN KEY constraint failed", None),
        ("NOT NULL constraint failed: slot.key", None),
    ],
)
def test_what_sqlite_says(message: str, name: str | None) -> None:
    assert broken_invariant(refused(message)) == name


@pytest.mark.parametrize(
    ("sqlstate", "constraint", "name"),
    [
        ("23514", "slot_overlap", "slot_overlap"),
        ("23505", "account_email_key", "account_email_key"),
        ("23502", "slot_key_not_null", None),
        ("23503", None, None),
    ],
)
def test_what_postgresql_says(sqlstate: str, constraint: str | None, name: str | None) -> None:
    diagnostic = SimpleNamespace(sqlstate=sqlstate, constraint_name=constraint)
    assert broken_invariant(refused("refusé", diag=diagnostic)) == name


@pytest.mark.parametrize(
    ("values", "busy"),
    [
        ({"sqlite_errorcode": sqlite3.SQLITE_BUSY}, True),
        ({"sqlite_errorcode": sqlite3.SQLITE_BUSY_SNAPSHOT}, True),
        ({"sqlite_errorcode": sqlite3.SQLITE_LOCKED}, True),
        ({"sqlite_errorcode": sqlite3.SQLITE_READONLY}, False),
        ({"sqlstate": "40001"}, True),
        ({"sqlstate": "40P01"}, True),
        ({"sqlstate": "55P03"}, True),
        ({"sqlstate": "57P01"}, False),
        ({}, False),
    ],
)
def test_busy_is_told_from_wrong(values: dict[str, object], busy: bool) -> None:
    cause = sqlite3.OperationalError("refusé")
    for name, value in values.items():
        setattr(cause, name, value)
    assert is_busy(OperationalError("SELECT 1", {}, cause)) is busy
