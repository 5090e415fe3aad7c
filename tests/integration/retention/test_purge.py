"""Files that are over are set aside, then erased: no table knows the patient, reports stay the same."""

import json
import sqlite3
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlmodel import Session, SQLModel, select

from matching.model import Needs
from scheduler.audit import check_chain
from scheduler.care.requests import CancelledBecause, Given, cancel_request, create_request
from scheduler.clock import Clock
from scheduler.errors import NotFound
from scheduler.indicators.figures import recompute, report, take_snapshots
from scheduler.indicators.periods import period_named
from scheduler.jobs.old_keys import forget_old_keys
from scheduler.jobs.old_messages import empty_old_messages
from scheduler.messages.patients import tell_patients
from scheduler.referrals.answers import accept
from scheduler.referrals.bridge import give_consultation
from scheduler.referrals.departures import announce_departure
from scheduler.referrals.drafts import forget_old_drafts, save_draft
from scheduler.referrals.ending import close, withdraw_consent
from scheduler.referrals.follow_up import months_after, still_followed
from scheduler.referrals.merging import merge, undo_merge
from scheduler.referrals.qualify import qualify
from scheduler.referrals.read import get_referral
from scheduler.referrals.seen import ask_to_declare
from scheduler.referrals.signal import signal
from scheduler.referrals.signal_import import forget_old_imports, preview_import
from scheduler.referrals.values import ConsentGiven, Corrections, Identity, Seen, Signal, Wishes
from scheduler.referrals.visits import declare
from scheduler.retention.due import preview
from scheduler.retention.erase import same_bands
from scheduler.retention.periods import Retention
from scheduler.retention.purge import purge
from scheduler.retention.told import withdrawn_files
from scheduler.store.engine import Store
from scheduler.store.tables import (
    AuditEntry,
    CareRequest,
    CloseReason,
    ConsentHow,
    ContactPreference,
    DepartingPatient,
    DuplicatePair,
    Gender,
    Patient,
    Referral,
    ReferralState,
    Role,
)
from tests import factories
from tests.factories import NOW
from tests.integration.referrals.offered import Scene, history, scene

RETENTION = Retention()
DAY = timedelta(days=1)
TODAY = NOW.date()

YSOLDE = Identity(
    family_name="Quilvermont",
    given_name="Ysolde",
    birth_date=date(1951, 5, 17),
    gender=Gender.FEMALE,
    phone="06 98 76 54 31",
    email="ysolde@quilvermont.test",
    address="7 allée des Orfraies",
    insee="77445",
    contact_preference=ContactPreference.EMAIL,
    contact_name="Wendeline Brugnac",
)
SIGNAL = Signal(
    identity=YSOLDE,
    needs=Needs(ald=True, c2s=False, pregnancy=False, palliative=True, chronic_needs=2),
    wishes=Wishes(languages=("pt",), max_km=12.0),
    seen=(Seen(name="Docteur Zélandais", num_visits=4),),
    consent=ConsentGiven(
        notice_version="1",
        how=ConsentHow.REPRESENTATIVE,
        collected_by="Infirmier Tarbouriech",
        representative="Hugon Maliverny",
    ),
)
WORDS = {
    "Quilvermont",
    "Ysolde",
    "1951-05-17",
    "0698765431",
    "ysolde@quilvermont.test",
    "Orfraies",
    "Wendeline",
    "Zélandais",
    "Tarbouriech",
    "Maliverny",
    "Quilvermont-Astruc",
    "0612121212",
    "sœur à Nemours",
}
"""Everything that tells who the patient is, as it stands in some table before the purge."""


def at(on: date, *, hour: int = 5) -> Clock:
    return lambda: datetime(on.year, on.month, on.day, hour, tzinfo=NOW.tzinfo)


def everything(store: Store) -> str:
    """Write down every column of every row of every table."""
    lines = []
    with store.read() as session:
        for table in SQLModel.metadata.sorted_tables:
            for row in session.execute(table.select()):
                told = [cell.decode() if isinstance(cell, bytes) else cell for cell in row]
                lines.append(f"{table.name} {json.dumps(told, ensure_ascii=False, default=str)}")
    return "\n".join(sorted(lines))


def known(store: Store) -> set[str]:
    text = everything(store)
    return {word for word in WORDS if word in text}


def lived(session: Session) -> tuple[Scene, UUID]:
    """Let a patient leave a trace in every table that knows patients; gives their file, closed today."""
    here = scene(session, num=1)
    who = here.coordinator
    one = signal(session, who, SIGNAL, now=NOW)
    twin = signal(
        session,
        factories.actor(Role.SIGNALLER, territory_id=here.territory_id),
        Signal(identity=Identity(**{**_as_dict(YSOLDE), "phone": "06 12 12 12 12"})),
        now=NOW + timedelta(minutes=1),
    )
    pair = session.exec(select(DuplicatePair)).one()
    merge(session, who, pair.id, now=NOW)
    undo_merge(session, who, pair.id, now=NOW)
    again = session.exec(select(Referral).where(Referral.patient_id == twin.patient_id)).all()
    newest = max(again, key=lambda row: row.state is ReferralState.RECEIVED)
    close(session, who, newest.id, reason=CloseReason.DUPLICATE, now=NOW)
    corrected = Identity(**{**_as_dict(YSOLDE), "family_name": "Quilvermont-Astruc"})
    qualify(
        session,
        who,
        one.id,
        Corrections(identity=corrected, synthesis="Vit seule, une sœur à Nemours."),
        now=NOW,
    )
    ask_to_declare(session, who, one.id, now=NOW)
    save_draft(session, who, {"family_name": "Quilvermont", "phone": "0698765431"}, pathway="gp", now=NOW)
    sheet = (
        "nom;prénom;date de naissance;commune;téléphone\n"
        "Quilvermont;Ysolde;17/05/1951;Savigny-le-Temple;0698765431\n"
    )
    preview_import(
        session, who, file_name="Ysolde Quilvermont.csv", body=sheet.encode(), pathway="gp", now=NOW
    )
    slot = factories.slot(session, practitioner_id=here.gp.practitioner_id, start_at=NOW + DAY)
    give_consultation(session, who, one.id, slot_id=slot.id, now=NOW)
    wanted = Given(
        insee="77445", latitude=48.58531, longitude=2.58127, urgency=3, patient_id=one.patient_id, age=75
    )
    request = create_request(session, who, wanted, now=NOW)
    cancel_request(session, who, request.id, reason=CancelledBecause.BETTER, now=NOW)
    close(session, who, one.id, reason=CloseReason.MOVED, now=NOW)
    return here, one.id


def _as_dict(identity: Identity) -> dict[str, object]:
    return {name: getattr(identity, name) for name in identity.__dataclass_fields__}


def clean(store: Store, clock: Clock) -> int:
    """Run what the service runs by itself to forget, the purge last."""
    forget_old_drafts(store, clock=clock)
    forget_old_imports(store, clock=clock)
    empty_old_messages(store, clock=clock)
    forget_old_keys(store, clock=clock)
    return purge(store, RETENTION, clock=clock)


def test_nothing_in_any_table_tells_who_an_erased_patient_was(store: Store) -> None:
    """Reliability test P5, at J - 1, J and J + 1."""
    with store.write() as session:
        here, one = lived(session)
    tell_patients(store, clock=lambda: NOW)
    month = period_named("2026-11")
    take_snapshots(store, clock=at(date(2026, 12, 1)))
    with store.read() as session:
        before = report(session, here.coordinator, month, now=NOW, leaves=False)
    assert before["figures"]["signalled"] == 3
    assert known(store) == WORDS, "the search below would find each of these"

    assert clean(store, at(months_after(TODAY, 3) - DAY)) == 0
    with store.write() as session:
        assert get_referral(session, here.coordinator, one, now=NOW).line.given_name == "Ysolde"
    assert clean(store, at(months_after(TODAY, 3))) == 0
    with store.write() as session:
        with pytest.raises(NotFound):
            get_referral(session, here.coordinator, one, now=NOW)
        rights = factories.actor(Role.ADMIN, territory_id=here.territory_id)
        assert get_referral(session, rights, one, now=NOW).line.given_name == "Ysolde"

    last = months_after(TODAY, 15)
    assert clean(store, at(last - DAY)) == 0
    assert "Ysolde" in known(store)
    with store.read() as session:
        assert [each.num_to_erase for each in preview(session, RETENTION, now=at(last)())] == [3, 0]
    assert clean(store, at(last)) == 3
    assert known(store) == set()
    written = everything(store)
    assert clean(store, at(last + DAY)) == 0
    assert everything(store) == written
    assert tell_patients(store, clock=at(last)) == 0

    with store.read() as session:
        assert report(session, here.coordinator, month, now=NOW, leaves=False) == before
        assert recompute(session, here.territory_id) == [("2026-11", True)]
        assert check_chain(session) is None
        erased = session.exec(select(AuditEntry).where(AuditEntry.action == "D")).all()
        request = session.exec(select(CareRequest)).one()
        file = session.get_one(Referral, one)
    assert {(row.purpose, row.actor) for row in erased} == {("retention", "system:purge")}
    assert str(one) in {row.object_id for row in erased}
    assert (file.palliative, file.languages, file.ald, file.c2s) == (None, [], True, False)
    assert (request.patient_id, request.age) == (None, None)
    assert (request.latitude, request.longitude) == pytest.approx((48.6, 2.6), abs=0.11)
    assert history(store, one)[-1] == ("erased", {"because": "time_over"})


def test_a_restored_backup_forgets_again_what_was_erased_since(
    sqlite_store: Store, tmp_path: Path, open_store: Callable[[str], Store]
) -> None:
    """Reliability test P5: the purge follows from dates, so that it is done again."""
    with sqlite_store.write() as session:
        lived(session)
    copy = tmp_path / "yesterday.db"
    source, target = sqlite3.connect(sqlite_store.engine.url.database), sqlite3.connect(copy)
    source.backup(target)
    source.close()
    target.close()
    last = at(months_after(TODAY, 15))
    assert clean(sqlite_store, last) == 3
    restored = open_store(f"sqlite:///{copy}")
    assert "Ysolde" in known(restored)
    assert clean(restored, last) == 3
    assert known(restored) == set()


def test_a_withdrawn_consent_erases_within_the_month_and_the_joined_file_too(store: Store) -> None:
    """Reliability test P4: hidden at once, and of the file that was joined to it too."""
    with store.write() as session:
        here = scene(session)
        who = here.coordinator
        sender = factories.actor(Role.SIGNALLER, territory_id=here.territory_id)
        one = signal(session, who, SIGNAL, now=NOW).id
        other = signal(
            session, sender, Signal(identity=Identity(**{**_as_dict(YSOLDE), "phone": ""})), now=NOW
        ).id
        pair = session.exec(select(DuplicatePair)).one()
        kept = merge(session, who, pair.id, now=NOW).id
        withdraw_consent(session, who, kept, now=NOW)
        for person in (who, sender):
            for file in (one, other):
                with pytest.raises(NotFound):
                    get_referral(session, person, file, now=NOW)
        before = withdrawn_files(session, who, RETENTION)
    assert [(line.hidden_on, line.erase_on, line.erased_on) for line in before] == [
        (TODAY, TODAY + 30 * DAY, None)
    ] * 2
    assert purge(store, RETENTION, clock=at(TODAY + 29 * DAY)) == 0
    assert purge(store, RETENTION, clock=at(TODAY + 30 * DAY)) >= 1
    assert known(store) == set()
    with store.read() as session:
        after = withdrawn_files(session, who, RETENTION)
    assert {line.erased_on for line in after} == {TODAY + 30 * DAY}
    assert history(store, kept)[-1] == ("erased", {"because": "consent_withdrawn"})


def test_whoever_is_still_expected_is_kept(sqlite_store: Store) -> None:
    """A year of follow-up, an appointment to come, the patients of a GP who leaves."""
    store = sqlite_store
    with store.write() as session:
        here = scene(session, num=2)
        followed, leaving = here.referral_ids
        for number, file in enumerate(here.referral_ids):
            accept(session, here.gp, here.offer_ids[number], now=NOW)
            declare(session, here.gp, file, on=TODAY, now=NOW)
        gone = factories.referral(session, territory_id=here.territory_id)
        slot = factories.slot(
            session,
            practitioner_id=here.gp.practitioner_id,
            start_at=NOW + 900 * DAY,
            end_at=NOW + 900 * DAY + timedelta(minutes=15),
        )
        give_consultation(session, here.coordinator, gone.id, slot_id=slot.id, now=NOW)
        gone_id = gone.id
        close(session, here.coordinator, gone_id, reason=CloseReason.MOVED, now=NOW)
    late = at(months_after(TODAY, 14))
    assert purge(store, RETENTION, clock=late) == 0
    with store.write() as session:
        states = [session.get_one(Referral, each).set_aside_at for each in (followed, leaving, gone_id)]
        assert [state is None for state in states] == [True, True, False]
        for month in (3, 6, 12):
            still_followed(session, here.gp, followed, now=at(months_after(TODAY, month))())
        announce_departure(
            session, here.gp, here.gp.practitioner_id, leaving_on=months_after(TODAY, 50), now=late()
        )
        dropped = session.exec(select(DepartingPatient.patient_id)).all()
        assert session.get_one(Referral, leaving).patient_id in dropped
        for row in session.exec(select(DepartingPatient)):
            if row.patient_id == session.get_one(Referral, followed).patient_id:
                session.delete(row)
    assert purge(store, RETENTION, clock=at(months_after(TODAY, 27))) == 1
    with store.read() as session:
        assert session.get_one(Referral, followed).erased_at is not None
        assert session.get_one(Referral, leaving).erased_at is None
        assert session.get_one(Referral, gone_id).erased_at is None
    assert purge(store, RETENTION, clock=at(months_after(TODAY, 40))) == 1
    with store.read() as session:
        assert session.get_one(Patient, session.get_one(Referral, gone_id).patient_id).family_name == ""


@pytest.mark.parametrize(
    ("born", "days", "expected"),
    [
        (date(1951, 5, 17), [date(2026, 11, 23)], date(1956, 1, 1)),
        (date(1951, 5, 17), [date(2026, 11, 23), date(2030, 1, 1)], date(1956, 1, 1)),
        (date(1951, 5, 17), [date(2026, 11, 23), date(2032, 6, 1)], date(1952, 1, 1)),
        (date(2026, 11, 1), [date(2026, 11, 23)], date(2026, 1, 1)),
        (date(1920, 2, 29), [date(2026, 11, 23)], date(1946, 1, 1)),
        (date(1956, 12, 1), [date(2026, 11, 30), date(2026, 12, 1)], None),
    ],
)
def test_a_band_of_age_is_all_that_is_left_of_a_birth_date(
    born: date, days: list[date], expected: date | None
) -> None:
    assert same_bands(born, days) == expected
