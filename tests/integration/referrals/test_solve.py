import sys
import time
from datetime import date

import numpy as np
import pytest

from matching import Instance, Patient, Policy, Practitioner, Status, Travel, attach
from scheduler.referrals import solve
from scheduler.referrals.errors import SolveFailed
from scheduler.referrals.solve import solve_in_child


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
    monkeypatch.setattr(solve, "_COMMAND", (sys.executable, "-c", "import time; time.sleep(60)"))
    monkeypatch.setattr(solve, "START_UP_S", 0.2)
    began = time.monotonic()
    with pytest.raises(SolveFailed, match=r"0\.1 secondes"):
        solve_in_child(instance(), Policy.default(), time_limit_s=0.1, seed=0)
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(("program", "code"), [("import os; os.kill(os.getpid(), 9)", "-9"), ("1 / 0", "1")])
def test_a_child_that_dies_says_with_what_code(
    monkeypatch: pytest.MonkeyPatch, program: str, code: str
) -> None:
    monkeypatch.setattr(solve, "_COMMAND", (sys.executable, "-c", program))
    with pytest.raises(SolveFailed, match=rf"code {code}\)"):
        solve_in_child(instance(), Policy.default(), time_limit_s=5, seed=0)


def test_a_refusal_of_the_core_comes_back_in_french(monkeypatch: pytest.MonkeyPatch) -> None:
    refuses = (
        "import scheduler.referrals.solve as solve, matching;"
        "refuse = lambda *_, **__: (_ for _ in ()).throw(matching.InvalidInstance(['deux fois p1']));"
        "solve.attach = refuse;"
        "solve._main()"
    )
    monkeypatch.setattr(solve, "_COMMAND", (sys.executable, "-c", refuses))
    with pytest.raises(SolveFailed, match="Données incohérentes : deux fois p1"):
        solve_in_child(instance(), Policy.default(), time_limit_s=5, seed=0)


def test_what_a_native_library_prints_does_not_spoil_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    noisy = (
        "import os, scheduler.referrals.solve as solve;"
        "solve._solved = lambda question: (os.write(1, b'Solver banner'), ('refused', 'non'))[1];"
        "solve._main()"
    )
    monkeypatch.setattr(solve, "_COMMAND", (sys.executable, "-c", noisy))
    with pytest.raises(SolveFailed, match=r"^non$"):
        solve_in_child(instance(), Policy.default(), time_limit_s=5, seed=0)


def test_a_solution_that_breaks_a_rule_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    greedy = "import scheduler.referrals.solve as solve;solve.verify = lambda *_: ['capacity'];solve._main()"
    monkeypatch.setattr(solve, "_COMMAND", (sys.executable, "-c", greedy))
    with pytest.raises(SolveFailed, match="1 règle"):
        solve_in_child(instance(), Policy.default(), time_limit_s=5, seed=0)


def test_a_child_is_told_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RELAIS_SECRET_KEY", "canari")
    assert "canari" not in solve._environment().values()
