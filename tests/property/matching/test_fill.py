"""Filling against exhaustive search, in any order of rows, and round after round."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from matching import Status, Travel
from matching.fill import CareRequest, FillInstance, FillPolicy, FillSolution, FreeSlot, fill, verify_fill

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
POLICY = FillPolicy(max_travel_min=20)


@st.composite
def instances(draw: st.DrawFn, *, most: int = 4) -> FillInstance:
    num_places = draw(st.integers(1, 2))
    slots = tuple(draw(_slot(f"s{i}", num_places)) for i in range(draw(st.integers(0, most))))
    requests = tuple(draw(_request(f"r{i}")) for i in range(draw(st.integers(0, most))))
    pairs = [pair for pair in product(range(len(requests)), range(num_places)) if draw(st.booleans())]
    duration = [draw(st.integers(0, 1500)) for _ in pairs]
    return FillInstance(
        requests=requests,
        slots=slots,
        travel=_travel(pairs, duration),
        num_places=num_places,
        now=NOW,
    )


@st.composite
def _slot(draw: st.DrawFn, key: str, num_places: int) -> FreeSlot:
    start = NOW + draw(st.integers(-10, 600)) * MINUTE
    return FreeSlot(
        id=key,
        practitioner_id=draw(st.sampled_from("AB")),
        place=draw(st.integers(0, num_places - 1)),
        start_at=start,
        end_at=start + 15 * MINUTE,
        modality=draw(st.sampled_from(("AMB", "HH", "VR"))),
        capacity=draw(st.integers(0, 2)),
    )


@st.composite
def _request(draw: st.DrawFn, key: str) -> CareRequest:
    expected = draw(st.integers(0, 3)) == 0
    received = NOW + draw(st.integers(1, 120) if expected else st.integers(-120, 0)) * MINUTE
    return CareRequest(
        id=key,
        received_at=received,
        deadline_at=received + draw(st.integers(60, 720)) * MINUTE,
        urgency=draw(st.sampled_from((1, 2, 3))),
        modalities=draw(st.frozensets(st.sampled_from(("AMB", "HH", "VR")), min_size=1)),
        usual_practitioner=draw(st.sampled_from((None, "A", "C"))),
        promised=not expected and draw(st.booleans()),
        expected=expected,
    )


def _travel(pairs: list[tuple[int, int]], duration: list[int]) -> Travel:
    columns = np.array(pairs, np.int32).reshape(-1, 2)
    return Travel(
        patient=columns[:, 0],
        practitioner=columns[:, 1],
        distance_m=np.zeros(len(pairs), np.int32),
        duration_s=np.array(duration, np.int32),
    )


@given(instances())
def test_no_other_choice_of_slots_is_worth_more(instance: FillInstance) -> None:
    solution = fill(instance, POLICY)
    assert solution.status is Status.OPTIMAL
    assert verify_fill(instance, POLICY, solution) == []
    slots = [None, *(slot.id for slot in instance.slots)]
    values = [_value(instance, solution, choice) for choice in product(slots, repeat=len(instance.requests))]
    assert solution.objective == max(value for value in values if value is not None)


def _value(instance: FillInstance, like: FillSolution, choice: tuple[str | None, ...]) -> int | None:
    """Return what a choice is worth by the judge alone, None when it breaks a rule."""
    slot = {slot.id: slot for slot in instance.slots}
    duration = {
        (int(r), int(p)): int(d)
        for r, p, d in zip(
            instance.travel.patient, instance.travel.practitioner, instance.travel.duration_s, strict=True
        )
    }
    placements = tuple(
        replace(
            placement,
            slot_id=chosen,
            announce=chosen is not None
            and not request.expected
            and slot[chosen].start_at - NOW <= POLICY.announce_lead_min * MINUTE,
            delay=None if chosen is None else slot[chosen].start_at - request.received_at,
            duration_s=None
            if chosen is None
            else 0
            if slot[chosen].modality == "VR"
            else duration.get((row, slot[chosen].place), 0),
        )
        for row, (placement, request, chosen) in enumerate(
            zip(like.placements, instance.requests, choice, strict=True)
        )
    )
    told = replace(like, placements=placements)
    broken = verify_fill(instance, POLICY, told)
    if any(b.code not in {"objective", "bound", "status", "rank_weight"} for b in broken):
        return None
    stated = next((b.message for b in broken if b.code == "objective"), None)
    return told.objective if stated is None else int(stated.split()[3].rstrip(","))


@given(instances(), st.randoms(use_true_random=False))
def test_the_order_of_rows_does_not_matter(instance: FillInstance, random: st.DataObject) -> None:
    order = list(range(len(instance.slots)))
    random.shuffle(order)  # type: ignore[attr-defined]
    shuffled = replace(instance, slots=tuple(instance.slots[i] for i in order))
    assert fill(shuffled, POLICY).objective == fill(instance, POLICY).objective


@given(instances(), instances())
def test_what_was_promised_stays_whoever_comes_later(first: FillInstance, later: FillInstance) -> None:
    """Each request that got a slot is promised one; new requests never take the last of them away."""
    kept = _made(first) & {p.request_id for p in fill(first, POLICY).placements if p.slot_id is not None}
    promised = tuple(replace(r, promised=r.id in kept) for r in first.requests)
    newcomers = tuple(replace(r, id=f"new-{r.id}", promised=False) for r in later.requests)
    again = fill(
        replace(
            first,
            requests=promised + newcomers,
            travel=_joined(first.travel, later.travel, len(promised), first.num_places),
        ),
        POLICY,
    )
    still = {p.request_id for p in again.placements if p.slot_id is not None}
    assert kept <= still


def _made(instance: FillInstance) -> set[str]:
    return {request.id for request in instance.requests if not request.expected}


def _joined(first: Travel, later: Travel, offset: int, num_places: int) -> Travel:
    known = later.practitioner < num_places
    pairs = list(zip(first.patient.tolist(), first.practitioner.tolist(), strict=True))
    pairs += zip((later.patient[known] + offset).tolist(), later.practitioner[known].tolist(), strict=True)
    return _travel(pairs, [*first.duration_s.tolist(), *later.duration_s[known].tolist()])


@given(instances())
def test_what_was_announced_never_moves(instance: FillInstance) -> None:
    made = _made(instance)
    solution = fill(instance, POLICY)
    placed = {p.request_id: p.slot_id for p in solution.placements if p.slot_id and p.request_id in made}
    told = tuple(
        replace(r, announced_slot=placed.get(r.id), received_at=min(r.received_at, NOW), expected=False)
        for r in instance.requests
    )
    later = replace(instance, requests=told, now=NOW + 3 * MINUTE)
    solution = fill(later, POLICY)
    assert verify_fill(later, POLICY, solution) == []
    assert {
        p.request_id: p.slot_id for p in solution.placements if p.slot_id is not None
    }.items() >= placed.items()
