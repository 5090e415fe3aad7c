"""A long computation on a terminal: how far it is, and Ctrl+C, which asks for the best so far."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.status import Status

    from matching.progress import Progress

INTERRUPTED = 130
"""Exit code of a command that was stopped and wrote the best it had: 128 + SIGINT, as shells count."""


class Stoppable:
    """The watcher of a computation of this process.

    Attributes
    ----------
    stopped : bool
        Whether the person pressed Ctrl+C; a second time ends the command at once.
    """

    def __init__(self, sentence: str, status: "Status | None") -> None:
        self.stopped = False
        self._sentence = sentence
        self._status = status

    def watch(self, progress: "Progress") -> bool:
        """Show how far it is; False once it is to stop."""
        if self._status is not None:
            told = f"{self._sentence} : valeur {progress.best}, au plus {progress.bound}"
            self._status.update(f"{told} ({progress.elapsed_s:.0f} s ; Ctrl+C garde le meilleur trouvé)")
        return not self.stopped

    def hear(self, _signal: int, _frame: FrameType | None) -> None:
        """Remember the wish to stop; the computation ends at its next look."""
        if self.stopped:
            raise KeyboardInterrupt
        self.stopped = True


@contextmanager
def stoppable(sentence: str) -> Iterator[Stoppable]:
    """Watch a computation: shown on a terminal, quiet in a pipe, stopped by Ctrl+C in both."""
    if not sys.stderr.isatty():
        with _listening(Stoppable(sentence, None)) as watcher:
            yield watcher
        return
    from rich.console import Console  # noqa: PLC0415 — nothing is shown in a pipe

    with (
        Console(stderr=True).status(f"{sentence}…") as status,
        _listening(Stoppable(sentence, status)) as watcher,
    ):
        yield watcher


@contextmanager
def _listening(watcher: Stoppable) -> Iterator[Stoppable]:
    before = signal.signal(signal.SIGINT, watcher.hear)
    try:
        yield watcher
    finally:
        signal.signal(signal.SIGINT, before)
