"""Numbers under which France knows people, places and the platform itself, as FHIR writes them."""

PRACTITIONER_SYSTEM = "urn:oid:1.2.250.1.71.4.2.1"
"""National identifiers of professionals: "8" and the RPPS number, "0" and the former ADELI number, …"""

STRUCTURE_SYSTEM = "urn:oid:1.2.250.1.71.4.2.2"
"""National identifiers of structures: "1" and the FINESS number, "3" and the SIRET number, …"""

PLATFORM_SYSTEM = "urn:oid:1.2.250.1.213.3.6"
"""Technical identifiers of the platform's own accounts."""

IDENTIFIER_TYPES = "http://interopsante.org/fhir/CodeSystem/fr-v2-0203"

TYPE_OF_SYSTEM = {PRACTITIONER_SYSTEM: "IDNPS", PLATFORM_SYSTEM: "INTRN"}
"""Type of the identifier of a regulator, by its system."""
