"""The judge of a round: every rule re-checked and the value recomputed, without a solver."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

from matching.fill.model import CareRequest, FillInstance, FillSolution, FreeSlot, Placement
from matching.fill.policy import FillPolicy
from matching.problem import Status
from matching.verify import Violation

_RANKS = 4
_TENTH_OF_MINUTE_S = 6


def verify_fill(instance: FillInstance, policy: FillPolicy, solution: FillSolution) -> list[Violation]:
    """Return the rules that a solution of ``fill`` breaks; empty when sound."""
    if [p.request_id for p in solution.placements] != [r.id for r in instance.requests]:
        return [_broken("requests", "solution", "une décision par demande, dans l'ordre, est attendue")]
    judge = _Judge(instance, policy, solution)
    return [*judge.wrong_placements(), *judge.overfull_slots(), *judge.wrong_values()]


class _Judge:
    """Looks at one solution, placement by placement."""

    def __init__(self, instance: FillInstance, policy: FillPolicy, solution: FillSolution) -> None:
        self._instance, self._policy, self._solution = instance, policy, solution
        self._slots = {slot.id: slot for slot in instance.slots}
        travel = instance.travel
        pairs = zip(travel.patient.tolist(), travel.practitioner.tolist(), strict=True)
        self._travel_s = dict(zip(pairs, travel.duration_s.tolist(), strict=True))

    def wrong_placements(self) -> Iterator[Violation]:
        """Yield what is wrong with single placements."""
        for row, request, placement in self._rows():
            if request.announced_slot is not None and placement.slot_id != request.announced_slot:
                yield _broken("announced", request.id, "un rendez-vous annoncé ne bouge pas")
            told = request.promised or request.announced_slot is not None
            if placement.promise != (told or (placement.slot_id is not None and self._promises(request))):
                yield _broken("promise", request.id, "promis trop tôt ou trop tard")
            if placement.slot_id is None:
                if placement.announce:
                    yield _broken("announce", request.id, "rien à annoncer sans créneau")
                continue
            slot = self._slots.get(placement.slot_id)
            if slot is None:
                yield _broken("unknown_slot", request.id, "créneau inconnu")
                continue
            yield from self._wrong_facts(row, request, slot, placement)
            if request.announced_slot is None:
                yield from self._broken_rules(row, request, slot)

    def overfull_slots(self) -> Iterator[Violation]:
        """Yield slots with more requests than places."""
        used = Counter(p.slot_id for p in self._solution.placements if p.slot_id in self._slots)
        for slot_id, count in sorted(used.items(), key=str):
            capacity = self._slots[str(slot_id)].capacity
            if count > capacity:
                yield _broken("overfull", str(slot_id), f"{count} demandes pour {capacity} places")

    def wrong_values(self) -> Iterator[Violation]:
        """Yield a wrong objective, bound, status or rank weight."""
        solution, value, dearest = self._solution, 0, 0
        for row, request, placement in self._rows():
            if placement.slot_id in self._slots:
                cost = self._cost(row, request, self._slots[str(placement.slot_id)])
                value += (_RANKS - _rank(request)) * solution.rank_weight - cost
                value -= solution.rank_weight // 2 if request.expected else 0
                dearest = max(dearest, cost)
        if value != solution.objective:
            yield _broken("objective", "solution", f"la valeur est {value}, pas {solution.objective}")
        if solution.bound < value:
            yield _broken("bound", "solution", f"la borne {solution.bound} est sous la valeur {value}")
        if (solution.status is Status.OPTIMAL) != (solution.bound == solution.objective):
            yield _broken("status", "solution", "« optimal » veut dire valeur égale à la borne")
        if solution.rank_weight // 2 <= dearest:
            yield _broken("rank_weight", "solution", "une urgence pourrait être rachetée par des minutes")

    def _rows(self) -> Iterator[tuple[int, CareRequest, Placement]]:
        rows = zip(self._instance.requests, self._solution.placements, strict=True)
        for row, (request, placement) in enumerate(rows):
            yield row, request, placement

    def _wrong_facts(
        self, row: int, request: CareRequest, slot: FreeSlot, placement: Placement
    ) -> Iterator[Violation]:
        if placement.delay != slot.start_at - request.received_at:
            yield _broken("delay", request.id, "le délai annoncé n'est pas celui du créneau")
        if placement.duration_s != self._duration_s(row, slot):
            yield _broken("travel", request.id, "le trajet annoncé n'est pas celui de l'instance")
        soon = slot.start_at - self._instance.now <= timedelta(minutes=self._policy.announce_lead_min)
        if placement.announce != (soon and request.announced_slot is None and not request.expected):
            yield _broken("announce", request.id, "annoncé trop tôt ou trop tard")

    def _broken_rules(self, row: int, request: CareRequest, slot: FreeSlot) -> Iterator[Violation]:
        asked = self._instance.now
        if request.expected:
            asked = max(request.received_at, asked + timedelta(minutes=self._policy.next_round_min))
        earliest = asked + timedelta(minutes=self._policy.notice_min)
        near = slot.modality == "VR" or (
            (row, slot.place) in self._travel_s
            and self._travel_s[row, slot.place] <= self._policy.max_travel_min * 60
        )
        checks = {
            "notice": slot.start_at >= earliest,
            "deadline": slot.start_at <= request.deadline_at,
            "modality": slot.modality in request.modalities,
            "reach": near,
        }
        for code, holds in checks.items():
            if not holds:
                yield _broken(code, request.id, f"ce créneau ne convient pas ({code})")

    def _promises(self, request: CareRequest) -> bool:
        """Tell whether a request is promised its slot before it is announced."""
        promise, outlook = self._policy.promise, self._instance.outlook
        if request.expected or promise == "when_told":
            return False
        if promise == "at_once" or outlook is None or request.urgency < 3:
            return True
        free = sum(slot.capacity for slot in self._slots.values() if slot.start_at <= outlook.until_at)
        wanted = outlook.num_expected + sum(not one.expected for one in self._instance.requests)
        return 8 * free >= 7 * wanted

    def _duration_s(self, row: int, slot: FreeSlot) -> int:
        return 0 if slot.modality == "VR" else self._travel_s.get((row, slot.place), 0)

    def _cost(self, row: int, request: CareRequest, slot: FreeSlot) -> int:
        policy = self._policy
        waited_s = max(0, round((slot.start_at - self._instance.now).total_seconds())
                       - round((request.received_at - self._instance.now).total_seconds()))  # fmt: skip
        cost = waited_s * policy.wait_tenths_per_hour // 3600
        cost += (self._duration_s(row, slot) + _TENTH_OF_MINUTE_S // 2) // _TENTH_OF_MINUTE_S
        if request.usual_practitioner not in {None, slot.practitioner_id}:
            cost += policy.usual_practitioner_tenths
        if slot.modality == "HH" and request.modalities != {"HH"}:
            cost += policy.scarce_modality_tenths
        return cost


def _rank(request: CareRequest) -> int:
    return 0 if request.promised or request.announced_slot is not None else request.urgency


def _broken(code: str, subject: str, message: str) -> Violation:
    return Violation(code=code, subject=subject, message=message)
