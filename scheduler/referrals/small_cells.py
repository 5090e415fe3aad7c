"""Counts so small that they could name somebody are hidden from those who may open no file.

A count of 1 to 4 is hidden. Where it alone is missing beside a known total it could be found again, so the
next smallest is hidden with it (secondary suppression; Eurostat, Handbook on Statistical Disclosure
Control, section 4.2).
"""

from collections.abc import Sequence

LEAST = 5
"""Smallest number of people that is shown."""


def hidden(counts: Sequence[int]) -> list[bool]:
    """Tell which counts of a table whose total is known are not to be shown."""
    hide = [0 < count < LEAST for count in counts]
    if sum(hide) == 1:
        others = [row for row, count in enumerate(counts) if count >= LEAST]
        if others:
            hide[min(others, key=lambda row: counts[row])] = True
    return hide
