r"""A week of unscheduled care under several ways of giving slots, beside what hindsight would have done.

``nice -n 5 python -m benchmarks.quality.fill --requests 1600 --gps 24\
    --supply 0.8,0.95,1.1 --seeds 0,1,2,3,4``

Value, in minutes: a request seen in time is worth 600, 400 or 300 by urgency (4 hours, same day, 48 hours),
less its travel and 2 minutes for each hour of waiting. The hindsight optimum knows the whole week and
maximises that value; nobody who decides on the day can do better. Our own rounds maximise something else
(the most urgent first, whoever was promised before all), which is part of what is compared.

``share``, in %, is the share seen in time against that of this same optimum, which maximises the value,
not the share. ``hindsight that counts heads`` maximises the share: how far its line is above 100 says how
much the reference leaves; on the weeks tried it sees exactly as many, other people, for less value.

``relais`` and ``relais, ...`` are the rounds of the service: by its usual rules and by those that promise
otherwise (``scheduler.care.rules``). They know the requests of a week before (same GPs, other patients, other
slots): those of the next minutes take part as requests that nobody has made. They see nothing of the week
itself before it happens. ``moved`` counts how often somebody who had been promised nothing lost a kept slot;
a promise that is dropped ends the run with an error. ``answer h`` are the hours, by urgency, from the request
to the promise or announcement, among those seen.
"""

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.quality.care_week import Week, week
from benchmarks.speed.machine import describe
from matching import AssignmentProblem, Travel, assign
from matching.fill import CareRequest, FillInstance, FillPolicy, FreeSlot, Outlook, fill, verify_fill
from scheduler.care.rules import Rules

Ints = npt.NDArray[np.int64]

WORTH_MIN = (600, 400, 300)
WAIT_MIN_PER_HOUR = 2.0
EPOCH_MIN = 5
RULES = Rules()
POLICY = RULES.policy()
# Announced 60 minutes before as by the rules; waiting weighs little, promised as soon as a slot is kept.
PLAIN = FillPolicy(wait_tenths_per_hour=20, promise="at_once")


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What one way of giving slots came to in one week; shares in %, means over those served."""

    served: float
    by_urgency: tuple[float, float, float]
    wait_min: float
    travel_min: float
    value: float
    answer_h: tuple[float, float, float]
    num_moved: int
    took_s: float


_HEAD = (
    "| way | served | by urgency | wait | travel | value (worst) | share (worst) | answer h | moved | s |",
    "|---|---:|---|---:|---:|---:|---:|---|---:|---:|",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print one table over all seeds; 1 when a way broke a rule of the week."""
    options = _options(arguments)
    print(*describe(), f"policy    {POLICY}", sep="\n", flush=True)
    for supply in options.supply.split(","):
        shape = {"num_requests": options.requests, "num_gps": options.gps, "supply": float(supply)}
        _compare(shape, [int(seed) for seed in options.seeds.split(",")], options.ways)
    return 0


def _compare(shape: dict[str, Any], seeds: list[int], ways: str) -> None:
    print("", f"weeks     {shape}, seeds {seeds}", "", sep="\n", flush=True)
    scores: dict[str, list[Score]] = {}
    for seed in seeds:
        one, before = week(seed, **shape), week(seed, **shape, weeks_ago=1)
        for name in ["hindsight", *ways.split(",")]:
            scores.setdefault(name, []).append(_scored(one, before, WAYS[name]))
            print(f"  seed {seed}, {name}: {scores[name][-1]}", file=sys.stderr, flush=True)
    print(*_HEAD, sep="\n")
    for name in [*ways.split(","), "hindsight"]:
        print(_line(name, scores[name], scores["hindsight"]), flush=True)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality.fill", description=__doc__)
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--requests", type=int, default=4000)
    parser.add_argument("--gps", type=int, default=60)
    parser.add_argument("--supply", default="0.95", help="slots per request, separated by commas")
    default = ",".join(name for name in WAYS if name != "hindsight")
    parser.add_argument("--ways", default=default, help="separated by commas; all by default")
    return parser.parse_args(arguments)


@dataclass(frozen=True, slots=True)
class Given:
    """Slot of each request, -1 = none, when it was sure of one, and how often a kept slot was lost again."""

    slot: Ints
    answered: Ints | None = None
    num_moved: int = 0


Way = Callable[[Week, Week], Given]
"""Gives the slots of a week, knowing the one before."""


def _scored(one: Week, before: Week, way: Way) -> Score:
    start = perf_counter()
    given = way(one, before)
    took_s = perf_counter() - start
    rows = np.flatnonzero(given.slot >= 0)
    slots = given.slot[rows]
    _check(one, rows, slots)
    wait = one.slot_start[slots] - one.received[rows]
    travel = one.travel_min[rows, one.slot_gp[slots]]
    in_time = np.isin(np.arange(one.num_requests), rows)
    shares = [float(100 * in_time[one.urgency == urgency].mean()) for urgency in (1, 2, 3)]
    worth = np.array(WORTH_MIN)[one.urgency[rows] - 1]
    answered = one.received if given.answered is None else given.answered
    delay_h = (answered - one.received) / 60
    hours = [float(delay_h[in_time & (one.urgency == urgency)].mean()) for urgency in (1, 2, 3)]
    return Score(
        served=float(100 * in_time.mean()),
        by_urgency=(shares[0], shares[1], shares[2]),
        wait_min=float(wait.mean()),
        travel_min=float(travel.mean()),
        value=float((worth - travel - wait / 60 * WAIT_MIN_PER_HOUR).sum()),
        answer_h=(hours[0], hours[1], hours[2]),
        num_moved=given.num_moved,
        took_s=took_s,
    )


def _check(one: Week, rows: Ints, slots: Ints) -> None:
    """Refuse a week in which a rule was broken, whoever broke it."""
    start = one.slot_start[slots]
    sound = (
        np.unique(slots).size == slots.size
        and bool((start >= one.received[rows] + POLICY.notice_min).all())
        and bool((start <= one.deadline[rows]).all())
        and bool(np.isfinite(one.travel_min[rows, one.slot_gp[slots]]).all())
    )
    if not sound:
        raise AssertionError("a slot was given twice, too late, too soon or too far")


def _line(name: str, scores: list[Score], best: list[Score]) -> str:
    def mean(values: Sequence[float]) -> float:
        return float(np.mean(values))

    pairs = list(zip(scores, best, strict=True))
    value = [100 * score.value / most.value for score, most in pairs]
    share = [100 * score.served / most.served for score, most in pairs]
    served = mean([score.served for score in scores])
    shares = " / ".join(f"{mean([score.by_urgency[u] for score in scores]):.1f}" for u in range(3))
    answers = " / ".join(f"{mean([score.answer_h[u] for score in scores]):.1f}" for u in range(3))
    return (
        f"| {name} | {served:.1f} | {shares} | {mean([s.wait_min for s in scores]):.0f}"
        f" | {mean([s.travel_min for s in scores]):.1f} | {mean(value):.1f} ({min(value):.1f})"
        f" | {mean(share):.1f} ({min(share):.1f})"
        f" | {answers} | {mean([s.num_moved for s in scores]):.0f} | {mean([s.took_s for s in scores]):.1f} |"
    )


# ------------------------------------------------------------------------------------------- the ways


def first_come(one: Week, best: Callable[[Week, int, Ints], int]) -> Given:
    """Give each request, when it comes, the best free slot in its own eyes."""
    chosen = np.full(one.num_requests, -1, np.int64)
    free = np.ones(one.slot_start.size, np.bool_)
    for row in range(one.num_requests):
        slots = _possible(one, row, free)
        if slots.size:
            chosen[row] = best(one, row, slots)
            free[chosen[row]] = False
    return Given(chosen)


def earliest(one: Week, row: int, slots: Ints) -> int:
    """Prefer the earliest slot, then the nearest."""
    travel = one.travel_min[row, one.slot_gp[slots]]
    return int(slots[np.lexsort((travel, one.slot_start[slots]))[0]])


def nearest(one: Week, row: int, slots: Ints) -> int:
    """Prefer the nearest slot, then the earliest."""
    travel = one.travel_min[row, one.slot_gp[slots]]
    return int(slots[np.lexsort((one.slot_start[slots], travel))[0]])


def _possible(one: Week, row: int, free: npt.NDArray[np.bool_]) -> Ints:
    low = np.searchsorted(one.slot_start, one.received[row] + POLICY.notice_min, side="left")
    high = np.searchsorted(one.slot_start, one.deadline[row], side="right")
    slots = np.arange(low, high)
    near = np.isfinite(one.travel_min[row, one.slot_gp[slots]])
    return slots[free[slots] & near]


def rolling(
    one: Week,
    before: Week | None = None,
    *,
    policy: FillPolicy = POLICY,
    lookahead_min: Sequence[int] = RULES.lookahead_min,
    at_once: bool = False,
) -> Given:
    """Fill anew every five minutes.

    Parameters
    ----------
    before
        A past week whose requests are expected again.
    at_once
        Whether what a round decides is announced at once.
    """
    chosen, kept, answered = (np.full(one.num_requests, -1, np.int64) for _ in range(3))
    free = np.ones(one.slot_start.size, np.bool_)
    num_moved, seen = 0, None
    for now in range(int(one.received[0]), int(one.deadline[-1]), EPOCH_MIN):
        arrived = np.searchsorted(one.received, now, side="right")
        waiting = np.flatnonzero((chosen[:arrived] < 0) & (one.deadline[:arrived] >= now))
        if not waiting.size:
            continue
        low, high = np.searchsorted(one.slot_start, [now + POLICY.notice_min, now + 48 * 60 + 1])
        slots = np.arange(low, high)[free[low:high]]
        coming = np.arange(0) if before is None else _coming(before, now, lookahead_min)
        if before is None and arrived == seen:
            plan = kept[waiting]  # nobody came: the same question has the same answer
        else:
            plan, sure = _round(one, now, waiting, slots, answered >= 0, policy, before, coming)
            answered[waiting[sure & (answered[waiting] < 0)]] = now
        seen = arrived
        lost = (kept[waiting] >= 0) & (plan < 0)
        if (lost & (answered[waiting] >= 0)).any():
            raise AssertionError("somebody who was promised a slot has none")
        num_moved += int(lost.sum())
        kept[waiting] = plan
        due = one.slot_start[plan] - now <= policy.announce_lead_min
        told = waiting[(plan >= 0) & (due | at_once)]
        answered[told] = np.where(answered[told] < 0, now, answered[told])
        chosen[told] = kept[told]
        free[chosen[told]] = False
    return Given(chosen, answered, num_moved)


def _coming(before: Week, now: int, lookahead_min: Sequence[int]) -> Ints:
    """Give the requests of the week before that came in the minutes after this one."""
    until = now + np.array(lookahead_min)[before.urgency - 1]
    return np.flatnonzero((before.received > now) & (before.received <= until))


def _outlook(one: Week, now: int, waiting: Ints, before: Week) -> Outlook:
    """Count as ``scheduler.care.expected.outlook`` does, from one past week."""
    until = min(int(one.deadline[waiting].max()), now + 48 * 60)
    came = (before.received > now) & (before.received <= until)
    return Outlook(until_at=one.at(until), num_expected=int(came.sum()))


def _round(
    one: Week,
    now: int,
    waiting: Ints,
    slots: Ints,
    promised: npt.NDArray[np.bool_],
    policy: FillPolicy,
    before: Week | None,
    coming: Ints,
) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """Ask our own ``fill`` for one round: the slot of each waiting request, -1 = none; whether promised."""
    travel = one.travel_min[waiting]
    if before is not None:
        travel = np.concatenate([travel, before.travel_min[coming]])
    patient, place = np.nonzero(np.isfinite(travel))
    instance = FillInstance(
        requests=(
            *_requests(one, waiting, promised=promised),
            *(_requests(before, coming, expected=True) if before is not None else ()),
        ),
        slots=tuple(
            FreeSlot(
                id=str(slot),
                practitioner_id=str(one.slot_gp[slot]),
                place=int(one.slot_gp[slot]),
                start_at=one.at(one.slot_start[slot]),
                end_at=one.at(one.slot_start[slot] + 15),
            )
            for slot in slots.tolist()
        ),
        travel=Travel(
            patient=patient.astype(np.int32),
            practitioner=place.astype(np.int32),
            distance_m=np.zeros(patient.size, np.int32),
            duration_s=np.rint(travel[patient, place] * 60).astype(np.int32),
        ),
        num_places=one.travel_min.shape[1],
        now=one.at(now),
        outlook=None if before is None else _outlook(one, now, waiting, before),
    )
    solution = fill(instance, policy)
    if now % 240 == 0 and (broken := verify_fill(instance, policy, solution)):
        raise AssertionError(broken[0])
    made = solution.placements[: waiting.size]
    plan = np.array([-1 if p.slot_id is None else int(p.slot_id) for p in made], np.int64)
    return plan, np.array([p.promise for p in made], np.bool_)


def _requests(
    one: Week, rows: Ints, *, promised: npt.NDArray[np.bool_] | None = None, expected: bool = False
) -> Iterator[CareRequest]:
    for row in rows.tolist():
        yield CareRequest(
            id=f"expected {row}" if expected else str(row),
            received_at=one.at(one.received[row]),
            deadline_at=one.at(one.deadline[row]),
            urgency=int(one.urgency[row]),  # type: ignore[arg-type]
            promised=promised is not None and bool(promised[row]),
            expected=expected,
        )


def hindsight(one: Week, *, heads: bool = False) -> Given:
    """Give the slots of the whole week at the end of it, for the greatest value or number of people seen."""
    rows, slots = [], []
    free = np.ones(one.slot_start.size, np.bool_)
    for row in range(one.num_requests):
        possible = _possible(one, row, free)
        rows.append(np.full(possible.size, row))
        slots.append(possible)
    row, slot = np.concatenate(rows), np.concatenate(slots)
    wait = (one.slot_start[slot] - one.received[row]) / 60 * WAIT_MIN_PER_HOUR
    cost = np.rint(10 * (wait + one.travel_min[row, one.slot_gp[slot]])).astype(np.int64)
    problem = AssignmentProblem(
        reward=np.full(one.num_requests, 10_000_000)
        if heads
        else 10 * np.array(WORTH_MIN, np.int64)[one.urgency - 1],
        arc_group=row,
        arc_bin=slot,
        arc_cost=cost,
        capacity=np.ones(one.slot_start.size, np.int64),
    )
    arc = assign(problem).arc
    chosen = np.full(one.num_requests, -1, np.int64)
    chosen[arc >= 0] = slot[arc[arc >= 0]]
    return Given(chosen)


def _blind(way: Callable[..., Given], **how: Any) -> Way:
    """Make a way that does not look at the week before."""

    def given(one: Week, _before: Week) -> Given:
        return way(one, **how)

    return given


WAYS: Mapping[str, Way] = {
    "first come earliest": _blind(first_come, best=earliest),
    "first come nearest": _blind(first_come, best=nearest),
    "batch of 5 min told at once": _blind(rolling, policy=PLAIN, at_once=True),
    "rolling told 60 min before": _blind(rolling, policy=PLAIN),
    "rolling with an hour of waiting worth 20 min of travel": _blind(rolling),
    "relais": rolling,
    "relais, always promised at once": partial(rolling, policy=replace(POLICY, promise="at_once")),
    "relais, promised when told": partial(rolling, policy=replace(POLICY, promise="when_told")),
    "hindsight that counts heads": _blind(hindsight, heads=True),
    "hindsight": _blind(hindsight),
}

if __name__ == "__main__":
    raise SystemExit(main())
