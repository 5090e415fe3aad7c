"""How an instance is solved: chosen by its shape and size, proven in exact integers."""

from matching.solvers.dispatch import assign

__all__ = ["assign"]
