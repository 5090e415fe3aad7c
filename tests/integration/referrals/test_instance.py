from datetime import date

import pytest
from sqlmodel import Session

from matching.model import Needs
from matching.policy import Policy
from scheduler.referrals.instance import Prepared, age_on, build_instance
from scheduler.store.engine import Store
from scheduler.store.tables import Gender, OfferState, ProposalState, ReferralState
from scheduler.territory.travel import GreatCircleTravel
from tests import factories
from tests.factories import NOW

TODAY = date(2026, 11, 23)
MELUN = {"insee": "77288", "latitude": 48.5421, "longitude": 2.6554}


def build(session: Session, territory_id: int) -> Prepared:
    return build_instance(
        session, territory_id, on=TODAY, policy=Policy.default(), travel=GreatCircleTravel()
    )


def intake(session: Session, territory_id: int, **values: object):
    gp = factories.practitioner(
        session, territory_id=territory_id, languages=["fr", "pt"], gender=Gender.FEMALE
    )
    where = factories.practice(session, practitioner_id=gp.id, **values.pop("at", {}))
    return factories.intake(session, practitioner_id=gp.id, practice_id=where.id, **values)


def test_every_fact_of_a_file_reaches_the_core(store: Store) -> None:
    with store.write() as session:
        here = factories.territory(session).id
        offered = intake(
            session, here, places=4, max_tier1=2, age_min=6, age_max=90, home_visits=True, max_km=8.0,
            leaving_on=date(2028, 1, 1), at={"wheelchair_access": False},
        )  # fmt: skip
        family = factories.household(session, territory_id=here)
        referral = factories.referral(
            session,
            territory_id=here,
            patient_id=factories.patient(session, birth_date=date(1956, 11, 24)).id,
            household_id=family.id,
            ald=True,
            c2s=False,
            chronic_needs=3,
            languages=["pt"],
            prefers_gender=Gender.MALE,
            known_practitioner_id=offered.practitioner_id,
            max_km=12.0,
            waiting_since=date(2026, 10, 1),
        )
        prepared = build(session, here)
    patient, gp = prepared.instance.patients[0], prepared.instance.practitioners[0]
    assert (patient.id, patient.household) == (str(referral.id), str(family.id))
    assert patient.age == 69  # 70 tomorrow
    assert patient.needs == Needs(ald=True, c2s=False, chronic_needs=3)
    assert (patient.languages, patient.prefers_gender, patient.max_km) == ({"pt"}, "m", 12.0)
    assert (patient.known_practitioner, patient.waiting_since) == (gp.id, date(2026, 10, 1))
    assert (gp.places, gp.max_tier1, gp.age_min, gp.age_max) == (4, 2, 6, 90)
    assert (gp.home_visits, gp.wheelchair_access, gp.max_km, gp.gender) == (True, False, 8.0, "f")
    assert (gp.languages, gp.leaving_on) == ({"fr", "pt"}, date(2028, 1, 1))
    assert prepared.intake_of == {gp.id: offered.id}
    assert prepared.instance.on == TODAY
    assert prepared.instance.travel.num_pairs == 1


def test_who_waits_longest_comes_first_and_only_those_who_wait_with_a_consent(store: Store) -> None:
    with store.write() as session:
        here = factories.territory(session).id
        late = factories.referral(session, territory_id=here, waiting_since=date(2026, 11, 2))
        early = factories.referral(session, territory_id=here, waiting_since=date(2026, 11, 1))
        for state in (ReferralState.QUALIFIED, ReferralState.PROPOSED, ReferralState.SUSPENDED):
            factories.referral(session, territory_id=here, state=state)
        factories.referral(session, territory_id=here, consent=False)
        withdrawn = factories.referral(session, territory_id=here, consent=False)
        factories.consent(session, referral_id=withdrawn.id, withdrawn_at=NOW)
        factories.referral(session)
        prepared = build(session, here)
    assert [patient.id for patient in prepared.instance.patients] == [str(early.id), str(late.id)]
    assert prepared.num_without_consent == 2


def test_a_consent_given_again_counts(store: Store) -> None:
    with store.write() as session:
        here = factories.territory(session).id
        referral = factories.referral(session, territory_id=here)
        factories.consent(session, referral_id=referral.id, withdrawn_at=NOW)
        assert len(build(session, here).instance.patients) == 1


@pytest.mark.parametrize(
    "values",
    [
        {"closed_at": NOW},
        {"paused_until": TODAY},
        {"paused_until": date(2026, 12, 5)},
        {"leaving_on": TODAY},
    ],
)
def test_a_gp_who_takes_nobody_today_is_left_out(store: Store, values: dict[str, object]) -> None:
    with store.write() as session:
        here = factories.territory(session).id
        factories.referral(session, territory_id=here)
        intake(session, here, **values)
        prepared = build(session, here)
    assert prepared.instance.practitioners == ()
    assert prepared.instance.travel.num_pairs == 0


def test_accepted_patients_take_places_and_announced_ones_are_the_core_s_to_count(store: Store) -> None:
    with store.write() as session:
        here = factories.territory(session).id
        offered = intake(session, here, places=9, max_tier1=3, workload=12)
        gp = str(offered.practitioner_id)

        def proposal(state: ProposalState, tier: int, at: ReferralState, **needs: bool):
            referral = factories.referral(session, territory_id=here, state=at, **needs)
            return factories.proposal(
                session, referral_id=referral.id, intake_id=offered.id, state=state, tier=tier, units=2
            )

        pending = proposal(ProposalState.PROPOSED, 1, ReferralState.PROPOSED, ald=True)
        proposal(ProposalState.SUPERSEDED, 1, ReferralState.WAITING)
        announced = proposal(ProposalState.VALIDATED, 1, ReferralState.OFFERED, ald=True)
        factories.offer(session, proposal=announced, state=OfferState.OPEN)
        for state, tier, at in (
            (OfferState.ACCEPTED, 1, ReferralState.ACCEPTED),
            (OfferState.DECLINED, 1, ReferralState.WAITING),
        ):
            factories.offer(session, proposal=proposal(ProposalState.VALIDATED, tier, at), state=state)
        prepared = build(session, here)
        firm = build_instance(
            session,
            here,
            on=TODAY,
            policy=Policy.default(),
            travel=GreatCircleTravel(),
            proposals_are_firm=True,
        )
    for built in (prepared, firm):
        (volunteer,) = built.instance.practitioners
        # one accepted patient of tier 1 and 2 units is gone; what is announced is counted by the core
        assert (volunteer.places, volunteer.max_tier1, volunteer.workload) == (8, 2, 10)
        assert len(built.instance.patients) == 4
    assert prepared.offered == {str(announced.referral_id)}
    assert prepared.proposed == {str(pending.referral_id): gp}
    assert firm.offered == {str(announced.referral_id), str(pending.referral_id)}
    assert prepared.units_of[str(announced.referral_id)] == 2


def test_what_is_announced_fits_even_after_the_gp_lowered_their_numbers(store: Store) -> None:
    with store.write() as session:
        here = factories.territory(session).id
        offered = intake(session, here, places=1, max_tier1=0, workload=0)
        announced = factories.referral(session, territory_id=here, ald=True, state=ReferralState.OFFERED)
        factories.offer(session, referral_id=announced.id, intake_id=offered.id)
        (volunteer,) = build(session, here).instance.practitioners
    assert (volunteer.places, volunteer.max_tier1, volunteer.workload) == (1, 1, 2)


def test_an_offer_of_a_gp_who_takes_nobody_any_more_stays_out(store: Store) -> None:
    with store.write() as session:
        here = factories.territory(session).id
        closed = intake(session, here, closed_at=NOW)
        announced = factories.referral(session, territory_id=here, state=ReferralState.OFFERED)
        factories.offer(session, referral_id=announced.id, intake_id=closed.id)
        assert build(session, here).instance.patients == ()


def test_a_home_knows_its_practitioners_and_who_asks_to_stay_together(store: Store) -> None:
    with store.write() as session:
        here = factories.territory(session).id
        offered = intake(session, here)
        family = factories.household(session, territory_id=here)
        other = factories.household(session, territory_id=here, always_together=True)
        followed = factories.referral(
            session, territory_id=here, household_id=family.id, state=ReferralState.DECLARED
        )
        factories.offer(session, referral_id=followed.id, intake_id=offered.id, state=OfferState.ACCEPTED)
        asks, silent, joined = (
            factories.referral(session, territory_id=here, household_id=home, together=together)
            for home, together in ((family.id, True), (family.id, False), (other.id, False))
        )
        patients = {each.id: each for each in build(session, here).instance.patients}
    gp = frozenset({str(offered.practitioner_id)})
    assert [
        (patients[str(each.id)].together, patients[str(each.id)].household_practitioners)
        for each in (asks, silent, joined)
    ] == [(True, gp), (False, gp), (True, frozenset())]


def test_a_pair_that_somebody_refused_is_not_proposed_again(store: Store) -> None:
    with store.write() as session:
        here = factories.territory(session).id
        first, second, third = (intake(session, here) for _ in range(3))
        referral, other = (factories.referral(session, territory_id=here) for _ in range(2))
        factories.proposal(session, referral_id=referral.id, intake_id=first.id, state=ProposalState.REJECTED)
        declined = factories.proposal(
            session, referral_id=referral.id, intake_id=second.id, state=ProposalState.VALIDATED
        )
        factories.offer(session, proposal=declined, state=OfferState.DECLINED)
        prepared = build(session, here)
    instance = prepared.instance
    pairs = {
        (instance.patients[patient].id, prepared.intake_of[instance.practitioners[gp].id])
        for patient, gp in zip(instance.travel.patient, instance.travel.practitioner, strict=True)
    }
    assert pairs == {
        (str(referral.id), third.id),
        *((str(other.id), each.id) for each in (first, second, third)),
    }


def test_an_empty_territory_makes_an_empty_instance(store: Store) -> None:
    with store.write() as session:
        prepared = build(session, factories.territory(session).id)
    assert (prepared.instance.patients, prepared.instance.travel.num_pairs) == ((), 0)


@pytest.mark.parametrize(
    ("born", "on", "age"),
    [
        (date(2000, 5, 10), date(2026, 5, 9), 25),
        (date(2000, 5, 10), date(2026, 5, 10), 26),
        (date(2004, 2, 29), date(2026, 2, 28), 21),
        (date(2004, 2, 29), date(2026, 3, 1), 22),
        (date(2026, 11, 23), date(2026, 11, 23), 0),
    ],
)
def test_age_in_whole_years(born: date, on: date, age: int) -> None:
    assert age_on(born, on) == age
