"""What goes to the screen: tables and sentences on stdout, progress on stderr and only on a terminal."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

_PIPE_WIDTH = 80


def console() -> "Console":
    """Give the console of stdout; 80 columns wide in a pipe or a file, unless ``COLUMNS`` says otherwise."""
    from rich.console import Console  # noqa: PLC0415 — Rich is not loaded for --json

    return Console(highlight=False, markup=False, soft_wrap=not sys.stdout.isatty())


@contextmanager
def progress(sentence: str) -> Iterator[None]:
    """Say what is being done while it is done, on a terminal; say nothing in a pipe."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console  # noqa: PLC0415 — see above

    with Console(stderr=True).status(f"{sentence}…"):
        yield
