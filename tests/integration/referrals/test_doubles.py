"""Two files of one patient: found before they both go on, joined by a person, undone without a loss."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlmodel import col, select

from matching.model import Needs
from scheduler.accounts.actor import Actor
from scheduler.errors import NotFound, WrongState
from scheduler.referrals.duplicates import PossibleDuplicate
from scheduler.referrals.merging import merge, set_apart, undo_merge
from scheduler.referrals.my_signals import my_signals
from scheduler.referrals.pairs import get_pair, open_pairs, recent_decisions
from scheduler.referrals.qualify import qualify
from scheduler.referrals.read import get_history
from scheduler.referrals.signal import signal
from scheduler.referrals.values import ConsentGiven, Corrections, Identity, Seen, Signal
from scheduler.store.engine import Store
from scheduler.store.tables import (
    CloseReason,
    Consent,
    ConsentHow,
    DuplicatePair,
    Referral,
    ReferralState,
    Role,
    SeenPractitioner,
)
from tests import factories
from tests.factories import NOW

CONSENT = ConsentGiven(notice_version="1", how=ConsentHow.WRITTEN, collected_by="Awa Diallo")
ZOE = Identity(
    family_name="Lefebvre", given_name="Zoé", birth_date=date(1951, 3, 7), phone="0160000000", insee="77445"
)
AS_HEARD = replace(ZOE, family_name="LEFÈVRE", birth_date=date(1951, 7, 3), phone="")
LATER = NOW + timedelta(days=3)


class Town:
    """A nurse, a pharmacist who does not know of her signal, and the coordination."""

    def __init__(self, store: Store) -> None:
        self.store = store
        with store.write() as session:
            here = factories.territory(session).id
            self.nurse, self.pharmacist = (self.actor(session, Role.SIGNALLER, here) for _ in range(2))
            self.coordinator = self.actor(session, Role.COORDINATOR, here)
            first = Signal(identity=ZOE, needs=Needs(c2s=True, ald=False), waiting_since=date(2026, 9, 1))
            second = Signal(
                identity=AS_HEARD, needs=Needs(ald=True), consent=CONSENT, seen=(Seen(name="Dr Petit"),)
            )
            self.first = signal(session, self.nurse, first, now=NOW).id
            self.second = signal(session, self.pharmacist, second, now=NOW).id
            self.pair = session.exec(select(DuplicatePair.id)).one()

    @staticmethod
    def actor(session, role: Role, here: int) -> Actor:
        return factories.actor_of(factories.account(session), role, here)


@pytest.fixture
def town(store: Store) -> Town:
    return Town(store)


def test_the_second_signaller_hears_nothing_of_the_first_and_the_file_waits_for_a_person(town: Town) -> None:
    with town.store.write() as session:
        lines = my_signals(session, town.pharmacist, now=NOW)
        assert [(line.referral_id, line.state, line.merged) for line in lines] == [
            (town.second, ReferralState.RECEIVED, False)
        ]
        details = [line.detail for line in get_history(session, town.pharmacist, town.second, now=NOW)]
        assert str(town.first) not in str(details)
        with pytest.raises(NotFound):
            get_pair(session, town.pharmacist, town.pair, now=NOW)
        with pytest.raises(PossibleDuplicate) as refused:
            qualify(session, town.coordinator, town.second, Corrections(), now=NOW)
        assert refused.value.pair_id == town.pair
        qualify(session, town.coordinator, town.first, Corrections(consent=CONSENT), now=NOW)
        (shown,) = open_pairs(session, town.coordinator, now=NOW)
        assert shown.because == ("names_sound_alike", "near_birth_date")
        assert {side.referral_id: side.stays for side in shown.sides} == {
            town.first: True,
            town.second: False,
        }


def test_joined_files_lose_neither_a_yes_nor_a_day_and_both_senders_follow(town: Town) -> None:
    with town.store.write() as session:
        kept = merge(session, town.coordinator, town.pair, now=LATER)
        assert kept.id == town.first
    with town.store.write() as session:
        kept, closed = session.get_one(Referral, town.first), session.get_one(Referral, town.second)
        assert (kept.ald, kept.c2s, kept.pregnancy, kept.tier) == (True, True, None, 1)
        assert kept.waiting_since == date(2026, 9, 1)
        assert session.exec(select(Consent).where(col(Consent.referral_id) == kept.id)).one().how == "written"
        assert [row.name for row in session.exec(select(SeenPractitioner)) if row.referral_id == kept.id] == [
            "Dr Petit"
        ]
        assert (closed.state, closed.close_reason) == (ReferralState.CLOSED, CloseReason.DUPLICATE)
        assert closed.merged_into == kept.id
        (line,) = my_signals(session, town.pharmacist, now=LATER)
        assert (line.state, line.merged) == (kept.state, True)
        kinds = [line.kind for line in get_history(session, town.coordinator, kept.id, now=LATER)]
        assert kinds == ["signalled", "merged", "ranked"]
        qualify(session, town.coordinator, kept.id, Corrections(), now=LATER)
        with pytest.raises(WrongState):
            merge(session, town.coordinator, town.pair, now=LATER)


def test_a_wrong_join_is_undone_and_each_person_has_their_file_again(town: Town) -> None:
    with town.store.write() as session:
        merge(session, town.coordinator, town.pair, now=LATER)
    with town.store.write() as session:
        (decided,) = recent_decisions(session, town.coordinator, now=LATER)
        fresh = undo_merge(session, town.coordinator, decided.id, now=LATER).id
    with town.store.write() as session:
        kept, again = session.get_one(Referral, town.first), session.get_one(Referral, fresh)
        assert (kept.ald, kept.c2s, kept.waiting_since, kept.tier) == (False, True, date(2026, 9, 1), 2)
        assert (again.ald, again.c2s, again.waiting_since) == (True, None, NOW.date())
        assert again.state is ReferralState.RECEIVED
        assert fresh in {line.referral_id for line in my_signals(session, town.pharmacist, now=LATER)}
        assert qualify(session, town.coordinator, fresh, Corrections(), now=LATER).state == "waiting"
        with pytest.raises(WrongState):
            undo_merge(session, town.coordinator, town.pair, now=LATER)


def test_two_people_who_look_alike_both_go_on_and_are_not_asked_about_again(town: Town) -> None:
    with town.store.write() as session:
        set_apart(session, town.coordinator, town.pair, now=LATER)
        assert qualify(session, town.coordinator, town.second, Corrections(), now=LATER).state == "waiting"
        again = Corrections(identity=ZOE, consent=CONSENT)
        assert qualify(session, town.coordinator, town.first, again, now=LATER).state == "waiting"
        assert open_pairs(session, town.coordinator, now=LATER) == []
