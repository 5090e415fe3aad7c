"""Charts drawn by the server: bars as SVG, each beside the table of the same numbers."""

from collections.abc import Sequence
from dataclasses import dataclass

HEIGHT, _GAP, _WIDTH, _FOOT = 120, 12, 44, 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar, in the units of the drawing; ``number`` is None where it may not be told."""

    x: int
    y: float
    width: int
    height: float
    label: str
    number: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """A chart with its size; the highest bar takes the whole height."""

    title: str
    width: int
    height: int
    base: int
    bars: tuple[Bar, ...]


def bars(title: str, points: Sequence[tuple[str, int | None]]) -> Chart:
    """Draw one bar per label; what may not be told leaves its place empty."""
    most = max((number for _, number in points if number is not None), default=0) or 1
    top, base = 16, HEIGHT - _FOOT
    drawn = []
    for place, (label, number) in enumerate(points):
        height = round((base - top) * (number or 0) / most, 1)
        drawn.append(
            Bar(
                x=_GAP + place * (_WIDTH + _GAP),
                y=round(base - height, 1),
                width=_WIDTH,
                height=height,
                label=label,
                number=number,
            )
        )
    width = _GAP + len(points) * (_WIDTH + _GAP)
    return Chart(title=title, width=width, height=HEIGHT, base=base, bars=tuple(drawn))
