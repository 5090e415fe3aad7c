"""Solving in a process of its own, with a time limit that holds even if the solver does not keep it.

A fresh child per run rather than a warm pool: a run is rare (some a week) and a child costs it a third of a
second (measured: 600 patients and 12 GPs, 0.05 to 0.09 s here, 0.40 s in a child), whereas a child can be
killed without breaking a pool, gives its memory back, and holds the patients' needs no longer than one run.
The instance travels through the child's standard input, never through a file.
"""

import os
import pickle
import subprocess
import sys
from typing import Any

import structlog

from matching import Instance, Policy, Solution, attach, verify
from matching.errors import RelaisError
from scheduler.referrals.errors import SolveFailed

log = structlog.get_logger()

START_UP_S = 20.0
"""On top of the time limit: loading Python and the solvers on a busy machine, and writing the answer."""

_COMMAND = (sys.executable, "-m", "scheduler.referrals.solve")


def solve_in_child(instance: Instance, policy: Policy, *, time_limit_s: float, seed: int) -> Solution:
    """Solve an instance in another process.

    Parameters
    ----------
    time_limit_s
        Given to the solver; the process is killed ``START_UP_S`` later.

    Returns
    -------
    A solution that broke no rule of the independent check.

    Raises
    ------
    SolveFailed
        When the child was too slow, died, or refused the instance; with a sentence for the coordinator.
    """
    question = pickle.dumps((instance, policy, time_limit_s, seed))
    try:
        child = subprocess.run(  # noqa: S603 — our own module, no shell
            _COMMAND,
            input=question,
            capture_output=True,
            check=False,
            timeout=time_limit_s + START_UP_S,
            env=_environment(),
        )
    except subprocess.TimeoutExpired:
        raise SolveFailed(f"Le calcul n'a pas abouti en {time_limit_s:g} secondes : arrêté.") from None
    if child.returncode != 0:
        last_words = child.stderr.decode(errors="replace").strip().splitlines()[-1:]
        log.error("solve_child_failed", code=child.returncode, said=[line[:200] for line in last_words])
        raise SolveFailed(f"Le calcul s'est interrompu (code {child.returncode}). Relancez-le.")
    return _answer(child.stdout)


def _answer(written: bytes) -> Solution:
    kind, value = pickle.loads(written)  # noqa: S301 — written by our own child
    if kind == "refused":
        raise SolveFailed(value)
    if not isinstance(value, Solution):
        raise TypeError("the child answers with a solution or a refusal")
    return value


def _environment() -> dict[str, str]:
    """Give the child our modules and nothing else: no secret, and one hash order for equal results."""
    return {
        "PATH": os.environ.get("PATH", ""),
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "PYTHONHASHSEED": "0",
    }


def _solved(question: bytes) -> tuple[str, Any]:
    instance, policy, time_limit_s, seed = pickle.loads(question)  # noqa: S301 — written by our parent
    try:
        solution = attach(instance, policy, time_limit_s=time_limit_s, seed=seed)
    except RelaisError as error:
        return "refused", str(error)
    if broken := verify(instance, policy, solution):
        return "refused", f"Le résultat ne respecte pas {len(broken)} règle(s) ; il a été écarté."
    return "solution", solution


def _main() -> None:
    answer = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a native library prints must not mix with the answer
    with answer:
        answer.write(pickle.dumps(_solved(sys.stdin.buffer.read())))


if __name__ == "__main__":
    _main()
