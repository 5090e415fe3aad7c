"""Filling against exhaustive search, in any order of rows, and round after round."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from matching import Status, Travel
from matching.fill import (
    CareRequest,
    FillInstance,
    FillPolicy,
    FillSolution,
    FreeSlot,
    Modality,
    Outlook,
    Placement,
    fill,
    verify_fill,
)
from matching.fill.promise import may_promise
from tests.property.draws import Draws, draws

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
POLICY = FillPolicy(max_travel_min=20)
MODALITIES: tuple[Modality, ...] = ("AMB", "HH", "VR")


#: More than the largest of these rounds takes: 4 slots, 4 requests, 8 pairs of a request and a place.
ROUND_BYTES = 124


@st.composite
def instances(draw: st.DrawFn, *, most: int = 4) -> FillInstance:
    taken = draw(draws(ROUND_BYTES))
    num_places = taken.integer(1, 2)
    slots = tuple(_slot(taken, f"s{i}", num_places) for i in range(taken.integer(0, most)))
    requests = tuple(_request(taken, f"r{i}") for i in range(taken.integer(0, most)))
    pairs = taken.some([*product(range(len(requests)), range(num_places))])
    return FillInstance(
        requests=requests,
        slots=slots,
        travel=_travel(pairs, taken.integers(0, 1500, len(pairs))),
        num_places=num_places,
        now=NOW,
        outlook=_outlook(taken) if taken.flag() else None,
    )


def _outlook(taken: Draws) -> Outlook:
    return Outlook(until_at=NOW + taken.integer(0, 600) * MINUTE, num_expected=taken.integer(0, 4))


def _slot(taken: Draws, key: str, num_places: int) -> FreeSlot:
    start = NOW + taken.integer(-10, 600) * MINUTE
    return FreeSlot(
        id=key,
        practitioner_id=taken.pick("AB"),
        place=taken.integer(0, num_places - 1),
        start_at=start,
        end_at=start + 15 * MINUTE,
        modality=taken.pick(MODALITIES),
        capacity=taken.integer(0, 2),
    )


def _request(taken: Draws, key: str) -> CareRequest:
    expected = taken.integer(0, 3) == 0
    received = NOW + (taken.integer(1, 120) if expected else taken.integer(-120, 0)) * MINUTE
    return CareRequest(
        id=key,
        received_at=received,
        deadline_at=received + taken.integer(60, 720) * MINUTE,
        urgency=taken.pick((1, 2, 3)),
        modalities=frozenset(taken.shuffled(MODALITIES, taken.integer(1, 3))),
        usual_practitioner=taken.pick((None, "A", "C")),
        promised=not expected and taken.flag(),
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
    values = [_value(instance, told) for told in _all_choices(instance, solution)]
    assert solution.objective == max(value for value in values if value is not None)


def _all_choices(instance: FillInstance, like: FillSolution) -> Iterator[FillSolution]:
    """Every choice of slots by requests, but those that give one of them what it can never have."""
    options = []
    for row, placement in enumerate(like.placements):
        seen = [_seen(instance, row, placement, slot) for slot in (None, *instance.slots)]
        options.append([one for one in seen if not _broken_alone(instance, like, row, one)])
    for placements in product(*options):
        yield replace(like, placements=placements)


def _broken_alone(instance: FillInstance, like: FillSolution, row: int, placement: Placement) -> bool:
    nobody = [_seen(instance, other, p, None) for other, p in enumerate(like.placements)]
    alone = replace(like, placements=(*nobody[:row], placement, *nobody[row + 1 :]))
    broken = verify_fill(instance, POLICY, alone)
    return any(violation.subject == placement.request_id for violation in broken)


def _seen(instance: FillInstance, row: int, placement: Placement, slot: FreeSlot | None) -> Placement:
    """Return the placement of a request in a slot, or in none, with what it states."""
    request, travel = instance.requests[row], instance.travel
    if slot is None:
        return replace(
            placement, slot_id=None, announce=False, promise=request.promised, delay=None, duration_s=None
        )
    here = (travel.patient == row) & (travel.practitioner == slot.place)
    return replace(
        placement,
        slot_id=slot.id,
        announce=not request.expected and slot.start_at - NOW <= POLICY.announce_lead_min * MINUTE,
        promise=request.promised or bool(may_promise(instance, POLICY)[row]),
        delay=slot.start_at - request.received_at,
        duration_s=0 if slot.modality == "VR" else int(travel.duration_s[here].sum()),
    )


def _value(instance: FillInstance, told: FillSolution) -> int | None:
    """Return what a choice is worth by the judge alone, None when it breaks a rule."""
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
