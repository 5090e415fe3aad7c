"""Taking over a list of patients: previewed first, every bad cell named, then all of it or nothing.

The file is kept between the two steps, for its author only, and erased as soon as it is imported or a day
has passed.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlmodel import Session, col, select

from scheduler.accounts.actor import Actor
from scheduler.clock import Clock
from scheduler.errors import InvalidInput, NotFound, WrongState
from scheduler.exchange.signals import Around, SignalRow, read_signals
from scheduler.exchange.tables import Source
from scheduler.referrals.duplicates import suspects
from scheduler.referrals.errors import AlreadySignalled
from scheduler.referrals.history import today_in
from scheduler.referrals.pathways import pathway_in_force
from scheduler.referrals.signal import signal
from scheduler.store.engine import Store
from scheduler.store.tables import Practitioner, SignalImport, SignalSource, TerritoryCommune
from scheduler.territory.communes import communes

KEPT_FOR = timedelta(days=1)
LARGEST_BYTES = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewLine:
    """One patient of a list before it is imported.

    Parameters
    ----------
    known : bool
        Has an open file that this person may reach: not taken over a second time.
    """

    line: int
    family_name: str
    given_name: str
    birth_date: date | None
    insee: str
    consent: bool
    num_needs: int
    household: str
    known: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPreview:
    """What a list would give; nothing is received yet."""

    id: UUID
    pathway: str
    file_name: str
    lines: tuple[PreviewLine, ...]
    warnings: tuple[str, ...]

    @property
    def num_new(self) -> int:
        """How many patients would be received."""
        return sum(not line.known for line in self.lines)


def preview_import(
    session: Session,
    actor: Actor,
    *,
    file_name: str,
    body: bytes,
    pathway: str,
    source: SignalSource = SignalSource.IMPORT,
    now: datetime,
) -> ImportPreview:
    """Read a list and keep it, for its author to import.

    Raises
    ------
    UnreadableFile, BadTable
        With every cell to correct; nothing is kept.
    InvalidInput
        When the file is too big.
    """
    if len(body) > LARGEST_BYTES:
        raise InvalidInput("file", f"un fichier de {LARGEST_BYTES // 1_000_000} Mo au plus")
    named = Source(name=file_name[-100:] or "liste", body=body)
    rows, warnings = read_signals(named, _around(session, actor, pathway, source, now))
    row = SignalImport(
        territory_id=actor.territory_id,
        account_id=actor.account_id,
        pathway=pathway,
        file_name=named.name,
        content=source.value.encode() + b"\n" + body,
        num_rows=len(rows),
        created_at=now,
    )
    session.add(row)
    session.flush()
    lines = tuple(_line(session, actor, pathway, each) for each in rows)
    return ImportPreview(id=row.id, pathway=pathway, file_name=row.file_name, lines=lines, warnings=warnings)


def confirm_import(session: Session, actor: Actor, import_id: UUID, *, now: datetime) -> SignalImport:
    """Receive every patient of a previewed list, but those whose open file this person may reach already.

    Raises
    ------
    NotFound
        When there is no such list of this person.
    WrongState
        When it was imported, or its day is over.
    BadTable
        When what the list refers to has changed since the preview.
    """
    row = _own(session, actor, import_id)
    if row.content is None:
        state = "imported" if row.imported_at else "forgotten"
        raise WrongState("signal_import", state, "import")
    source, body = row.content.split(b"\n", 1)
    around = _around(session, actor, row.pathway, SignalSource(source.decode()), now)
    rows, _ = read_signals(Source(name=row.file_name, body=body), around)
    row.num_received = _receive(session, actor, row.id, rows, now)
    row.imported_at, row.content = now, None
    session.add(row)
    session.flush()
    return row


def forget_old_imports(store: Store, *, clock: Clock) -> int:
    """Erase the lists nobody imported within a day; gives how many."""
    with store.write() as session:
        query = select(SignalImport).where(
            col(SignalImport.content).is_not(None), col(SignalImport.created_at) < clock() - KEPT_FOR
        )
        old = session.exec(query).all()
        for row in old:
            row.content = None
            session.add(row)
        return len(old)


def _receive(
    session: Session, actor: Actor, import_id: UUID, rows: tuple[SignalRow, ...], now: datetime
) -> int:
    first_of: dict[str, UUID] = {}
    num_received = 0
    for each in rows:
        given = replace(each.signal, import_id=import_id, household_with=first_of.get(each.household))
        try:
            referral = signal(session, actor, given, now=now)
        except AlreadySignalled as known:
            if each.household:
                first_of.setdefault(each.household, known.referral_id)
            continue
        num_received += 1
        if each.household:
            first_of.setdefault(each.household, referral.id)
    return num_received


def _line(session: Session, actor: Actor, pathway: str, row: SignalRow) -> PreviewLine:
    who, needs = row.signal.identity, row.signal.needs
    alike = suspects(session, actor, who, pathway=pathway)
    yes = [name for name in needs.__dataclass_fields__ if getattr(needs, name) is True]
    return PreviewLine(
        line=row.line,
        family_name=who.family_name,
        given_name=who.given_name,
        birth_date=who.birth_date,
        insee=who.insee,
        consent=row.signal.consent is not None,
        num_needs=len(yes) + sum(answer is True for answer in row.signal.answers.values()),
        household=row.household,
        known=any(each.is_twin and each.may_reach for each in alike),
    )


def _around(session: Session, actor: Actor, pathway: str, source: SignalSource, now: datetime) -> Around:
    practitioners = select(Practitioner.rpps, Practitioner.id).where(
        col(Practitioner.territory_id) == actor.territory_id
    )
    home = select(TerritoryCommune.insee).where(col(TerritoryCommune.territory_id) == actor.territory_id)
    return Around(
        pathway=pathway_in_force(session, actor.territory_id, pathway),
        directory=communes(),
        rpps={rpps: number for rpps, number in session.exec(practitioners) if number is not None},
        home=frozenset(session.exec(home)),
        source=source,
        now=now,
        today=today_in(session, actor.territory_id, now),
    )


def _own(session: Session, actor: Actor, import_id: UUID) -> SignalImport:
    query = (
        select(SignalImport)
        .where(
            col(SignalImport.id) == import_id,
            col(SignalImport.territory_id) == actor.territory_id,
            col(SignalImport.account_id).is_not_distinct_from(actor.account_id),
        )
        .with_for_update(key_share=True)
    )
    if (row := session.exec(query).first()) is None:
        raise NotFound("signal_import")
    return row
