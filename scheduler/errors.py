"""What can go wrong below HTTP; each class has a stable code that programs may rely on.

RelaisError (matching.errors)
├── NotFound            nothing by that id that this person may see
├── Forbidden           signed in, but not allowed
├── NotSignedIn         no valid session or token
│   └── WrongPassword   sign-in refused, without saying why
├── TooManyAttempts     sign-in closed for some minutes, to an e-mail or a network
├── InvalidInput        a value that was given is not acceptable
│   └── InvalidSetting  a setting of the environment
├── Conflict            the state of the data forbids it now
│   ├── SlotTaken       no place left in the slot
│   ├── SlotNotOpen     the slot is closed, gone, or past
│   ├── WrongState      a referral, proposal or booking is not where this step starts
│   ├── KeyReused       same idempotency key, another request
│   └── AlreadyExists   a unique value is taken
└── StoreBusy           the database could not be written in time; try again
"""

from matching.errors import RelaisError


class NotFound(RelaisError):
    """Nothing by that id that this person may see; the two cases are not told apart."""

    code = "not_found"

    def __init__(self, kind: str) -> None:
        self.kind = kind
        super().__init__("Introuvable. Vérifiez l'adresse ou revenez à la liste.")


class Forbidden(RelaisError):
    """The signed-in person may not do this."""

    code = "forbidden"

    def __init__(self) -> None:
        super().__init__("Votre rôle ne permet pas cette action. Demandez à la coordination de votre CPTS.")


class NotSignedIn(RelaisError):
    """No valid session or token came with the request."""

    code = "not_signed_in"

    def __init__(self) -> None:
        super().__init__("Connectez-vous pour continuer.")


class WrongPassword(NotSignedIn):
    """Sign-in refused; unknown e-mail, wrong password and closed account look the same."""

    code = "wrong_password"

    def __init__(self) -> None:
        RelaisError.__init__(self, "Adresse ou mot de passe incorrect.")


class TooManyAttempts(RelaisError):
    """Sign-in is closed for this e-mail, or for the whole network it is asked from, for some minutes."""

    code = "too_many_attempts"

    def __init__(self, retry_after_s: int, *, whole_network: bool = False) -> None:
        self.retry_after_s = retry_after_s
        self.whole_network = whole_network
        minutes = -(-retry_after_s // 60)
        again = f"Réessayez dans {minutes} minute{'s' if minutes > 1 else ''}."
        super().__init__(
            f"Trop d'essais depuis votre connexion internet. {again}"
            if whole_network
            else f"Trop d'essais. {again}"
        )


class InvalidInput(RelaisError):
    """A value that was given is not acceptable; says which and what was expected."""

    code = "invalid_input"

    def __init__(self, field: str, expected: str) -> None:
        self.field = field
        self.expected = expected
        super().__init__(f"« {field} » : attendu {expected}.")


class InvalidSetting(InvalidInput):
    """A setting of the environment is missing or wrong; the service does not start."""

    code = "invalid_setting"


class Conflict(RelaisError):
    """The state of the data forbids it now."""

    code = "conflict"


class SlotTaken(Conflict):
    """No place is left in the slot."""

    code = "slot_taken"

    def __init__(self) -> None:
        super().__init__("Ce créneau vient d'être pris. Choisissez-en un autre.")


class SlotNotOpen(Conflict):
    """The slot is closed, withdrawn by its source, or already begun."""

    code = "slot_not_open"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__("Ce créneau n'est plus proposé. Relancez la recherche.")


class WrongState(Conflict):
    """A referral, proposal, offer or booking is not where this step starts."""

    code = "wrong_state"

    def __init__(self, kind: str, state: str, step: str) -> None:
        self.kind = kind
        self.state = state
        self.step = step
        super().__init__("Le dossier a changé entre-temps. Rechargez la page pour voir où il en est.")


class KeyReused(Conflict):
    """The same idempotency key came with another request."""

    code = "idempotency_key_reused"

    def __init__(self) -> None:
        super().__init__("Cette clé Idempotency-Key a déjà servi à une autre demande.")


class AlreadyExists(Conflict):
    """A value that must be unique is taken."""

    code = "already_exists"

    def __init__(self, field: str) -> None:
        self.field = field
        super().__init__(f"« {field} » existe déjà.")


class StoreBusy(RelaisError):
    """The database could not be written in time."""

    code = "store_busy"

    def __init__(self) -> None:
        super().__init__("Le service est très sollicité. Réessayez dans quelques secondes.")
