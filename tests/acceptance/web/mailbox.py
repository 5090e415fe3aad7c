"""What somebody finds in their mailbox: the mails that the server's file sink has written."""

import re
from email import message_from_bytes
from email.policy import default
from pathlib import Path


def take_mails(folder: Path, email: str) -> list[str]:
    """Take the mails to an address out of the folder, and give what they say."""
    bodies = []
    for path in folder.glob("*.eml"):
        mail = message_from_bytes(path.read_bytes(), policy=default)
        if mail["To"] == email:
            bodies.append(mail.get_content())
            path.unlink()
    return bodies


def path_in(body: str, begins: str) -> str:
    """Give the path of the one link of a mail that begins so: the server's port differs in each run."""
    (path,) = re.findall(rf"https?://[^/\s]+({begins}\S+)", body)
    return str(path)
