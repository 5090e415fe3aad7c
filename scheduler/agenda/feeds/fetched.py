"""What a fetch gives: fresh bytes, nothing new, or why not, in a code for programs and a sentence."""

from dataclasses import dataclass, field
from enum import StrEnum


class Outcome(StrEnum):
    """What became of a fetch."""

    FRESH = "fresh"
    """200: ``body`` is what the calendar says now."""
    UNCHANGED = "unchanged"
    """304: what was read last still holds."""
    REFUSED = "refused"
    """Relais does not fetch this; asking again changes nothing."""
    FAILED = "failed"
    """It could not be fetched this time; the last good data stay."""


class FetchCode(StrEnum):
    """Stable codes; the codes of refused network addresses are for the audit, not for the person."""

    OK = "ok"

    ADDRESS_MALFORMED = "address_malformed"
    ADDRESS_WITH_PASSWORD = "address_with_password"  # noqa: S105 — a code, not a secret
    ADDRESS_OF_PAGE = "address_of_page"
    ADDRESS_PRIVATE = "address_private"
    SCHEME_REFUSED = "scheme_refused"
    PORT_REFUSED = "port_refused"
    HOST_REFUSED = "host_refused"
    REDIRECT_DOWNGRADED = "redirect_downgraded"
    TOO_MANY_REDIRECTS = "too_many_redirects"

    HOST_UNKNOWN = "host_unknown"
    CONNECTION_FAILED = "connection_failed"
    CERTIFICATE_REFUSED = "certificate_refused"
    TIMEOUT = "timeout"
    TOO_LARGE = "too_large"
    BAD_COMPRESSION = "bad_compression"
    LOGIN_REQUIRED = "login_required"
    NOT_FOUND = "not_found"
    GONE = "gone"
    TOO_MANY_REQUESTS = "too_many_requests"
    SERVER_ERROR = "server_error"
    UNEXPECTED_STATUS = "unexpected_status"


# One sentence for all that concerns the network: telling a closed port from a private address would let
# anyone who may add a calendar map our network.
_UNREACHABLE = "Adresse refusée ou injoignable. Vérifiez-la dans votre agenda, puis réessayez."

SENTENCES: dict[str, str] = {
    FetchCode.OK: "L'agenda a répondu.",
    FetchCode.ADDRESS_MALFORMED: "Cette adresse est mal formée. Copiez-la entière depuis votre agenda.",
    FetchCode.ADDRESS_WITH_PASSWORD: (
        "Cette adresse contient un mot de passe. Enlevez-le de l'adresse et saisissez-le à part."
    ),
    FetchCode.ADDRESS_OF_PAGE: (
        "Cette adresse ouvre une page et non un agenda. "
        "Copiez l'adresse « iCal » ou « .ics » dans les réglages de partage de votre agenda."
    ),
    FetchCode.ADDRESS_PRIVATE: _UNREACHABLE,
    FetchCode.SCHEME_REFUSED: "Cette adresse doit commencer par « https:// » ou « webcal:// ».",
    FetchCode.PORT_REFUSED: _UNREACHABLE,
    FetchCode.HOST_REFUSED: "Ce fournisseur d'agenda n'est pas accepté ici. Voyez avec votre CPTS.",
    FetchCode.REDIRECT_DOWNGRADED: "L'agenda renvoie vers une adresse sans protection (« http »). Refusé.",
    FetchCode.TOO_MANY_REDIRECTS: "L'agenda renvoie d'adresse en adresse. Copiez l'adresse finale.",
    FetchCode.HOST_UNKNOWN: _UNREACHABLE,
    FetchCode.CONNECTION_FAILED: _UNREACHABLE,
    FetchCode.CERTIFICATE_REFUSED: "Le certificat de l'agenda n'est pas valable. Prévenez son fournisseur.",
    FetchCode.TIMEOUT: _UNREACHABLE,
    FetchCode.TOO_LARGE: "Cet agenda est trop volumineux. Partagez un agenda réservé aux créneaux.",
    FetchCode.BAD_COMPRESSION: "La réponse de l'agenda est abîmée. Elle sera redemandée.",
    FetchCode.LOGIN_REQUIRED: "L'agenda demande une connexion. Partagez-le par une adresse secrète « iCal ».",
    FetchCode.NOT_FOUND: "L'agenda n'existe plus à cette adresse. Copiez la nouvelle depuis votre agenda.",
    FetchCode.GONE: "L'agenda a été retiré par son propriétaire. Partagez-le de nouveau.",
    FetchCode.TOO_MANY_REQUESTS: "L'agenda demande d'attendre. Il sera relu plus tard.",
    FetchCode.SERVER_ERROR: "L'agenda est en panne chez son fournisseur. Il sera relu plus tard.",
    FetchCode.UNEXPECTED_STATUS: "L'agenda a donné une réponse inattendue. Vérifiez l'adresse.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Validators:
    """What a server gives to ask later whether anything changed (RFC 9110 §8.8)."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """The result of one fetch.

    Parameters
    ----------
    outcome : Outcome
    code : FetchCode
        ``ok``, or the check that refused or the failure.
    host : str
        The only part of the address that may be shown or logged.
    status : int or None
        HTTP status, None when there was no answer.
    body : bytes
        Decompressed; empty unless fresh. Not part of the printed form.
    validators : Validators
        To be kept and sent next time.
    retry_after_s : int or None
        Wait the server asked for, at most 6 h.
    """

    outcome: Outcome
    code: FetchCode
    host: str
    status: int | None = None
    body: bytes = field(default=b"", repr=False)
    validators: Validators = field(default_factory=Validators)
    retry_after_s: int | None = None

    @property
    def sentence(self) -> str:
        """Say in plain French what happened and what to do."""
        return SENTENCES[self.code]
