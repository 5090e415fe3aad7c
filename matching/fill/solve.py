"""One round of filling: requests to free slots, by urgency, then waiting, travel and preferences.

Batching requests gains nothing when every answer is final; the gain comes from not committing early.
So a round keeps slots for requests, and announces only those that begin soon; what was promised is
never dropped for somebody else, what was announced never moves. Requests that past weeks let expect take
part: the last slots of the day are not spent on who could also come tomorrow (decision 0022).
"""

from datetime import timedelta

import numpy as np
import numpy.typing as npt

from matching.fill.arcs import Filling, filling, starts_s, window_s
from matching.fill.model import CareRequest, FillInstance, FillSolution, Placement
from matching.fill.policy import FillPolicy
from matching.fill.promise import may_promise
from matching.model import Reason
from matching.problem import AssignmentResult
from matching.solvers import assign

Bools = npt.NDArray[np.bool_]

_WHY_NOT = {
    "deadline_passed": "L'échéance est trop proche ou dépassée : rappelez ce patient maintenant.",
    "no_slot_in_time": "Aucun créneau libre ne commence avant l'échéance : demandez-en un aux médecins.",
    "out_of_reach": "Les créneaux libres à temps sont trop loin : cherchez plus loin ou par vidéo.",
    "other_modality": "Les créneaux libres à temps sont d'une autre modalité : proposez-la au patient.",
    "full": "Les créneaux possibles sont gardés pour des demandes plus pressantes ou plus proches.",
}


def fill(
    instance: FillInstance, policy: FillPolicy, *, time_limit_s: float | None = None, seed: int = 0
) -> FillSolution:
    """Return which slot is kept for which request, which are promised, which must be announced now.

    As many promised requests as possible, then of urgency 1, 2 and 3, at equal urgency those made before
    those expected; then the least total of waiting, travel and unmet preferences. Proven optimal unless a
    limit stops it.

    Parameters
    ----------
    time_limit_s, seed
        As in ``assign``.
    """
    found = filling(instance, policy)
    result = assign(found.problem, time_limit_s, seed)
    return FillSolution(
        placements=tuple(_placements(instance, policy, found, result)),
        status=result.status,
        objective=result.objective,
        bound=result.bound,
        rank_weight=found.rank_weight,
        slot_price={}
        if result.price is None
        else {slot.id: price for slot, price in zip(instance.slots, result.price.tolist(), strict=True)},
    )


def _placements(
    instance: FillInstance, policy: FillPolicy, found: Filling, result: AssignmentResult
) -> list[Placement]:
    why_not = _why_not(instance, policy, found)
    promised = may_promise(instance, policy)
    return [
        _unplaced(request, why_not[row])
        if arc < 0
        else _placed(
            instance,
            policy,
            request,
            int(found.meetings.slot[arc]),
            int(found.meetings.duration_s[arc]),
            promise=bool(promised[row]),
        )
        for row, (request, arc) in enumerate(zip(instance.requests, result.arc.tolist(), strict=True))
    ]


def _placed(
    instance: FillInstance,
    policy: FillPolicy,
    request: CareRequest,
    row: int,
    duration_s: int,
    *,
    promise: bool,
) -> Placement:
    slot = instance.slots[row]
    soon = slot.start_at - instance.now <= timedelta(minutes=policy.announce_lead_min)
    announced = request.announced_slot is not None
    usual = request.usual_practitioner == slot.practitioner_id
    return Placement(
        request_id=request.id,
        slot_id=slot.id,
        announce=soon and not announced and not request.expected,
        promise=promise or announced or request.promised,
        delay=slot.start_at - request.received_at,
        duration_s=duration_s,
        reason=Reason(
            code="announced" if announced else "expected" if request.expected else "kept",
            sentence="Déjà annoncé : ce rendez-vous ne bouge pas."
            if announced
            else "Gardé pour une demande que les semaines passées laissent attendre."
            if request.expected
            else "À annoncer maintenant."
            if soon
            else "Gardé ; peut encore changer pour un meilleur créneau."
            if promise or request.promised
            else "Gardé, pas encore promis : peut aller à plus pressé jusqu'à l'annonce.",
            data={"duration_s": duration_s, "usual_practitioner": usual, "modality": slot.modality},
        ),
    )


def _unplaced(request: CareRequest, code: str) -> Placement:
    return Placement(
        request_id=request.id,
        slot_id=None,
        announce=False,
        promise=request.promised,
        delay=None,
        duration_s=None,
        reason=Reason(code=code, sentence=_WHY_NOT[code], data={"urgency": request.urgency}),
    )


def _why_not(instance: FillInstance, policy: FillPolicy, found: Filling) -> list[str]:
    """Return for each request the first thing that stands in its way, should it have no slot."""
    num_requests = len(instance.requests)
    first, last = window_s(instance, policy)
    start = np.sort(starts_s(instance))
    in_time = np.searchsorted(start, last, side="right") > np.searchsorted(start, first, side="left")
    obstacles = (
        ("deadline_passed", last < first),
        ("no_slot_in_time", ~in_time),
        ("out_of_reach", ~_occurs(found.nearby.request, num_requests)),
        ("other_modality", ~_occurs(found.meetings.request, num_requests)),
    )
    return [next((code for code, met in obstacles if met[row]), "full") for row in range(num_requests)]


def _occurs(rows: npt.NDArray[np.int64], size: int) -> Bools:
    return np.bincount(rows, minlength=size) > 0
