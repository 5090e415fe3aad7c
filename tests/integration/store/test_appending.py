"""What is appended is written once, in order, if and only if what it was appended in is kept."""

from typing import Any
from uuid import UUID

import pytest
from sqlmodel import Session, select

from scheduler.store.appending import append
from scheduler.store.engine import Store
from scheduler.store.tables import Referral, ReferralEvent
from tests import factories
from tests.factories import NOW


@pytest.fixture
def referral(store: Store) -> Referral:
    with store.write() as session:
        territory_id = factories.territory(session).id
        return factories.referral(session, territory_id=territory_id, next_action_on=NOW.date())


def line(referral: Referral, kind: str) -> dict[str, Any]:
    return {"referral_id": referral.id, "at": NOW, "actor": "a", "kind": kind, "to_state": referral.state}


def kinds(session: Session, referral_id: UUID) -> list[str]:
    query = select(ReferralEvent.kind).where(ReferralEvent.referral_id == referral_id).order_by("id")
    return list(session.exec(query))


def test_it_is_written_though_nothing_else_changes_and_read_back_at_once(
    store: Store, referral: Referral
) -> None:
    with store.write() as session:
        for kind in ("one", "two"):
            append(session, ReferralEvent, **line(referral, kind))
        assert kinds(session, referral.id) == ["one", "two"]
        append(session, ReferralEvent, **line(referral, "three"))
    with store.read() as session:
        assert kinds(session, referral.id) == ["one", "two", "three"]
        last = session.exec(select(ReferralEvent).where(ReferralEvent.kind == "three")).one()
        assert (last.detail, last.from_state, last.at) == ({}, None, NOW)


def test_it_follows_the_new_rows_it_refers_to(store: Store) -> None:
    with store.write() as session:
        territory_id = factories.territory(session).id
        referral = factories.referral(session, territory_id=territory_id, next_action_on=NOW.date())
        new = Referral(**(referral.model_dump() | {"id": UUID(int=1), "pathway": "other"}))
        append(session, ReferralEvent, **line(new, "first"))
        session.add(new)
    with store.read() as session:
        assert kinds(session, new.id) == ["first"]


def test_a_session_that_would_not_keep_it_refuses_it(store: Store, referral: Referral) -> None:
    with store.read() as session, pytest.raises(TypeError):
        append(session, ReferralEvent, **line(referral, "lost"))


def test_what_is_rolled_back_takes_it_along_and_nothing_else(store: Store, referral: Referral) -> None:
    def refused(session: Session) -> None:
        with session.begin_nested():
            append(session, ReferralEvent, **line(referral, "refused"))
            with session.begin_nested():
                append(session, ReferralEvent, **line(referral, "inside the refused"))
            raise ZeroDivisionError

    def lost() -> None:
        with store.write() as session:
            append(session, ReferralEvent, **line(referral, "lost"))
            raise ZeroDivisionError

    with store.write() as session:
        append(session, ReferralEvent, **line(referral, "before"))
        with pytest.raises(ZeroDivisionError):
            refused(session)
        with session.begin_nested():
            append(session, ReferralEvent, **line(referral, "kept"))
        append(session, ReferralEvent, **line(referral, "after"))
    with pytest.raises(ZeroDivisionError):
        lost()
    with store.read() as session:
        assert kinds(session, referral.id) == ["before", "kept", "after"]
