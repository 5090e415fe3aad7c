from datetime import date

import pytest

from scheduler.errors import WrongState
from scheduler.referrals.life import MOVES, OPEN, STANDINGS, Step, next_action_on, step
from scheduler.store.tables import ReferralState as S

MAIN_ROAD = [
    (S.RECEIVED, Step.QUALIFY, S.QUALIFIED),
    (S.QUALIFIED, Step.ENLIST, S.WAITING),
    (S.WAITING, Step.PROPOSE, S.PROPOSED),
    (S.PROPOSED, Step.OFFER, S.OFFERED),
    (S.OFFERED, Step.ACCEPT, S.ACCEPTED),
    (S.ACCEPTED, Step.SEE, S.SEEN),
    (S.SEEN, Step.DECLARE, S.DECLARED),
]


@pytest.mark.parametrize(("before", "taken", "after"), MAIN_ROAD)
def test_the_road_from_signal_to_declaration(before: S, taken: Step, after: S) -> None:
    assert step(before, taken) is after


@pytest.mark.parametrize(
    "taken", [Step.REJECT, Step.SUPERSEDE, Step.DECLINE, Step.EXPIRE, Step.WITHDRAW, Step.LOSE]
)
def test_every_refusal_leads_back_to_the_list(taken: Step) -> None:
    assert MOVES[taken].leads_to is S.WAITING


@pytest.mark.parametrize("state", sorted(OPEN))
def test_every_open_state_can_be_closed_and_has_an_owner_and_a_date(state: S) -> None:
    assert step(state, Step.CLOSE) is S.CLOSED
    assert STANDINGS[state].within_days is not None


@pytest.mark.parametrize("taken", list(Step))
def test_nothing_starts_from_an_end(taken: Step) -> None:
    with pytest.raises(WrongState) as refused:
        step(S.CLOSED, taken)
    assert (refused.value.kind, refused.value.state, refused.value.step) == ("referral", S.CLOSED, taken)


def test_only_a_loss_or_an_end_follows_a_declaration() -> None:
    assert {taken for taken, move in MOVES.items() if S.DECLARED in move.starts} == {Step.LOSE, Step.CLOSE}


@pytest.mark.parametrize("had", [S.ACCEPTED, S.SEEN])
def test_a_suspension_leads_back_to_the_gp_who_had_accepted(had: S) -> None:
    assert step(had, Step.SUSPEND) is S.SUSPENDED
    assert step(S.SUSPENDED, Step(f"resume_{had}")) is had


def test_every_step_and_every_state_is_in_the_tables() -> None:
    assert set(MOVES) == set(Step)
    assert set(STANDINGS) == set(S)
    assert {move.leads_to for move in MOVES.values()} == set(S) - {S.RECEIVED}


def test_the_next_date_is_counted_from_the_day_of_the_step() -> None:
    assert next_action_on(S.WAITING, date(2026, 12, 30)) == date(2027, 1, 6)
    assert next_action_on(S.PROPOSED, date(2026, 12, 30), insee="77445") == date(2027, 1, 4)
    assert next_action_on(S.CLOSED, date(2026, 12, 30)) is None
