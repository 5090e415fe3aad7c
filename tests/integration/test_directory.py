from datetime import date
from typing import Any

import pytest
from sqlmodel import Session, select

from scheduler.accounts.actor import Actor
from scheduler.directory import (
    IntakeGiven,
    PlacesAccepted,
    PracticeGiven,
    change_intake,
    close_intake,
    open_intake,
    register_practice,
    register_practitioner,
    register_structure,
)
from scheduler.errors import AlreadyExists, InvalidInput, NotFound
from scheduler.store.engine import Store
from scheduler.store.tables import Gender, Intake, OfferState, Practitioner, Role
from tests import factories
from tests.factories import NOW

RPPS = "10001234565"


def coordinator(session: Session) -> Actor:
    return factories.actor(territory_id=factories.territory(session).id)


def practitioner(session: Session, who: Actor, **more: Any) -> Practitioner:
    given = {"rpps": RPPS, "family_name": "Essai", "given_name": "Claude", **more}
    return register_practitioner(session, who, **given)


def test_a_practitioner_with_a_practice_and_an_intake(store: Store) -> None:
    with store.write() as session:
        who = coordinator(session)
        house = register_structure(session, who, name="MSP", insee="77445", finess="77 000 1234")
        gp = practitioner(
            session, who, rpps="8" + RPPS, gender=Gender.FEMALE, languages=("FR", "pt"), fictitious=True
        )
        given = PracticeGiven(insee="77445", structure_id=house.id, phone="01 60 00 00 00")
        place = register_practice(session, who, gp.id, given)
        intake = open_intake(session, who, gp.id, IntakeGiven(practice_id=place.id, places=12), now=NOW)
    assert (gp.rpps, gp.languages, gp.territory_id) == (RPPS, ["fr", "pt"], who.territory_id)
    assert (place.latitude, place.longitude) == pytest.approx((48.58, 2.58), abs=0.05)
    assert (place.phone, place.structure_id, house.finess) == ("0160000000", house.id, "770001234")
    assert (intake.places, intake.opened_at, intake.closed_at) == (12, NOW, None)


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"rpps": "10001234566"}, "rpps"),
        ({"rpps": "1000"}, "rpps"),
        ({"family_name": "123"}, "family_name"),
        ({"languages": ("français",)}, "languages"),
        ({"profession": ""}, "profession"),
    ],
)
def test_a_practitioner_with_a_wrong_value_is_refused(store: Store, more: dict[str, Any], field: str) -> None:
    with store.write() as session, pytest.raises(InvalidInput) as refused:
        practitioner(session, coordinator(session), **more)
    assert refused.value.field == field
    assert "1000123" not in str(refused.value)


@pytest.mark.parametrize("more", [{"finess": "12"}, {"insee": "99999"}, {"name": ""}])
def test_a_structure_with_a_wrong_value_is_refused(store: Store, more: dict[str, str]) -> None:
    with store.write() as session, pytest.raises(InvalidInput) as refused:
        register_structure(session, coordinator(session), **{"name": "MSP", "insee": "77445", **more})
    assert refused.value.field in more


@pytest.mark.parametrize(
    "more",
    [{"insee": "99999"}, {"latitude": 48.0}, {"longitude": 2.0}, {"latitude": 91.0, "longitude": 0.0}],
)
def test_a_practice_nowhere_is_refused(store: Store, more: dict[str, Any]) -> None:
    with store.write() as session:
        who = coordinator(session)
        gp = practitioner(session, who)
        with pytest.raises(InvalidInput):
            register_practice(session, who, gp.id, PracticeGiven(**{"insee": "77445", **more}))


def test_a_number_that_is_taken_is_refused_and_nothing_else_is_lost(store: Store) -> None:
    with store.write() as session:
        who = coordinator(session)
        practitioner(session, who)
        register_structure(session, who, name="MSP", insee="77445", finess="770001234")
        elsewhere = coordinator(session)
        with pytest.raises(AlreadyExists) as refused:
            practitioner(session, elsewhere)
        assert refused.value.field == "rpps"
        with pytest.raises(AlreadyExists) as refused:
            register_structure(session, who, name="Autre", insee="77445", finess="770001234")
        assert refused.value.field == "finess"
        register_structure(session, who, name="Sans numéro", insee="77445")
        register_structure(session, who, name="Sans numéro non plus", insee="77445")
    with store.read() as session:
        assert len(session.exec(select(Practitioner)).all()) == 1


def ready(session: Session) -> tuple[Actor, int, int]:
    who = coordinator(session)
    gp = practitioner(session, who)
    place = register_practice(session, who, gp.id, PracticeGiven(insee="77445"))
    return who, gp.id, place.id


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"places": -1}, "places"),
        ({"places": 1001}, "places"),
        ({"max_tier1": -1}, "max_tier1"),
        ({"age_min": 131}, "age_min"),
        ({"age_max": -1}, "age_max"),
        ({"age_min": 18, "age_max": 17}, "age_max"),
        ({"max_km": 0.0}, "max_km"),
        ({"max_km": float("nan")}, "max_km"),
    ],
)
def test_an_intake_with_a_wrong_value_is_refused(store: Store, more: dict[str, Any], field: str) -> None:
    with store.write() as session:
        who, gp, place = ready(session)
        with pytest.raises(InvalidInput) as refused:
            open_intake(session, who, gp, IntakeGiven(**{"practice_id": place, "places": 3, **more}), now=NOW)
        assert refused.value.field == field


def test_one_intake_is_open_at_a_time_and_a_closed_one_stays(store: Store) -> None:
    with store.write() as session:
        who, gp, place = ready(session)
        given = IntakeGiven(practice_id=place, places=3)
        first = open_intake(session, who, gp, given, now=NOW)
        with pytest.raises(AlreadyExists) as refused:
            open_intake(session, who, gp, given, now=NOW)
        assert refused.value.field == "intake"
        assert close_intake(session, who, first.id, now=NOW).closed_at == NOW
        with pytest.raises(NotFound):
            close_intake(session, who, first.id, now=NOW)
        open_intake(session, who, gp, given, now=NOW)
        assert len(session.exec(select(Intake)).all()) == 2


def test_an_intake_can_be_paused_and_enlarged_but_not_below_what_was_accepted(store: Store) -> None:
    with store.write() as session:
        who, gp, place = ready(session)
        intake = open_intake(session, who, gp, IntakeGiven(practice_id=place, places=3), now=NOW)
        for _ in range(2):
            factories.offer(session, intake_id=intake.id, state=OfferState.ACCEPTED)
        more = IntakeGiven(practice_id=place, places=5, paused_until=date(2026, 12, 5))
        changed = change_intake(session, who, intake.id, more)
        assert (changed.places, changed.paused_until) == (5, date(2026, 12, 5))
        assert change_intake(session, who, intake.id, IntakeGiven(practice_id=place, places=2)).places == 2
        with pytest.raises(PlacesAccepted):
            change_intake(session, who, intake.id, IntakeGiven(practice_id=place, places=1))
        session.refresh(intake)
        assert (intake.places, intake.paused_until) == (2, None)


def test_a_gp_manages_their_own_intake_only(store: Store) -> None:
    with store.write() as session:
        who, gp, place = ready(session)
        here = who.territory_id
        own = factories.actor(Role.SECRETARY, territory_id=here, practitioner_id=gp)
        colleague = factories.actor(
            Role.GP,
            territory_id=here,
            practitioner_id=factories.practitioner(session, territory_id=here).id,
        )
        stranger = coordinator(session)
        given = IntakeGiven(practice_id=place, places=3)
        for other in (colleague, stranger):
            with pytest.raises(NotFound):
                open_intake(session, other, gp, given, now=NOW)
            with pytest.raises(NotFound):
                register_practice(session, other, gp, PracticeGiven(insee="77445"))
        intake = open_intake(session, own, gp, given, now=NOW)
        for other in (colleague, stranger):
            with pytest.raises(NotFound):
                change_intake(session, other, intake.id, given)
            with pytest.raises(NotFound):
                close_intake(session, other, intake.id, now=NOW)
        assert change_intake(session, own, intake.id, given)


def test_a_practice_or_structure_of_somebody_else_does_not_exist(store: Store) -> None:
    with store.write() as session:
        who, gp, _ = ready(session)
        elsewhere = factories.structure(session)
        for structure_id in (elsewhere.id, 10**6):
            with pytest.raises(NotFound):
                register_practice(session, who, gp, PracticeGiven(insee="77445", structure_id=structure_id))
        theirs = factories.practice(session)
        with pytest.raises(NotFound):
            open_intake(session, who, gp, IntakeGiven(practice_id=theirs.id, places=1), now=NOW)
