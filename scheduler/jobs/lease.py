"""A lease in the database: one process at a time does what only one may do.

The holder renews it; when it no longer does (killed, cut off, hung), the lease expires by the database's
clock, the only one all processes share, and another process takes it. Each holder has a term, a number that
only grows: whoever lost the lease without noticing is told so when it acts, inside its transaction.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import text
from sqlmodel import Session, col, select

from matching.errors import RelaisError
from scheduler.store.engine import Store
from scheduler.store.tables import Lease

JOBS = "jobs"
"""The lease on everything that starts by the clock."""


class LeaseLost(RelaisError):
    """Another process holds the lease now, or this one let it expire: stop what it allowed."""

    code = "lease_lost"

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__("Un autre processus a pris le relais.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A lease as it was got: by whom, and which of its successive terms this one is."""

    name: str
    holder: str
    number: int


def take(store: Store, name: str, holder: str, *, lasting: timedelta) -> Term | None:
    """Take a lease that nobody holds any more; None while somebody does."""
    with store.write() as session:
        _make_sure_it_exists(session, name)
        row = _locked(session, name)
        now = database_now(session)
        if row.expires_at > now:
            return None
        row.holder, row.term = holder, row.term + 1
        row.taken_at, row.expires_at = now, now + lasting
        session.add(row)
        return Term(name=name, holder=holder, number=row.term)


def renew(store: Store, term: Term, *, lasting: timedelta) -> bool:
    """Hold a lease for ``lasting`` from now; False when it was lost, be it to nobody yet."""
    with store.write() as session:
        row = _locked(session, term.name)
        now = database_now(session)
        if not _is_held(row, term, now):
            return False
        row.expires_at = now + lasting
        session.add(row)
        return True


def give_back(store: Store, term: Term) -> None:
    """Let another process take the lease at once; nothing happens if it was lost."""
    with store.write() as session:
        row = _locked(session, term.name)
        now = database_now(session)
        if _is_held(row, term, now):
            row.expires_at = now
            session.add(row)


def confirm(session: Session, term: Term) -> None:
    """Make sure, until this transaction ends, that the lease is still held.

    Raises
    ------
    LeaseLost
        When it is not.
    """
    if not _is_held(_locked(session, term.name), term, database_now(session)):
        raise LeaseLost(term.name)


def database_now(session: Session) -> datetime:
    """Read the database's clock, which all processes share."""
    if session.get_bind().dialect.name == "sqlite":
        read = session.connection().execute(text("SELECT strftime('%Y-%m-%dT%H:%M:%f', 'now')")).scalar_one()
        return datetime.fromisoformat(read).replace(tzinfo=UTC)
    instant: datetime = session.connection().execute(text("SELECT clock_timestamp()")).scalar_one()
    return instant.astimezone(UTC)


def _is_held(row: Lease, term: Term, now: datetime) -> bool:
    return row.term == term.number and row.holder == term.holder and row.expires_at > now


def _make_sure_it_exists(session: Session, name: str) -> None:
    """Add a lease that expired long ago, unless there is one: two processes may come at the same instant."""
    session.connection().execute(
        text(
            "INSERT INTO lease (name, holder, term, taken_at, expires_at) "
            "VALUES (:name, '', 0, :long_ago, :long_ago) ON CONFLICT (name) DO NOTHING"
        ),
        {"name": name, "long_ago": "2000-01-01 00:00:00.000000"},
    )


def _locked(session: Session, name: str) -> Lease:
    query = select(Lease).where(col(Lease.name) == name).with_for_update()
    return session.exec(query.execution_options(populate_existing=True)).one()
