"""Seeded chance: each part of the demo has its own stream, so that one can change without the others."""

from collections.abc import Mapping, Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")


def stream(seed: int, part: str) -> Random:
    """Return the random stream of one part of the demo; the same seed gives the same people."""
    return Random(f"relais-demo:{seed}:{part}")  # noqa: S311  # invented people, nothing to guess


def drawn(rng: Random, weights: Mapping[T, float]) -> T:
    """Return one key, each with a chance in proportion to its weight."""
    return rng.choices(list(weights), weights=list(weights.values()))[0]


def weighted_sample(rng: Random, items: Sequence[T], weights: Sequence[float], count: int) -> list[T]:
    """Return `count` different items, heavier ones more often.

    References
    ----------
    Efraimidis, Spirakis (2006), Weighted random sampling with a reservoir, Information Processing
    Letters 97(5), doi:10.1016/j.ipl.2005.11.003.
    """
    keys = [rng.random() ** (1.0 / weight) for weight in weights]
    ranked = sorted(range(len(items)), key=lambda row: (-keys[row], row))
    return [items[row] for row in sorted(ranked[:count])]


def shares(total: int, weights: Sequence[float]) -> list[int]:
    """Split `total` in proportion to `weights`, by largest remainder."""
    exact = [total * weight / sum(weights) for weight in weights]
    parts = [int(share) for share in exact]
    by_remainder = sorted(range(len(parts)), key=lambda row: (parts[row] - exact[row], row))
    for row in by_remainder[: total - sum(parts)]:
        parts[row] += 1
    return parts
