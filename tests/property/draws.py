"""Many small numbers from one draw: a string of bytes, of which each number takes its share."""

from collections.abc import Sequence
from typing import TypeVar

from hypothesis import strategies as st

Option = TypeVar("Option")


class Draws:
    """Numbers taken one after the other from drawn bytes.

    To Hypothesis they are one choice instead of hundreds, which is what most of the time went into.
    Shrinking still works: smaller bytes are smaller numbers and earlier options.
    """

    def __init__(self, source: bytes) -> None:
        self._source = source
        self._next = 0

    def __repr__(self) -> str:
        return f"Draws({self._source.hex()!r})"

    def integer(self, low: int, high: int) -> int:
        """Return the next number from ``low`` to ``high``; there may be 65,536 of them at most."""
        width = 1 if high - low < 256 else 2
        taken = self._source[self._next : self._next + width]
        if len(taken) < width:
            raise IndexError(f"{len(self._source)} bytes were drawn, too few for this example")
        self._next += width
        return low + int.from_bytes(taken, "big") % (high - low + 1)

    def integers(self, low: int, high: int, count: int) -> list[int]:
        """Return the next ``count`` numbers from ``low`` to ``high``."""
        return [self.integer(low, high) for _ in range(count)]

    def pick(self, options: Sequence[Option]) -> Option:
        """Return one of the options."""
        return options[self.integer(0, len(options) - 1)]

    def flag(self) -> bool:
        """Return False or True."""
        return self.integer(0, 1) == 1

    def some(self, options: Sequence[Option]) -> list[Option]:
        """Return a subset of the options: each is in it or not."""
        return [option for option in options if self.flag()]

    def shuffled(self, options: Sequence[Option], most: int | None = None) -> list[Option]:
        """Return the options in another order, or the first ``most`` of them."""
        left, order = list(options), []
        while left and len(order) != most:
            order.append(left.pop(self.integer(0, len(left) - 1)))
        return order


def draws(num_bytes: int) -> st.SearchStrategy[Draws]:
    """Draw enough for examples that take ``num_bytes`` at most."""
    return st.binary(min_size=num_bytes, max_size=num_bytes).map(Draws)
