"""The speed benchmark runs, agrees with itself, and says when methods disagree."""

import pytest

from benchmarks.speed import assign as benchmark
from benchmarks.speed.instances import clustered
from benchmarks.speed.methods import METHODS, why_not


def test_all_methods_find_the_same_optimum() -> None:
    arrays = clustered(200, seed=7)
    assert all(why_not(name, arrays) is None for name in METHODS)
    assert len({method(arrays) for method in METHODS.values()}) == 1


def test_what_is_not_run_is_named() -> None:
    assert "GB" in str(why_not("scipy dense", clustered(6_000, seed=1)))


def test_a_run_prints_where_and_on_what_it_was_measured(capsys: pytest.CaptureFixture[str]) -> None:
    assert benchmark.main(["--sizes", "60", "--repeats", "1", "--seed", "3"]) == 0
    printed = capsys.readouterr().out
    for word in (
        "machine",
        "ortools 9",
        "seed 3",
        "relais assign",
        "ortools raw",
        "scipy dense",
        "objective",
    ):
        assert word in printed


def test_a_disagreement_fails_the_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(benchmark, "METHODS", {**METHODS, "ortools raw": lambda _: 1})
    assert benchmark.main(["--sizes", "60", "--repeats", "1"]) == 1
    assert "DIFFERENT OBJECTIVES" in capsys.readouterr().err


def test_the_same_seed_draws_the_same_territory() -> None:
    assert (clustered(50, seed=2).arc_cost == clustered(50, seed=2).arc_cost).all()
