"""French telephone numbers as the platform wants them."""

import re

_OVERSEAS = {
    **dict.fromkeys(("262", "263", "269", "692", "693", "639"), "262"),
    **dict.fromkeys(("590", "690", "691"), "590"),
    **dict.fromkeys(("594", "694"), "594"),
    **dict.fromkeys(("596", "696", "697"), "596"),
}
"""Country code of the departments overseas, by the first digits of a number."""


def international(number: str) -> str:
    """Return a French number as "+33…" or with the code of its overseas department, empty when it is none."""
    digits = re.sub(r"[ .\-()]", "", number)
    if re.fullmatch(r"\+(33|262|590|594|596)[0-9]{9}", digits):
        return digits
    if not re.fullmatch(r"0[0-9]{9}", digits):
        return ""
    return f"+{_OVERSEAS.get(digits[1:4], '33')}{digits[1:]}"
