"""A matching run that solves in the process beside, while the simulation lives on.

The run is the real job, in a thread of its own. But for the solving only one of the two acts at a time, and
who does is decided by the simulated hour: what comes out does not depend on how fast either is.
"""

import threading
from collections.abc import Callable

from matching import Instance, Policy, Solution
from scheduler.clock import Clock
from scheduler.referrals.run import Solve
from scheduler.simulation.beside import Beside, Question


class Meanwhile:
    """One job at a time, begun at one hour and finished at a later one."""

    def __init__(self, beside: Beside, clock: Clock) -> None:
        self._beside, self._clock = beside, clock
        self._world_acts, self._job_acts = threading.Semaphore(0), threading.Semaphore(0)
        self._waits = False
        self._fault: BaseException | None = None

    def begin(self, job: Callable[[Solve], object]) -> None:
        """Begin a job, up to where it waits for a solution, or ends."""
        self.finish()
        threading.Thread(target=self._run, args=(job,), daemon=True).start()
        self._world_acts.acquire()

    def finish(self) -> None:
        """Have the job that was begun come to its end; raises what it raised."""
        while self._waits:
            self._job_acts.release()
            self._world_acts.acquire()
        if self._fault is not None:
            raise self._fault

    def _run(self, job: Callable[[Solve], object]) -> None:
        try:
            job(self._solve)
        except BaseException as fault:  # noqa: BLE001 — raised by ``finish``
            self._fault = fault
        finally:
            self._world_acts.release()

    def _solve(self, instance: Instance, policy: Policy, *, seed: int, **_limits: object) -> Solution:
        """Solve beside; without a limit of time, so that no clock decides between equal solutions."""
        asked = self._beside.ask(Question.SOLUTION, self._clock(), instance, policy, seed)
        self._waits = True
        self._world_acts.release()
        self._job_acts.acquire()
        self._waits = False
        solution: Solution = self._beside.wait(asked)
        return solution
