"""From the acceptance on: visits, declaration, follow-up, loss, rest, end; bridges, departures, delegates."""

from datetime import date, datetime, timedelta

import pytest
from sqlmodel import select

from matching import Policy
from matching.model import Needs
from scheduler.accounts.actor import system_actor
from scheduler.agenda.ending import honour
from scheduler.directory import IntakeGiven
from scheduler.errors import InvalidInput, NotFound, WrongState
from scheduler.exchange.errors import BadTable
from scheduler.exchange.panels import read_panel
from scheduler.exchange.tables import Source
from scheduler.referrals.answers import accept
from scheduler.referrals.attending import count_worklists, list_worklist, review
from scheduler.referrals.bridge import ask_after_visits, give_consultation
from scheduler.referrals.departures import (
    PanelLine,
    announce_departure,
    begin_waves,
    cancel_departure,
    departure_of,
    import_panel,
    wave_days,
    waves_of,
)
from scheduler.referrals.ending import SuspendReason, close, resume, suspend, withdraw_consent
from scheduler.referrals.follow_up import ask_gps, months_after, no_longer_followed, still_followed
from scheduler.referrals.instance import build_instance
from scheduler.referrals.own_intake import delegate, end_delegation, pause, set_intake, waiting_nearby
from scheduler.referrals.read import get_history, get_referral, list_referrals
from scheduler.referrals.relation import LossReason, patients_of
from scheduler.referrals.values import Identity
from scheduler.referrals.visits import declare, plan_visit, visit_held, visit_missed
from scheduler.referrals.worklists import Worklist
from scheduler.store.engine import Store
from scheduler.store.tables import (
    Account,
    AuditEntry,
    BookingState,
    Bridge,
    CloseReason,
    DepartingPatient,
    Feed,
    FeedState,
    Intake,
    Message,
    Offer,
    OfferState,
    Proposal,
    ProposalOrigin,
    Referral,
    Role,
)
from scheduler.territory.travel import GreatCircleTravel
from tests import factories
from tests.factories import NOW
from tests.integration.referrals.offered import SINCE, Scene, history, scene, states

DAY = timedelta(days=1)
TODAY = NOW.date()


@pytest.fixture
def store(sqlite_store: Store) -> Store:
    """Test on one engine: what differs between the two is raced in ``test_answers``."""
    return sqlite_store


@pytest.fixture
def accepted(store: Store) -> Scene:
    with store.write() as session:
        here = scene(session)
        accept(session, here.gp, here.offer_ids[0], now=NOW)
    return here


def timer(here: Scene) -> object:
    return system_actor("referrals", here.territory_id)


def referral(store: Store, here: Scene) -> Referral:
    with store.read() as session:
        return session.get_one(Referral, here.referral_ids[0])


def mails(store: Store, kind: str) -> list[Message]:
    with store.read() as session:
        return list(session.exec(select(Message).where(Message.kind == kind)))


def test_the_road_from_acceptance_to_the_year_after(store: Store, accepted: Scene) -> None:
    here, (one,) = accepted, accepted.referral_ids
    assert referral(store, here).next_action_on == TODAY + 14 * DAY  # tier 1: soon
    with store.write() as session:
        plan_visit(session, here.secretary, one, on=TODAY + 5 * DAY, now=NOW)
        with pytest.raises(InvalidInput):
            plan_visit(session, here.secretary, one, on=TODAY - DAY, now=NOW)
        with pytest.raises(InvalidInput):  # nobody has seen a patient tomorrow
            visit_held(session, here.gp, one, on=TODAY + DAY, now=NOW)
    later = NOW + 6 * DAY
    with store.write() as session:
        assert [ask_gps(session, timer(here), now=at) for at in (NOW, later, later)] == [0, 1, 0]
        visit_missed(session, here.gp, one, on=later.date(), now=later)
        visit_held(session, here.gp, one, on=later.date(), now=later)
        declare(session, here.coordinator, one, on=later.date(), now=later)
        with pytest.raises(WrongState):
            declare(session, here.gp, one, on=later.date(), now=later)
    assert len(mails(store, "first_visit_asked")) == 2  # the GP and the secretary
    for months in (3, 6, 12):
        due = datetime.combine(months_after(later.date(), months), NOW.timetz())
        assert referral(store, here).next_action_on == due.date()
        with store.write() as session:
            assert [ask_gps(session, timer(here), now=at) for at in (due - DAY, due, due)] == [0, 1, 0]
            assert [row.id for row in patients_of(session, here.gp, today=due.date())] == [one]
            still_followed(session, here.gp, one, now=due)
    row = referral(store, here)
    assert (row.state.value, row.next_action_on, row.next_follow_up) == ("declared", None, None)
    with store.write() as session, pytest.raises(WrongState):
        still_followed(session, here.gp, one, now=NOW + 400 * DAY)
    kinds = [kind for kind, _ in history(store, one)]
    assert kinds[2:] == [
        "visit_planned",
        "visit_missed",
        "see",
        "declare",
        *["follow_up_asked", "followed"] * 3,
    ]
    outcomes = [detail for kind, detail in history(store, one) if kind == "followed"]
    assert [(told["months"], told["still_followed"], told["by"]) for told in outcomes] == [
        (months, True, "surgery") for months in (3, 6, 12)
    ]


def test_a_gp_who_stays_silent_is_work_for_the_coordination(store: Store, accepted: Scene) -> None:
    here = accepted
    asked = NOW + 15 * DAY
    with store.write() as session:
        ask_gps(session, timer(here), now=asked)
        assert count_worklists(session, here.coordinator, now=asked)[Worklist.NO_ANSWER] == 0
        late = asked + 15 * DAY
        listed = list_worklist(session, here.coordinator, Worklist.NO_ANSWER, now=late)
        assert [line.case.referral_id for line in listed.rows] == here.referral_ids
        review(session, here.coordinator, here.referral_ids[0], until=late.date() + 3 * DAY, now=late)
        assert sum(count_worklists(session, here.coordinator, now=late).values()) == 0
        back = count_worklists(session, here.coordinator, now=late + 4 * DAY)
        assert back[Worklist.NO_ANSWER] == 1
    with store.read() as session:
        reads = select(AuditEntry).where(AuditEntry.action == "R", AuditEntry.actor == here.coordinator.key)
        assert len(session.exec(reads).all()) == 1  # the line that was shown, and no other


@pytest.mark.parametrize("declared", [False, True])
def test_who_loses_their_gp_waits_again_with_the_days_already_waited(
    store: Store, accepted: Scene, declared: bool
) -> None:
    here, (one,) = accepted, accepted.referral_ids
    with store.write() as session:
        if declared:
            declare(session, here.gp, one, on=TODAY, now=NOW)
    later = NOW + 100 * DAY
    with store.write() as session:
        no_longer_followed(session, here.gp, one, because=LossReason.GP_ENDED, now=later)
    row = referral(store, here)
    waited = TODAY - SINCE
    assert row.state.value == "waiting"
    assert row.waiting_since == (later.date() - waited if declared else SINCE)
    with store.read() as session:
        assert session.get_one(Offer, here.offer_ids[0]).state is OfferState.ENDED
        with pytest.raises(NotFound):  # the identity is no longer theirs
            get_referral(session, here.gp, one, now=later)
    with store.read() as session:
        prepared = build_instance(
            session,
            here.territory_id,
            on=later.date(),
            policy=Policy.default(),
            travel=GreatCircleTravel(),
        )
    assert [patient.id for patient in prepared.instance.patients] == [str(one)]
    assert len(prepared.instance.travel.patient) == 0  # never the same pair again


def test_a_patient_who_died_or_moved_is_closed_not_put_back(store: Store, accepted: Scene) -> None:
    here, (one,) = accepted, accepted.referral_ids
    with store.write() as session:
        no_longer_followed(session, here.gp, one, because=CloseReason.DIED, now=NOW)
        assert session.get_one(Referral, one).close_reason is CloseReason.DIED
        assert session.get_one(Offer, here.offer_ids[0]).state is OfferState.ENDED  # the place is free


@pytest.mark.parametrize("seen", [False, True])
def test_a_rest_leads_back_to_the_gp_who_had_accepted(store: Store, accepted: Scene, seen: bool) -> None:
    here, (one,) = accepted, accepted.referral_ids
    with store.write() as session:
        if seen:
            visit_held(session, here.gp, one, on=TODAY, now=NOW)
        suspend(
            session,
            here.coordinator,
            one,
            reason=SuspendReason.IN_HOSPITAL,
            until=TODAY + 20 * DAY,
            now=NOW,
        )
        counts = count_worklists(session, here.coordinator, now=NOW + 20 * DAY)
        assert counts[Worklist.TO_TAKE_UP] == 1
        resume(session, here.coordinator, one, now=NOW + 20 * DAY)
    assert states(store, [one]) == ["seen" if seen else "accepted"]


def test_closing_an_offered_file_tells_the_gp_and_frees_the_place(store: Store) -> None:
    with store.write() as session:
        here = scene(session)
        close(session, here.coordinator, here.referral_ids[0], reason=CloseReason.FOUND_ALONE, now=NOW)
        with pytest.raises(WrongState):
            close(session, here.coordinator, here.referral_ids[0], reason=CloseReason.MOVED, now=NOW)
    assert len(mails(store, "offer_withdrawn")) == 2
    assert [kind for kind, _ in history(store, here.referral_ids[0])] == ["offer", "withdraw", "close"]


@pytest.mark.parametrize("before", ["waiting", "proposed", "offered", "accepted", "declared", "closed"])
def test_a_withdrawn_consent_hides_the_file_from_all_at_once(store: Store, before: str) -> None:
    """Reliability test P4: hidden for all but who answers for rights, out of the matching, in the history."""
    with store.write() as session:
        here = scene(session)
        (one,) = here.referral_ids
        if before in {"accepted", "declared"}:
            accept(session, here.gp, here.offer_ids[0], now=NOW)
        if before == "declared":
            declare(session, here.gp, one, on=TODAY, now=NOW)
        if before == "closed":
            close(session, here.coordinator, one, reason=CloseReason.MOVED, now=NOW)
        if before in {"waiting", "proposed"}:
            here = scene(session)
            here.referral_ids = [factories.referral(session, territory_id=here.territory_id, state=before).id]
            (one,) = here.referral_ids
            if before == "proposed":
                factories.proposal(session, referral_id=one, intake_id=here.intake_id)
    with store.write() as session:
        withdraw_consent(session, here.coordinator, one, now=NOW)
    rights = factories.actor(Role.ADMIN, territory_id=here.territory_id)
    with store.write() as session:
        for who in (here.coordinator, here.gp, here.secretary, here.stranger):
            for read in (get_referral, get_history):
                with pytest.raises(NotFound):
                    read(session, who, one, now=NOW)
            assert one not in [line.id for line in list_referrals(session, who, now=NOW).rows]
        assert get_referral(session, rights, one, now=NOW).close_reason is CloseReason.CONSENT_WITHDRAWN
        prepared = build_instance(
            session,
            here.territory_id,
            on=TODAY,
            policy=Policy.default(),
            travel=GreatCircleTravel(),
        )
        assert str(one) not in [patient.id for patient in prepared.instance.patients]
        assert count_worklists(session, here.coordinator, now=NOW)[Worklist.TO_QUALIFY] == 0
        held = session.exec(
            select(Offer).where(Offer.referral_id == one, Offer.state.in_(["open", "accepted"]))
        )
        assert held.all() == []
    assert "consent_withdrawn" in [kind for kind, _ in history(store, one)]


def test_a_bridge_keeps_the_rank_and_a_good_visit_becomes_an_offer(store: Store) -> None:
    with store.write() as session:
        here = scene(session)
        one = factories.referral(
            session, territory_id=here.territory_id, waiting_since=SINCE, next_action_on=TODAY
        ).id
        session.get_one(Intake, here.intake_id).places = 5
        practice_id = session.get_one(Intake, here.intake_id).practice_id
        slot = factories.slot(
            session, practitioner_id=here.gp.practitioner_id, practice_id=practice_id, visibility="CPTS"
        )
        slot.seen_at = NOW
        feed = session.get_one(Feed, slot.feed_id)
        feed.state, feed.ok_at, feed.read_at = FeedState.ACTIVE, NOW, NOW
        session.flush()
        before = session.get_one(Referral, one).model_dump()
        booking = give_consultation(session, here.coordinator, one, slot_id=slot.id, now=NOW)
        row = session.get_one(Referral, one)
        assert (row.state.value, row.waiting_since) == ("waiting", before["waiting_since"])
        after = slot.end_at + timedelta(hours=1)
        assert ask_after_visits(session, timer(here), now=after) == 0  # not known to have come
        honour(session, here.gp, booking_id=booking.id, now=after)
        assert booking.state is BookingState.HONOURED
        assert [ask_after_visits(session, timer(here), now=after) for _ in range(2)] == [1, 0]
        offer = session.exec(select(Offer).where(Offer.referral_id == one)).one()
        assert session.get_one(Proposal, offer.proposal_id).origin is ProposalOrigin.VISIT
        assert session.get_one(Bridge, booking.id).asked_at == after
    kinds = [kind for kind, _ in history(store, one)]
    assert kinds == ["bridged", "propose", "offer", "bridge_asked"]


PANEL = (
    "nom;prénom;date de naissance;code insee;ald;téléphone\n"
    "O'Connor;Zoé;29/02/1948;77445;oui;01 99 00 00 01\n"
    "Nguyễn;=cmd();03/04/1980;77445;;\n"
    "Durand;Léo;03/04/1990;77445;non;\n"
).encode()


def test_a_departure_brings_its_patients_in_waves_the_most_pressing_first(
    store: Store, accepted: Scene
) -> None:
    """Beside the panel, whom the GP follows through Relais: their seniority comes back with them."""
    here, own = accepted, accepted.gp.practitioner_id
    leaving_on = months_after(TODAY, 8)
    lines = read_panel(Source(name="liste", body=PANEL), TODAY)
    with store.write() as session:
        declare(session, here.gp, here.referral_ids[0], on=TODAY, now=NOW)
        announce_departure(session, here.gp, own, leaving_on=leaving_on, months_ahead=6, now=NOW)
        assert session.get_one(Intake, here.intake_id).leaving_on == leaving_on
        assert [import_panel(session, here.gp, own, lines, now=NOW) for _ in range(2)] == [3, 0]
        with pytest.raises(NotFound):
            import_panel(session, here.stranger, own, lines, now=NOW)
        rows = session.exec(select(DepartingPatient).order_by("enters_on", "tier")).all()
        assert [row.tier for row in rows] == sorted(row.tier for row in rows)
        assert rows[0].enters_on == months_after(leaving_on, -6)
        assert begin_waves(session, timer(here), now=NOW) == 0  # they still have a GP
        end = datetime.combine(leaving_on, NOW.timetz())
        assert [begin_waves(session, timer(here), now=end) for _ in range(2)] == [4, 0]
        assert sum(wave.num_begun for wave in waves_of(session, departure_of(session, own))) == 4
        cancel_departure(session, here.gp, own, now=end)
    row = referral(store, here)
    assert (row.state.value, row.waiting_since) == ("waiting", leaving_on - (TODAY - SINCE))
    with store.read() as session:
        new = session.exec(select(Referral).where(Referral.source == "import")).all()
        assert {(one.state.value, one.waiting_since) for one in new} == {("received", leaving_on)}
        assert [one.ald for one in new].count(True) == 1


def test_waves_are_even_monthly_and_leave_a_month_to_the_last() -> None:
    days = wave_days(1200, date(2027, 1, 31), date(2027, 7, 31))
    assert days == sorted(days)
    assert [days.count(day) for day in sorted(set(days))] == [200] * 6
    assert max(days) == date(2027, 6, 30)
    assert wave_days(2, TODAY, TODAY) == [TODAY, TODAY]
    assert wave_days(0, TODAY, TODAY) == []


def test_a_bad_panel_names_each_cell_and_imports_nothing() -> None:
    wrong = PANEL.replace(b"03/04/1980;77445", b"31/02/1980;99999")
    with pytest.raises(BadTable) as refused:
        read_panel(Source(name="liste", body=wrong), TODAY)
    assert [(problem.line, problem.column) for problem in refused.value.problems] == [
        (3, "date de naissance"),
        (3, "code insee"),
    ]


def test_a_gp_sets_pauses_and_delegates_their_own_and_nobody_elses(store: Store, accepted: Scene) -> None:
    here, own = accepted, accepted.gp.practitioner_id
    with store.write() as session:
        practice_id = session.get_one(Intake, here.intake_id).practice_id
        colleague = session.get_one(Account, here.stranger.account_id)
        set_intake(
            session, here.secretary, own, IntakeGiven(practice_id=practice_id, places=7, age_min=16), now=NOW
        )
        pause(session, here.gp, own, until=TODAY + 10 * DAY, now=NOW)
        intake = session.get_one(Intake, here.intake_id)
        assert (intake.places, intake.age_min, intake.paused_until) == (7, 16, TODAY + 10 * DAY)
        pause(session, here.gp, own, until=None, now=NOW)
        assert intake.paused_until is None
        row = delegate(
            session, here.gp, own, email=colleague.email.upper(), first_on=TODAY, last_on=None, now=NOW
        )
        end_delegation(session, here.secretary, row.id, now=NOW)
        with pytest.raises(InvalidInput):  # a coordinator is of no surgery
            delegate(
                session,
                here.gp,
                own,
                email=session.get_one(Account, here.coordinator.account_id).email,
                first_on=TODAY,
                last_on=None,
                now=NOW,
            )
        for act in (
            lambda: pause(session, here.stranger, own, until=None, now=NOW),
            lambda: end_delegation(session, here.stranger, row.id, now=NOW),
            lambda: announce_departure(session, here.stranger, own, leaving_on=TODAY + DAY, now=NOW),
            lambda: waiting_nearby(session, here.stranger, own, now=NOW),
        ):
            with pytest.raises(NotFound):
                act()
    assert len(mails(store, "delegated")) == 1


@pytest.mark.parametrize("lent", [False, True])
def test_nobody_is_proposed_to_a_gp_on_leave_unless_somebody_answers_for_them(
    store: Store, accepted: Scene, lent: bool
) -> None:
    here, own = accepted, accepted.gp.practitioner_id
    with store.write() as session:
        session.get_one(Intake, here.intake_id).places = 3
        factories.leave(session, practitioner_id=own, first_on=TODAY, last_on=TODAY + 9 * DAY)
        if lent:
            email = session.get_one(Account, here.stranger.account_id).email
            delegate(session, here.gp, own, email=email, first_on=TODAY, last_on=None, now=NOW)
        for day, present in ((TODAY, lent), (TODAY + 10 * DAY, True)):
            prepared = build_instance(
                session, here.territory_id, on=day, policy=Policy.default(), travel=GreatCircleTravel()
            )
            assert [each.id for each in prepared.instance.practitioners] == [str(own)] * present


def test_a_newcomer_sees_how_many_wait_nearby_but_no_small_number(store: Store, accepted: Scene) -> None:
    here = accepted
    with store.write() as session:
        for number in range(21):
            factories.referral(session, territory_id=here.territory_id, ald=number < 10)
        far = factories.patient(session, insee="75056").id
        factories.referral(session, territory_id=here.territory_id, patient_id=far)
        nearby = waiting_nearby(session, here.gp, here.gp.practitioner_id, now=NOW)
    assert [(row.tier, row.count) for row in nearby] == [(1, None), (2, 0), (3, 11)]


def test_a_panel_line_is_as_checked_as_a_signal(store: Store, accepted: Scene) -> None:
    here, own = accepted, accepted.gp.practitioner_id
    tomorrow = PanelLine(
        identity=Identity(family_name="Essai", given_name="A", birth_date=TODAY + DAY, insee="77445"),
        needs=Needs(),
    )
    with store.write() as session:
        announce_departure(session, here.gp, own, leaving_on=TODAY + 90 * DAY, now=NOW)
        with pytest.raises(InvalidInput):
            import_panel(session, here.gp, own, [tomorrow], now=NOW)
