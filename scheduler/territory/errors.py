"""What can be wrong with a place or an identifier that somebody gave.

InvalidInput (scheduler.errors)
├── UnknownCommune      no commune under this code, postcode or name
└── InvalidIdentifier   a number that breaks the rule of its kind (RPPS, FINESS, SIRET, NIR, ADELI)
"""

from matching.errors import RelaisError
from scheduler.errors import InvalidInput


class UnknownCommune(InvalidInput):
    """No commune answers to what was asked.

    Attributes
    ----------
    asked : str
        The code or name looked for.
    suggestions : tuple of str
        Nearest names with their code, best first; may be empty.
    """

    code = "unknown_commune"

    def __init__(self, asked: str, suggestions: tuple[str, ...] = ()) -> None:
        self.field = "commune"
        self.expected = "le code INSEE (5 caractères), le code postal ou le nom d'une commune"
        self.asked = asked
        self.suggestions = suggestions
        hint = f" Vouliez-vous dire : {', '.join(suggestions)} ?" if suggestions else ""
        RelaisError.__init__(self, f"Commune inconnue : « {asked} ».{hint} Indiquez {self.expected}.")


class InvalidIdentifier(InvalidInput):
    """A number that breaks the rule of its kind.

    The number itself is never kept here: a NIR in a message or a log would be a leak.

    Attributes
    ----------
    kind : str
        "RPPS", "FINESS", "SIREN", "SIRET", "NIR" or "ADELI".
    """

    code = "invalid_identifier"

    def __init__(self, kind: str, expected: str) -> None:
        self.kind = kind
        self.field = kind
        self.expected = expected
        RelaisError.__init__(self, f"Numéro {kind} non valide : {expected}")
