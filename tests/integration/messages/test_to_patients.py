"""Patients are told once of each state; letters are printed, audited, and marked as posted."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import col, select

from scheduler.errors import NotFound
from scheduler.messages import ByChannel, FileSink, SmsFileSink
from scheduler.messages.outbox import MailSettings, send_due
from scheduler.messages.patients import TOLD_WITHIN, tell_patients
from scheduler.messages.post import letter_for, letters_to_print, mailroom, mark_posted
from scheduler.referrals.history import advance
from scheduler.referrals.life import Step
from scheduler.store.engine import Store
from scheduler.store.tables import (
    AuditEntry,
    CloseReason,
    Message,
    MessageChannel,
    MessageState,
    Referral,
    ReferralState,
)
from tests import factories
from tests.factories import NOW

SETTINGS = MailSettings(sender="Relais <relais@exemple.test>", domain="exemple.test")


def waiting_patients(store: Store, *contacts: dict[str, str]) -> tuple[int, list[Referral]]:
    with store.write() as session:
        territory = factories.territory(session)
        rows = []
        for contact in contacts:
            patient = factories.patient(session, family_name="ZZCANARI", **contact)
            rows.append(
                factories.referral(
                    session, territory_id=territory.id, patient=patient, state=ReferralState.QUALIFIED
                )
            )
            take(session, rows[-1], Step.ENLIST)
        return territory.id or 0, rows


def take(session, referral: Referral, step: Step, at: datetime = NOW) -> None:
    who = factories.actor(territory_id=referral.territory_id)
    advance(session, who, session.get_one(Referral, referral.id), step, now=at)


def messages(store: Store) -> list[Message]:
    with store.read() as session:
        return list(session.exec(select(Message).order_by(col(Message.channel), col(Message.created_at))))


def test_each_state_is_told_once_by_the_way_the_patient_is_reached(store: Store, tmp_path: Path) -> None:
    territory_id, (by_mail, _, by_post) = waiting_patients(
        store, {"email": "a@exemple.test"}, {"phone": "+33612345678"}, {"address": "1 rue des Essais"}
    )
    assert [tell_patients(store, clock=lambda: NOW) for _ in range(2)] == [3, 0]
    assert [row.channel for row in messages(store)] == ["letter", "mail", "sms"]
    sender = ByChannel(
        {
            MessageChannel.MAIL: FileSink(tmp_path / "mail"),
            MessageChannel.SMS: SmsFileSink(tmp_path / "sms"),
        }
    )
    assert send_due(store, sender, SETTINGS, clock=lambda: NOW) == 2  # the letter waits for a person
    (sms,) = (tmp_path / "sms").iterdir()
    assert sms.read_text(encoding="utf-8").startswith("+33612345678\nCPTS")
    assert "ZZCANARI" not in "".join(row.body + row.subject + row.recipient for row in messages(store))

    later = NOW + timedelta(days=1)
    with store.write() as session:  # two states within minutes: the last one is told
        take(session, by_mail, Step.SUSPEND, later)
        take(session, by_mail, Step.RESUME, later)
        take(session, by_mail, Step.ENLIST, later)
    assert tell_patients(store, clock=lambda: later) == 1
    who = factories.actor(territory_id=territory_id)
    with store.write() as session:
        (letter,) = letters_to_print(session, who, now=later)
        assert (letter.name, letter.address) == ("Camille ZZCANARI", "1 rue des Essais")
        assert mailroom(session, who).num_letters == 1
        with pytest.raises(NotFound):
            mark_posted(session, factories.actor(territory_id=territory_id + 1), [letter.message_id], now=NOW)
        assert [mark_posted(session, who, [letter.message_id], now=later) for _ in range(2)] == [1, 0]
        assert letters_to_print(session, who, now=later) == []
        assert "recherche commence" in letter_for(session, who, by_post.id, now=later).letter.body
    with store.read() as session:
        reads = session.exec(select(AuditEntry.patient_id).where(AuditEntry.action == "R")).all()
    assert reads == [by_post.patient_id, by_post.patient_id]


@pytest.mark.parametrize(
    ("reason", "num_told"),
    [
        (CloseReason.DIED, 0),
        (CloseReason.DUPLICATE, 0),
        (CloseReason.CONSENT_WITHDRAWN, 0),
        (CloseReason.MOVED, 1),
    ],
)
def test_nobody_is_told_of_a_death_a_double_or_a_refusal(
    sqlite_store: Store, reason: CloseReason, num_told: int
) -> None:
    _, (referral,) = waiting_patients(sqlite_store, {"email": "a@exemple.test"})
    with sqlite_store.write() as session:
        session.get_one(Referral, referral.id).close_reason = reason
        take(session, referral, Step.CLOSE)
    assert tell_patients(sqlite_store, clock=lambda: NOW) == num_told


def test_old_news_is_not_told_after_a_long_stop(sqlite_store: Store) -> None:
    waiting_patients(sqlite_store, {"email": "a@exemple.test"})
    assert tell_patients(sqlite_store, clock=lambda: NOW + TOLD_WITHIN) == 0


def test_a_message_without_a_way_out_is_given_up_in_the_open(sqlite_store: Store) -> None:
    waiting_patients(sqlite_store, {"phone": "+33612345678"})
    tell_patients(sqlite_store, clock=lambda: NOW)
    assert send_due(sqlite_store, ByChannel({}), SETTINGS, clock=lambda: NOW) == 0
    (row,) = messages(sqlite_store)
    assert (row.state, row.last_failure) == (MessageState.DEAD, "no_way_out")
