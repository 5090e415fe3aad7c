import importlib
import pkgutil
from collections.abc import Iterator

import pytest

import matching
import scheduler
from api.errors import STATUS_OF, rule_of
from matching.errors import CertificateFailed, InvalidInstance, InvalidPolicy, InvalidProblem, RelaisError
from scheduler.errors import (
    AlreadyExists,
    Forbidden,
    InvalidInput,
    InvalidSetting,
    KeyReused,
    NotFound,
    NotSignedIn,
    SlotNotOpen,
    SlotTaken,
    StoreBusy,
    TooManyAttempts,
    WrongPassword,
    WrongState,
)

FAULTS_OF_OURS = {InvalidProblem, InvalidInstance, CertificateFailed, InvalidSetting}
NOT_OVER_HTTP = {
    *("BadTable", "UnreadableFile", "SolveFailed", "SolveCancelled", "SendFailed", "Undeliverable"),
    *("LeaseLost", "PlatformRefused", "PlatformUnreachable"),
}


def every_error(kind: type[RelaisError] = RelaisError) -> Iterator[type[RelaisError]]:
    for below in kind.__subclasses__():
        yield below
        yield from every_error(below)


@pytest.fixture(scope="module", autouse=True)
def every_module() -> None:
    for package in (matching, scheduler):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".migrations" not in module.name and not module.name.endswith("build_communes"):
                importlib.import_module(module.name)


def test_every_class_of_errors_has_a_declared_answer() -> None:
    with_own_answers = ("api.web", "api.fhir")  # pages, and OperationOutcome resources
    below_http = {kind for kind in every_error() if not kind.__module__.startswith(with_own_answers)}
    silent = {kind for kind in below_http if rule_of(kind) is None} - FAULTS_OF_OURS
    assert {kind.__name__ for kind in silent} <= NOT_OVER_HTTP


def test_codes_are_stable_words_and_never_shared() -> None:
    by_code: dict[str, set[str]] = {}
    for kind in every_error():
        assert kind.code.replace("_", "").isalnum()
        by_code.setdefault(kind.code, set()).add(kind.__name__)
    assert {code: names for code, names in by_code.items() if len(names) > 1} == {}


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (NotFound, 404),
        (Forbidden, 403),
        (NotSignedIn, 401),
        (WrongPassword, 401),
        (TooManyAttempts, 429),
        (InvalidInput, 422),
        (SlotTaken, 409),
        (SlotNotOpen, 409),
        (WrongState, 409),
        (AlreadyExists, 409),
        (KeyReused, 422),
        (StoreBusy, 503),
        (InvalidPolicy, 422),
    ],
)
def test_the_nearest_class_above_decides(kind: type[RelaisError], status: int) -> None:
    rule = rule_of(kind)
    assert rule is not None
    assert rule.status == status


def test_a_fault_of_ours_has_no_rule() -> None:
    assert [rule_of(kind) for kind in FAULTS_OF_OURS] == [None] * len(FAULTS_OF_OURS)
    assert rule_of(ValueError) is None


def test_the_table_says_titles_in_words() -> None:
    assert all(rule.title and 400 <= rule.status < 600 for rule in STATUS_OF.values())
