"""The words of unscheduled care as frozen values: requests, free slots, who is announced what."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import numpy as np
import numpy.typing as npt

from matching.errors import InvalidInstance
from matching.model import Reason, Travel
from matching.problem import Status

Int32 = npt.NDArray[np.int32]

#: At the practice, at the patient's home, by video: ambulatory, home visit, remote.
Modality = Literal["AMB", "HH", "VR"]
Urgency = Literal[1, 2, 3]


@dataclass(frozen=True, slots=True, kw_only=True)
class CareRequest:
    """Somebody must be seen before a deadline.

    Parameters
    ----------
    received_at, deadline_at : datetime
        Aware; seen means that the slot begins before the deadline.
    urgency : {1, 2, 3}
        1 is served first: 4 hours, the same day, 48 hours.
    modalities : frozenset of {"AMB", "HH", "VR"}
        What would do; at least one.
    promised : bool
        Told that a slot will be found: never dropped in favour of others.
    announced_slot : str or None
        Slot already announced to the patient: a booking, which never moves.
    expected : bool
        Nobody has asked yet: past weeks let such a request be expected at ``received_at``, which is after
        the round. It keeps a slot from the less urgent, never from the equally urgent, and is told nothing.
    """

    id: str
    received_at: datetime
    deadline_at: datetime
    urgency: Urgency
    modalities: frozenset[Modality] = frozenset({"AMB"})
    usual_practitioner: str | None = None
    promised: bool = False
    announced_slot: str | None = None
    expected: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FreeSlot:
    """A slot with free places; those of announced requests are counted as free."""

    id: str
    practitioner_id: str
    place: int
    start_at: datetime
    end_at: datetime
    modality: Modality = "AMB"
    capacity: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """How many requests past weeks let expect from now until an instant, whatever they are."""

    until_at: datetime
    num_expected: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FillInstance:
    """One round of filling: who must be seen, what is free, how far, at which moment.

    Parameters
    ----------
    travel : Travel
        Between requests (its ``patient``) and places (its ``practitioner``), numbered as in
        ``FreeSlot.place``. A pair that is absent is too far. Slots by video need none.
    num_places : int
        Number of places; ``FreeSlot.place`` is below it.
    now : datetime
        Aware.
    outlook : Outlook or None
        Decides who is promised what, not who is kept which slot; None where no past week is known.

    Raises
    ------
    InvalidInstance
        Listing every contradiction found.
    """

    requests: tuple[CareRequest, ...]
    slots: tuple[FreeSlot, ...]
    travel: Travel
    num_places: int
    now: datetime
    outlook: Outlook | None = None

    def __post_init__(self) -> None:
        problems = [
            *_repeated("demande", [r.id for r in self.requests]),
            *_repeated("créneau", [s.id for s in self.slots]),
            *(problem for request in self.requests for problem in _broken_request(request)),
            *_broken_expectations(self.requests, self.now),
            *(problem for slot in self.slots for problem in _broken_slot(slot, self.num_places)),
            *_broken_announcements(self.requests, self.slots),
            *_broken_travel(self.travel, len(self.requests), self.num_places),
        ]
        if problems:
            raise InvalidInstance(problems)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """What the round decided for one request.

    Parameters
    ----------
    slot_id : str or None
        Slot kept for the request, None when there is none.
    announce : bool
        Whether the slot must be announced now; otherwise a later round may still find a better one.
    promise : bool
        Whether the patient may be told that a slot will be found: the request is ``promised`` from now on.
    delay : timedelta or None
        From the reception of the request to the start of the slot.
    duration_s : int or None
        Travel to the place, 0 by video.
    reason : Reason
        ``announced``, ``kept``, ``expected``, or why there is no slot: ``deadline_passed``,
        ``no_slot_in_time``, ``other_modality``, ``out_of_reach``, ``full``.
    """

    request_id: str
    slot_id: str | None
    announce: bool
    promise: bool
    delay: timedelta | None
    duration_s: int | None
    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class FillSolution:
    """The outcome of ``fill``.

    Parameters
    ----------
    placements : tuple of Placement
        One per request, in the order of the instance.
    objective, bound : int
        Value reached and proven upper bound, in tenths of a minute on top of the rank weights.
    rank_weight : int
        What one rank of urgency is worth in ``objective``; an expected request is worth half a rank less.
    slot_price : mapping of str to int
        What one more place in each slot would add to ``objective``; empty where no dual exists.
    """

    placements: tuple[Placement, ...]
    status: Status
    objective: int
    bound: int
    rank_weight: int
    slot_price: Mapping[str, int]


def _repeated(word: str, ids: Sequence[str]) -> list[str]:
    return [f"{word} {key} : identifiant présent {n} fois" for key, n in Counter(ids).items() if n > 1]


def _broken_request(request: CareRequest) -> list[str]:
    problems = []
    if request.received_at.tzinfo is None or request.deadline_at.tzinfo is None:
        return [f"demande {request.id} : les instants doivent porter un fuseau horaire"]
    if request.deadline_at <= request.received_at:
        problems.append(f"demande {request.id} : l'échéance précède la réception")
    if not request.modalities:
        problems.append(f"demande {request.id} : au moins une modalité est attendue")
    return problems


def _broken_expectations(requests: Sequence[CareRequest], now: datetime) -> list[str]:
    expected = [request for request in requests if request.expected]
    return [
        *(
            f"demande {r.id} : attendue, elle ne peut être ni promise ni annoncée"
            for r in expected
            if r.promised or r.announced_slot is not None
        ),
        *(f"demande {r.id} : attendue, mais déjà reçue" for r in expected if r.received_at <= now),
    ]


def _broken_slot(slot: FreeSlot, num_places: int) -> list[str]:
    problems = []
    if slot.start_at.tzinfo is None or slot.end_at.tzinfo is None:
        return [f"créneau {slot.id} : les instants doivent porter un fuseau horaire"]
    if slot.end_at <= slot.start_at:
        problems.append(f"créneau {slot.id} : la fin précède le début")
    if slot.capacity < 0:
        problems.append(f"créneau {slot.id} : le nombre de places ne peut pas être négatif")
    if not 0 <= slot.place < num_places:
        problems.append(f"créneau {slot.id} : lieu inconnu")
    return problems


def _broken_announcements(requests: Sequence[CareRequest], slots: Sequence[FreeSlot]) -> list[str]:
    capacity = {slot.id: slot.capacity for slot in slots}
    announced = Counter(r.announced_slot for r in requests if r.announced_slot is not None)
    return [
        *(f"créneau {slot} : annoncé, mais absent de l'agenda" for slot in announced if slot not in capacity),
        *(
            f"créneau {slot} : annoncé à {count} personnes pour {capacity[slot]} places"
            for slot, count in announced.items()
            if slot in capacity and count > capacity[slot]
        ),
    ]


def _broken_travel(travel: Travel, num_requests: int, num_places: int) -> list[str]:
    checks = {
        "demande inconnue": (travel.patient < 0) | (travel.patient >= num_requests),
        "lieu inconnu": (travel.practitioner < 0) | (travel.practitioner >= num_places),
        "durée négative": travel.duration_s < 0,
    }
    problems = [f"trajet {int(np.argmax(bad))} : {word}" for word, bad in checks.items() if bad.any()]
    pair = np.sort(travel.patient.astype(np.int64) * max(num_places, 1) + travel.practitioner)
    if not problems and (pair[1:] == pair[:-1]).any():
        problems.append("trajets : un même couple demande-lieu est présent deux fois")
    return problems
