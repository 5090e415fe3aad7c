"""The speed benchmark runs, agrees with itself, and says when methods disagree."""

from pathlib import Path

import pytest

from benchmarks.speed import assign as benchmark
from benchmarks.speed.instances import clustered
from benchmarks.speed.methods import ALTERNATING, ELSEWHERE, METHODS, why_not


def test_all_methods_find_the_same_optimum() -> None:
    arrays = clustered(200, seed=7)
    assert all(why_not(name, arrays) is None for name in METHODS)
    assert len({method(arrays) for name, method in METHODS.items() if name not in ELSEWHERE}) == 1


def test_what_is_not_run_is_named() -> None:
    assert "GB" in str(why_not("scipy dense", clustered(6_000, seed=1)))


def test_a_run_prints_where_and_on_what_it_was_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(benchmark, "METHODS", {name: METHODS[name] for name in ALTERNATING})
    out = tmp_path / "rows.jsonl"
    assert benchmark.main(["--sizes", "60", "--repeats", "1", "--seed", "3", "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    for word in ("machine", "ortools 9", "seed 3", "relais assign", "ortools raw", "MB", "objective"):
        assert word in printed
    assert len(out.read_text(encoding="utf-8").splitlines()) == 2


def test_a_disagreement_fails_the_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(
        benchmark, "METHODS", {"relais assign": METHODS["relais assign"], "ortools raw": lambda _: 1}
    )
    monkeypatch.setattr(benchmark, "_in_child", lambda *_: {"note": "not run"})
    out = str(tmp_path / "rows.jsonl")
    assert benchmark.main(["--sizes", "60", "--repeats", "1", "--out", out]) == 1
    assert "DIFFERENT OBJECTIVES" in capsys.readouterr().err


def test_what_takes_too_long_is_stopped_and_marked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(benchmark, "START_S", 0.0)
    arrays = clustered(60, seed=1)
    arrays.save(tmp_path / "arrays.npz")
    row = benchmark._in_child("ortools raw", arrays, tmp_path / "arrays.npz", 0.01)
    assert row == {"note": "stopped after 0.01 s"}


def test_the_same_seed_draws_the_same_territory() -> None:
    assert (clustered(50, seed=2).arc_cost == clustered(50, seed=2).arc_cost).all()
