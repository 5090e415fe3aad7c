"""What goes wrong in FHIR's words: codes of http://hl7.org/fhir/issue-type."""

from matching.errors import RelaisError


class FhirRefusal(RelaisError):
    """A request that cannot be served, and why.

    Attributes
    ----------
    issue : str
        Code of ``http://hl7.org/fhir/issue-type``.
    where : str
        Parameter or element concerned, empty when it is the whole.
    status : int
        HTTP status of the answer.
    """

    code = "fhir_refusal"
    status = 400

    def __init__(self, issue: str, where: str, message: str) -> None:
        self.issue = issue
        self.where = where
        super().__init__(message)


class BadSearch(FhirRefusal):
    """A search without a mandatory parameter, or with one that cannot be read."""

    code = "fhir_bad_search"


class BadResource(FhirRefusal):
    """A resource that is not FHIR, or not of the expected type."""

    code = "fhir_bad_resource"


class RefusedByRule(FhirRefusal):
    """A resource that FHIR admits and the profile does not."""

    code = "fhir_rule"
    status = 422


class NotThePlatform(FhirRefusal):
    """A request that does not carry the certificate of the platform, as the proxy checks it."""

    code = "fhir_not_the_platform"
    status = 403


class NotServed(FhirRefusal):
    """An address or a method that this service does not have."""

    code = "fhir_not_served"
    status = 404


class Crowded(FhirRefusal):
    """More searches at once than are answered well; the next second has room."""

    code = "fhir_crowded"
    status = 429
