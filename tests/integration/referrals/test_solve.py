import subprocess
import sys
import time
from datetime import date

import numpy as np
import pytest

from matching import Instance, Patient, Policy, Practitioner, Status, Travel, attach
from matching.progress import Progress
from scheduler.referrals import child
from scheduler.referrals.errors import SolveCancelled, SolveFailed
from scheduler.referrals.solve import solve_in_child


@pytest.fixture(autouse=True)
def real_children(monkeypatch: pytest.MonkeyPatch) -> None:
    """Start every child here as the service does."""
    monkeypatch.setattr(child, "subprocess", subprocess)


def instance(num_patients: int = 4, *, places: int = 2) -> Instance:
    rows = np.arange(num_patients)
    return Instance(
        patients=tuple(
            Patient(id=f"p{row}", age=40, waiting_since=date(2026, 11, 1)) for row in range(num_patients)
        ),
        practitioners=(Practitioner(id="g", places=places),),
        travel=Travel(
            patient=rows,
            practitioner=np.zeros_like(rows),
            distance_m=1000 + rows,
            duration_s=120 + rows,
        ),
        on=date(2026, 11, 23),
    )


def test_a_child_gives_the_same_solution_as_here() -> None:
    asked = instance()
    solution = solve_in_child(asked, Policy.default(), time_limit_s=10, seed=3)
    assert solution.status is Status.OPTIMAL
    assert solution == attach(asked, Policy.default(), time_limit_s=10, seed=3)


def test_a_child_that_is_too_slow_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "_COMMAND", (sys.executable, "-c", "import time; time.sleep(60)"))
    monkeypatch.setattr(child, "START_UP_S", 0.2)
    began = time.monotonic()
    with pytest.raises(SolveFailed, match=r"0\.1 secondes"):
        solve_in_child(instance(), Policy.default(), time_limit_s=0.1, seed=0)
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(("program", "code"), [("import os; os.kill(os.getpid(), 9)", "-9"), ("1 / 0", "1")])
def test_a_child_that_dies_says_with_what_code(
    monkeypatch: pytest.MonkeyPatch, program: str, code: str
) -> None:
    monkeypatch.setattr(child, "_COMMAND", (sys.executable, "-c", program))
    with pytest.raises(SolveFailed, match=rf"code {code}\)"):
        solve_in_child(instance(), Policy.default(), time_limit_s=5, seed=0)


def test_a_refusal_of_the_core_comes_back_in_french(monkeypatch: pytest.MonkeyPatch) -> None:
    refuses = (
        "import scheduler.referrals.tasks as tasks, matching;"
        "refuse = lambda *_, **__: (_ for _ in ()).throw(matching.InvalidInstance(['deux fois p1']));"
        "tasks.attach = refuse;"
        "tasks._main()"
    )
    monkeypatch.setattr(child, "_COMMAND", (sys.executable, "-c", refuses))
    with pytest.raises(SolveFailed, match="Données incohérentes : deux fois p1"):
        solve_in_child(instance(), Policy.default(), time_limit_s=5, seed=0)


def test_what_a_native_library_prints_does_not_spoil_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    noisy = (
        "import os, scheduler.referrals.tasks as tasks;"
        "tasks._answer = lambda *_: (os.write(1, b'Solver banner'), ('refused', 'non'))[1];"
        "tasks._main()"
    )
    monkeypatch.setattr(child, "_COMMAND", (sys.executable, "-c", noisy))
    with pytest.raises(SolveFailed, match=r"^non$"):
        solve_in_child(instance(), Policy.default(), time_limit_s=5, seed=0)


def test_a_solution_that_breaks_a_rule_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    greedy = "import scheduler.referrals.tasks as tasks;tasks.verify = lambda *_: ['capacity'];tasks._main()"
    monkeypatch.setattr(child, "_COMMAND", (sys.executable, "-c", greedy))
    with pytest.raises(SolveFailed, match="1 règle"):
        solve_in_child(instance(), Policy.default(), time_limit_s=5, seed=0)


def test_a_child_is_told_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELAIS_SECRET_KEY", "canari")
    assert "canari" not in child._environment().values()


SLOW = """
import time, types
import scheduler.referrals.tasks as tasks
from matching.progress import Progress
def attach(instance, policy, *, watch, **_):
    began = time.monotonic()
    for step in range(600):
        if not watch(Progress(best=step, bound=1000, elapsed_s=time.monotonic() - began)):
            return real(instance, policy)
        time.sleep(0.05)
    raise SystemExit("nobody stopped it")
real, tasks.attach = tasks.attach, attach
tasks._main()
"""
DEAF = "import sys, time; sys.stdin.buffer.read(8); print('1 2 0.5', flush=True); time.sleep(60)"


def test_progress_is_seen_and_a_word_stops_it_with_the_best_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "_COMMAND", (sys.executable, "-c", SLOW))
    seen: list[Progress] = []

    def watch(progress: Progress | None) -> bool:
        seen.extend([] if progress is None else [progress])
        return len({each.best for each in seen}) < 2

    solution = solve_in_child(instance(), Policy.default(), time_limit_s=60, seed=0, watch=watch)
    assert solution.status is Status.OPTIMAL
    first, *_, last = seen
    assert (first.bound, first.best) == (1000, 0)
    assert last.best > 0
    assert last.elapsed_s > first.elapsed_s


def test_a_child_that_does_not_hear_is_killed_after_a_grace_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "_COMMAND", (sys.executable, "-c", DEAF))
    monkeypatch.setattr(child, "GRACE_S", 0.2)
    with pytest.raises(SolveCancelled):
        solve_in_child(instance(), Policy.default(), time_limit_s=60, seed=0, watch=lambda seen: seen is None)


def test_a_question_larger_than_a_pipe_gets_through() -> None:
    asked = instance(3_000, places=1)
    assert len(solve_in_child(asked, Policy.default(), time_limit_s=60, seed=0).matches) == 3_000
