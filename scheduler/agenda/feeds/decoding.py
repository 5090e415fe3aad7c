"""From the bytes of a feed to text lines, whatever the tool that wrote them."""

import hashlib
import re
import zlib

from scheduler.agenda.feeds.errors import FeedEmpty, FeedIsPage, FeedNotCalendar, FeedTooLarge, FeedTruncated
from scheduler.agenda.feeds.reasons import Warned
from scheduler.agenda.feeds.values import WarningLog

_BOM = b"\xef\xbb\xbf"
_UTF16_STARTS = {b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be", b"B\0": "utf-16-le", b"\0B": "utf-16-be"}
_VOLATILE = re.compile(rb"(?im)^(DTSTAMP|LAST-MODIFIED)[;:][^\n]*\n")


def decode(body: bytes, max_bytes: int, log: WarningLog) -> str:
    """Give the unfolded text of a feed, lines separated by a single line feed.

    Lines are unfolded as bytes, because some tools fold inside a UTF-8 character (RFC 5545 §3.1).

    Raises
    ------
    FeedEmpty, FeedIsPage, FeedNotCalendar
        When there is no calendar in it.
    FeedTooLarge
        Over ``max_bytes``, counted after decompression.
    FeedTruncated
        When a compressed body stops before its end.
    """
    plain = _as_utf8(_decompressed(body, max_bytes, log), log)
    if len(plain) > max_bytes:
        raise FeedTooLarge
    _check_head(plain)
    return _text(_unfolded(plain), log)


def fingerprint(body: bytes) -> str:
    """Give a hash that changes when the content does, and not when only time stamps do."""
    lines = body.replace(b"\r\n", b"\n").replace(b"\r", b"\n") + b"\n"
    return hashlib.sha256(_VOLATILE.sub(b"", lines)).hexdigest()


def _decompressed(body: bytes, max_bytes: int, log: WarningLog) -> bytes:
    if body[:2] != b"\x1f\x8b":
        return body
    log.add(Warned.COMPRESSED)
    return gunzip(body, max_bytes)


def gunzip(body: bytes, max_bytes: int) -> bytes:
    """Decompress at most ``max_bytes`` of output: a small bomb must not become a large one.

    Raises
    ------
    FeedTooLarge
        When there is more.
    FeedTruncated
        When the compressed data are cut or damaged.
    """
    stream = zlib.decompressobj(wbits=31)
    try:
        plain = stream.decompress(body, max_bytes + 1)
    except zlib.error as error:
        raise FeedTruncated from error
    if len(plain) > max_bytes:
        raise FeedTooLarge
    if not stream.eof:
        raise FeedTruncated
    return plain


def _as_utf8(plain: bytes, log: WarningLog) -> bytes:
    encoding = _UTF16_STARTS.get(plain[:2].upper() if plain[:1] not in b"\xff\xfe" else plain[:2])
    if encoding is not None:
        log.add(Warned.ENCODING, "UTF-16")
        return plain.decode(encoding, errors="replace").lstrip("\ufeff").encode("utf-8", errors="replace")
    if plain.startswith(_BOM):
        log.add(Warned.ENCODING, "UTF-8 avec BOM")
        return plain[len(_BOM) :]
    return plain


def _check_head(plain: bytes) -> None:
    head = plain[:4096].lstrip().upper()
    if not head:
        raise FeedEmpty if not plain.strip() else FeedNotCalendar
    if head.startswith(b"<"):
        raise FeedIsPage
    if not head.startswith(b"BEGIN:VCALENDAR"):
        raise FeedNotCalendar


def _unfolded(plain: bytes) -> bytes:
    if b"\r" in plain:
        plain = plain.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if b"\n\n" in plain:  # also what \r\r\n became, which would hide the folds
        plain = re.sub(rb"\n{2,}", b"\n", plain)
    return plain.replace(b"\n ", b"").replace(b"\n\t", b"")


def _text(plain: bytes, log: WarningLog) -> str:
    try:
        return plain.decode("utf-8")
    except UnicodeDecodeError:
        log.add(Warned.ENCODING, "Windows-1252")
        return "\n".join(_line(line) for line in plain.split(b"\n"))


def _line(line: bytes) -> str:
    """Decode one line alone, so that one bad byte does not garble a file otherwise in UTF-8."""
    for encoding in ("utf-8", "cp1252"):
        try:
            return line.decode(encoding)
        except UnicodeDecodeError:
            continue
    return line.decode("latin-1")
