"""The optimisation core of Relais: who is proposed to whom, proven and explained.

Standard library, NumPy, SciPy and OR-Tools only; no clock, no database, no random source.
"""

from matching.attach import attach
from matching.errors import CertificateFailed, InvalidInstance, InvalidPolicy, InvalidProblem, RelaisError
from matching.model import (
    Change,
    Commitment,
    Instance,
    Match,
    Needs,
    Patient,
    Practitioner,
    Reason,
    Solution,
    Travel,
)
from matching.policy import (
    BalanceRules,
    HouseholdRules,
    OfferRules,
    Policy,
    ReachRules,
    ReserveRules,
    SoftWeights,
    StabilityRules,
    TierRules,
    WorkloadRules,
)
from matching.problem import AssignmentProblem, AssignmentResult, Status
from matching.progress import Progress
from matching.solvers import assign
from matching.verify import Violation, verify, verify_assignment
from matching.workload import workload_units

__all__ = [
    "AssignmentProblem",
    "AssignmentResult",
    "BalanceRules",
    "CertificateFailed",
    "Change",
    "Commitment",
    "HouseholdRules",
    "Instance",
    "InvalidInstance",
    "InvalidPolicy",
    "InvalidProblem",
    "Match",
    "Needs",
    "OfferRules",
    "Patient",
    "Policy",
    "Practitioner",
    "Progress",
    "ReachRules",
    "Reason",
    "RelaisError",
    "ReserveRules",
    "SoftWeights",
    "Solution",
    "StabilityRules",
    "Status",
    "TierRules",
    "Travel",
    "Violation",
    "WorkloadRules",
    "assign",
    "attach",
    "verify",
    "verify_assignment",
    "workload_units",
]
