"""The conformance checklist of the SAS interface, run against a server that answers.

What the guide asks and what the official test kit looks at, in the order of a connection: the door, the
requests, the content of the answers, the accounts of regulators, the bookings told back.
"""

from api.fhir.checklist.ground import Certificate, Ground, Result, Verdict
from api.fhir.checklist.run import run_checklist

__all__ = ["Certificate", "Ground", "Result", "Verdict", "run_checklist"]
