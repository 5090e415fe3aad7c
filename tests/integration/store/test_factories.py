import pytest

from scheduler.store.engine import Store
from scheduler.store.tables import Practice
from tests import factories


@pytest.mark.parametrize(
    "name",
    [
        "territory",
        "structure",
        "practitioner",
        "practice",
        "intake",
        "account",
        "grant",
        "patient",
        "household",
        "referral",
        "consent",
        "matching_run",
        "policy_document",
        "study",
        "proposal",
        "offer",
        "feed",
        "slot",
        "booking",
    ],
)
def test_each_factory_adds_a_row_with_what_it_needs(store: Store, name: str) -> None:
    with store.write() as session:
        row = getattr(factories, name)(session)
    with store.read() as session:
        assert session.get(type(row), row.__mapper__.primary_key_from_instance(row)) is not None


def test_a_slot_of_a_practice_is_of_the_same_practitioner(store: Store) -> None:
    with store.write() as session:
        where = factories.practice(session)
        rows = [
            factories.slot(session, practice=where),
            factories.slot(
                session, feed=factories.feed(session, practice_id=where.id), start_at=factories.NOW
            ),
        ]
        mine = factories.intake(session, practitioner_id=where.practitioner_id)
        assert {row.practitioner_id for row in rows} == {where.practitioner_id}
        assert session.get_one(Practice, mine.practice_id).practitioner_id == where.practitioner_id
