"""The same waiting list under several policies: who wins, who loses, and what it means for the GPs."""

from matching.rehearse.groups import groups_of
from matching.rehearse.rehearsal import GroupOutcome, Load, Rehearsal, Trial, rehearse

__all__ = ["GroupOutcome", "Load", "Rehearsal", "Trial", "groups_of", "rehearse"]
