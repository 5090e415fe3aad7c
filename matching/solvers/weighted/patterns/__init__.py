"""Loads that differ by bin, seen as whole patterns: sets of rows that fit in one column."""

from matching.solvers.weighted.patterns.search import improved_by_patterns
from matching.solvers.weighted.patterns.table import has_patterns

__all__ = ["has_patterns", "improved_by_patterns"]
