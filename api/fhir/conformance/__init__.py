"""Checking resources against the profiles of the SAS guide: cardinalities, patterns, fixed values, bindings.

Written for this project from the element tables of the guide (``data/ATTRIBUTIONS.md``); it knows only what
these tables say, which is more than the structure of FHIR and less than a terminology server.
"""

from api.fhir.conformance.bundles import check_bundle
from api.fhir.conformance.checker import Flaw, check

__all__ = ["Flaw", "check", "check_bundle"]
