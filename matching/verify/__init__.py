"""The judge: every rule re-checked and every value recomputed, without a solver."""

from matching.verify.assignment import verify_assignment
from matching.verify.attachment import verify
from matching.verify.violation import Violation

__all__ = ["Violation", "verify", "verify_assignment"]
