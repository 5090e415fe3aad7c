"""Who is seen already, who must confirm, and places that time changes: each once, each in the history."""

from datetime import date, datetime, timedelta
from uuid import UUID

import pytest
from sqlmodel import Session, col, select

from matching import Policy
from matching.model import Needs
from scheduler.errors import InvalidInput, NotFound, WrongState
from scheduler.referrals.corrections import correct_needs
from scheduler.referrals.hygiene import (
    ANSWER_WITHIN,
    CONFIRM_EVERY,
    ContactOutcome,
    ask_to_confirm,
    call_list,
    note_contact,
)
from scheduler.referrals.my_signals import tell_senders
from scheduler.referrals.pathways.kept import shipped
from scheduler.referrals.qualify import qualify
from scheduler.referrals.ranking import Facts, Rules, explain_place, promote_by_wait
from scheduler.referrals.seen import (
    AlreadyAsked,
    answer_request,
    ask_to_declare,
    end_unanswered,
    open_requests,
)
from scheduler.referrals.signal import signal
from scheduler.referrals.values import ConsentGiven, CorrectionReason, Corrections, Identity, Seen, Signal
from scheduler.store.engine import Store
from scheduler.store.tables import (
    ConsentHow,
    DeclareAnswer,
    Message,
    Referral,
    ReferralCorrection,
    ReferralEvent,
    ReferralState,
    Role,
)
from tests import factories
from tests.factories import NOW

CONSENT = ConsentGiven(notice_version="1", how=ConsentHow.ORAL, collected_by="Awa Diallo")
YVES = Identity(
    family_name="Moreau",
    given_name="Yves",
    birth_date=date(1990, 1, 2),
    email="yves@exemple.test",
    insee="77445",
)


def events(session: Session, referral_id: UUID, kind: str) -> list[ReferralEvent]:
    query = select(ReferralEvent).where(
        col(ReferralEvent.referral_id) == referral_id, col(ReferralEvent.kind) == kind
    )
    return list(session.exec(query.order_by(col(ReferralEvent.id))))


class Town:
    """A GP with an account, and somebody who saw them four times."""

    def __init__(self, store: Store) -> None:
        with store.write() as session:
            gp = factories.practitioner(session)
            account = factories.account(session, practitioner_id=gp.id, email="dr@exemple.test")
            factories.grant(session, account_id=account.id, territory_id=gp.territory_id, role=Role.GP)
            self.gp = factories.actor_of(account, Role.GP, gp.territory_id)
            nurse = factories.account(session, email="awa@exemple.test")
            self.nurse = factories.actor_of(nurse, Role.SIGNALLER, gp.territory_id)
            self.coordinator = factories.actor(territory_id=gp.territory_id)
            other = factories.practitioner(session, territory_id=gp.territory_id)
            self.other = factories.actor(
                Role.GP, territory_id=gp.territory_id, key="account:other", practitioner_id=other.id
            )
            seen = (Seen(practitioner_id=gp.id, num_visits=4), Seen(name="Dr Petit", num_visits=2))
            given = Signal(identity=YVES, consent=CONSENT, seen=seen)
            self.yves = signal(session, self.nurse, given, now=NOW).id


@pytest.fixture
def town(store: Store) -> Town:
    return Town(store)


def test_a_doctor_seen_often_is_asked_first_and_a_yes_ends_the_search(store: Store, town: Town) -> None:
    with store.write() as session:
        ask_to_declare(session, town.coordinator, town.yves, now=NOW)
        with pytest.raises(AlreadyAsked):
            ask_to_declare(session, town.coordinator, town.yves, now=NOW)
        state = qualify(session, town.coordinator, town.yves, Corrections(), now=NOW).state
        assert state is ReferralState.QUALIFIED  # nobody else is asked meanwhile
        mail = session.exec(select(Message)).one()
        assert mail.recipient == "dr@exemple.test"
        assert "Moreau" not in mail.subject + mail.body
        assert open_requests(session, town.other, now=NOW) == []
        (asked,) = open_requests(session, town.gp, now=NOW)
        assert (asked.family_name, asked.due_on) == ("Moreau", NOW.date() + timedelta(days=14))
        with pytest.raises(NotFound):
            answer_request(session, town.other, asked.id, DeclareAnswer.DECLARED, now=NOW)
        answer_request(session, town.gp, asked.id, DeclareAnswer.DECLARED, now=NOW)
    with store.read() as session:
        assert session.get_one(Referral, town.yves).state is ReferralState.DECLARED
        (line,) = events(session, town.yves, "already_followed")
        assert line.detail == {"practitioner": town.gp.practitioner_id}
        assert events(session, town.yves, "declare_answered")[0].detail["answer"] == "declared"


@pytest.mark.parametrize("silent", [False, True])
def test_a_no_or_silence_puts_the_patient_on_the_list(store: Store, town: Town, silent: bool) -> None:
    with store.write() as session:
        qualify(session, town.coordinator, town.yves, Corrections(), now=NOW)
        row = ask_to_declare(session, town.coordinator, town.yves, now=NOW)
        assert session.get_one(Referral, town.yves).state is ReferralState.QUALIFIED
        if not silent:
            answer_request(session, town.coordinator, row.id, DeclareAnswer.NOT_FOLLOWED, now=NOW)
    late = NOW + timedelta(days=15)
    assert end_unanswered(store, clock=lambda: NOW + timedelta(days=14)) == 0
    assert end_unanswered(store, clock=lambda: late) == (1 if silent else 0)
    assert end_unanswered(store, clock=lambda: late) == 0
    with store.read() as session:
        kept = session.get_one(Referral, town.yves)
        assert (kept.state, kept.waiting_since) == (ReferralState.WAITING, NOW.date())


def test_nobody_seen_often_cannot_be_asked(store: Store, town: Town) -> None:
    given = Signal(identity=Identity(family_name="A", given_name="B", insee="77445"), consent=CONSENT)
    with store.write() as session:
        alone = signal(session, town.nurse, given, now=NOW)
        with pytest.raises(InvalidInput):
            ask_to_declare(session, town.coordinator, alone.id, now=NOW)


def test_a_request_grown_old_is_asked_about_once_then_called(store: Store, town: Town) -> None:
    def at(days: int) -> datetime:
        return NOW + timedelta(days=days)

    due = CONFIRM_EVERY.days
    assert ask_to_confirm(store, clock=lambda: at(due - 2)) == 0
    assert ask_to_confirm(store, clock=lambda: at(due)) == 1
    assert ask_to_confirm(store, clock=lambda: at(due + 1)) == 0
    called = due + ANSWER_WITHIN.days
    with store.write() as session:
        mail = session.exec(select(Message).where(col(Message.kind) == "still_searching")).one()
        assert mail.recipient == "yves@exemple.test"
        assert "Moreau" not in mail.subject + mail.body
        assert call_list(session, town.coordinator, now=at(called - 1)) == []
        assert [line.referral_id for line in call_list(session, town.coordinator, now=at(called))] == [
            town.yves
        ]
        for day in (0, 0, 2, 4):  # twice on the same day counts once
            note_contact(session, town.coordinator, town.yves, ContactOutcome.NO_ANSWER, now=at(called + day))
        kept = session.get_one(Referral, town.yves)
        assert (kept.num_failed_contacts, kept.unreachable_since) == (3, at(called + 4).date())
        note_contact(session, town.coordinator, town.yves, ContactOutcome.STILL_SEEKING, now=at(called + 5))
        assert (kept.unreachable_since, kept.last_confirmed_on) == (None, at(called + 5).date())
        note_contact(session, town.coordinator, town.yves, ContactOutcome.FOUND, now=at(called + 6))
        assert (kept.state, kept.close_reason) == ("closed", "found_alone")
        with pytest.raises(WrongState):
            note_contact(session, town.coordinator, town.yves, ContactOutcome.MOVED, now=at(called + 6))


def test_waiting_and_corrections_change_the_place_and_the_history_says_why(store: Store, town: Town) -> None:
    with store.write() as session:
        qualify(session, town.coordinator, town.yves, Corrections(synthesis="Vit seul."), now=NOW)
    later = NOW + timedelta(days=180)
    assert promote_by_wait(store, clock=lambda: later) == 1
    assert promote_by_wait(store, clock=lambda: later) == 0
    with store.write() as session:
        correct_needs(
            session,
            town.coordinator,
            town.yves,
            needs=Needs(ald=True),
            reason=CorrectionReason.CHANGED,
            now=later,
        )
    with store.read() as session:
        told = [line.detail for line in events(session, town.yves, "ranked")]
        assert [(line["from_rank"], line["rank"], line["because"]) for line in told] == [
            (3, 2, "wait"),
            (2, 0, "correction"),
        ]
        row = session.exec(select(ReferralCorrection)).one()
        assert (row.reason, row.before, row.after) == ("changed", {"ald": None}, {"ald": True})
        written = str([line.detail for line in session.exec(select(ReferralEvent))])
        assert "Vit seul" not in written


def test_the_place_is_explained_with_what_could_still_raise_it() -> None:
    rules = Rules(pathway=shipped()["gp"], policy=Policy.default())
    facts = Facts(
        needs=Needs(c2s=True, ald=None, pregnancy=False), answers={}, age=80, waiting_since=NOW.date()
    )
    found = explain_place(rules, facts, NOW.date() + timedelta(days=10))
    assert found.standing.tier == 2
    assert set(found.because) == {"c2s", "over_age"}
    assert "ald" in found.could_raise
    assert "pregnancy" not in found.could_raise
    assert "disability" not in found.could_raise
    assert found.promotes_on == NOW.date() + timedelta(days=60)


def test_the_sender_hears_of_each_outcome_once_and_without_a_name(store: Store, town: Town) -> None:
    assert tell_senders(store, clock=lambda: NOW) == 0
    with store.write() as session:
        note_contact(session, town.coordinator, town.yves, ContactOutcome.MOVED, now=NOW)
    assert tell_senders(store, clock=lambda: NOW) == 1
    assert tell_senders(store, clock=lambda: NOW) == 0
    with store.read() as session:
        mail = session.exec(select(Message).where(col(Message.kind) == "signal_moved_on")).one()
        assert mail.recipient == "awa@exemple.test"
        assert "Moreau" not in mail.subject + mail.body
        assert str(town.yves)[:8] in mail.subject


def test_a_sender_hears_of_many_files_in_one_mail(store: Store, town: Town) -> None:
    with store.write() as session:
        identity = Identity(family_name="Petit", given_name="Rose", insee="77445")
        rose = signal(session, town.nurse, Signal(identity=identity, consent=CONSENT), now=NOW).id
        for referral_id in (town.yves, rose):
            note_contact(session, town.coordinator, referral_id, ContactOutcome.MOVED, now=NOW)
    assert tell_senders(store, clock=lambda: NOW) == 2
    with store.read() as session:
        mail = session.exec(select(Message).where(col(Message.kind) == "signal_moved_on")).one()
        assert mail.subject == "Relais : du nouveau pour 2 de vos signalements"
        assert all(str(each)[:8] in mail.body for each in (town.yves, rose))
        for referral_id in (town.yves, rose):
            assert [line.detail for line in events(session, referral_id, "returned")] == [{"state": "closed"}]


def test_what_was_told_before_holds_back_no_news_of_another_file(store: Store, town: Town) -> None:
    identity = Identity(family_name="Petit", given_name="Rose", insee="77445")
    with store.write() as session:
        rose = signal(session, town.nurse, Signal(identity=identity, consent=CONSENT), now=NOW).id
    first, other = sorted((town.yves, rose))
    for referral_id in (first, other):
        with store.write() as session:
            note_contact(session, town.coordinator, referral_id, ContactOutcome.MOVED, now=NOW)
            session.get_one(Referral, first).returned_state = None
        tell_senders(store, clock=lambda: NOW)
    with store.read() as session:
        mails = session.exec(select(Message).where(col(Message.kind) == "signal_moved_on")).all()
        assert any(str(other)[:8] in mail.body for mail in mails)
