import json
from datetime import date
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import pytest
from pydantic import BaseModel, Field, ValidationError

from api.schemas.common import Id, Insee, Instant, Name, Text, Wire
from api.wording import french_problems

CANARY = "ZZCANARI"


class Colour(StrEnum):
    RED = "red"


class Everything(Wire):
    name: Name
    text: Text = Field(max_length=3)
    insee: Insee
    id: Id
    at: Instant
    on: date
    uuid: UUID
    flag: bool
    colour: Colour
    ratio: float = Field(gt=0, lt=1)
    many: Annotated[list[int], Field(min_length=1, max_length=2)]
    child: "Child"


class Child(BaseModel):
    x: int


def problems_of(**given: object) -> dict[str, dict[str, str]]:
    with pytest.raises(ValidationError) as caught:
        Everything.model_validate(given)
    return {entry["field"]: entry for entry in french_problems(caught.value.errors())}


def test_every_field_is_listed_at_once() -> None:
    assert set(problems_of()) == set(Everything.model_fields)


@pytest.mark.parametrize(
    ("field", "value", "code", "words"),
    [
        ("name", CANARY * 20, "string_too_long", "au plus 100"),
        ("name", f"{CANARY}\x00", "string_pattern_mismatch", "invisible"),
        ("name", 3, "string_type", "texte"),
        ("insee", CANARY, "string_pattern_mismatch", "forme"),
        ("id", 0, "greater_than_equal", "au moins 1"),
        ("id", 2**31, "less_than_equal", "au plus 2147483647"),
        ("id", CANARY, "int_parsing", "entier"),
        ("at", "2026-11-23T09:00:00", "timezone_aware", "décalage"),
        ("at", "9999-12-31T23:59:59-14:00", "instant_range", "2000"),
        ("at", "0001-01-01T00:00:00+14:00", "instant_range", "2000"),
        ("at", CANARY, "datetime_from_date_parsing", "RFC 3339"),
        ("on", CANARY, "date_from_datetime_parsing", "date"),
        ("uuid", CANARY, "uuid_parsing", "UUID"),
        ("flag", CANARY, "bool_parsing", "true"),
        ("colour", CANARY, "enum", "'red'"),
        ("ratio", 2, "less_than", "moins de 1"),
        ("ratio", 0, "greater_than", "plus de 0"),
        ("many", [], "too_short", "au moins 1"),
        ("many", [1, 2, 3], "too_long", "au plus 2"),
        ("child", CANARY, "model_type", "objet"),
    ],
)
def test_a_field_is_told_in_french_never_repeated(field: str, value: object, code: str, words: str) -> None:
    entry = problems_of(**{field: value})[field]
    assert entry["code"] == code
    assert words in entry["message"]
    assert CANARY not in json.dumps(entry)


def test_an_unknown_field_is_refused() -> None:
    assert problems_of(colours="red")["colours"]["code"] == "extra_forbidden"


def test_half_a_character_is_refused() -> None:
    assert problems_of(name="\ud800")["name"]["code"] == "string_unicode"


def test_a_kind_without_wording_still_says_where_to_look() -> None:
    given = {"type": "decimal_parsing", "loc": ("query", "x"), "msg": CANARY, "input": CANARY}
    (entry,) = french_problems([given])
    assert entry["field"] == "query.x"
    assert "openapi.json" in entry["message"]
    assert CANARY not in json.dumps(entry)
