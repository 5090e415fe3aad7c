"""What a malformed field is told, in French, without ever repeating the value that was sent."""

from collections.abc import Iterable, Mapping
from typing import Any

_EXPECTED = {
    "missing": "Ce champ est obligatoire.",
    "extra_forbidden": "Ce champ n'existe pas ici.",
    "json_invalid": "Le corps de la demande n'est pas du JSON valable.",
    "model_attributes_type": "Attendu : un objet JSON (Content-Type: application/json).",
    "model_type": "Attendu : un objet JSON.",
    "dict_type": "Attendu : un objet JSON.",
    "list_type": "Attendu : une liste.",
    "string_type": "Attendu : un texte.",
    "string_too_short": "Attendu : au moins {min_length} caractère(s).",
    "string_too_long": "Attendu : au plus {max_length} caractère(s).",
    "string_unicode": "Attendu : un texte en UTF-8.",
    "string_pattern_mismatch": "La forme attendue n'est pas respectée, ou un caractère invisible s'y trouve.",
    "too_short": "Attendu : au moins {min_length} élément(s).",
    "too_long": "Attendu : au plus {max_length} élément(s).",
    "int_type": "Attendu : un nombre entier.",
    "int_parsing": "Attendu : un nombre entier.",
    "int_from_float": "Attendu : un nombre entier.",
    "int_parsing_size": "Ce nombre est trop grand.",
    "float_type": "Attendu : un nombre.",
    "float_parsing": "Attendu : un nombre.",
    "finite_number": "Attendu : un nombre fini.",
    "bool_type": "Attendu : true ou false.",
    "bool_parsing": "Attendu : true ou false.",
    "greater_than": "Attendu : plus de {gt}.",
    "greater_than_equal": "Attendu : au moins {ge}.",
    "less_than": "Attendu : moins de {lt}.",
    "less_than_equal": "Attendu : au plus {le}.",
    "enum": "Attendu : {expected}.",
    "literal_error": "Attendu : {expected}.",
    "uuid_type": "Attendu : un UUID.",
    "uuid_parsing": "Attendu : un UUID.",
    "timezone_aware": "Attendu : un instant avec son décalage, par exemple 2026-11-23T09:00:00+01:00.",
    "instant_range": "Attendu : un instant entre 2000 et 2099.",
    "date_past": "Attendu : une date passée.",
}
_BY_FAMILY = {
    "datetime": "Attendu : un instant RFC 3339 avec son décalage, par exemple 2026-11-23T09:00:00+01:00.",
    "date": "Attendu : une date, par exemple 2026-11-23.",
    "time": "Attendu : une heure, par exemple 09:00.",
    "url": "Attendu : une adresse complète (https://…).",
    "bytes": "Attendu : un fichier.",
}
_UNKNOWN = "Valeur non acceptée ; voyez la description du champ dans /api/v1/openapi.json."
_LONGEST_NAME = 80


def french_problems(errors: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """List what is wrong with a request, one entry per field.

    Parameters
    ----------
    errors
        As Pydantic gives them; ``input``, ``msg`` and ``url`` are never used, they may hold what was sent.

    Returns
    -------
    Entries with ``field`` (``body.patient.birth_date``), ``code`` (Pydantic's stable type) and
    ``message``.
    """
    return [
        {"field": _name(error["loc"]), "code": str(error["type"]), "message": _sentence(error)}
        for error in errors
    ]


def _name(place: Iterable[object]) -> str:
    return ".".join(str(part)[:_LONGEST_NAME] for part in place)


def _sentence(error: Mapping[str, Any]) -> str:
    kind = str(error["type"])
    if wording := _EXPECTED.get(kind):
        return wording.format_map(error.get("ctx", {}))
    return _BY_FAMILY.get(kind.split("_", maxsplit=1)[0], _UNKNOWN)
