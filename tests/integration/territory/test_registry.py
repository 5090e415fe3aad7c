import pytest
from sqlmodel import col, select

from scheduler.errors import AlreadyExists, InvalidInput
from scheduler.store.tables import TerritoryCommune
from scheduler.territory.registry import register_territory

GIVEN = {"slug": "cpts-senart", "name": "CPTS Sénart", "insee": ["77445", "77122", "77445"]}


def test_a_territory_has_each_of_its_communes_once(store) -> None:
    with store.write() as session:
        territory = register_territory(session, **GIVEN)
    with store.read() as session:
        rows = session.exec(
            select(TerritoryCommune.insee).where(col(TerritoryCommune.territory_id) == territory.id)
        ).all()
    assert sorted(rows) == ["77122", "77445"]


def test_a_short_name_serves_once(store) -> None:
    with store.write() as session:
        register_territory(session, **GIVEN)
    with pytest.raises(AlreadyExists), store.write() as session:
        register_territory(session, **GIVEN)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"slug": "CPTS Sénart"}, "slug"),
        ({"slug": "a" * 61}, "slug"),
        ({"name": "  "}, "name"),
        ({"insee": []}, "commune"),
        ({"zone": "Europe/Savigny"}, "zone"),
    ],
)
def test_what_is_not_acceptable_is_named(sqlite_store, changed: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidInput) as refusal, sqlite_store.write() as session:
        register_territory(session, **GIVEN | changed)
    assert refusal.value.field == field


def test_an_unknown_commune_is_refused(sqlite_store) -> None:
    with pytest.raises(InvalidInput), sqlite_store.write() as session:
        register_territory(session, **GIVEN | {"insee": ["99999"]})
