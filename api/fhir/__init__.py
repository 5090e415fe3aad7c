"""FHIR R4 (4.0.1) as the French SAS platform speaks it: searches of slots, regulators, capabilities.

The only room that knows FHIR's forms. Requests arrive through a reverse proxy that checks the platform's
certificate; errors are OperationOutcome resources.
"""
