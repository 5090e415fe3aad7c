"""One key, one effect (reliability I1, I2)."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from scheduler.accounts.actor import Actor
from scheduler.errors import InvalidInput, KeyReused, SlotTaken
from scheduler.idempotency import Answer, forget_keys, once
from scheduler.store.engine import Store
from scheduler.store.tables import IdempotencyRecord, Territory
from tests import factories
from tests.factories import NOW

ROUTE = "POST /api/v1/territories"
BODY = b'{"name": "x"}'
CLIENT = factories.actor(key="token:1")


def ask(
    store: Store, *, key: str = "k", body: bytes = BODY, route: str = ROUTE, actor: Actor = CLIENT, now=NOW
) -> Answer:
    with store.write() as session:

        def effect() -> tuple[int, dict[str, Any]]:
            return 201, {"id": factories.territory(session).id, "links": ["é", None, 1.5]}

        return once(session, actor, key=key, route=route, body=body, now=now, effect=effect)


def num_effects(store: Store) -> int:
    with store.read() as session:
        return len(session.exec(select(Territory)).all())


def test_a_hundred_in_turn_have_one_effect(store: Store) -> None:
    first = ask(store)
    assert not first.replayed
    for _ in range(99):
        assert ask(store) == Answer(status=201, body=first.body, replayed=True)
    assert num_effects(store) == 1


def test_a_hundred_at_once_have_one_effect(store: Store) -> None:
    barrier = threading.Barrier(50)

    def work(_: int) -> list[Answer]:
        barrier.wait(timeout=20)
        return [ask(store) for _ in range(2)]

    with ThreadPoolExecutor(50) as pool:
        answers = [answer for pair in pool.map(work, range(50)) for answer in pair]
    assert sum(not answer.replayed for answer in answers) == 1
    assert {str(answer.body) for answer in answers} == {str(answers[0].body)}
    assert num_effects(store) == 1


@pytest.mark.parametrize("change", [{"body": BODY + b" "}, {"body": b""}, {"route": ROUTE + "/2"}])
def test_the_same_key_for_something_else_is_refused(store: Store, change: dict[str, Any]) -> None:
    first = ask(store)
    with pytest.raises(KeyReused):
        ask(store, **change)
    assert num_effects(store) == 1
    assert ask(store).body == first.body


def test_keys_belong_to_those_who_choose_them(store: Store) -> None:
    ask(store)
    assert not ask(store, actor=factories.actor(key="token:2"), body=b"other").replayed
    assert not ask(store, key="K").replayed
    assert num_effects(store) == 3


@pytest.mark.parametrize("key", ["", "a" * 256, "a\x00b", "a\nb", "é", "\x7f", "a\ud800"])
def test_a_bad_key_is_refused_before_anything_is_done(store: Store, key: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        ask(store, key=key)
    assert refusal.value.field == "Idempotency-Key"
    assert num_effects(store) == 0


@pytest.mark.parametrize("key", ["a", "a" * 255, "!~ \"'%:;\\"])
def test_a_good_key_is_accepted(store: Store, key: str) -> None:
    assert not ask(store, key=key).replayed
    assert ask(store, key=key).replayed


def test_an_effect_that_fails_leaves_the_key_free(store: Store) -> None:
    def taken() -> tuple[int, dict[str, Any]]:
        raise SlotTaken

    with pytest.raises(SlotTaken), store.write() as session:
        once(session, CLIENT, key="k", route=ROUTE, body=BODY, now=NOW, effect=taken)
    assert not ask(store, body=b"another").replayed


def test_what_is_undone_after_the_effect_leaves_the_key_free(store: Store) -> None:
    def fail_late() -> None:
        with store.write() as session:
            effect = lambda: (201, {"id": factories.territory(session).id})  # noqa: E731
            once(session, CLIENT, key="k", route=ROUTE, body=BODY, now=NOW, effect=effect)
            raise SlotTaken

    with pytest.raises(SlotTaken):
        fail_late()
    assert num_effects(store) == 0
    assert not ask(store).replayed


def test_old_keys_are_forgotten(store: Store) -> None:
    ask(store, key="old")
    ask(store, key="new", now=NOW + timedelta(hours=48))
    with store.write() as session:
        assert forget_keys(session, before_at=NOW + timedelta(hours=48)) == 1
    with store.read() as session:
        assert [one.key for one in session.exec(select(IdempotencyRecord))] == ["new"]


def test_the_record_holds_no_part_of_the_request(store: Store) -> None:
    ask(store, body=b'{"name": "CANARI"}')
    with store.read() as session:
        assert "CANARI" not in str(session.exec(select(IdempotencyRecord)).one().model_dump())
