"""How long patients' files are kept: in use, then set aside, then erased; what statistics need stays.

Relais is not the medical record of anybody: a file serves to find a practitioner, and is over when one is
found and the year of follow-up has passed, or when the search ends. ``periods`` says after how long,
``due`` whose turn it is, ``erase`` what is erased and what stays, ``purge`` does it every day, ``told`` what
is shown of it.
"""
