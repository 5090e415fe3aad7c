"""Each rule of the worklists: a case it catches, and, over any facts, one list or a date to wait for."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scheduler.referrals.worklists import Facts, Worklist, worklist_of
from scheduler.store.tables import ReferralState as S

TODAY = date(2026, 11, 23)
DAY = timedelta(days=1)
W = Worklist


def facts(state: S, **more: object) -> Facts:
    return Facts(**{"state": state, "today": TODAY, "next_on": TODAY + DAY, **more})


CASES = [
    (W.TO_QUALIFY, S.RECEIVED, {}),
    (W.TO_QUALIFY, S.QUALIFIED, {}),
    (None, S.QUALIFIED, {"declare_asked": True}),
    (W.TO_QUALIFY, S.QUALIFIED, {"declare_asked": True, "next_on": TODAY - DAY}),
    (W.TO_QUALIFY, S.WAITING, {"consent": False, "num_declines": 3}),
    (None, S.WAITING, {"num_declines": 2, "unplaced_because": "full"}),
    (W.THREE_DECLINES, S.WAITING, {"num_declines": 3, "unplaced_because": "excluded"}),
    (W.NO_CANDIDATE, S.WAITING, {"unplaced_because": "nobody_in_reach", "waited_days": 900}),
    (W.SLA_PASSED, S.WAITING, {"waited_days": 15, "longest_wait_days": 14}),
    (None, S.WAITING, {"waited_days": 14, "longest_wait_days": 14}),
    (W.SLA_PASSED, S.WAITING, {"next_on": TODAY - DAY}),
    (W.TO_RECONFIRM, S.WAITING, {"reconfirm_due_on": TODAY}),
    (None, S.WAITING, {"reconfirm_due_on": TODAY + DAY}),
    (W.UNREACHABLE, S.WAITING, {"unreachable_since": TODAY, "num_declines": 3}),
    (W.TO_VALIDATE, S.PROPOSED, {"num_declines": 5}),
    (None, S.OFFERED, {}),
    (W.NO_ANSWER, S.OFFERED, {"offer_over": True}),
    (W.NO_ANSWER, S.OFFERED, {"undelivered": True}),
    (W.CONFLICT, S.OFFERED, {"gp_gone": True, "offer_over": True}),
    (None, S.ACCEPTED, {}),
    (W.NO_ANSWER, S.ACCEPTED, {"next_on": TODAY - DAY}),
    (W.CONFLICT, S.SEEN, {"gp_gone": True}),
    (W.CONFLICT, S.WAITING, {"booking_in_conflict": True, "unreachable_since": TODAY}),
    (W.CONFLICT, S.RECEIVED, {"duplicate": True}),
    (None, S.SUSPENDED, {"unreachable_since": TODAY, "duplicate": True}),
    (W.TO_TAKE_UP, S.SUSPENDED, {"next_on": TODAY}),
    (W.UNREACHABLE, S.SUSPENDED, {"next_on": TODAY, "unreachable_since": TODAY}),
    (None, S.DECLARED, {}),
    (W.NO_ANSWER, S.DECLARED, {"next_on": TODAY - DAY}),
    (None, S.CLOSED, {"next_on": None, "duplicate": True}),
    (None, S.WAITING, {"snoozed_until": TODAY + DAY, "num_declines": 3}),
    (W.THREE_DECLINES, S.WAITING, {"snoozed_until": TODAY, "num_declines": 3}),
]


@pytest.mark.parametrize(("expected", "state", "more"), CASES)
def test_each_rule(expected: Worklist | None, state: S, more: dict[str, object]) -> None:
    assert worklist_of(facts(state, **more)) is expected


ANY = st.builds(
    Facts,
    state=st.sampled_from(S),
    today=st.just(TODAY),
    next_on=st.integers(-3, 3).map(lambda days: TODAY + days * DAY),
    snoozed_until=st.none() | st.integers(-2, 2).map(lambda days: TODAY + days * DAY),
    consent=st.booleans(),
    waited_days=st.integers(0, 30),
    longest_wait_days=st.sampled_from([14, 60]),
    num_declines=st.integers(0, 4),
    unplaced_because=st.sampled_from([None, "full", "excluded", "nobody_in_reach", "household"]),
    unreachable_since=st.sampled_from([None, TODAY]),
    reconfirm_due_on=st.sampled_from([None, TODAY, TODAY + DAY]),
    undelivered=st.booleans(),
    offer_over=st.booleans(),
    gp_gone=st.booleans(),
    booking_in_conflict=st.booleans(),
    duplicate=st.booleans(),
    declare_asked=st.booleans(),
)


@given(ANY)
def test_nobody_whose_day_has_passed_is_in_no_list(case: Facts) -> None:
    """Unless somebody looked at the case lately: then a day stands when it comes back."""
    awaited = case.state is not S.CLOSED and not (case.snoozed_until and case.snoozed_until > TODAY)
    if awaited and case.late:
        assert worklist_of(case) is not None


@given(ANY, st.integers(1, 5))
def test_looking_at_a_case_takes_it_out_until_its_day(case: Facts, days: int) -> None:
    values = {name: getattr(case, name) for name in Facts.__slots__}
    looked_at = Facts(**(values | {"snoozed_until": TODAY + days * DAY}))
    assert worklist_of(looked_at) is None
    then = Facts(**(values | {"snoozed_until": TODAY + days * DAY, "today": TODAY + days * DAY}))
    at_once = Facts(**(values | {"snoozed_until": None, "today": TODAY + days * DAY}))
    assert worklist_of(then) is worklist_of(at_once)
