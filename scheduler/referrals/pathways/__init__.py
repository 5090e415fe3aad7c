"""Pathways as data: what a request asks, who goes first, by when, what its sender hears back."""

from scheduler.referrals.pathways.document import Criterion, Notice, Pathway, Returns, Texts
from scheduler.referrals.pathways.errors import InvalidPathway, UnknownPathway
from scheduler.referrals.pathways.kept import (
    adopt_pathway,
    pathway_in_force,
    pathways_in_force,
    pathways_open_to,
)

__all__ = [
    "Criterion",
    "InvalidPathway",
    "Notice",
    "Pathway",
    "Returns",
    "Texts",
    "UnknownPathway",
    "adopt_pathway",
    "pathway_in_force",
    "pathways_in_force",
    "pathways_open_to",
]
