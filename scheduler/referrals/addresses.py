"""Where the pages of Relais are reached from a mail: carried by the sessions of a store, like its limits."""

from sqlmodel import Session

from scheduler.settings import Settings
from scheduler.store.engine import Store

_KEY = "relais_public_url"
_USUAL: str = Settings.model_fields["public_url"].default


def set_public_url(store: Store, url: str) -> None:
    """Give a store the address that the mails written in its sessions lead to."""
    store.info[_KEY] = url.rstrip("/")


def page_address(session: Session, path: str) -> str:
    """Give the full address of a page; ``path`` begins with a slash."""
    return f"{session.info.get(_KEY, _USUAL)}{path}"
