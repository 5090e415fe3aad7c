"""One round of filling: who comes first, what is announced, why nothing is found, what the judge catches."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from matching import InvalidInstance, InvalidPolicy, Travel
from matching.fill import CareRequest, FillInstance, FillPolicy, FreeSlot, Outlook, fill, verify_fill

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
POLICY = FillPolicy(wait_tenths_per_hour=20)


def request(key: str, **fields: Any) -> CareRequest:
    usual: dict[str, Any] = {"received_at": NOW, "deadline_at": NOW + 8 * HOUR, "urgency": 2}
    return CareRequest(id=key, **(usual | fields))


def slot(key: str, hours: float, **fields: Any) -> FreeSlot:
    start = NOW + hours * HOUR
    usual: dict[str, Any] = {"practitioner_id": "A", "place": 0, "end_at": start + HOUR / 4}
    return FreeSlot(id=key, start_at=start, **(usual | fields))


def instance(requests: list[CareRequest], slots: list[FreeSlot], minutes: Any = 10) -> FillInstance:
    pairs = [(r, p) for r in range(len(requests)) for p in range(2)]
    table = np.array(pairs, np.int32).reshape(-1, 2)
    return FillInstance(
        requests=tuple(requests),
        slots=tuple(slots),
        travel=Travel(
            patient=table[:, 0],
            practitioner=table[:, 1],
            distance_m=np.zeros(len(pairs), np.int32),
            duration_s=np.full(len(pairs), 60 * minutes, np.int32),
        ),
        num_places=2,
        now=NOW,
    )


def slots_of(round_: FillInstance, policy: FillPolicy = POLICY) -> list[str | None]:
    solution = fill(round_, policy)
    assert verify_fill(round_, policy, solution) == []
    return [placement.slot_id for placement in solution.placements]


def test_the_more_urgent_is_served_when_one_slot_is_left() -> None:
    waits = request("waits", urgency=3, received_at=NOW - 2 * HOUR)
    assert slots_of(instance([waits, request("urgent", urgency=1)], [slot("s", 2)])) == [None, "s"]


def expected(key: str, minutes: int = 40, **fields: Any) -> CareRequest:
    received = NOW + minutes * HOUR / 60
    return request(key, received_at=received, expected=True, **({"urgency": 1} | fields))


def test_an_expected_urgent_request_sends_who_can_wait_to_a_later_slot() -> None:
    can_wait, urgent = request("can wait", urgency=3), expected("urgent", deadline_at=NOW + 4 * HOUR)
    slots = [slot("today", 3), slot("tomorrow", 7)]
    assert slots_of(instance([can_wait], slots)) == ["today"]
    assert slots_of(instance([can_wait, urgent], slots)) == ["tomorrow", "today"]
    assert slots_of(instance([replace(can_wait, promised=True), urgent], slots[:1])) == ["today", None]


def test_who_has_asked_goes_before_who_is_expected_at_equal_urgency_whatever_it_costs() -> None:
    asked = request("asked", urgency=1, received_at=NOW - 3 * HOUR)
    assert slots_of(instance([expected("expected"), asked], [slot("s", 2)])) == [None, "s"]


@pytest.mark.parametrize(("start_min", "kept"), [(34, "waits"), (35, "expected")])
def test_what_begins_before_the_next_round_is_not_kept_for_anybody_expected(
    start_min: int, kept: str
) -> None:
    round_ = instance(
        [request("waits", urgency=3), expected("expected", minutes=1)], [slot("s", start_min / 60)]
    )
    found = fill(round_, POLICY)
    assert [p.request_id for p in found.placements if p.slot_id] == [kept]
    assert [p.request_id for p in found.placements if p.announce] == ["waits"][: kept == "waits"]


def test_what_was_promised_goes_before_the_urgent() -> None:
    promised = request("promised", urgency=3, promised=True)
    assert slots_of(instance([promised, request("urgent", urgency=1)], [slot("s", 2)])) == ["s", None]


@pytest.mark.parametrize(
    ("promise", "num_expected", "promised"),
    [
        ("when_ample", None, [1, 2, 3]),
        ("when_ample", 5, [1, 2, 3]),  # seven places in time for eight
        ("when_ample", 6, [1, 2]),
        ("at_once", 6, [1, 2, 3]),
        ("when_told", 5, []),
    ],
)
def test_who_can_wait_is_promised_a_slot_only_where_there_are_enough(
    promise: str, num_expected: int | None, promised: list[int]
) -> None:
    made = [request(f"{n}", urgency=n) for n in (1, 2, 3)]
    places = [slot("s", 5, capacity=4), slot("t", 6, capacity=3), slot("too late", 9)]
    round_ = instance([*made, expected("e")], places)
    if num_expected is not None:
        round_ = replace(round_, outlook=Outlook(until_at=NOW + 6 * HOUR, num_expected=num_expected))
    policy = replace(POLICY, promise=promise)
    solution = fill(round_, policy)
    assert verify_fill(round_, policy, solution) == []
    assert [int(p.request_id) for p in solution.placements if p.promise] == promised
    for row, placement in enumerate(solution.placements):
        false = (replace(placement, promise=not placement.promise),)
        placements = solution.placements[:row] + false + solution.placements[row + 1 :]
        broken = verify_fill(round_, policy, replace(solution, placements=placements))
        assert [violation.code for violation in broken] == ["promise"]


def test_a_promise_stays_one_even_without_a_slot() -> None:
    kept = request("kept", urgency=3, promised=True)
    (placement,) = fill(instance([kept], []), replace(POLICY, promise="when_told")).placements
    assert (placement.slot_id, placement.promise) == (None, True)


def test_who_can_wait_leaves_the_early_slot_to_who_cannot() -> None:
    can_wait = request("can wait", urgency=1)
    cannot = request("cannot", urgency=3, deadline_at=NOW + 2 * HOUR)
    assert slots_of(instance([can_wait, cannot], [slot("early", 1), slot("late", 6)])) == ["late", "early"]


def test_the_usual_practitioner_is_preferred_within_reason() -> None:
    usual = request("r", usual_practitioner="B")
    later = slot("theirs", 3, practitioner_id="B")
    assert slots_of(instance([usual], [slot("other", 2), later])) == ["theirs"]
    assert slots_of(
        instance([usual], [slot("other", 2), later]), replace(POLICY, usual_practitioner_tenths=0)
    ) == ["other"]


def test_a_home_visit_is_kept_for_who_cannot_travel() -> None:
    mobile = request("mobile", modalities=frozenset({"AMB", "HH"}))
    visit, practice = slot("visit", 1, modality="HH"), slot("practice", 5)
    assert slots_of(instance([mobile], [visit, practice])) == ["practice"]
    bound = request("bound", modalities=frozenset({"HH"}))
    assert slots_of(instance([mobile, bound], [visit, practice])) == ["practice", "visit"]


def test_a_video_slot_needs_no_travel() -> None:
    far = request("far", modalities=frozenset({"AMB", "VR"}))
    assert slots_of(instance([far], [slot("near", 2), slot("video", 2, modality="VR")], minutes=90)) == [
        "video"
    ]


def test_a_slot_is_announced_only_when_it_must_be() -> None:
    found = fill(instance([request("r1"), request("r2")], [slot("soon", 0.75), slot("later", 3)]), POLICY)
    assert {p.slot_id: p.announce for p in found.placements} == {"soon": True, "later": False}


@pytest.mark.parametrize(
    ("code", "of_request", "slots", "minutes"),
    [
        ("deadline_passed", {"deadline_at": NOW + HOUR / 4}, [slot("s", 2)], 10),
        ("no_slot_in_time", {}, [slot("s", 9)], 10),
        ("no_slot_in_time", {}, [], 10),
        ("out_of_reach", {}, [slot("s", 2)], 31),
        ("other_modality", {}, [slot("s", 2, modality="HH")], 10),
        ("full", {}, [slot("s", 2, capacity=0)], 10),
    ],
)
def test_why_there_is_no_slot(code: str, of_request: Any, slots: list[FreeSlot], minutes: int) -> None:
    (placement,) = fill(instance([request("r", **of_request)], slots, minutes), POLICY).placements
    assert placement.reason.code == code
    assert placement.reason.sentence


def test_the_price_of_a_slot_is_what_one_more_place_brings() -> None:
    round_ = instance([request("r1"), request("r2")], [slot("s", 2)])
    before = fill(round_, POLICY)
    wider = instance([request("r1"), request("r2")], [slot("s", 2, capacity=2)])
    assert before.slot_price["s"] == fill(wider, POLICY).objective - before.objective > 0


@pytest.mark.parametrize(
    ("problem", "requests", "slots"),
    [
        ("présent 2 fois", [request("r"), request("r")], []),
        ("fuseau", [request("r", deadline_at=datetime(2026, 11, 23, 9, 0))], []),  # noqa: DTZ001
        ("précède la réception", [request("r", deadline_at=NOW - HOUR)], []),
        ("modalité", [request("r", modalities=frozenset())], []),
        ("lieu inconnu", [], [slot("s", 1, place=2)]),
        ("la fin précède", [], [slot("s", 1, end_at=NOW)]),
        ("négatif", [], [slot("s", 1, capacity=-1)]),
        ("déjà reçue", [request("r", expected=True)], []),
        ("ni promise ni annoncée", [expected("r", promised=True)], []),
        ("absent de l'agenda", [request("r", announced_slot="gone")], []),
        (
            "annoncé à 2 personnes",
            [request("r1", announced_slot="s"), request("r2", announced_slot="s")],
            [slot("s", 1)],
        ),
    ],
)
def test_a_contradiction_is_refused(problem: str, requests: list[CareRequest], slots: list[FreeSlot]) -> None:
    with pytest.raises(InvalidInstance, match=problem):
        instance(requests, slots)


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("announced", {"slot_id": "b"}),
        ("announced", {"slot_id": None, "delay": None, "duration_s": None}),
        ("unknown_slot", {"slot_id": "nowhere"}),
        ("delay", {"delay": HOUR}),
        ("travel", {"duration_s": 1}),
        ("announce", {"announce": True}),
    ],
)
def test_the_judge_catches_a_false_placement(code: str, change: dict[str, Any]) -> None:
    round_ = instance([request("r", announced_slot="a")], [slot("a", 3), slot("b", 4)])
    solution = fill(round_, POLICY)
    false = replace(solution, placements=(replace(solution.placements[0], **change),))
    assert code in {violation.code for violation in verify_fill(round_, POLICY, false)}


@pytest.mark.parametrize(
    ("code", "slots", "of_request"),
    [
        ("overfull", [slot("s", 2)], {}),
        ("notice", [slot("s", 0.1)], {}),
        ("deadline", [slot("s", 20)], {}),
        ("modality", [slot("s", 2, modality="HH")], {}),
    ],
)
def test_the_judge_catches_a_slot_that_does_not_suit(
    code: str, slots: list[FreeSlot], of_request: dict[str, Any]
) -> None:
    round_ = instance([request("r1", **of_request), request("r2", **of_request)], slots)
    solution = fill(round_, POLICY)
    false = tuple(replace(p, slot_id="s", delay=slots[0].start_at - NOW) for p in solution.placements)
    assert code in {v.code for v in verify_fill(round_, POLICY, replace(solution, placements=false))}


def test_the_judge_catches_a_slot_out_of_reach() -> None:
    round_ = instance([request("r")], [slot("s", 2)], minutes=31)
    (placement,) = fill(round_, POLICY).placements
    false = replace(fill(round_, POLICY), placements=(replace(placement, slot_id="s", delay=2 * HOUR),))
    assert "reach" in {v.code for v in verify_fill(round_, POLICY, false)}


@pytest.mark.parametrize("field", ["objective", "bound", "rank_weight"])
def test_the_judge_catches_false_values(field: str) -> None:
    round_ = instance([request("r")], [slot("s", 2)])
    solution = fill(round_, POLICY)
    false = replace(solution, **{field: -1})
    assert field in {v.code for v in verify_fill(round_, POLICY, false)}


@pytest.mark.parametrize("lead", [0, 29, 30])
def test_a_policy_that_would_announce_too_late_is_refused(lead: int) -> None:
    with pytest.raises(InvalidPolicy, match="announce_lead_min"):
        FillPolicy(notice_min=30, announce_lead_min=lead)
    assert FillPolicy(notice_min=30, announce_lead_min=31).announce_lead_min == 31
