"""Relais over HTTP and on the command line: routes, pages, commands; no rule of the trade is decided here."""
