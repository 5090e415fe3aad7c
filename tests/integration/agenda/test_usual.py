"""Whose patient somebody is, and which ages a GP sees: both decide what a search or a request is given."""

from datetime import timedelta
from itertools import count

from scheduler.agenda.rules import Wishes, set_rules
from scheduler.agenda.search import search
from scheduler.agenda.slot_query import SlotQuery
from scheduler.agenda.usual import usual_doctor
from scheduler.agenda.why import Why, why_not_shown
from scheduler.care.instance import within_reach
from scheduler.care.offer import open_supply
from scheduler.care.requests import Given, create_request
from scheduler.care.rules import Rules
from scheduler.store.engine import Store
from scheduler.store.tables import (
    BookingState,
    Modality,
    OfferState,
    ReferralState,
    Role,
    SeenPractitioner,
)
from tests import factories
from tests.factories import NOW


def test_the_strongest_sign_tells_the_usual_doctor(store: Store) -> None:
    with store.write() as session:
        territory_id = factories.territory(session).id or 0
        once, twice, accepting = (
            factories.practitioner(session, territory_id=territory_id).id or 0 for _ in range(3)
        )
        referral = factories.referral(session, territory_id=territory_id)
        patient_id = referral.patient_id

        ago = count(30)

        def told() -> int | None:
            return usual_doctor(session, territory_id, patient_id, now=NOW)

        def visit(practitioner_id: int, state: BookingState = BookingState.HONOURED) -> None:
            feed = factories.feed(
                session,
                practitioner_id=practitioner_id,
                practice_id=factories.practice(session, practitioner_id=practitioner_id).id,
            )
            slot = factories.slot(session, feed=feed, start_at=NOW - timedelta(days=next(ago)))
            factories.booking(session, slot=slot, state=state, patient_id=patient_id)

        assert told() is None
        visit(once)
        visit(twice)
        visit(twice, BookingState.NO_SHOW)
        assert told() is None
        session.add(SeenPractitioner(referral_id=referral.id, practitioner_id=twice, num_visits=1))
        session.flush()
        assert told() == twice
        regulator = factories.actor(Role.REGULATOR, territory_id=territory_id)
        request = create_request(
            session, regulator, Given(insee="77445", urgency=2, patient_id=patient_id), now=NOW
        )
        assert request.usual_practitioner_id == twice
        practice = factories.practice(session, practitioner_id=accepting)
        intake = factories.intake(session, practice_id=practice.id, practitioner_id=accepting)
        referral.state = ReferralState.OFFERED
        factories.offer(
            session,
            referral_id=referral.id,
            intake_id=intake.id,
            state=OfferState.ACCEPTED,
            answered_at=NOW,
        )
        assert told() == accepting
        assert usual_doctor(session, factories.territory(session).id or 0, patient_id, now=NOW) is None


def test_a_gp_who_sees_no_infants_is_neither_found_nor_planned_for_one_except_by_video(
    store: Store,
) -> None:
    with store.write() as session:
        practitioner = factories.practitioner(session)
        territory_id = practitioner.territory_id
        practice = factories.practice(session, practitioner_id=practitioner.id)
        feed = factories.feed(session, practitioner_id=practitioner.id, practice_id=practice.id)
        seen, video = (
            factories.slot(session, feed=feed, start_at=NOW + timedelta(hours=hour), modality=how).id
            for hour, how in ((2, Modality.AMB), (3, Modality.VR))
        )
        keeper = factories.actor(Role.GP, territory_id=territory_id, practitioner_id=practitioner.id)
        set_rules(session, keeper, practitioner.id or 0, Wishes(age_min=3, age_max=80), now=NOW)
        regulator = factories.actor(Role.REGULATOR, territory_id=territory_id)
        window = {"from_at": NOW, "to_at": NOW + timedelta(hours=6)}

        def found(age: int | None) -> list[int]:
            query = SlotQuery(insee="77445", age=age, **window)
            return [slot.slot_id for slot in search(session, regulator, query, now=NOW).rows]

        def planned(age: int | None) -> int:
            request = create_request(session, regulator, Given(insee="77445", urgency=1, age=age), now=NOW)
            supply = open_supply(session, territory_id, now=NOW, **window)
            return len(within_reach([request], supply, Rules(near_min=(0, 0, 0)), now=NOW).patient)

        ages = (None, 2, 3, 80, 81)
        assert [found(age) for age in ages] == [[seen, video], [video], [seen, video], [seen, video], [video]]
        assert [planned(age) for age in ages] == [1, 0, 1, 1, 0]
        told = why_not_shown(
            session, regulator, seen or 0, SlotQuery(insee="77445", age=1, **window), now=NOW
        )
        assert told.reasons == (Why.AGE,)
