"""What follows an offer: answered once by whoever is first, told to nobody else, left to nobody's memory."""

from datetime import timedelta
from uuid import uuid4

import pytest
from sqlmodel import select

from scheduler.accounts.actor import system_actor
from scheduler.accounts.secrets import hash_of
from scheduler.errors import NotFound
from scheduler.messages.outbox import TAKEN_FOR, MailSettings, send_due
from scheduler.messages.senders import Envelope
from scheduler.referrals.answers import (
    DeclineReason,
    accept,
    behind_link,
    decline,
    list_open_offers,
    show_offer,
)
from scheduler.referrals.by_person import ChosenBecause
from scheduler.referrals.decide import offer_by_hand, override, validate_batch
from scheduler.referrals.errors import IntakeFull, NoPlaceLeft, OfferAnswered, OfferOver
from scheduler.referrals.read import get_referral
from scheduler.referrals.scope import find_referral
from scheduler.referrals.unanswered import (
    WithdrawReason,
    expire_offers,
    remind_offers,
    withdraw_offer,
)
from scheduler.store.engine import Store
from scheduler.store.tables import (
    Account,
    AuditEntry,
    Consent,
    Delegation,
    Intake,
    Message,
    Offer,
    OfferLink,
    OfferState,
    Patient,
    Proposal,
    ProposalOrigin,
    Referral,
)
from tests import factories
from tests.factories import NOW
from tests.integration.referrals.offered import SINCE, history, scene, secrets_mailed, states
from tests.races import at_once

LATER = NOW + timedelta(hours=1)
OVER = NOW + timedelta(days=3)


def test_the_mail_of_an_offer_tells_nothing_and_only_the_hash_of_its_link_is_kept(store: Store) -> None:
    with store.write() as session:
        here = scene(session, num=2, home=True)
        patient = session.get_one(Patient, session.get_one(Referral, here.referral_ids[0]).patient_id)
    with store.read() as session:
        mails = session.exec(select(Message)).all()
        assert len(mails) == 2  # the GP and the secretary: one mail each for the whole home
        for mail in mails:
            assert "2 personnes" in mail.body
            assert patient.family_name not in mail.subject + mail.body
        links = session.exec(select(OfferLink)).all()
        assert {hash_of(secret) for own in secrets_mailed(store).values() for secret in own} == {
            link.token_hash for link in links
        }


def test_a_gp_sees_a_profile_then_the_identity_of_whom_they_accepted(store: Store) -> None:
    with store.write() as session:
        here = scene(session)
        shown = show_offer(session, here.gp, here.offer_ids[0], now=LATER)
        with pytest.raises(NotFound):
            get_referral(session, here.gp, here.referral_ids[0], now=LATER)
    (member,) = shown.members
    assert shown.open
    assert (member.age_band, member.insee, member.tier) == ("30-49", "77445", 1)
    assert member.needs["ald"] is True
    assert member.needs["pregnancy"] is None
    with store.write() as session:
        accept(session, here.gp, here.offer_ids[0], now=LATER)
        file = get_referral(session, here.secretary, here.referral_ids[0], now=LATER)
        for other in (here.stranger,):
            with pytest.raises(NotFound):
                get_referral(session, other, here.referral_ids[0], now=LATER)
    assert file.identity.family_name
    with store.read() as session:
        reads = select(AuditEntry).where(AuditEntry.action == "R").order_by("id")
        assert [entry.actor for entry in session.exec(reads)] == [here.gp.key, here.secretary.key]
    assert history(store, here.referral_ids[0])[-1] == (
        "accept",
        {
            "offer": str(here.offer_ids[0]),
            "practitioner": here.gp.practitioner_id,
            "tier": 1,
            "waited_days": (NOW.date() - SINCE).days,
        },
    )


def test_only_who_answers_for_the_gp_sees_or_answers(store: Store) -> None:
    with store.write() as session:
        here = scene(session)
        elsewhere = scene(session)
        for other in (here.stranger, elsewhere.gp, elsewhere.coordinator):
            for act in (show_offer, accept):
                with pytest.raises(NotFound):
                    act(session, other, here.offer_ids[0], now=LATER)
            with pytest.raises(NotFound):
                decline(session, other, here.offer_ids[0], reason=DeclineReason.FULL, now=LATER)
        assert list_open_offers(session, here.stranger, now=LATER) == ()
        assert [shown.id for shown in list_open_offers(session, here.secretary, now=LATER)] == here.offer_ids
        with pytest.raises(NotFound):
            show_offer(session, here.gp, uuid4(), now=LATER)


def test_a_delegate_is_written_to_and_answers_without_ever_seeing_who_it_is(store: Store) -> None:
    with store.write() as session:
        first = scene(session)
        factories_of = first.stranger
        session.add(
            Delegation(
                practitioner_id=first.gp.practitioner_id,
                account_id=factories_of.account_id,
                first_on=NOW.date(),
                last_on=NOW.date(),
                created_by=first.gp.key,
                created_at=NOW,
            )
        )
        session.flush()
        withdraw_offer(
            session, first.coordinator, first.referral_ids[0], because=WithdrawReason.MISTAKE, now=NOW
        )
        offer = offer_by_hand(
            session,
            first.coordinator,
            first.referral_ids[0],
            practitioner_id=first.gp.practitioner_id,
            because=ChosenBecause.OTHER,
            now=LATER,
        )
        email = session.get_one(Account, factories_of.account_id).email
    assert email in secrets_mailed(store)
    with store.write() as session:
        accept(session, factories_of, offer.id, now=LATER)
        with pytest.raises(NotFound):
            get_referral(session, factories_of, first.referral_ids[0], now=LATER)
        get_referral(session, first.gp, first.referral_ids[0], now=LATER)
        with pytest.raises(NotFound):  # the day after, the delegation is over
            show_offer(session, factories_of, offer.id, now=NOW + timedelta(days=1))


def test_a_home_is_answered_as_one_and_the_place_limit_holds_for_all_of_it(store: Store) -> None:
    with store.write() as session:
        here = scene(session, num=3, home=True)
        assert len({session.get_one(Offer, offer_id).group_id for offer_id in here.offer_ids}) == 1
        session.get_one(Intake, here.intake_id).places = 2
    with store.write() as session, pytest.raises(IntakeFull):
        accept(session, here.gp, here.offer_ids[0], now=LATER)
    assert states(store, here.referral_ids) == ["offered"] * 3
    with store.write() as session:
        decline(session, here.gp, here.offer_ids[1], reason=DeclineReason.FULL, now=LATER)
    assert states(store, here.referral_ids) == ["waiting"] * 3
    with store.read() as session:
        assert {session.get_one(Referral, one).waiting_since for one in here.referral_ids} == {SINCE}


def test_two_people_who_answer_at_once_have_one_effect(store: Store) -> None:
    """Reliability test A5: the second is told what the first answered."""
    with store.write() as session:
        here = scene(session, num=2, home=True)

    def answer(number: int) -> None:
        who = (here.gp, here.secretary, here.coordinator)[number % 3]
        with store.write() as session:
            if number % 2:
                accept(session, who, here.offer_ids[number % 2], now=LATER)
            elif number == 4:
                withdraw_offer(
                    session,
                    here.coordinator,
                    here.referral_ids[0],
                    because=WithdrawReason.GP_ASKED,
                    now=LATER,
                )
            else:
                decline(session, who, here.offer_ids[0], reason=DeclineReason.AWAY, now=LATER)

    ended = at_once(6, answer)
    after = states(store, here.referral_ids)
    assert set(ended) <= {"done", "offer_answered", "wrong_state"}
    assert set(after) <= {"accepted", "waiting"}
    for referral_id in here.referral_ids:
        kinds = [kind for kind, _ in history(store, referral_id)]
        assert len([kind for kind in kinds if kind in {"accept", "decline", "withdraw"}]) == 1
    taken_back = "withdraw" in [kind for kind, _ in history(store, here.referral_ids[0])]
    assert ended["done"] == (2 if taken_back and after[1] != "offered" else 1)


def test_forty_acceptances_at_once_for_three_places(store: Store) -> None:
    """Reliability test A6."""
    with store.write() as session:
        here = scene(session, num=40)
        session.get_one(Intake, here.intake_id).places = 3

    def answer(number: int) -> None:
        with store.write() as session:
            accept(session, here.gp, here.offer_ids[number], now=LATER)

    assert at_once(40, answer) == {"done": 3, "intake_full": 37}
    assert states(store, here.referral_ids).count("accepted") == 3


def test_a_link_answers_once_and_its_holder_must_still_be_of_the_surgery(store: Store) -> None:
    with store.write() as session:
        here = scene(session)
        gp_email = session.get_one(Account, here.gp.account_id).email
    (secret,) = secrets_mailed(store)[gp_email]
    with store.write() as session:
        who, offer_id = behind_link(session, secret)
        assert (who.practitioner_id, who.account_id) == (here.gp.practitioner_id, here.gp.account_id)
        accept(session, who, offer_id, now=LATER)
    with store.write() as session:
        who, offer_id = behind_link(session, secret)
        with pytest.raises(OfferAnswered) as refused:
            decline(session, who, offer_id, reason=DeclineReason.FULL, now=LATER)
    assert refused.value.state is OfferState.ACCEPTED
    with store.write() as session:
        session.get_one(Account, here.gp.account_id).active = False
        session.flush()
        for wrong in (secret, "inconnu"):
            with pytest.raises(NotFound):
                behind_link(session, wrong)


def test_silence_is_reminded_once_then_ends_with_seniority_kept(store: Store) -> None:
    with store.write() as session:
        here = scene(session)
    timer = system_actor("offers", here.territory_id)
    half = NOW + timedelta(hours=36)
    with store.write() as session:
        assert remind_offers(session, timer, now=half - timedelta(seconds=1)) == 0
        assert expire_offers(session, timer, now=OVER - timedelta(seconds=1)) == 0
        assert [remind_offers(session, timer, now=half) for _ in range(2)] == [1, 0]
    assert {len(own) for own in secrets_mailed(store).values()} == {2}  # a link of its own in the reminder
    with store.write() as session, pytest.raises(OfferOver):  # at its very end, before the job has passed
        accept(session, here.gp, here.offer_ids[0], now=OVER)
    with store.write() as session:
        assert [expire_offers(session, timer, now=OVER) for _ in range(2)] == [1, 0]
        referral = session.get_one(Referral, here.referral_ids[0])
        assert (referral.state.value, referral.waiting_since) == ("waiting", SINCE)
        with pytest.raises(OfferAnswered):
            accept(session, here.gp, here.offer_ids[0], now=OVER)
    assert [kind for kind, _ in history(store, here.referral_ids[0])] == ["offer", "reminded", "expire"]


def test_a_person_may_choose_another_gp_and_only_with_consent_and_a_place(store: Store) -> None:
    with store.write() as session:
        here = scene(session)
        other = here.stranger.practitioner_id
        referral = factories.referral(session, territory_id=here.territory_id, state="proposed")
        proposal = factories.proposal(session, intake_id=here.intake_id, referral_id=referral.id)
        for attempt in (
            lambda: override(
                session,
                here.coordinator,
                proposal.id,
                practitioner_id=other,
                because=ChosenBecause.PATIENT_WISH,
                now=LATER,
            ),
        ):
            with pytest.raises(NoPlaceLeft), session.begin_nested():
                attempt()  # the other GP has opened nothing
            factories.intake(session, practitioner_id=other, places=1)
            offer = attempt()
        made = session.get_one(Proposal, offer.proposal_id)
        assert (made.origin, made.chosen_because) == (ProposalOrigin.OVERRIDE, "patient_wish")
        assert made.run_id == proposal.run_id
        assert session.get_one(Proposal, proposal.id).because == "overridden"
        accept(session, here.stranger, offer.id, now=LATER)
    kinds = [(kind, detail.get("because")) for kind, detail in history(store, referral.id)]
    assert kinds == [
        ("supersede", "overridden"),
        ("propose", "patient_wish"),
        ("offer", None),
        ("accept", None),
    ]


def test_a_batch_offers_each_home_once_and_what_cannot_go_stays(store: Store) -> None:
    with store.write() as session:
        here = scene(session)
        session.get_one(Intake, here.intake_id).places = 4
        home = factories.household(session, territory_id=here.territory_id).id
        proposals = [
            factories.proposal(
                session,
                intake_id=here.intake_id,
                referral_id=factories.referral(
                    session, territory_id=here.territory_id, state="proposed", household_id=household
                ).id,
            )
            for household in (home, home, None, None)
        ]
        alone = session.exec(select(Consent).where(Consent.referral_id == proposals[2].referral_id)).one()
        alone.withdrawn_at = NOW
    done = validate_batch(store, here.coordinator, [one.id for one in proposals], now=LATER)
    assert (done.num_offered, done.num_refused) == (3, 1)
    assert states(store, [one.referral_id for one in proposals]) == [
        "offered",
        "offered",
        "proposed",
        "offered",
    ]


def test_a_crash_while_an_offer_is_mailed_sends_it_twice_at_most_and_the_link_is_then_forgotten(
    store: Store,
) -> None:
    """Reliability test I5, for what GPs are sent: the same Message-ID, one link, one answer."""
    with store.write() as session:
        here = scene(session)
    secrets = {secret for own in secrets_mailed(store).values() for secret in own}
    sent: list[Envelope] = []
    dies = [True]

    class Dying:
        def send(self, envelope: Envelope) -> None:
            sent.append(envelope)
            if dies:
                dies.clear()
                raise KeyboardInterrupt  # the process is killed between the sending and the mark

    marks = MailSettings(sender="Relais <relais@exemple.test>", domain="exemple.test")
    with pytest.raises(KeyboardInterrupt):
        send_due(store, Dying(), marks, clock=lambda: NOW)
    for at in (NOW, NOW + TAKEN_FOR, NOW + 2 * TAKEN_FOR):
        send_due(store, Dying(), marks, clock=lambda at=at: at)
    assert len(sent) == 3
    assert len({envelope.message_id for envelope in sent}) == 2  # one for the GP, one for the secretary
    assert {one.body.partition("/offre/")[2].split()[0] for one in sent} == secrets
    assert secrets_mailed(store) == {}  # of what has left, only the hash is kept
    with store.write() as session:
        who, offer_id = behind_link(session, min(secrets))
        accept(session, who, offer_id, now=LATER)
    assert states(store, here.referral_ids) == ["accepted"]


def test_the_coordination_may_answer_for_a_gp_on_the_telephone(store: Store) -> None:
    with store.write() as session:
        here = scene(session)
        accept(session, here.coordinator, here.offer_ids[0], now=LATER)
        assert session.get_one(Offer, here.offer_ids[0]).answered_by == here.coordinator.key
        find_referral(session, here.gp, here.referral_ids[0])
