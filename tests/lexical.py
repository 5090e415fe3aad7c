"""What is left in French on a page in English: by its small words, where nobody marked it as French."""

import re
from collections.abc import Iterable
from html.parser import HTMLParser

_FRENCH = frozenset(
    """
    le la les des du un une est sont pas pour avec dans vous votre vos cette ces aux au qui que ne
    leur leurs mais ou où par plus sans sous été être avoir il elle ils elles nous aucun aucune tous
    toutes tout toute entre depuis et à jour jours mois médecin médecins créneau créneaux dossier
    dossiers attente encore très déjà ici oui non voir même donnez choisissez lundi mardi mercredi
    jeudi vendredi samedi dimanche trajet priorité attendu rien chez
    """.split()  # noqa: SIM905 — words are read more easily than quotes
)
"""Small words of French that English does not have ("on", "place", "patients" are in both)."""

_WORD = re.compile(r"[\w-]+(?:['’](?=\w))?")
_ELIDED = re.compile(r"\b(?:[dln]|qu|jusqu)'\w", re.IGNORECASE)
_READ = ("aria-label", "alt", "title", "placeholder", "data-label", "data-role")
_VOID = frozenset({"input", "br", "hr", "img", "meta", "link", "col", "wbr", "use", "path", "source"})
_UNREAD = frozenset({"script", "style", "textarea"})


class _English(HTMLParser):
    """Collects what is read on a page, but for what carries ``lang="fr"`` or is no text."""

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._open: list[tuple[str, bool]] = []

    @property
    def _french(self) -> bool:
        return any(french for _, french in self._open)

    def handle_starttag(self, tag: str, given: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in given}
        french = attributes.get("lang") == "fr" or tag in _UNREAD
        if not (french or self._french):
            self.texts += [attributes[name] for name in _READ if attributes.get(name)]
        if tag not in _VOID:
            self._open.append((tag, french))

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if data.strip() and not self._french:
            self.texts.append(" ".join(data.split()))


def french_left(html: str, *, names: Iterable[str]) -> list[str]:
    """Give the texts of a page in English that hold a French word.

    Parameters
    ----------
    names
        Names and data, which are not translated: they are taken out before words are looked at.
    """
    reader = _English()
    reader.feed(html)
    known = sorted(names, key=len, reverse=True)
    return [text for text in dict.fromkeys(reader.texts) if _is_french(text, known)]


def _is_french(text: str, names: list[str]) -> bool:
    bare = text.replace("’", "'")
    for name in names:
        bare = bare.replace(name, " ")
    words = {word.lower().rstrip("'") for word in _WORD.findall(bare) if len(word) < 2 or not word.isupper()}
    return bool(words & _FRENCH) or _ELIDED.search(bare) is not None
