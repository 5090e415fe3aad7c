"""The attachment benchmark: resumes, judges, and says what is wrong."""

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.quality import attachment
from benchmarks.quality.contestants import Task, measured
from benchmarks.quality.deferred import DeferredFailed, deferred_acceptance
from benchmarks.quality.measures import Measures, gini, worth_of_ranks
from benchmarks.quality.rows import Rows
from benchmarks.quality.tables import broken, territory_table
from benchmarks.quality.territories import invented
from matching import AssignmentProblem, Policy, attach


def _row(method: str, objective: int | None, bound: int | None, **more: object) -> dict[str, object]:
    return {
        "method": method, "size": "300", "variant": "plain", "seed": 1, "status": "feasible", "seconds": 1.5,
        "peak_mb": 3, "objective": objective, "bound": bound, "placed_of_rank": [1, 1, 1, 1],
        "placed_of_tier": [1, 1, 2], "waiting_of_tier": [1, 2, 4], "travel_min": [4.0, 9.0],
        "travel_tenths": 200, "uneven_filling": 0.1, "uneven_tier1": 0.2, "violations": [], **more,
    }  # fmt: skip


def test_gaps_are_to_the_least_bound_and_minutes_only_among_equal_ranks() -> None:
    rows = [_row("Relais", 990, 1000), _row("HiGHS", 980, 1100), _row("SCIP", 900, None, placed_of_rank=[0])]
    lines = list(territory_table(rows))
    assert "1.0000" in lines[1]
    assert "5.000" in lines[1]  # 10 of 200 tenths
    assert "2.0000" in lines[2]
    assert "ranks" in lines[3]
    assert lines[-1].endswith("1000")


def test_broken_rules_beaten_relais_and_contradicting_proofs_are_named() -> None:
    assert not broken([_row("Relais", 990, 990), _row("HiGHS", 980, 1100)])
    assert "better than Relais" in broken([_row("Relais", 970, 1000), _row("HiGHS", 980, 1100)])[0]
    assert "above the bound" in broken([_row("Relais", 990, 1000), _row("HiGHS", 980, 985)])[0]
    assert "places" in broken([_row("Relais", 9, 9, violations=["places"])])[0]


def test_rows_are_found_again_only_for_the_same_commit(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "rows.jsonl"
    Rows(file, ("seed",)).add({"seed": 1, "commit": "a", "value": 5})
    again = Rows(file, ("seed",))
    assert again.resume(commit="b") == 0
    assert again.resume(commit="a") == 1
    assert again.find(seed=1) == {"seed": 1, "commit": "a", "value": 5}
    assert again.find(seed=2) is None


def test_an_estimate_runs_nothing(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    out = tmp_path / "rows.jsonl"
    assert attachment.main(["--estimate", "--sizes", "300", "--seeds", "1-3", "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "rows      42" in printed
    assert "duration" in printed
    assert not out.exists()


def test_a_misspelt_name_is_refused() -> None:
    with pytest.raises(SystemExit, match="choose among"):
        attachment.main(["--estimate", "--methods", "Relais,HIGHS"])


def test_one_row_is_sound_and_ready_for_a_file(monkeypatch: pytest.MonkeyPatch) -> None:
    small = invented(20, 5, "plain", seed=1)
    monkeypatch.setattr("benchmarks.quality.contestants.territory", lambda *_: small)
    row = measured(Task(method="Relais", size="300", variant="plain", seed=1, limit_s=5.0))
    assert row["violations"] == []
    assert row["status"] == "optimal"
    assert json.loads(json.dumps(row))["num_patients"] == len(small.patients)


def test_measures_count_people_by_tier() -> None:
    instance = invented(60, 9, "plain", seed=4)
    solution = attach(instance, Policy.default())
    found = Measures.of(instance, solution)
    placed = [m for m in solution.matches if m.practitioner_id]
    assert sum(found.placed_of_tier) == sum(found.placed_of_rank) == len(placed)
    assert sum(found.waiting_of_tier) == len(instance.patients)
    assert found.travel_min[0] <= found.travel_min[1]


def test_gini() -> None:
    assert gini([2, 2, 2]) == 0
    assert gini([0, 0, 0, 1]) == pytest.approx(0.75)
    assert gini([]) == gini([0.0]) == 0


def test_worth_of_ranks() -> None:
    assert worth_of_ranks((1, 0, 0, 2), 10) == 4 * 10 + 2 * 10


def test_deferred_acceptance_is_trimmed_to_what_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    stable = {"placed": {"0": "0", "1": "0", "2": "1"}, "seconds": 0.1}
    _answer(monkeypatch, stable)
    problem = AssignmentProblem(
        reward=[5, 9, 4], arc_group=[0, 1, 2, 0], arc_bin=[0, 0, 1, 1], arc_cost=[1, 1, 1, 2],
        arc_load=[1, 2, 1, 1], capacity=[2, 1],
    )  # fmt: skip
    arcs, seconds = deferred_acceptance(problem, 5.0)
    assert sorted(arcs.tolist()) == [1, 2]
    assert seconds == 0.1


def test_a_package_that_gives_up_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    _answer(monkeypatch, {"error": "RecursionError", "seconds": 3.0})
    problem = AssignmentProblem(reward=[5], arc_group=[0], arc_bin=[0], arc_cost=[1], capacity=[1])
    with pytest.raises(DeferredFailed, match="RecursionError after 3 s"):
        deferred_acceptance(problem, 5.0)


def _answer(monkeypatch: pytest.MonkeyPatch, answer: dict[str, object]) -> None:
    """Let the other environment answer this, whatever it is asked."""

    class Done:
        returncode, stdout, stderr = 0, json.dumps(answer), ""

    monkeypatch.setattr("benchmarks.quality.deferred.environment", lambda _: Path("python"))
    monkeypatch.setattr("benchmarks.quality.deferred.subprocess.run", lambda *_, **__: Done())


def test_limits_name_every_size() -> None:
    assert set(attachment.LIMITS_S) == set(attachment.BESIDE_S) == set(attachment.SIZES)
    assert np.all(np.diff(list(attachment.LIMITS_S.values())) >= 0)
