"""Naming a fault of ours without its text, which may quote a row: its class and where it was raised."""

import traceback
from pathlib import Path


def where(fault: BaseException) -> str:
    """Give the class of a fault and the place it comes from, such as ``KeyError poll.py:41``.

    A group of faults gives those of each.
    """
    if isinstance(fault, BaseExceptionGroup):
        return " ; ".join(where(each) for each in fault.exceptions)
    frames = traceback.extract_tb(fault.__traceback__)
    place = f" {Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else ""
    return type(fault).__name__ + place
