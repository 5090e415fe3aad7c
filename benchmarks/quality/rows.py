"""Finished rows in a JSON-lines file, so that an interrupted run can be continued."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

RESULTS = Path(__file__).parents[1] / "results"

Row = Mapping[str, object]


def current_commit() -> str:
    """Return the commit of the work tree, ``unknown`` outside git."""
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=Path(__file__).parent, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout.strip() if done.returncode == 0 else "unknown"


class Rows:
    """One file of rows, each written as soon as it is there.

    Parameters
    ----------
    key : tuple of str
        Names of the entries that together say which measurement a row is.
    """

    def __init__(self, file: Path, key: tuple[str, ...]) -> None:
        self._file, self._key = file, key
        self._known: dict[tuple[object, ...], Row] = {}

    def resume(self, **same: object) -> int:
        """Take up earlier rows that agree with ``same``; return how many."""
        if self._file.exists():
            for line in self._file.read_text(encoding="utf-8").splitlines():
                row = json.loads(line)
                if all(row.get(name) == value for name, value in same.items()):
                    self._known[self._name(row)] = row
        return len(self._known)

    def find(self, **key: object) -> Row | None:
        """Return an earlier row of this measurement."""
        return self._known.get(self._name(key))

    def add(self, row: Row) -> None:
        """Write a row at the end of the file."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(row) + "\n")
        self._known[self._name(row)] = row

    def _name(self, row: Row) -> tuple[object, ...]:
        return tuple(row.get(name) for name in self._key)
