"""What was typed and could not be sent, carried through the sign-in page so that it is not lost."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from api.web.sent import Sent

_LONGEST = 200_000
_LONGEST_FIELD = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A form that waits to be sent again: where to, and its fields."""

    action: str
    pairs: Sequence[tuple[str, str]]

    def write(self) -> str:
        """Write it for a hidden field; the page escapes it."""
        return json.dumps({"action": self.action, "pairs": list(self.pairs)}, ensure_ascii=False)


def kept_from(action: str, sent: Sent) -> Kept:
    """Keep what was typed into a form; files cannot be kept, whether chosen or carried by the page."""
    typed = tuple((name, value) for name, value in sent.pairs if len(value) <= _LONGEST_FIELD)
    return Kept(action=local_path(action), pairs=typed)


def read_kept(text: str) -> Kept | None:
    """Read what ``Kept.write`` wrote; ``None`` for anything else."""
    if not text or len(text) > _LONGEST:
        return None
    try:
        found = json.loads(text)
        pairs = tuple((str(name), str(value)) for name, value in found["pairs"])
        return Kept(action=local_path(str(found["action"])), pairs=pairs)
    except (ValueError, TypeError, KeyError):
        return None


def local_path(address: str) -> str:
    """Give the path and query of an address of this service, "/" for anything that could lead elsewhere."""
    decoded = unquote(address)
    parts = urlsplit(address) if decoded.isprintable() else urlsplit("//")
    if parts.scheme or parts.netloc or not address.startswith("/") or "\\" in decoded or "//" in decoded[:2]:
        return "/"
    return address
