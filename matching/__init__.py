"""The optimisation core of Relais: who is proposed to whom, proven and explained.

Standard library, NumPy, SciPy and OR-Tools only; no clock, no database, no random source.
"""

from matching.attach import attach
from matching.errors import CertificateFailed, InvalidInstance, InvalidPolicy, InvalidProblem, RelaisError
from matching.model import (
    Instance,
    Match,
    Needs,
    Patient,
    Practitioner,
    Reason,
    Solution,
    Travel,
)
from matching.policy import Policy, ReachRules, SoftWeights, TierRules
from matching.problem import AssignmentProblem, AssignmentResult, Status
from matching.progress import Progress
from matching.solvers import assign
from matching.verify import Violation, verify, verify_assignment

__all__ = [
    "AssignmentProblem",
    "AssignmentResult",
    "CertificateFailed",
    "Instance",
    "InvalidInstance",
    "InvalidPolicy",
    "InvalidProblem",
    "Match",
    "Needs",
    "Patient",
    "Policy",
    "Practitioner",
    "Progress",
    "ReachRules",
    "Reason",
    "RelaisError",
    "SoftWeights",
    "Solution",
    "Status",
    "TierRules",
    "Travel",
    "Violation",
    "assign",
    "attach",
    "verify",
    "verify_assignment",
]
