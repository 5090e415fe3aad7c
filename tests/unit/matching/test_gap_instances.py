"""The generalised-assignment benchmark: its reader, its generator, and one run."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.quality import gap
from benchmarks.quality.gap_instances import generated, published
from matching import assign


def test_a_public_file_is_read_with_its_best_known_value(tmp_path: Path) -> None:
    (tmp_path / "some").mkdir()
    (tmp_path / "some" / "x02003").write_text("2 3\n 1 2 3\n 4 5 6\n 1 1 1\n 2 2 2\n 2 4\n")
    (tmp_path / "best_known.csv").write_text("Path,Best known solution value\nsome/x02003,9\nsome/y,\n")
    instance = published(tmp_path, "x02003")
    assert instance.best_known == 9
    assert published(tmp_path, "some/x02003").best_known == 9
    assert instance.capacity.tolist() == [2, 4]
    result = assign(instance.problem())
    assert (result.arc >= 0).all()
    # Two of the jobs at the first agent; each of them costs 3 less there.
    assert instance.reward * 3 - result.objective == 9


def test_an_unknown_name_or_family_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        published(tmp_path, "nothing")
    with pytest.raises(ValueError, match="no family z"):
        generated("z", 2, 3, 1)


@pytest.mark.parametrize("family", ["c", "d", "e"])
def test_families_have_the_published_ranges(family: str) -> None:
    instance = generated(family, 5, 400, 1)
    low, high = {"c": (5, 25), "d": (1, 100), "e": (1, 200)}[family]
    assert low <= instance.load.min() <= instance.load.max() <= high
    assert instance.cost.min() >= 0
    assert instance.capacity.tolist() == [int(0.8 * row.sum() / 5) for row in instance.load]
    if family != "c":
        assert np.corrcoef(instance.cost.ravel(), instance.load.ravel())[0, 1] < -0.4


def test_a_run_prints_one_row_per_instance(capsys: pytest.CaptureFixture[str]) -> None:
    assert gap.main(["--time", "30", "--generated", "c:3:20", "--seed", "3"]) == 0
    rows = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| c0320")]
    assert len(rows) == 1
    assert rows[0].count("proven") == len(gap.METHODS)


def test_methods_can_be_chosen(capsys: pytest.CaptureFixture[str]) -> None:
    assert gap.main(["--time", "2", "--generated", "c:3:20", "--methods", "relais"]) == 0
    assert "SCIP" not in capsys.readouterr().out
    with pytest.raises(SystemExit):
        gap.main(["--methods", "magic"])


def test_names_need_a_folder() -> None:
    with pytest.raises(SystemExit):
        gap.main(["--instances", "d20100"])
