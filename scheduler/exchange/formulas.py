"""Text that a spreadsheet would run as a formula: made harmless on the way out, given back on the way in.

References
----------
OWASP, "CSV Injection": a cell that begins with ``=``, ``+``, ``-``, ``@``, tab or carriage return may be
run by the spreadsheet of whoever opens the file; an apostrophe in front makes it plain text.
"""

import re

_ARMED = re.compile(r"'*[=+\-@\t\r\n]")
_DISARMED = re.compile(r"'+[=+\-@\t\r\n]")


def harmless(text: str) -> str:
    """Put an apostrophe before a text that a spreadsheet could run."""
    return f"'{text}" if _ARMED.match(text) else text


def disarmed(cell: str) -> str:
    """Take away the apostrophe that ``harmless`` put; any other text is left as it is."""
    return cell[1:] if _DISARMED.match(cell) else cell
