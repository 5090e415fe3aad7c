"""What the CPTS decides about unscheduled care, as data with ranges."""

from dataclasses import dataclass

from matching.errors import InvalidPolicy
from matching.ranges import one_of as _one_of
from matching.ranges import ranged as _ranged
from matching.ranges import refuse_out_of_range as _refuse_out_of_range


@dataclass(frozen=True, slots=True, kw_only=True)
class FillPolicy:
    """How requests and free slots are brought together.

    Parameters
    ----------
    notice_min : int
        A patient is not sent to a slot that begins in less than this many minutes.
    announce_lead_min : int
        A slot is announced this many minutes before it begins, not earlier: until then a later round
        may move the request, which is where the gain over booking at once lies. More than
        ``notice_min``, or a kept slot would pass before anybody is told.
    next_round_min : int
        The next round comes within so many minutes: what begins too soon for it is not kept for an
        expected request, which could never have it.
    promise : {"when_ample", "at_once", "when_told"}
        When a request is promised the slot kept for it: by ``when_ample``, the more urgent at once, those
        for 48 hours only while slots suffice for who is still to come (``fill.promise``); by
        ``when_told``, nobody before the slot is announced.
    max_travel_min : int
        Longest travel of a patient, and of a GP to a home.
    wait_tenths_per_hour : int
        What an hour of waiting is worth, in tenths of a minute of travel.
    usual_practitioner_tenths : int
        What any other GP than the usual one costs.
    scarce_modality_tenths : int
        What a home visit costs for somebody who could also travel or be seen by video.

    Raises
    ------
    InvalidPolicy
        With one sentence per value out of its range, or when the lead does not exceed the notice.
    """

    notice_min: int = _ranged(30, 0, 1440)
    announce_lead_min: int = _ranged(60, 0, 2880)
    next_round_min: int = _ranged(5, 0, 1440)
    promise: str = _one_of("when_ample", ("at_once", "when_told"))
    max_travel_min: int = _ranged(30, 1, 240)
    wait_tenths_per_hour: int = _ranged(200, 0, 1000)
    usual_practitioner_tenths: int = _ranged(150, 0, 10_000)
    scarce_modality_tenths: int = _ranged(600, 0, 10_000)

    def __post_init__(self) -> None:
        _refuse_out_of_range(self)
        if self.announce_lead_min <= self.notice_min:
            # what is kept would be announced when nobody may be sent there any more: never
            raise InvalidPolicy(
                [f"announce_lead_min : plus de {self.notice_min} minutes, la durée de notice_min"]
            )
