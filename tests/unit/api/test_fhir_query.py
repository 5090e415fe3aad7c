"""Slot searches as the platform, its guide and its test kit write them."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.fhir.errors import BadSearch
from api.fhir.query import read_search
from scheduler.sas.codes import PRACTITIONER_SYSTEM

WHO = f"{PRACTITIONER_SYSTEM}|810101215225"
INCLUDES = "_include=Slot:schedule&_include:iterate=Schedule:actor"
COMMUNITY = "&_include=Slot:service-type-reference&_include:iterate=HealthcareService:organization"


def query(start: str = "ge2026-01-15T10:00:00.000+01:00", end: str = "le2026-01-17T23:59:59.000+01:00",
          who: str = WHO, status: str = "free", more: str = "") -> bytes:  # fmt: skip
    return (
        f"{INCLUDES}&start={start}&start={end}&schedule.actor:Practitioner.identifier={who}"
        f"&status={status}{more}"
    ).encode()


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("ge2026-01-15T10:00:00.000+01:00", datetime(2026, 1, 15, 9, tzinfo=UTC)),
        ("ge2026-01-15T10:00:00.000%2B01:00", datetime(2026, 1, 15, 9, tzinfo=UTC)),
        ("ge2026-01-15T10:00:00.000 01:00", datetime(2026, 1, 15, 9, tzinfo=UTC)),
        ("ge2026-01-15T10:00:00.000%2001:00", datetime(2026, 1, 15, 9, tzinfo=UTC)),
        ("ge2026-07-15T10:00:00", datetime(2026, 7, 15, 8, tzinfo=UTC)),
        ("ge2026-01-15T10:00:00.000", datetime(2026, 1, 15, 9, tzinfo=UTC)),
        ("ge2026-01-15T10:00:00.760+00:00", datetime(2026, 1, 15, 10, 0, 0, 760_000, tzinfo=UTC)),
        ("ge2026-01-15T10:00:00Z", datetime(2026, 1, 15, 10, tzinfo=UTC)),
        ("ge2026-01-15T10:00", datetime(2026, 1, 15, 9, tzinfo=UTC)),
        ("ge2026-01-15", datetime(2026, 1, 14, 23, tzinfo=UTC)),
    ],
)
def test_dates_in_every_form_that_occurs(written: str, expected: datetime) -> None:
    assert read_search(query(start=written)).from_at == expected


def test_a_day_alone_ends_with_its_last_moment() -> None:
    end = read_search(query(end="le2026-01-16")).to_at
    assert datetime(2026, 1, 16, 22, 59, 59, tzinfo=UTC) < end < datetime(2026, 1, 16, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    "who",
    [
        f"{WHO},{PRACTITIONER_SYSTEM}|810002909371",
        f"{WHO}, {PRACTITIONER_SYSTEM}|810002909371",
        f"{WHO},+{PRACTITIONER_SYSTEM}|810002909371",
        f"{WHO}%2C%20{PRACTITIONER_SYSTEM}%7C810002909371",
        f"{WHO}&schedule.actor%3APractitioner.identifier={PRACTITIONER_SYSTEM}%7C810002909371",
        "810101215225,810002909371",
    ],
)
def test_identifiers_in_every_form_that_occurs(who: str) -> None:
    assert read_search(query(who=who)).rpps == {"10101215225", "10002909371"}


def test_identifiers_of_others_match_nobody() -> None:
    who = f"urn:oid:1.2.3|810101215225,{PRACTITIONER_SYSTEM}|0123456789,{PRACTITIONER_SYSTEM}|8101"
    assert read_search(query(who=who)).rpps == frozenset()


def test_communities_are_given_to_who_asks_for_them() -> None:
    assert not read_search(query()).for_communities
    assert read_search(query(more=COMMUNITY)).for_communities
    assert read_search(query(more=COMMUNITY.replace(":", "%3A"))).for_communities


def test_up_to_25_professionals() -> None:
    many = ",".join(f"{PRACTITIONER_SYSTEM}|8{number:011d}" for number in range(25))
    assert len(read_search(query(who=many)).rpps) == 25
    with pytest.raises(BadSearch, match="25"):
        read_search(query(who=f"{many},{WHO}"))


@pytest.mark.parametrize(
    ("where", "raw"),
    [
        ("start", query().replace(b"start=ge", b"begin=ge")),
        ("start", query().replace(b"start=le", b"begin=le")),
        ("start", query(more="&start=ge2026-01-01")),
        ("start", query(start="eq2026-01-15")),
        ("start", query(start="ge2026-13-45T10:00:00")),
        ("start", query(start="ge0001-01-01T00:00:00+14:00")),
        ("start", query(start="getomorrow")),
        ("status", query(status="busy")),
        ("status", query().replace(b"&status=free", b"")),
        ("schedule.actor:Practitioner.identifier", query(who="")),
        ("schedule.actor:Practitioner.identifier", b""),
    ],
)
def test_what_is_missing_or_unreadable_is_named(where: str, raw: bytes) -> None:
    if not raw:
        raw = b"status=free&start=ge2026-01-15&start=le2026-01-16"
    with pytest.raises(BadSearch) as refused:
        read_search(raw)
    assert refused.value.where == where


@given(st.binary(max_size=200))
def test_nothing_but_a_refusal_comes_of_noise(raw: bytes) -> None:
    with pytest.raises(BadSearch):
        read_search(raw)
