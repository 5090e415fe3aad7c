"""What a child process can be asked, and the child's side of the conversation (see ``child``)."""

import os
import pickle
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, BinaryIO

from matching import Instance, Policy, Solution, attach, verify
from matching.demography import Projection, project
from matching.errors import RelaisError
from matching.explain import explain, why_not
from matching.explain.explanation import reason_data
from matching.progress import Progress, Watch
from matching.rehearse import Rehearsal, rehearse
from scheduler.referrals.more_places import Places, more_places

_TELL_EVERY_S = 0.2
_LESS_URGENT = 10

Task = Callable[..., Any]
"""Takes the arguments of the question and ``watch=``; gives what the parent receives."""


class Refused(Exception):
    """The task has no answer to give; the sentence is for the coordinator."""


def solve(instance: Instance, policy: Policy, time_limit_s: float, seed: int, *, watch: Watch) -> Solution:
    """Attach, and check the result without any solver."""
    solution = attach(instance, policy, time_limit_s=time_limit_s, seed=seed, watch=watch)
    if broken := verify(instance, policy, solution):
        raise Refused(f"Le résultat ne respecte pas {len(broken)} règle(s) ; il a été écarté.")
    return solution


def explained(
    instance: Instance, policy: Policy, patient_id: str, time_limit_s: float, *, watch: Watch
) -> Mapping[str, Any]:
    """Say why a patient is, or is not, proposed to a GP, as things stand."""
    solution = attach(instance, policy, time_limit_s=time_limit_s, watch=watch)
    told = explain(instance, policy, solution, patient_id)
    return {**told.as_data(), "text": told.text()}


def answered(
    instance: Instance,
    policy: Policy,
    patient_id: str,
    practitioner_id: str,
    time_limit_s: float,
    *,
    watch: Watch,
) -> Mapping[str, Any]:
    """Say why a GP is not proposed to a patient."""
    solution = attach(instance, policy, time_limit_s=time_limit_s, watch=watch)
    return reason_data(why_not(instance, policy, solution, patient_id, practitioner_id))


def valued(
    instance: Instance,
    policy: Policy,
    communes: Sequence[str],
    more: int,
    time_limit_s: float,
    *,
    watch: Watch,
) -> Places:
    """Say what more places would be worth, per GP and per commune."""
    solution = attach(instance, policy, time_limit_s=time_limit_s, watch=watch)
    return more_places(instance, policy, solution, communes, more=more, time_limit_s=time_limit_s)


def rehearsed(
    instance: Instance,
    policies: Sequence[Policy],
    groups: Mapping[str, Sequence[str]],
    time_limit_s: float,
    *,
    watch: Watch,  # noqa: ARG001 — every run has its own limit
) -> Rehearsal:
    """Run the same list under several policies."""
    return rehearse(instance, policies, groups=groups, time_limit_s=time_limit_s / len(policies))


def projected(
    instance: Instance,
    policy: Policy,
    future: Mapping[str, Any],
    time_limit_s: float,
    *,
    watch: Watch,
) -> Projection:
    """Project the list over the coming months; ``future`` holds the arguments of ``project``."""
    return project(instance, policy, **future, time_limit_s=time_limit_s, watch=watch)


TASKS: Mapping[str, Task] = {
    "solve": solve,
    "explain": explained,
    "why_not": answered,
    "places": valued,
    "rehearse": rehearsed,
    "project": projected,
}


class _Line:
    """The watcher of the child: says how far it is, and hears the word to stop."""

    def __init__(self, out: BinaryIO, words: BinaryIO) -> None:
        self._out = out
        self._stop = threading.Event()
        self._told_at = -_TELL_EVERY_S
        threading.Thread(target=self._hear, args=(words,), daemon=True).start()

    def watch(self, progress: Progress) -> bool:
        """Tell the parent, not more often than it can care."""
        now = time.monotonic()
        if now - self._told_at >= _TELL_EVERY_S:
            self._told_at = now
            self._out.write(f"{progress.best} {progress.bound} {progress.elapsed_s:.3f}\n".encode())
            self._out.flush()
        return not self._stop.is_set()

    def _hear(self, words: BinaryIO) -> None:
        words.read(1)  # nothing is ever said: it ends when the parent wants it, or is gone
        self._stop.set()


def _answer(question: bytes, watch: Watch) -> tuple[str, Any]:
    name, arguments = pickle.loads(question)  # noqa: S301 — written by our parent
    try:
        return "answer", TASKS[name](*arguments, watch=watch)
    except (RelaisError, Refused) as error:
        return "refused", str(error)


def _main() -> None:
    out, words = os.fdopen(os.dup(1), "wb"), os.fdopen(os.dup(0), "rb", buffering=0)
    os.dup2(2, 1)  # whatever a native library prints must not mix with the answer
    if hasattr(os, "nice"):
        os.nice(_LESS_URGENT)  # than whoever waits for a page; what it starts inherits it
    size = int.from_bytes(_exactly(words, 8), "big")
    question = _exactly(words, size)
    with out:
        out.write(b"answer\n" + pickle.dumps(_answer(question, _Line(out, words).watch)))


def _exactly(stream: BinaryIO, size: int) -> bytes:
    parts: list[bytes] = []
    while size:
        part = stream.read(size)
        if not part:
            raise EOFError("the parent is gone before it had asked")
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


if __name__ == "__main__":
    _main()
