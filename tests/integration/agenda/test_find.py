"""Wider and wider, the usual doctor first, each practitioner in turn, scarce slots last."""

from datetime import timedelta

import pytest
from sqlmodel import Session, select

from scheduler.accounts.actor import Actor
from scheduler.agenda.find import MOST_PER_DELAY, Findings, find
from scheduler.agenda.shown import new_to_all, note_shown
from scheduler.agenda.slot_query import SlotQuery
from scheduler.agenda.why import Why, why_not_shown
from scheduler.errors import NotFound
from scheduler.store.engine import Store
from scheduler.store.tables import CareRequest, CareState, Feed, Modality, Role, Slot
from tests import factories
from tests.factories import NOW

SAVIGNY = (48.5855, 2.5813)
HOUR = timedelta(hours=1)


def regulator(session: Session) -> Actor:
    return factories.actor(Role.REGULATOR, territory_id=factories.territory(session).id)


def gp(session: Session, who: Actor, north: float = 0.0) -> Feed:
    """A GP's calendar, some degrees north of Savigny: 0.01 is about 1.4 km by road."""
    practitioner = factories.practitioner(session, territory_id=who.territory_id)
    place = factories.practice(session, practitioner=practitioner, latitude=SAVIGNY[0] + north)
    return factories.feed(session, practice=place, practitioner_id=practitioner.id)


def slot(session: Session, feed: Feed, hours: float = 1, **more: object) -> int:
    return int(factories.slot(session, feed=feed, start_at=NOW + hours * HOUR, **more).id or 0)


def found(session: Session, who: Actor, modality: Modality | None = None, **more: object) -> Findings:
    wanted = SlotQuery(insee="77445", from_at=NOW, to_at=NOW + 72 * HOUR, modality=modality)
    return find(session, who, wanted, now=NOW, **more)  # type: ignore[arg-type]


def ids(findings: Findings) -> list[int]:
    return [one.slot_id for one in findings.slots]


@pytest.mark.parametrize(("num_near", "max_km"), [(5, 10.0), (4, 15.0), (3, 25.0), (0, 25.0)])
def test_it_widens_until_five_practitioners(sqlite_store: Store, num_near: int, max_km: float) -> None:
    with sqlite_store.write() as session:
        who = regulator(session)
        for north in [0.0] * num_near + [0.09, 0.15]:  # two more at some 13 and 22 km
            slot(session, gp(session, who, north))
        result = found(session, who)
        assert result.max_km == max_km
        assert len(result.slots) == num_near + {10.0: 0, 15.0: 1, 25.0: 2}[max_km]


def test_results_come_by_delay(store: Store) -> None:
    with store.write() as session:
        who = regulator(session)
        feed = gp(session, who)
        for hours in (60, 30, 13, 9, 5, 4, 3.5):
            slot(session, feed, hours)
        groups = [(group.from_h, group.to_h, len(group.slots)) for group in found(session, who).groups]
    assert groups == [(0, 4, 1), (4, 8, 2), (8, 12, 1), (12, 24, 1), (24, 48, 1), (48, None, 1)]


def test_the_usual_doctor_comes_first_however_far(store: Store) -> None:
    with store.write() as session:
        who = regulator(session)
        near, usual = gp(session, who), gp(session, who, 0.4)
        first, own = slot(session, near), slot(session, usual, 30)
        assert ids(found(session, who)) == [first]
        assert ids(found(session, who, usual_practitioner_id=usual.practitioner_id)) == [own, first]


def test_by_video_nobody_is_too_far(store: Store) -> None:
    """Any distance, no travel; and who is only seen by video does not keep a search from widening."""
    with store.write() as session:
        who = regulator(session)
        far = slot(session, gp(session, who, 2.0), 1, modality=Modality.VR)
        screens = [slot(session, gp(session, who), 2, modality=Modality.VR) for _ in range(5)]
        surgery = slot(session, gp(session, who, 0.15), 3)  # some 22 km by road
        slot(session, gp(session, who, 2.0), 4)
        slot(session, modality=Modality.VR, feed=factories.feed(session))  # another territory's
        anything, by_video = found(session, who), found(session, who, Modality.VR)
        assert (anything.max_km, by_video.max_km) == (25.0, 0)
        assert ids(anything) == [far, *screens, surgery]
        assert ids(by_video) == [far, *screens]
        assert {(one.distance_m, one.travel_s) for one in by_video.slots} == {(0, 0)}
        wanted = SlotQuery(insee="77445", from_at=NOW, to_at=NOW + HOUR, modality=Modality.VR)
        assert why_not_shown(session, who, far, wanted, now=NOW).reasons == (Why.WINDOW,)


def test_at_comparable_travel_who_was_sent_fewest_comes_first(store: Store) -> None:
    with store.write() as session:
        who = regulator(session)
        busy, idle, far = gp(session, who), gp(session, who, 0.01), gp(session, who, 0.1)
        for hours in (20, 21):
            factories.booking(session, slot_id=slot(session, busy, hours))
        of_busy, of_idle, of_far = slot(session, busy, 1), slot(session, idle, 2), slot(session, far, 1)
        assert ids(found(session, who)) == [of_idle, of_busy, of_far]  # nobody is hidden


def test_a_home_visit_goes_last_to_who_can_travel_and_first_to_who_cannot(store: Store) -> None:
    with store.write() as session:
        who = regulator(session)
        at_home = slot(session, gp(session, who), 1, modality=Modality.HH)
        surgery = slot(session, gp(session, who), 2, capacity=2)
        assert ids(found(session, who)) == [surgery, at_home]
        assert ids(found(session, who, Modality.HH)) == [at_home]


def waiting(session: Session, who: Actor, modality: str, hours: float = 24) -> None:
    session.add(
        CareRequest(
            territory_id=who.territory_id,
            insee="77445",
            latitude=SAVIGNY[0],
            longitude=SAVIGNY[1],
            urgency=2,
            modalities=[modality],
            received_at=NOW,
            deadline_at=NOW + hours * HOUR,
            state=CareState.WAITING,
            created_by="account:1",
            updated_at=NOW,
        )
    )
    session.flush()


def test_what_somebody_waiting_would_lose_goes_last_to_who_can_choose(store: Store) -> None:
    """Two people wait for the only two visits; one visit more than that has no price."""
    with store.write() as session:
        who = regulator(session)
        visits = [slot(session, gp(session, who), 1 + number, modality=Modality.HH) for number in range(2)]
        surgery = slot(session, gp(session, who), 3)
        for _ in range(3):
            waiting(session, who, "HH")
        assert ids(found(session, who)) == [surgery, *visits]
        for hours in (1.5, 2.5):
            slot(session, gp(session, who), hours, modality=Modality.HH)
        assert ids(found(session, who))[-1] == surgery  # more visits than people: by hour alone


def test_who_waits_for_something_else_prices_nothing(store: Store) -> None:
    with store.write() as session:
        who = regulator(session)
        visit = slot(session, gp(session, who), 1, modality=Modality.HH)
        surgery = slot(session, gp(session, who), 2)
        waiting(session, who, "VR")
        waiting(session, who, "HH", hours=0.5)  # the visit comes too late for them
        assert ids(found(session, who)) == [visit, surgery]


def test_a_long_stretch_is_cut_but_keeps_one_slot_of_each_practitioner(sqlite_store: Store) -> None:
    with sqlite_store.write() as session:
        who = regulator(session)
        eager, other = gp(session, who), gp(session, who, 0.05)
        for number in range(MOST_PER_DELAY + 5):
            factories.slot(
                session,
                feed=eager,
                start_at=NOW + HOUR + timedelta(minutes=number),
                end_at=NOW + HOUR + timedelta(minutes=number, seconds=50),
            )
        late = slot(session, other, 3.5)
        result = found(session, who)
        (group,) = result.groups
        assert (len(group.slots), group.num_more) == (MOST_PER_DELAY, 6)
        assert late in ids(result)
        all_of = session.exec(select(Slot.id).where(Slot.feed_id == eager.id)).all()
        hidden = next(one for one in all_of if one not in ids(result))
        wanted = SlotQuery(insee="77445", from_at=NOW, to_at=NOW + 72 * HOUR)
        assert why_not_shown(session, who, hidden, wanted, now=NOW).reasons == (Why.CUT,)


def test_why_is_told_to_those_who_keep_the_agenda(sqlite_store: Store) -> None:
    with sqlite_store.write() as session:
        who = regulator(session)
        feed = gp(session, who)
        slot_id = slot(session, feed, state="closed")
        wanted = SlotQuery(insee="77445", from_at=NOW, to_at=NOW + 72 * HOUR)

        def told(role: Role, practitioner_id: int | None = None) -> tuple[Why, ...]:
            actor = factories.actor(role, territory_id=who.territory_id, practitioner_id=practitioner_id)
            return why_not_shown(session, actor, slot_id, wanted, now=NOW).reasons

        assert told(Role.GP, feed.practitioner_id) == told(Role.COORDINATOR) == (Why.CLOSED,)
        for role, practitioner_id in ((Role.GP, feed.practitioner_id + 1), (Role.SIGNALLER, None)):
            with pytest.raises(NotFound):
                told(role, practitioner_id)


def test_a_slot_is_counted_as_shown_once(store: Store) -> None:
    with store.write() as session:
        who = regulator(session)
        slot_id = slot(session, gp(session, who))
        assert new_to_all(found(session, who).slots) == [slot_id]
        note_shown(session, [slot_id], now=NOW)
        note_shown(session, [slot_id], now=NOW + HOUR)
        assert new_to_all(found(session, who).slots) == []
        session.expire_all()
        assert session.get_one(Slot, slot_id).first_shown_at == NOW
