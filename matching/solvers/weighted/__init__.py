"""Loads other than 1: workloads, whole households, generalised assignment."""

from matching.solvers.weighted.solve import solve_weighted

__all__ = ["solve_weighted"]
